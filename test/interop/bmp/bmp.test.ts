import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, address } from '@weft/ip';
import type { BmpCollector, ReceivedRoute } from 'bgp-speaker-ts';
import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { LEFT, RIGHT, Speakers } from '../mrt/speakers.ts';
import { splitBmp, toPcap } from './pcap.ts';
import { Pmbmpd, type PmbmpdLine } from './pmbmpd.ts';

const VIEWS = ['pre-policy', 'post-policy', 'loc-rib'] as const;

let speakers: Speakers | undefined;
let collector: Pmbmpd | undefined;
let sink: Server | undefined;

afterEach(async () => {
  await speakers?.stop();
  await collector?.remove();
  sink?.close();
  speakers = collector = sink = undefined;
});

function bmp(port: number): BmpCollector {
  return { address: address('127.0.0.1'), port, views: VIEWS, statisticsSeconds: 1 };
}

/** What a collector believes after a log: the last word on each route, as `peer view prefix id …attributes`. */
function believed(lines: readonly PmbmpdLine[]): string[] {
  const routes = new Map<string, string>();
  for (const line of lines) {
    if (line.log_type === undefined) continue;
    const view = line.is_loc === 1 ? 'loc-rib' : line.is_post === 1 ? 'post' : 'pre';
    const key = `${line.peer_ip} ${view} ${line.ip_prefix} ${line.as_path_id ?? 0}`;
    if (line.log_type === 'withdraw') routes.delete(key);
    else routes.set(key, describeLine(line));
  }
  return [...routes].map(([key, text]) => `${key} ${text}`).toSorted();
}

function describeLine({ bgp_nexthop, as_path, comms, lcomms, local_pref, med }: PmbmpdLine): string {
  return JSON.stringify({ nextHop: bgp_nexthop, asPath: as_path, comms, lcomms, localPref: local_pref, med });
}

/** The same from the RIBs. No policy is configured: before and after it is the same. */
function held(from: Speakers): string[] {
  const selected = new Map(from.ours.locRib().map(({ prefix, best }) => [prefix, best]));
  const learned = [LEFT, RIGHT].flatMap((peer) => from.received(peer).map((route) => ({ peer, route })));
  const paths = learned.flatMap(({ peer, route }) => [
    describeRoute(peer, 'pre', route.pathId, route),
    describeRoute(peer, 'post', route.pathId, route),
  ]);
  const best = learned
    .filter(({ peer, route }) => selected.get(route.prefix)?.peer === peer)
    .map(({ route }) => describeRoute('0.0.0.0', 'loc-rib', 0, route));
  const local = describeLine({ bgp_nexthop: '0.0.0.0', as_path: '' });
  return [...paths, ...best, `0.0.0.0 loc-rib 10.9.0.0/24 0 ${local}`].toSorted();
}

function describeRoute(
  peer: Address | string,
  view: string,
  pathId: number,
  { prefix, attributes }: ReceivedRoute,
): string {
  const { nextHop, asPath, communities, largeCommunities, localPref, med } = attributes;
  const text = describeLine({
    ...(nextHop !== undefined && { bgp_nexthop: nextHop }),
    as_path: asPath,
    ...(communities !== undefined && { comms: communities.join(' ') }),
    ...(largeCommunities !== undefined && { lcomms: largeCommunities.join(' ') }),
    ...(localPref !== undefined && { local_pref: localPref }),
    ...(med !== undefined && { med }),
  });
  return `${peer} ${view} ${prefix} ${pathId} ${text}`;
}

async function agree(from: Speakers, at: Pmbmpd): Promise<void> {
  await from.inStep();
  await waitFor('as many routes there as here', () => believed(at.lines()).length === held(from).length);
  expect(believed(at.lines())).toEqual(held(from));
}

