/** `weftctl top`: looks at daemons again and again, and draws what they are doing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, type Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { plain } from '../print/table.ts';
import { chooseDaemons } from '../where.ts';
import { lookAt, type Sample } from './sample.ts';
import { Screen } from './screen.ts';
import { drawTop, type Picture } from './view.ts';

/** Options of the command. */
export interface TopOptions extends WhereOptions {
  /** Seconds between two pictures. */
  readonly interval: number;
  /** Pictures until it ends; without it one where there is no terminal, and no end where there is. */
  readonly count?: number;
}

/** Draws until the user has seen enough. */
export async function top(node: string | undefined, options: TopOptions): Promise<Report> {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) return { text: printed(pictures(node, options, options.count ?? 1)), failures: [] };
  const screen = new Screen(stdout, stdin);
  screen.open();
  try {
    for await (const picture of pictures(node, options, options.count, screen.ended))
      screen.draw(drawTop(picture, paintForStdout()));
  } finally {
    screen.close();
  }
  return { text: '', failures: [] };
}

async function* printed(all: AsyncIterable<Picture>): AsyncGenerator<string> {
  let last: Picture | undefined;
  for await (const picture of all) {
    yield `${drawTop(picture, plain).join('\n')}\n`;
    last = picture;
  }
  const failures = last?.looks.map((look) => ('failures' in look ? look.failures : [])) ?? [];
  if (failures.length > 0 && failures.every(({ length }) => length > 0)) throw new CliError(failures.flat());
}

async function* pictures(
  node: string | undefined,
  options: TopOptions,
  count = Number.POSITIVE_INFINITY,
  ended?: AbortSignal,
): AsyncGenerator<Picture> {
  let before = new Map<string, Sample>();
  for (let drawn = 0; drawn < count && ended?.aborted !== true; drawn += 1) {
    if (drawn > 0 && !(await pause(options.interval * 1000, ended))) return;
    // Nodes come and go: who is there is asked each time.
    const targets = await chooseDaemons(options, node);
    const looks = await Promise.all(targets.map((target) => lookAt(target, () => performance.now())));
    yield { now: new Date(), looks, before };
    before = new Map(looks.flatMap((look) => ('totals' in look ? [[look.node, look] as const] : [])));
  }
}

/** False when the user has seen enough meanwhile. */
async function pause(milliseconds: number, ended: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal: ended });
    return true;
  } catch (error) {
    if (ended?.aborted === true) return false;
    throw error;
  }
}
