/**
 * Pings that go on while something changes: every lost packet counts.
 */
import { execa } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';

/** One stream: a packet every so often to one address. */
export interface Stream {
  /**
   * Ends it, and gives the packets sent, and the numbers of those that were never answered. Fails when nothing is answered any
   * more: a loss that lasts is no gap between answers.
   */
  stop(): Promise<{ readonly sent: number; readonly lost: readonly number[] }>;
}

/** Within this time an address that can be reached answers one more packet, however busy the machine. */
const ANSWER_MS = 10_000;

/** Pings from a namespace until it is stopped; the first answer is here when it resolves. */
export async function pingStream(namespace: string, address: string, seconds: number): Promise<Stream> {
  const command = ['netns', 'exec', namespace, 'ping', '-n', '-i', `${seconds}`, address];
  const process = execa('ip', command, { reject: false, buffer: false, stdin: 'ignore' });
  const answered = new Set<number>();
  let text = '';
  process.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const sequence = /icmp_seq=(\d+) ttl=/.exec(line)?.[1];
      if (sequence !== undefined) answered.add(Number(sequence));
    }
  });
  const end = async (): Promise<void> => {
    process.kill('SIGINT');
    await process;
  };
  /** What goes wrong ends it, too. */
  const oneMore = async (): Promise<void> => {
    const before = answered.size;
    const wanted = `${address} answers ${namespace}, after ${before} packets`;
    await waitFor(wanted, () => answered.size > before, ANSWER_MS).catch(async (error) => {
      await end();
      throw error;
    });
  };
  const finish = async () => {
    await oneMore();
    await end();
    // Answers to the last packets may still be on their way: what counts is every gap before the last answer.
    const sent = Math.max(...answered);
    const lost = Array.from({ length: sent }, (_, index) => index + 1).filter(
      (sequence) => !answered.has(sequence),
    );
    return { sent, lost };
  };
  await oneMore();
  let result: ReturnType<typeof finish> | undefined;
  return {
    stop: () => {
      result ??= finish();
      return result;
    },
  };
}
