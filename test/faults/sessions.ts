/** Waiting for what sessions and daemons say of themselves. */
import { ControlClient } from '@weft/control';
import { status } from '@weft/lab';
import type { TestLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

/** The control socket of a host's weftd. */
export async function daemonOf(lab: TestLab, host: string): Promise<ControlClient> {
  return new ControlClient(await lab.controlSocket(host));
}

/** The states of all sessions that other hosts have with this one. */
async function sessionsWith(lab: TestLab, node: string): Promise<string[]> {
  const { hosts } = await status(lab.name);
  const own = hosts.find(({ name }) => name === node)?.addresses.map((text) => text.split('/')[0]) ?? [];
  const others = hosts.filter(({ name }) => name !== node);
  return others.flatMap(({ sessions }) =>
    sessions.filter(({ peer }) => own.includes(peer)).map(({ state }) => state),
  );
}

/** Waits until no other host has a session with this one. */
export async function untilAway(lab: TestLab, node: string): Promise<void> {
  await waitFor(`the peers see that ${node} is away`, async () =>
    (await sessionsWith(lab, node)).every((state) => state !== 'Established'),
  );
}

/** Waits until every other host has its session with this one, and its own weftd is ready. */
export async function untilBack(lab: TestLab, node: string): Promise<void> {
  const isBack = async (): Promise<boolean> => {
    const states = await sessionsWith(lab, node);
    return states.length > 0 && states.every((state) => state === 'Established');
  };
  await waitFor(`all sessions with ${node} are back`, isBack, 60_000, 50);
  await untilReady(lab, node);
}

/** Waits until the weftd of a host is ready; at the deadline it fails with why it is not. */
export async function untilReady(lab: TestLab, host: string): Promise<void> {
  const daemon = await daemonOf(lab, host);
  let reasons: readonly string[] = ['it does not answer'];
  const isReady = async (): Promise<boolean> => {
    const health = await daemon.readiness().catch(() => ({ ok: false, reasons: ['it does not answer'] }));
    reasons = health.reasons;
    return health.ok;
  };
  await waitFor(`${host} is ready`, isReady, 60_000, 50).catch((error: Error) => {
    throw new Error(`${error.message}: ${reasons.join('; ')}`);
  });
}

/** The fault itself has a length: that much time has to pass, and nothing else tells that it has. */
export async function passes(seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  await waitFor(`${seconds} s have passed`, () => performance.now() > until, seconds * 1000 + 60_000, 50);
}
