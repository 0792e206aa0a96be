/**
 * Rates of the routing core without sockets, as JSON lines: one for each table, one for each scenario.
 *
 *     node pkg/bgp-speaker-ts/test/bench/rib.ts [NAME…]
 *
 * The scenarios are those of a route reflector and of a transit router. Messages are built beforehand; times are CPU of
 * the speaker alone, by phase: `receive` (bytes to Adj-RIB-In), `flush` (selection, encoding, handing over). Only
 * `flap` and `longestThousandMs` are times on the wall.
 */

import { type Address, address } from '@weft/ip';
import { AdjRibOut } from '../../src/rib/adj-rib-out.ts';
import { PrefixTable } from '../../src/rib/prefix-table.ts';
import { UpdateBatch } from '../../src/rib/update-batch.ts';
import type { PeerConfig, SpeakerConfig } from '../../src/speaker/config.ts';
import { Speaker } from '../../src/speaker/speaker.ts';
import { encodeAttributes } from '../../src/wire/attribute/encode.ts';
import type { PathAttributes } from '../../src/wire/attribute/path-attributes.ts';
import { encodeOpen } from '../../src/wire/message/01-open.ts';
import { encodeKeepalive } from '../../src/wire/message/04-keepalive.ts';
import { UpdatePacker } from '../../src/wire/update-packer.ts';

const CHUNK_BYTES = 65_536;
const RUNS = 5;

interface Client {
  readonly address: Address;
  readonly asn: number;
  readonly identifier: number;
  /** UPDATEs it sends, in pieces as a socket would give them. */
  readonly chunks: Uint8Array[];
  readonly withdrawals: Uint8Array[];
}

interface Phases {
  establishMs: number;
  receiveMs: number;
  flushMs: number;
  withdrawMs: number;
  sentBytes: number;
  flushes: number;
}

const SCENARIOS: Record<
  string,
  () => { readonly asn: number; readonly clients: Client[]; readonly reflector: boolean }
> = {
  S1: () => ({ asn: 65000, clients: reflectorClients(100, 100), reflector: true }),
  S2: () => ({ asn: 65000, clients: reflectorClients(50, 2000), reflector: true }),
  S3: () => ({ asn: 65000, clients: reflectorClients(300, 10), reflector: true }),
  S4: () => ({ asn: 65000, clients: [feeder(0, 500_000, 50_000), sink(1)], reflector: false }),
  S5: () => ({
    asn: 65000,
    clients: [feeder(0, 200_000, 20_000), feeder(1, 200_000, 20_000), sink(2)],
    reflector: false,
  }),
};

const TABLES: Record<string, () => object> = { insert: benchInsert, encode: benchEncode, flap: benchFlap };

const wanted = process.argv.slice(2);
for (const [name, make] of Object.entries(SCENARIOS)) if (isWanted(name)) report(name, runScenario(make));
for (const [name, run] of Object.entries(TABLES)) if (isWanted(name)) report(name, run());

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.includes(name);
}

function report(name: string, result: object): void {
  const rssMiB = Math.round(process.memoryUsage().rss / 1048576);
  console.log(JSON.stringify({ bench: name, ...result, rssMiB }));
}

/** Runs a scenario several times with a new speaker; the median by total time. */
function runScenario(make: (typeof SCENARIOS)[string]): object {
  const { asn, clients, reflector } = make();
  const runs = Array.from({ length: RUNS }, () => runOnce(asn, clients, reflector));
  runs.sort((left, right) => left.receiveMs + left.flushMs - right.receiveMs - right.flushMs);
  const median = runs[RUNS >> 1] as Phases;
  const convergeMs = median.receiveMs + median.flushMs;
  return {
    runs: RUNS,
    convergeMs,
    bestMs: (runs[0] as Phases).receiveMs + (runs[0] as Phases).flushMs,
    ...median,
  };
}

function noTime(): Phases {
  return { establishMs: 0, receiveMs: 0, flushMs: 0, withdrawMs: 0, sentBytes: 0, flushes: 0 };
}

function runOnce(asn: number, clients: readonly Client[], reflector: boolean): Phases {
  const phases = noTime();
  const speaker = new Speaker(toConfig(asn, clients, reflector), {
    restarting: false,
    seed: 1,
    now: 0,
    reportRoutes: false,
  });
  phases.establishMs = time(() => establish(speaker, clients));
  deliver(
    speaker,
    clients.map(({ chunks }) => chunks),
    clients,
    phases,
    'receiveMs',
  );
  const { receiveMs, flushMs, sentBytes, flushes } = phases;
  deliver(
    speaker,
    clients.map(({ withdrawals }) => withdrawals),
    clients,
    phases,
    'receiveMs',
  );
  const withdrawMs = phases.receiveMs + phases.flushMs - receiveMs - flushMs;
  return { ...phases, receiveMs, flushMs, sentBytes, flushes, withdrawMs };
}

