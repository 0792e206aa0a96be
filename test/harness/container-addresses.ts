/** The addresses of a container as it sees them itself. */
import type { Ended } from './refusal.ts';

/** Runs a command in one container, as the runtimes of the harness do. */
export interface ContainerShell {
  exec(container: string, ...command: string[]): Promise<Ended>;
}

/** The global addresses of an interface, IPv4 first; none when there is no such interface. */
export async function containerAddresses(
  runtime: ContainerShell,
  container: string,
  device = 'eth0',
): Promise<string[]> {
  const show = ['ip', '-o', 'address', 'show', 'dev', device, 'scope', 'global'];
  const { stdout } = await runtime.exec(container, ...show);
  return [...stdout.matchAll(/inet6? (\S+)\//g)].map(([, address = '']) => address);
}
