/** Asks several daemons at once; one that does not answer does not hide the others. */
import { CliError, type Failure, failuresOf } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { chooseDaemons, type DaemonTarget } from '../where.ts';

/** What one daemon answered, with the name of its node. */
export interface NodeAnswer<Value> {
  readonly node: string;
  readonly value: Value;
}

/** Answers of all daemons that are meant, in order, and what went wrong with the others. */
export interface NodeAnswers<Value> {
  readonly answers: readonly NodeAnswer<Value>[];
  readonly failures: readonly Failure[];
}

/** Runs `question` at every daemon that `where` and `node` mean; `choose` says how far that reaches. */
export async function askNodes<Value>(
  where: WhereOptions,
  node: string | undefined,
  question: (client: DaemonTarget['client']) => Promise<Value>,
  choose: typeof chooseDaemons = chooseDaemons,
): Promise<NodeAnswers<Value>> {
  const targets = await choose(where, node);
  const settled = await Promise.allSettled(targets.map((target) => askOne(target, node, question)));
  return {
    answers: settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failures: settled.flatMap((result) => (result.status === 'rejected' ? failuresOf(result.reason) : [])),
  };
}

async function askOne<Value>(
  target: DaemonTarget,
  wanted: string | undefined,
  question: (client: DaemonTarget['client']) => Promise<Value>,
): Promise<NodeAnswer<Value>> {
  const node = target.name ?? (await target.client.status()).node;
  if (wanted === undefined || wanted === node) return { node, value: await question(target.client) };
  throw new CliError([
    {
      what: `The daemon on this socket is that of node ${node}`,
      object: `node ${wanted}`,
      hint: `Run this command on ${wanted}, or name its socket with --socket.`,
    },
  ]);
}
