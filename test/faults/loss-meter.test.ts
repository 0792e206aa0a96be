/** The meter itself: it sees each packet that is dropped on purpose, in both families, and none besides. */
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../harness/wait-for.ts';
import { LossMeter } from './loss-meter.ts';

const namespace = 'f-meter';
const pairs = ['127.0.0.1', '::1'].map((address) => ({ namespace, address }));
beforeAll(async () => {
  createNetns(namespace);
  await inside('ip', 'link', 'set', 'lo', 'up');
});
afterAll(() => deleteNetns(namespace));

const inside = (...command: string[]) => execa('nsenter', [`--net=${netnsPath(namespace)}`, ...command]);

/** Drops the probes of these numbers, of every ping that comes. */
async function drop(rule: string): Promise<void> {
  await inside('nft', 'add table inet faults; flush table inet faults');
  await inside('nft', `add chain inet faults in { type filter hook input priority 0; }; ${rule}`);
}

describe('the loss meter', () => {
  it('counts none where none is dropped', async () => {
    const meter = await LossMeter.start(pairs, 'quiet');
    await meter.allAnswer();
    const { ipv4, ipv6 } = await meter.stop();
    expect(ipv4).toMatchObject({ lost: 0, longestGapMs: 0 });
    expect(ipv6).toMatchObject({ lost: 0, longestGapMs: 0 });
    expect(Math.min(ipv4.sent, ipv6.sent)).toBeGreaterThan(1);
  });

  it('counts what is dropped exactly, by family, with the time it took and the phase it fell into', async () => {
    await drop(
      'add rule inet faults in icmp type echo-request icmp sequence 21-60 drop; ' +
        'add rule inet faults in icmpv6 type echo-request icmpv6 sequence 31-40 drop',
    );
    const meter = await LossMeter.start(pairs, 'dropping');
    await meter.allLose();
    // Probes 21 to 60 and 31 to 40.
    await waitFor('both are through', () => meter.lost === 50);
    await meter.allAnswer();
    meter.phase('after it');
    await meter.allAnswer();
    const { ipv4, ipv6, phases } = await meter.stop();
    expect([ipv4.lost, ipv6.lost]).toEqual([40, 10]);
    // Unanswered probes leave every 10 ms.
    expect(ipv4.longestGapMs).toBeGreaterThan(350);
    expect(ipv6.longestGapMs).toBeGreaterThan(80);
    expect(phases.map(({ lost, phase }) => [phase, lost])).toEqual([
      ['dropping', 50],
      ['after it', 0],
    ]);
    expect(phases[0]?.backAfterMs).toBeGreaterThan(350);
    expect(phases[1]?.backAfterMs).toBe(0);
  });

  it('counts what is dropped up to the end', async () => {
    await drop('');
    const meter = await LossMeter.start(pairs, 'quiet');
    meter.phase('cut');
    await drop('add rule inet faults in meta l4proto { icmp, ipv6-icmp } drop');
    await meter.allLose();
    const { ipv4, ipv6, phases } = await meter.stop();
    expect(Math.min(ipv4.lost, ipv6.lost)).toBeGreaterThan(0);
    expect(phases[0]?.lost).toBe(0);
    await drop('');
  });
});