/** One turn of the event loop reads one chunk of every client that has one, then flushes. */
function deliver(
  speaker: Speaker,
  chunks: readonly (readonly Uint8Array[])[],
  clients: readonly Client[],
  phases: Phases,
  phase: 'receiveMs',
): void {
  const turns = Math.max(...chunks.map(({ length }) => length));
  for (let turn = 0; turn < turns; turn += 1) {
    phases[phase] += time(() => {
      for (const [index, client] of clients.entries()) {
        const bytes = chunks[index]?.[turn];
        if (bytes !== undefined) {
          speaker.handle({ kind: 'received', peer: client.address, connection: 2, bytes }, turn);
        }
      }
    });
    flushAll(speaker, phases, turn);
  }
}

function flushAll(speaker: Speaker, phases: Phases, now: number): void {
  do {
    phases.flushMs += time(() => speaker.handle({ kind: 'flush' }, now));
    phases.flushes += 1;
    for (const action of speaker.takeActions())
      if (action.kind === 'send') phases.sentBytes += action.bytes.length;
  } while (speaker.hasWork);
}

function establish(speaker: Speaker, clients: readonly Client[]): void {
  speaker.handle({ kind: 'set-local-routes', routes: [] }, 0);
  for (const client of clients) {
    speaker.handle({ kind: 'accepted', peer: client.address, connection: 2 }, 0);
    const open = encodeOpen({
      version: 4,
      asn: client.asn,
      holdTimeSeconds: 90,
      identifier: client.identifier,
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'four-octet-as', asn: client.asn },
      ],
    });
    speaker.handle({ kind: 'received', peer: client.address, connection: 2, bytes: open }, 0);
    speaker.handle({ kind: 'received', peer: client.address, connection: 2, bytes: encodeKeepalive() }, 0);
  }
  speaker.handle({ kind: 'flush' }, 0);
  speaker.takeActions();
  const up = speaker.status().filter(({ state }) => state === 'Established').length;
  if (up !== clients.length) throw new Error(`${up} of ${clients.length} sessions are up`);
}

function toConfig(asn: number, clients: readonly Client[], reflector: boolean): SpeakerConfig {
  return {
    asn,
    identifier: address('10.255.0.1'),
    listen: [],
    holdTimeSeconds: 90,
    peers: clients.map((client) => toPeer(client, reflector)),
  };
}

function toPeer(client: Client, reflector: boolean): PeerConfig {
  return {
    address: client.address,
    asn: client.asn,
    passive: true,
    families: ['ipv4-unicast'],
    nextHop: 'auto',
    nextHopAddresses: { ipv4: address('10.255.0.1') },
    routeReflectorClient: reflector,
    importPolicy: [],
    exportPolicy: [],
  };
}

/** Clients of a route reflector: each has one attribute set and /26 prefixes of its own. */
function reflectorClients(count: number, prefixes: number): Client[] {
  return Array.from({ length: count }, (_, index) => {
    const identifier = 0x0a000001 + index;
    const attributes: PathAttributes = { origin: 0, asPath: [], localPref: 100 };
    const ids = Array.from({ length: prefixes }, (_prefix, number) => index * prefixes + number);
    return {
      ...name(index),
      asn: 65000,
      identifier,
      chunks: toChunks((packer) => announce(packer, ids, attributes, identifier)),
      withdrawals: toChunks((packer) => withdraw(packer, ids)),
    };
  });
}

/** An external peer with as many prefixes in so many attribute sets. */
function feeder(index: number, prefixes: number, sets: number): Client {
  const identifier = 0x0a000001 + index;
  const perSet = prefixes / sets;
  const asn = 64600 + index;
  return {
    ...name(index),
    asn,
    identifier,
    chunks: toChunks((packer) => {
      for (let set = 0; set < sets; set += 1) {
        const ids = Array.from({ length: perSet }, (_, number) => set * perSet + number);
        announce(packer, ids, transitAttributes(asn, set), identifier);
      }
    }),
    withdrawals: toChunks((packer) =>
      withdraw(
        packer,
        Array.from({ length: prefixes }, (_, id) => id),
      ),
    ),
  };
}

function sink(index: number): Client {
  return { ...name(index), asn: 64600 + index, identifier: 0x0a000001 + index, chunks: [], withdrawals: [] };
}

function name(index: number): { readonly address: Address } {
  return { address: address(`10.0.${(index + 1) >> 8}.${(index + 1) & 0xff}`) };
}

