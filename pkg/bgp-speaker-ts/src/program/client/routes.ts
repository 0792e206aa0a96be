/**
 * The commands `announce` and `withdraw`.
 */

import { type Invocation, usageError } from '../command-line.ts';
import type { ChangeResult } from '../protocol.ts';
import { tell, wantsJson } from './connection.ts';

/** Announces routes. */
export async function announce(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const { operands, option, options } = invocation;
  const attributes = {
    localPref: readNumber(invocation, 'local-pref'),
    med: readNumber(invocation, 'med'),
    origin: option('origin'),
    communities: manyOrNone(options('community')),
    largeCommunities: manyOrNone(options('large-community')),
  };
  const routes = operands.map((prefix) => ({ prefix, ...attributes }));
  report(await tell<ChangeResult>(invocation, '/v1/announce', { routes }), 'announced', json);
}

/** Withdraws routes. */
export async function withdraw(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const prefixes = invocation.operands;
  report(await tell<ChangeResult>(invocation, '/v1/withdraw', { prefixes }), 'withdrawn', json);
}

function report(result: ChangeResult, what: string, json: boolean): void {
  if (json) console.log(JSON.stringify(result));
  else for (const prefix of result.prefixes) console.log(`${prefix} ${what}`);
}

function readNumber({ command, option }: Invocation, name: string): number | undefined {
  const value = option(name);
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value))
    throw usageError({ name: command }, `--${name} is a number, and not "${value}"`);
  return Number(value);
}

function manyOrNone(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}
