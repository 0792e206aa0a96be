import { type Address, address, type Prefix, prefix } from '@weft/ip';
import { createLogger } from '@weft/telemetry';
import type { Acknowledgement } from 'bgp-speaker-ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { Announcing, type AnnouncingSpeaker } from './announcing.ts';

const block = prefix('10.1.0.0/26');
const inBlock = [address('10.1.0.5')];
const acknowledged: Acknowledgement = { kind: 'acknowledged', peer: address('192.0.2.2') };

/** Acknowledges what it is told to, and answers the rest when the signal comes. */
class FakeSpeaker implements AnnouncingSpeaker {
  hasPeers = true;
  readonly asked: Prefix[] = [];
  readonly answers = new Map<Prefix, Acknowledgement>();

  async acknowledged(asked: Prefix, signal: AbortSignal): Promise<Acknowledgement> {
    this.asked.push(asked);
    const answer = this.answers.get(asked);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { kind: 'aborted', waitingFor: [address('192.0.2.2')] };
  }
}

let speaker: FakeSpeaker | undefined;
let outcomes: string[];
beforeEach(() => {
  speaker = new FakeSpeaker();
  speaker.answers.set(block, acknowledged);
  outcomes = [];
});

function announcing(timeoutMilliseconds = 20_000): Announcing {
  return new Announcing({
    timeoutMilliseconds,
    log: createLogger({ name: 'test', level: 'error' }),
    speaker: () => speaker,
    isAnnounceable: (given: Address) => given.startsWith('10.'),
    waited: (outcome) => outcomes.push(outcome),
  });
}

describe('a container', () => {
  it('waits for a peer to acknowledge its block, and the next one of the block asks nobody', async () => {
    const waits = announcing();
    waits.follow([block]);
    await waits.wait(inBlock);
    await waits.wait([address('10.1.0.6')]);
    expect(speaker?.asked).toEqual([block]);
    expect(outcomes).toEqual(['acknowledged']);
  });

  it('waits for its block to be announced first', async () => {
    const waits = announcing();
    waits.follow([]);
    const waiting = waits.wait(inBlock);
    waits.follow([prefix('10.9.0.0/26')]);
    waits.follow([prefix('10.9.0.0/26'), block]);
    await waiting;
    expect(speaker?.asked).toEqual([block]);
  });

  it('waits for the most specific announcement: of its own address, where the block is another node’s', async () => {
    const own = prefix('10.1.0.5/32');
    speaker?.answers.set(own, acknowledged);
    const waits = announcing();
    waits.follow([prefix('10.1.0.0/16'), own, block]);
    await waits.wait(inBlock);
    expect(speaker?.asked).toEqual([own]);
  });

  it('waits with the others of its block, for as long as the first of them', async () => {
    const other = prefix('10.2.0.0/26');
    const waits = announcing(50);
    waits.follow([other]);
    await Promise.all([waits.wait([address('10.2.0.1')]), waits.wait([address('10.2.0.2')])]);
    await waits.wait([address('10.2.0.3')]);
    expect(outcomes).toEqual(['aborted']);
  });

  it('waits again for a block that was given up and claimed again', async () => {
    const waits = announcing();
    for (const announced of [[block], [], [block]]) waits.follow(announced);
    await waits.wait(inBlock);
    waits.follow([]);
    waits.follow([block]);
    await waits.wait(inBlock);
    expect(speaker?.asked).toEqual([block, block]);
  });

  it('is answered when the time has passed although nothing announces its address', async () => {
    const waits = announcing(50);
    waits.follow([]);
    await waits.wait(inBlock);
    expect(outcomes).toEqual(['not-announced']);
  });

  it.each<[string, () => [Announcing, readonly Address[]]]>([
    ['the time is 0', () => [announcing(0), inBlock]],
    ['its address lies in no pool', () => [announcing(), [address('192.0.2.7')]]],
    [
      'there is no BGP',
      () => {
        speaker = undefined;
        return [announcing(), inBlock];
      },
    ],
    [
      'there are no peers',
      () => {
        if (speaker !== undefined) speaker.hasPeers = false;
        return [announcing(), inBlock];
      },
    ],
    [
      'peers have kept the block from an earlier weftd',
      () => {
        const waits = announcing();
        waits.follow([block]);
        waits.adopt();
        return [waits, inBlock];
      },
    ],
  ])('does not wait where %s', async (_, prepare) => {
    const [waits, addresses] = prepare();
    await waits.wait(addresses);
    expect(outcomes).toEqual([]);
  });
});
