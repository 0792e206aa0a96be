/**
 * Records of earlier weftds stay readable, and are decided alike. One for each version whose format or lines differ, made by a lab
 * of three nodes: a pod goes, a peer restarts, a route is deleted by hand, a filter keeps a block out for a while.
 */
import { readFileSync } from 'node:fs';
import { prefix } from '@weft/ip';
import { expect, test } from 'vitest';
import { PrefixHistory } from './history.ts';
import { decodeLine, type RecordLine, whyUnreadable } from './line.ts';
import { ReplayedNode } from './replayed-node.ts';

function linesOf(file: string): RecordLine[] {
  const text = readFileSync(`${import.meta.dirname}/../test/records/${file}`, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const decoded = decodeLine(line);
      if (!decoded.ok) throw new Error(`${decoded.reason}: ${line}`);
      return decoded.line;
    });
}

/** What the node had when its record was copied, by `weftctl rib`. */
const RIB = [
  '10.244.110.64/26 from here',
  '10.244.113.64/26 from 10.0.0.1',
  '10.244.29.64/26 from 10.0.0.3',
  'fd00:10:244:0:195d:6e73:9dc6:3600/122 from here',
  'fd00:10:244:0:6ade:1d5b:3422:32c0/122 from 10.0.0.3',
  'fd00:10:244:0:df01:7157:b961:f1c0/122 from 10.0.0.1',
];

/** What `weftctl history` told of a block that a filter kept out for a while. */
const STORY = [
  'record-begins',
  'session-up',
  'received',
  'best-path',
  'kernel-written',
  'kernel-repaired',
  'no-path',
  'kernel-removed',
  'best-path',
  'kernel-written',
];

test.each(['weftd-0.1.0.jsonl'])('%s is decided as it was', (file) => {
  const lines = linesOf(file);
  expect(lines.slice(0, 1).map(whyUnreadable)).toEqual([undefined]);
  const node = new ReplayedNode();
  for (const line of lines) node.take(line);
  node.finish();
  const { best, divergences, failures } = node;
  expect({ divergences, failures }).toEqual({ divergences: [], failures: [] });
  expect([...best].map(([block, { peer }]) => `${block} from ${peer ?? 'here'}`).sort()).toEqual(RIB);
  expect(node.routes().filter(({ class: routeClass }) => routeClass === 'no-encap')).toHaveLength(4);
  expect(node.desired?.announcements).toHaveLength(2);

  const history = new PrefixHistory({ prefix: prefix('10.244.29.64/26') }, 0);
  for (const line of lines) history.take(line);
  expect(history.result().events.map(({ event }) => event)).toEqual(STORY);
});
