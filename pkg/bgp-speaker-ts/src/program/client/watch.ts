/**
 * The command `watch`.
 */

import type { Invocation } from '../command-line.ts';
import type { EventLine, LocLine } from '../protocol.ts';
import { askLines, wantsJson } from './connection.ts';
import { print } from './output.ts';

/** Shows events until interrupted. */
export async function watch(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  process.once('SIGINT', () => process.exit(0));
  const path = `/v1/events?routes=${invocation.has('routes')}`;
  for await (const line of askLines(invocation, path)) {
    await print(`${json ? line : describe(JSON.parse(line) as EventLine)}\n`);
  }
}

function describe({ time, event, ...values }: EventLine): string {
  const text = event === 'route' ? describeRoute(values as unknown as LocLine) : describeValues(values);
  return `${time}  ${event}  ${text}`.trimEnd();
}

function describeRoute({ prefix, best }: Pick<LocLine, 'prefix' | 'best'>): string {
  if (best === undefined) return `${prefix} is gone`;
  const hops = best.nextHops.map(({ address }) => address).join(' ');
  const from = best.peer === undefined ? 'local' : `from ${best.peer}`;
  return [prefix, ...(hops === '' ? [] : [`via ${hops}`]), from, ...(best.stale ? ['stale'] : [])].join(' ');
}

function describeValues(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}