describe('pmbmpd', () => {
  test('RFC 7854, RFC 9069: knows exactly the routes of the RIBs, live and after it was away', async () => {
    collector = new Pmbmpd(await freePort('127.0.0.1'));
    await collector.start();
    speakers = await Speakers.start({ bmp: [bmp(collector.port)] });
    await agree(speakers, collector);
    await collector.kill();
    await collector.start();
    await agree(speakers, collector);
  });

  test('hears withdrawals, counts, and why a peer went', async () => {
    collector = new Pmbmpd(await freePort('127.0.0.1'));
    const lines = (
      (at: Pmbmpd) => () =>
        at.lines()
    )(collector);
    await collector.start();
    speakers = await Speakers.start({ bmp: [bmp(collector.port)] });
    await agree(speakers, collector);
    speakers.left.setLocalRoutes([]);
    await waitFor('no route of LEFT', () => !believed(lines()).some((text) => text.startsWith(LEFT)));
    await waitFor('counts', () =>
      lines().some((line) => line.peer_ip === RIGHT && line.counter_type === 7 && line.counter_value === 4),
    );
    await speakers.right.stop({ graceful: false, communication: 'moving house' });
    const down = await waitFor('the peer down', () =>
      lines().find(({ bmp_msg_type }) => bmp_msg_type === 'peer_down'),
    );
    expect([down.peer_ip, down.reason_type]).toEqual([RIGHT, 3]);
    await speakers.ours.stop({ graceful: false });
    await waitFor('the goodbye', () => lines().some(({ bmp_msg_type }) => bmp_msg_type === 'term'));
  });
});

test('tshark dissects the whole stream without a complaint', async () => {
  const chunks: Buffer[] = [];
  sink = createServer((socket) => socket.on('data', (bytes) => chunks.push(bytes)));
  const port = await freePort('127.0.0.1');
  sink.listen(port, '127.0.0.1');
  await once(sink, 'listening');
  speakers = await Speakers.start({ bmp: [bmp(port)] });
  await speakers.inStep();
  const types = (): number[] => splitBmp(Buffer.concat(chunks)).map((message) => message[5] ?? 0);
  await waitFor('a Statistics Report', () => types().includes(1));
  await speakers.left.stop({ graceful: false });
  await waitFor('a Peer Down', () => types().includes(2));
  await speakers.ours.stop({ graceful: false });
  await waitFor('the Termination', () => types().at(-1) === 5);
  const dissected = await dissect(splitBmp(Buffer.concat(chunks)), port);
  expect(dissected.map(({ type }) => Number(type))).toEqual(types());
  expect(dissected.filter(({ malformed, expert }) => malformed !== '' || expert !== '')).toEqual([]);
  const routes = dissected.flatMap(({ nlri }) => nlri.split(',')).filter((text) => text !== '');
  expect(new Set(routes)).toEqual(
    new Set(['10.1.0.0', '10.3.0.0', '10.9.0.0', '0.0.0.0', '2001:db8:1::', '2001:db8:2::1']),
  );
});

interface Dissected {
  readonly type: string;
  readonly malformed: string;
  readonly expert: string;
  readonly nlri: string;
}

const FIELDS = [
  'bmp.type',
  '_ws.malformed',
  '_ws.expert',
  'bgp.nlri_prefix',
  'bgp.mp_reach_nlri_ipv6_prefix',
];

async function dissect(messages: readonly Buffer[], port: number): Promise<Dissected[]> {
  const directory = mkdtempSync(join(tmpdir(), 'interop-bmp-'));
  try {
    const path = join(directory, 'bmp.pcap');
    writeFileSync(path, toPcap(messages, port));
    const fields = FIELDS.flatMap((name) => ['-e', name]);
    const { stdout } = await execa('tshark', [
      ...['-r', path, '-d', `tcp.port==${port},bmp`, '-T', 'fields', '-E', 'separator=;'],
      ...fields,
    ]);
    return stdout.split('\n').map((line) => {
      const [type = '', malformed = '', expert = '', ipv4 = '', ipv6 = ''] = line.split(';');
      return { type, malformed, expert, nlri: [ipv4, ipv6].filter((text) => text !== '').join(',') };
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
