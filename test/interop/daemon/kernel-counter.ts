/**
 * Counters of the kernel's network stack: what it refused before any program could see it.
 */
import { execa } from 'execa';
import { inNamespace } from './network.ts';

/** Reads a counter of a namespace by the name `nstat` gives it, such as `TcpExtTCPMD5Failure`. */
export async function counterOf(netns: string, name: string): Promise<number> {
  const [program, ...args] = inNamespace(netns, ['nstat', '-asz', name]);
  const { stdout } = await execa(program, args);
  const line = stdout.split('\n').find((text) => text.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the kernel has no counter ${name}`);
  return Number(line.split(/\s+/)[1]);
}
