/** `weftctl dashboard`: the page, served until the user has seen enough. */
import { once } from 'node:events';
import { CliError, type Remark, type Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { chooseDaemons, type DaemonTarget } from '../where.ts';
import { Bridge } from './bridge.ts';
import { firstAnswer } from './first-answer.ts';

/** Options of the command. */
export interface DashboardOptions extends WhereOptions {
  readonly port: number;
}

/** Serves; the report goes on until SIGINT or SIGTERM, and then ends as a success. */
export async function dashboard(node: string | undefined, options: DashboardOptions): Promise<Report> {
  const targets = (): Promise<DaemonTarget[]> => chooseDaemons(options, node);
  await requireAnswer(await targets());
  const bridge = new Bridge(targets);
  const address = await listen(bridge, options.port);
  return { text: untilSignal(bridge, address), failures: [] };
}

/**
 * The page comes from a daemon: where none answers, the terminal is the place to say so. Who is silent is not waited for once
 * another has answered. Throws what the first of them failed with.
 */
export async function requireAnswer(targets: readonly DaemonTarget[]): Promise<void> {
  await firstAnswer(targets, ({ client }, signal) => client.status(signal));
}

async function listen(bridge: Bridge, port: number): Promise<string> {
  try {
    return await bridge.listen(port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === 'EADDRINUSE' ? 'Another program listens there' : `Cannot listen there: ${message}`;
    throw new CliError([{ what, object: `127.0.0.1:${port}`, hint: 'Take another one with --port.' }]);
  }
}

async function* untilSignal(bridge: Bridge, address: string): AsyncGenerator<string | Remark> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    yield address;
    yield { note: 'Open it in a browser: who has this address can read. Ctrl-C ends it.' };
    if (!ended.signal.aborted) await once(ended.signal, 'abort');
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    await bridge.close();
  }
}