/** Each of two feeders is the better one for every other set, by the length of its path. */
function transitAttributes(asn: number, set: number): PathAttributes {
  const tail = [3356, 1299 + (set & 0xff), 100_000 + (set >> 8), 200_000 + set];
  const asns = (asn + set) % 2 === 0 ? [asn, ...tail] : [asn, 174, ...tail];
  return {
    origin: 0,
    asPath: [{ kind: 'sequence', asns }],
    med: set & 0xf,
    communities: [asn * 65536 + (set & 0xffff)],
  };
}

function announce(
  packer: UpdatePacker,
  ids: readonly number[],
  attributes: PathAttributes,
  nextHop: number,
): void {
  const octets = new Uint8Array([nextHop >>> 24, nextHop >>> 16, nextHop >>> 8, nextHop]);
  packer.beginReach('ipv4-unicast', encodeAttributes(attributes, { fourOctetAsn: true }), octets, false);
  for (const id of ids) packer.addIpv4((0x14000000 + id * 64) >>> 0, 26, 0);
  packer.end();
}

function withdraw(packer: UpdatePacker, ids: readonly number[]): void {
  packer.beginWithdraw('ipv4-unicast', false);
  for (const id of ids) packer.addIpv4((0x14000000 + id * 64) >>> 0, 26, 0);
  packer.end();
}

function toChunks(pack: (packer: UpdatePacker) => void): Uint8Array[] {
  const packer = new UpdatePacker(4096);
  pack(packer);
  const bytes = packer.take();
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
    chunks.push(bytes.slice(start, start + CHUNK_BYTES));
  return chunks;
}

function benchInsert(): object {
  const count = 1_000_000;
  let longestMs = 0;
  const insertMs = median(() => {
    const table = new PrefixTable('ipv4-unicast', 7);
    return time(() => {
      for (let block = 0; block < count; block += 1000) {
        const ms = wall(() => {
          for (let id = block; id < block + 1000; id += 1) table.insert((id * 256) >>> 0, 0, 0, 0, 24);
        });
        longestMs = Math.max(longestMs, ms);
      }
    });
  });
  return {
    prefixes: count,
    insertMs,
    perSecond: Math.round((count / insertMs) * 1000),
    longestThousandMs: longestMs,
  };
}

function benchEncode(): object {
  const count = 1_000_000;
  const table = new PrefixTable('ipv4-unicast', 7);
  for (let id = 0; id < count; id += 1) table.insert((id * 256) >>> 0, 0, 0, 0, 24);
  const out = new AdjRibOut(7);
  const block = encodeAttributes({ origin: 0, asPath: [], localPref: 100 }, { fourOctetAsn: true });
  const route = out.encoded.intern(new Uint8Array([4, 10, 0, 0, 1, ...block]), 0, 5 + block.length, 0);
  const packer = new UpdatePacker(4096);
  const batch = new UpdateBatch('ipv4-unicast', false);
  let bytes = 0;
  const encodeMs = median(() =>
    time(() => {
      for (let id = 0; id < count; id += 1) batch.add(id, 0, route, 1);
      bytes = batch.encode(packer, table, out.encoded).bytes.length;
    }),
  );
  return { prefixes: count, encodeMs, perSecond: Math.round((count / encodeMs) * 1000), bytes };
}

/** One route of one client flaps in the steady state of S1: time from its bytes to the bytes for all others. */
function benchFlap(): object {
  const clients = reflectorClients(100, 100);
  const phases = noTime();
  const speaker = new Speaker(toConfig(65000, clients, true), {
    restarting: false,
    seed: 1,
    now: 0,
    reportRoutes: false,
  });
  establish(speaker, clients);
  deliver(
    speaker,
    clients.map(({ chunks }) => chunks),
    clients,
    phases,
    'receiveMs',
  );
  const first = clients[0] as Client;
  const attributes: PathAttributes = { origin: 0, asPath: [], localPref: 100 };
  const up = toChunks((packer) => announce(packer, [5_000_000], attributes, first.identifier));
  const down = toChunks((packer) => withdraw(packer, [5_000_000]));
  const times: number[] = [];
  for (let flap = 0; flap < 2000; flap += 1) {
    const [bytes] = flap % 2 === 0 ? up : down;
    times.push(
      wall(() => {
        speaker.handle(
          { kind: 'received', peer: first.address, connection: 2, bytes: bytes as Uint8Array },
          0,
        );
        speaker.handle({ kind: 'flush' }, 0);
        speaker.takeActions();
      }),
    );
  }
  times.sort((left, right) => left - right);
  return { flaps: times.length, p50Ms: times[1000], p99Ms: times[1980] };
}

function median(run: () => number): number {
  const times = Array.from({ length: RUNS }, run).sort((left, right) => left - right);
  return times[RUNS >> 1] as number;
}

/** CPU time of the process in ms, its collector's threads included: what other load on the machine does not change. */
function time(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Time on the wall in ms. */
function wall(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
