/**
 * Pings that go on while something changes: every lost packet counts.
 */
import { once } from 'node:events';
import { execa } from 'execa';

/** One stream: a packet every so often to one address. */
export interface Stream {
  /** Ends it, and gives the packets sent, and the numbers of those that were never answered. */
  stop(): Promise<{ readonly sent: number; readonly lost: readonly number[] }>;
}

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
  await once(process.stdout, 'data');
  return {
    // Answers to the last packets may still be on their way: what counts is every gap before the last answer.
    stop: async () => {
      process.kill('SIGINT');
      await process;
      const sent = Math.max(...answered);
      const lost = Array.from({ length: sent }, (_, index) => index + 1).filter(
        (sequence) => !answered.has(sequence),
      );
      return { sent, lost };
    },
  };
}
