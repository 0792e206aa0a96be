import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@weft/ip';
import { MrtLogFile, type ReceivedRoute, writeMrtFile } from 'bgp-speaker-ts';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { LEFT, RIGHT, RIGHT_ASN, Speakers } from './speakers.ts';

let directory: string;
let speakers: Speakers;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'interop-mrt-'));
  speakers = await Speakers.start();
});

afterEach(async () => {
  await speakers.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function dump(table: 'adj-rib-in' | 'loc-rib'): Promise<string> {
  const path = join(directory, `${table}.mrt`);
  const result = await writeMrtFile(path, speakers.ours.dumpMrt(table));
  if (result.kind !== 'written') throw new Error(result.message);
  return path;
}

/** Lines of `bgpdump -m -l`, without their time; warnings fail the test. */
async function bgpdump(path: string): Promise<string[]> {
  const { stdout, stderr } = await execa('bgpdump', ['-v', '-m', '-l', path]);
  expect(stderr.split('\n').filter((line) => !line.includes('logging to') && line !== '')).toEqual([]);
  return stdout
    .split('\n')
    .map((line) => line.replace(/\|[0-9.]+\|/, '|'))
    .toSorted();
}

const ORIGINS = { igp: 'IGP', egp: 'EGP', incomplete: 'INCOMPLETE' };

/** A route as bgpdump prints it. */
function line(from: Address, asn: number, { prefix, pathId, attributes }: ReceivedRoute): string {
  const {
    asPath,
    origin,
    nextHop,
    localPref = 0,
    med = 0,
    communities = [],
    largeCommunities = [],
  } = attributes;
  return [
    pathId === 0 ? 'TABLE_DUMP2' : 'TABLE_DUMP2_AP',
    'B',
    from,
    asn,
    prefix,
    ...(pathId === 0 ? [] : [pathId]),
    asPath,
    ORIGINS[origin],
    nextHop,
    localPref,
    med,
    communities.join(' '),
    largeCommunities.join(' '),
    'NAG',
    '',
    '',
  ].join('|');
}

function heldLines(): string[] {
  return [
    ...speakers.received(LEFT).map((route) => line(LEFT, 64512, route)),
    ...speakers.received(RIGHT).map((route) => line(RIGHT, RIGHT_ASN, route)),
    'TABLE_DUMP2|B|0.0.0.0|64512|10.9.0.0/24||IGP|0.0.0.0|0|0|||NAG||',
  ].toSorted();
}

describe('bgpdump reads', () => {
  test('RFC 6396, RFC 8050: exactly the routes of the Adj-RIBs-In, of both families', async () => {
    await speakers.inStep();
    const held = heldLines();
    expect(held).toHaveLength(8);
    expect(await bgpdump(await dump('adj-rib-in'))).toEqual(held);
  });

  test('of the Loc-RIB one route a prefix', async () => {
    await speakers.inStep();
    const best = speakers.ours
      .locRib()
      .map(({ prefix, best: route }) => `${prefix} ${route?.peer ?? '0.0.0.0'}`);
    const lines = (await bgpdump(await dump('loc-rib'))).map((text) => text.split('|'));
    expect(lines.map((fields) => `${fields[4]} ${fields[2]}`).toSorted()).toEqual(best.toSorted());
  });

  test('RFC 6396 §4.4, RFC 8050 §3: updates and states from the log', async () => {
    const log = await MrtLogFile.open(join(directory, 'updates.mrt'));
    if (!(log instanceof MrtLogFile)) throw new Error(log.message);
    // Others than those before each test: their sessions may be up by now, and the log begins before the first.
    await speakers.stop();
    speakers = await Speakers.start();
    const stop = speakers.ours.logMrt(log.write);
    await speakers.inStep();
    const held = heldLines().filter((text) => !text.includes('|0.0.0.0|64512|'));
    await speakers.right.stop({ graceful: false });
    await waitFor('the session down', () => speakers.received(RIGHT).length === 0);
    stop();
    await log.close();
    const lines = (await bgpdump(log.path)).map((text) => text.replace(/^BGP4MP_ET/, 'TABLE_DUMP2'));
    const announced = lines.filter((text) => text.includes('|A|')).map((text) => text.replace('|A|', '|B|'));
    expect(announced).toEqual(held);
    const states = lines.filter((text) => text.includes(`|STATE|${RIGHT}|${RIGHT_ASN}|`));
    expect(states.map((text) => text.slice(-3))).toEqual(expect.arrayContaining(['5|6', '6|1']));
  });
});
