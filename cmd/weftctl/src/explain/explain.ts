/** `weftctl explain`: reads the datastore, asks the daemons within reach, and prints what @weft/explain makes of it. */
import { type Chain, explainFrom, workloadName } from '@weft/explain';
import { familyOf, type Prefix, prefix } from '@weft/ip';
import { CliError, type Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { paintForStdout } from '../print/colour.ts';
import { printStructured } from '../print/structured.ts';
import { chooseDaemons, type DaemonTarget, withStore } from '../where.ts';
import { type Asked, askAll, toAnswers } from './ask.ts';
import { readNames } from './names.ts';
import { explainPeers } from './peers.ts';
import { printChains } from './print.ts';
import { type Names, readFrom, readTarget, type Target } from './target.ts';

/** Options of the command. */
export interface ExplainOptions extends WhereOptions {
  /** A node or a pod. */
  readonly from?: string;
  readonly output: 'ps' | 'json' | 'yaml';
}

/** What is asked, by whom, and who can answer. */
export interface Question {
  readonly names: Names;
  readonly targets: readonly DaemonTarget[];
  readonly options: ExplainOptions;
}

/** Runs the command. */
export async function explain(text: string, options: ExplainOptions): Promise<Report> {
  const names = await withStore(options, false, readNames);
  const target = readTarget(text, names);
  const question = { names, targets: await chooseDaemons(options, undefined), options };
  return target.kind === 'peer' ? explainPeers(question, target) : explainRoutes(question, target);
}

type Destination = Extract<Target, { kind: 'destination' }>;

async function explainRoutes(question: Question, target: Destination): Promise<Report> {
  const { names, options } = question;
  if (target.pod !== undefined && target.destinations.length === 0) throw withoutAddress(target);
  const chains: Chain[] = [];
  for (const destination of target.destinations) {
    const asked = await ask(question, destination);
    const from =
      options.from === undefined ? undefined : readFrom(options.from, names, [...asked.answered.keys()]);
    const back = from?.pod?.spec.ipNetworks?.find((one) => familyOf(one) === familyOf(destination));
    if (from !== undefined && from.pod !== undefined && back === undefined) continue;
    const forward = chainsOf(question, asked, destination, from?.node);
    chains.push(...forward);
    const owner = forward[0]?.owner;
    if (back !== undefined && owner !== undefined)
      chains.push(...chainsOf(question, await ask(question, back), back, owner));
  }
  if (chains.length === 0) throw nothingCommon(target, options);
  return report(chains, target, options);
}

function ask(
  { targets }: Question,
  destination: Prefix,
): Promise<Asked<Awaited<ReturnType<DaemonTarget['client']['explain']>>>> {
  return askAll(targets, (client) => client.explain(destination));
}

/** One chain from the node that is meant, else one from each that answered, and from each of a lab that should have. */
function chainsOf(
  { names }: Question,
  asked: Awaited<ReturnType<typeof ask>>,
  destination: Prefix,
  from: string | undefined,
): Chain[] {
  const answers = toAnswers(asked, (explanation) => ({ kind: 'answered', explanation }));
  const input = { destination: prefix(destination), snapshot: names, answers };
  if (from !== undefined) return [explainFrom(input, from)];
  const nodes = names.nodes.map(({ metadata }) => metadata.name).sort();
  const seen = nodes.filter((node) => answers.has(node));
  return (seen.length > 0 ? seen : nodes.slice(0, 1)).map((node) => explainFrom(input, node));
}

async function report(
  chains: readonly Chain[],
  { pod }: Destination,
  options: ExplainOptions,
): Promise<Report> {
  const { output } = options;
  const name = pod && workloadName(pod);
  const text =
    output === 'ps'
      ? printChains(chains, options.from !== undefined, paintForStdout())
      : await printStructured({ ...(name && { pod: name }), chains }, output);
  return { text, failures: [] };
}

function withoutAddress({ pod }: Destination): CliError {
  const object = pod === undefined ? '' : `pod ${workloadName(pod)} on ${pod.spec.node}`;
  return new CliError([
    {
      what: 'The pod has no address: its WorkloadEndpoint names none',
      object,
      hint: 'See why: the events of the pod, the log of weftd on its node, weftctl ipam show.',
    },
  ]);
}

function nothingCommon({ pod }: Destination, { from }: ExplainOptions): CliError {
  return new CliError([
    {
      what: 'The two have no address of one family',
      object: `${from} and ${pod === undefined ? 'the destination' : workloadName(pod)}`,
      hint: 'See their addresses: weftctl get workloadendpoints -A -o wide.',
    },
  ]);
}
