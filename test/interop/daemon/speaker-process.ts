/**
 * The speaker's process: a `BgpServer` that does what its parent tells it over IPC, and tells it what happens.
 *
 * A request is the name of a method of `BgpServer` (or `start`) and its arguments; the answer carries its number. Reports
 * of the server go up unasked, in order.
 */
import { BgpServer, type BgpServerOptions, type SpeakerReport } from 'bgp-speaker-ts';

/** What may be asked of the process. */
export type Method =
  | 'start'
  | 'configure'
  | 'setLocalRoutes'
  | 'command'
  | 'peers'
  | 'locRib'
  | 'adjRibIn'
  | 'adjRibOut'
  | 'explain'
  | 'stop';

/** Parent to child. */
export interface Request {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** Child to parent. */
export type Message =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'report'; readonly report: SpeakerReport };

let server: BgpServer | undefined;

function start(options: Pick<BgpServerOptions, 'config' | 'restarting'>): void {
  const started = BgpServer.start({ ...options, onAction: (report) => tell({ kind: 'report', report }) });
  if (started.kind !== 'started') throw new Error(started.message);
  server = started.server;
}

async function perform({ method, args }: Request): Promise<unknown> {
  if (method === 'start') return start(args[0] as BgpServerOptions);
  if (server === undefined) throw new Error('the speaker has not been started');
  const ask = server[method] as (...args: readonly unknown[]) => unknown;
  return ask.apply(server, args as unknown[]);
}

function tell(message: Message): void {
  process.send?.(message);
}

process.on('message', async (request: Request) => {
  try {
    tell({ kind: 'answer', id: request.id, value: await perform(request) });
  } catch (error) {
    tell({ kind: 'failure', id: request.id, message: (error as Error).message });
  }
});
// A parent that is gone takes its speaker along.
process.on('disconnect', () => process.exit());
