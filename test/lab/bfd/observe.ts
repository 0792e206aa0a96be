/** What the tests of BFD ask of a lab, and how a cable goes dead without anybody being told. */
import { ControlClient } from '@weft/control';
import { switchNamespace } from '@weft/lab';
import { execa } from 'execa';
import type { TestLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** Hold time of the labs: what a silent peer would be missed after without BFD. */
export const HOLD_TIME_SECONDS = 90;

/** Generous on a busy machine, and a third of the hold time. */
export const DEADLINE_MS = 30_000;

/** The state of BFD with each peer of a host, by address; `none` without BFD. */
export async function bfdStates(lab: TestLab, host: string): Promise<Record<string, string>> {
  const { peers } = await new ControlClient(await lab.controlSocket(host)).bgpPeers();
  return Object.fromEntries(peers.map(({ address, bfd }) => [address, bfd?.state ?? 'none']));
}

/** Waits until BFD with these peers is in this state. */
export async function bfdIs(lab: TestLab, host: string, state: string, ...peers: string[]): Promise<void> {
  await waitFor(
    `BFD of ${host} with ${peers.join(', ')} is ${state}`,
    async () => {
      const states = await bfdStates(lab, host);
      return peers.every((peer) => states[peer] === state);
    },
    60_000,
  );
}

/** Takes a host's cable out of its switch, or puts it back; its interface keeps its carrier either way. */
export async function setCable(lab: TestLab, host: string, bridge: string | undefined): Promise<void> {
  const place = bridge === undefined ? ['nomaster'] : ['master', bridge];
  await execa('ip', ['-n', switchNamespace(lab.name), 'link', 'set', `${host}.0`, ...place]);
}

/** Waits until a host has a route to a prefix, or none; the time that took in ms. */
export async function routeBecomes(
  lab: TestLab,
  host: string,
  prefix: string,
  wanted: 'there' | 'gone',
  deadlineMs: number = DEADLINE_MS,
): Promise<number> {
  const start = performance.now();
  await waitFor(
    `the route of ${host} to ${prefix} is ${wanted}`,
    async () => {
      const routes = await lab.routes(host);
      return routes.some((route) => route.startsWith(`${prefix} `)) === (wanted === 'there');
    },
    deadlineMs,
  );
  return performance.now() - start;
}

/** A ping under way. */
export interface RunningPing {
  /** Stops it; its loss as ping says it. */
  readonly loss: () => Promise<string>;
}

/** Pings every 5 ms until it is stopped. */
export function startPing(lab: TestLab, from: string, to: string): RunningPing {
  const command = ['netns', 'exec', lab.namespaceOf(from), 'ping', '-n', '-q', '-i', '0.005', to];
  const ping = execa('ip', command, { reject: false });
  return {
    loss: async () => {
      ping.kill('SIGINT');
      const { stdout } = await ping;
      return /[\d.]+% packet loss/.exec(stdout)?.[0] ?? stdout;
    },
  };
}
