/** The daemons within reach, and what each says; one that does not answer is named with the reason. */
import type { ControlClient } from '@weft/control';
import type { NodeAnswer } from '@weft/explain';
import { failuresOf } from '../failure.ts';
import type { DaemonTarget } from '../where.ts';

/** What a question came to: by node what it said, or why it said nothing. */
export interface Asked<Value> {
  readonly answered: ReadonlyMap<string, Value>;
  readonly silent: ReadonlyMap<string, string>;
}

/** Asks all at once. A daemon that is named nowhere and does not answer is called by its socket. */
export async function askAll<Value extends { readonly node: string }>(
  targets: readonly DaemonTarget[],
  question: (client: ControlClient) => Promise<Value>,
): Promise<Asked<Value>> {
  const answered = new Map<string, Value>();
  const silent = new Map<string, string>();
  await Promise.all(
    targets.map(async ({ client, name }) => {
      try {
        const value = await question(client);
        answered.set(value.node, value);
      } catch (error) {
        const [failure] = failuresOf(error);
        silent.set(name ?? client.place, lowerFirst(failure?.what ?? 'it does not answer'));
      }
    }),
  );
  return { answered, silent };
}

/** As `@weft/explain` wants it. */
export function toAnswers<Value>(
  { answered, silent }: Asked<Value>,
  wrap: (value: Value) => NodeAnswer,
): Map<string, NodeAnswer> {
  return new Map([
    ...[...silent].map(([node, reason]): [string, NodeAnswer] => [node, { kind: 'not-asked', reason }]),
    ...[...answered].map(([node, value]): [string, NodeAnswer] => [node, wrap(value)]),
  ]);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
