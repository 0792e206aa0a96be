/**
 * Hears every change of the routes of a namespace: a route that is taken out for a moment only is missed by whoever looks now and
 * then.
 */
import { execa } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';

/** What `ip monitor route` says. */
export interface RouteMonitor {
  /** The lines that take out a route to one of these prefixes. */
  deleted(prefixes: readonly string[]): string[];
  stop(): Promise<unknown>;
}

/** A route of nobody, by which the monitor shows that it hears. Source: RFC 6666, the prefix for what is discarded. */
const PROBE = '100::1';

/** Listens from the moment this resolves. */
export async function monitorRoutes(namespace: string): Promise<RouteMonitor> {
  let text = '';
  const monitor = execa('ip', ['-n', namespace, 'monitor', 'route'], { reject: false, buffer: false });
  monitor.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const probe = (verb: string) => execa('ip', ['-n', namespace, 'route', verb, 'blackhole', PROBE]);
  await waitFor(`routes of ${namespace} are heard`, async () => {
    await probe('replace');
    return text.includes(`blackhole ${PROBE} `);
  });
  await probe('del');
  return {
    deleted: (prefixes) =>
      text.split('\n').filter((line) => prefixes.some((prefix) => line.startsWith(`Deleted ${prefix} `))),
    stop: () => {
      monitor.kill();
      return monitor;
    },
  };
}
