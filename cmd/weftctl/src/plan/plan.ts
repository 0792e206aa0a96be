/** `weftctl plan`: the resources there are, the same after the file, and what @weft/plan makes of the two. */
import { createHash } from 'node:crypto';
import type { Datastore } from '@weft/datastore';
import { containsPrefix } from '@weft/ip';
import { type PlanResult, planChange } from '@weft/plan';
import type { Kind, Resource, ResourceOf } from '@weft/resources';
import { CliError, type Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { printStructured } from '../print/structured.ts';
import { readAll } from '../read-all.ts';
import { type Document, type InputOptions, readDocuments } from '../resource/input/documents.ts';
import { notThere } from '../resource/kind-argument.ts';
import { asNew, asReplacement, isUnchanged, outdated } from '../resource/write/change.ts';
import { crossCheck } from '../resource/write/cross-checks.ts';
import { shortName } from '../resource/write/outcomes.ts';
import { chooseDaemons, withStore } from '../where.ts';
import { announcingPeers, type HeardNow, interfaceNotes, readHeard } from './heard.ts';
import { renderPlan } from './render.ts';

/** Options of the command. */
export interface PlanOptions extends WhereOptions, InputOptions {
  readonly delete?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Kinds that decide about routes. */
const KINDS = [
  'Node',
  'IPPool',
  'BGPConfiguration',
  'BGPPeer',
  'BGPFilter',
  'BlockAffinity',
  'FelixConfiguration',
  'WorkloadEndpoint',
] as const satisfies readonly Kind[];

/** What the file does to one object. */
export interface Change {
  readonly object: string;
  readonly done: 'created' | 'configured' | 'unchanged' | 'deleted';
}

/** Resources of all kinds, by `kind/namespace/name`. */
type Snapshot = ReadonlyMap<string, Resource>;

/** Plans; what apply would refuse, it refuses in the same words. */
export async function plan(options: PlanOptions): Promise<Report> {
  const documents = await readDocuments(options);
  const { before, unreadable } = await withStore(
    options,
    options.delete ? false : 'imagine',
    async (store) => {
      if (!options.delete) await crossCheck(store, documents);
      return readSnapshot(store);
    },
  );
  const { after, changes } = options.delete ? withoutThem(before, documents) : withThem(before, documents);
  const { heard, notes } = await heardNow(options, clusterOf(before));
  const result = planChange(clusterOf(before), clusterOf(after), {
    heard,
    digestOf: (name) => createHash('sha256').update(name).digest(),
    secrets: secretsOf([...before.values(), ...after.values()]),
  });
  const planned = requirePlan(result);
  const onInterfaces = interfaceNotes(clusterOf(new Map([...before, ...after])).bgpPeers);
  const text =
    options.output === 'text'
      ? renderPlan(changes, planned)
      : await printStructured({ changes, ...planned }, options.output);
  return { text, failures: [], notes: [...unreadable, ...notes, ...onInterfaces] };
}

/** Daemons are asked only for what they alone know. */
async function heardNow(options: PlanOptions, cluster: ReturnType<typeof clusterOf>): Promise<HeardNow> {
  const peers = announcingPeers(cluster);
  if (peers.size === 0) return { heard: { routes: new Map(), nodes: 0 }, notes: [] };
  return readHeard(await chooseDaemons(options, undefined), peers, cluster.nodes);
}

async function readSnapshot(store: Datastore) {
  const lists = await Promise.all(KINDS.map((kind) => readAll<Kind>(store, kind)));
  const items = lists.flatMap((list) => list.items as readonly Resource[]);
  return {
    before: new Map(items.map((resource) => [idOf(resource), resource])),
    unreadable: lists.flatMap((list) =>
      list.unreadable.map(({ key, reason }) => `${key} is left out: it cannot be read: ${reason}`),
    ),
  };
}

function idOf({ kind, metadata }: Resource): string {
  return [kind, metadata.namespace ?? '', metadata.name].join('/');
}

function withThem(before: Snapshot, documents: readonly Document[]) {
  const after = new Map(before);
  const changes = documents.map(({ key, resource, ...rest }): Change => {
    const stored = after.get(idOf(resource));
    const failure = stored && outdated({ key, resource, ...rest }, stored);
    if (failure !== undefined) throw new CliError([failure]);
    const next = stored === undefined ? asNew(resource) : asReplacement(resource, stored);
    after.set(idOf(resource), next);
    const done = stored === undefined ? 'created' : isUnchanged(next, stored) ? 'unchanged' : 'configured';
    return { object: shortName(key), done };
  });
  return { after, changes };
}

/** With a pool its blocks lose their owners, as `weftctl delete` has it. */
function withoutThem(before: Snapshot, documents: readonly Document[]) {
  const missing = documents.filter(({ resource }) => !before.has(idOf(resource)));
  if (missing.length > 0) throw new CliError(missing.map(({ key }) => notThere(key)));
  const after = new Map(before);
  for (const { resource } of documents) {
    const stored = after.get(idOf(resource));
    after.delete(idOf(resource));
    if (stored?.kind === 'IPPool')
      for (const [id, other] of after)
        if (other.kind === 'BlockAffinity' && containsPrefix(stored.spec.cidr, other.spec.cidr))
          after.delete(id);
  }
  return {
    after,
    changes: documents.map(({ key }): Change => ({ object: shortName(key), done: 'deleted' })),
  };
}

function clusterOf(snapshot: Snapshot) {
  const all = <K extends Kind>(kind: K): ResourceOf<K>[] =>
    [...snapshot.values()].filter((resource): resource is ResourceOf<K> => resource.kind === kind);
  return {
    nodes: all('Node'),
    pools: all('IPPool'),
    bgpConfigurations: all('BGPConfiguration'),
    bgpPeers: all('BGPPeer'),
    bgpFilters: all('BGPFilter'),
    blockAffinities: all('BlockAffinity'),
    felixConfigurations: all('FelixConfiguration'),
    endpoints: all('WorkloadEndpoint'),
    services: [],
  };
}

/** Secrets are not read: each stands for itself, so that two sessions with one secret have one password. */
function secretsOf(resources: readonly Resource[]): Map<string, string> {
  const references = resources.flatMap((resource) => {
    if (resource.kind === 'BGPPeer') return [resource.spec.password?.secretKeyRef];
    return resource.kind === 'BGPConfiguration' ? [resource.spec.nodeMeshPassword?.secretKeyRef] : [];
  });
  const names = references.flatMap((reference) => (reference ? [`${reference.name}/${reference.key}`] : []));
  return new Map(names.map((name) => [name, name]));
}

function requirePlan(result: PlanResult) {
  switch (result.kind) {
    case 'planned':
      return result.plan;
    case 'too-large':
      throw new CliError([
        {
          what: `The plan would need more than ${result.limit} sessions: ${result.unlike} of ${result.nodes} nodes are like no other`,
          object: '',
          hint: 'Let BGPPeers choose nodes by selectors, not by name: of nodes that are alike, two are looked at.',
        },
      ]);
    case 'restless':
      throw new CliError([
        { what: result.reason, object: '', hint: 'Look at the sessions that reset each other.' },
      ]);
  }
}
