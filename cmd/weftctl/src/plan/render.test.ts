import type { Plan } from '@weft/plan';
import { expect, test } from 'vitest';
import { renderPlan } from './render.ts';

const nothing: Plan = {
  sessions: [],
  unchangedSessions: 7,
  nodes: [],
  peers: [],
  addresses: [],
  risks: [],
  alike: [],
  assumptions: ['all is well'],
};

test('a plan of a large cluster says first of which nodes it does not tell', () => {
  const others = ['n2', 'n3', 'n4', 'n5', 'n6'];
  const text = renderPlan([], { ...nothing, alike: [{ lookedAt: ['n1', 'n7'], others }] }, (_, text) => text);
  expect(text.replaceAll(/ +/g, ' ').split(/\n+/)).toEqual([
    '',
    'Not looked at, since others stand for them:',
    ' NODES DO AS',
    ' 5 n2, n3, n4, n5 and 1 more n1, n7',
    'Sessions of the other nodes: 7 as they are',
    'Routes of the other nodes: as they are',
    'No risks found.',
    'Assumed: all is well.',
  ]);
});

test('a plan of all nodes says nothing of others', () => {
  const text = renderPlan([], nothing, (_, text) => text);
  expect(text).not.toContain('other');
  expect(text).toContain('Routes of the nodes: as they are');
});

test('a risk that all nodes have hides no other', () => {
  const alone = Array.from({ length: 100 }, (_, at) => ({
    rule: 'no-session' as const,
    object: `Node n${at}`,
    text: 'alone',
  }));
  const other = { rule: 'peer-loses-all', object: 'peer 192.0.2.1', text: 'it knows nothing' } as const;
  const lines = renderPlan([], { ...nothing, risks: [...alone, other] }, (_, text) => text)
    .replaceAll(/ +/g, ' ')
    .split('\n');
  expect(lines.slice(-5, -2)).toEqual([
    ' no-session Node n7 alone',
    ' no-session ... and 92 more (-o json has all)',
    ' peer-loses-all peer 192.0.2.1 it knows nothing',
  ]);
});
