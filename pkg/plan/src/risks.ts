/**
 * What an operator should look at before the change is made: each risk by a rule, of an object, and in words.
 */
import { containsAddress, type Prefix } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import { type AddressPlan, usedAddresses } from './addresses.ts';
import type { Comparison } from './comparison.ts';
import type { RoutePlan } from './routes.ts';
import type { SessionPlan } from './sessions.ts';
import { encapsulationText, isAllTunneled, isTunneled, tunneledBlocks } from './tunnels.ts';

/** The rules, by their names. */
export type RiskRule =
  | 'no-session'
  | 'session-does-not-come-up'
  | 'all-sessions-reset'
  | 'mass-withdrawal'
  | 'most-routes-lost'
  | 'default-route-lost'
  | 'peer-loses-all'
  | 'blocks-not-announced'
  | 'addresses-unreachable'
  | 'encapsulation-changes'
  | 'pool-deleted-in-use'
  | 'pool-disabled-in-use'
  | 'pool-not-exported-in-use';

/** One risk. */
export interface Risk {
  readonly rule: RiskRule;
  /** "Node node1", "IPPool blue". */
  readonly object: string;
  readonly text: string;
}

/** What was found out about the change. */
export interface Findings {
  readonly sessions: readonly SessionPlan[];
  readonly nodes: readonly RoutePlan[];
  readonly peers: readonly RoutePlan[];
  readonly addresses: readonly AddressPlan[];
}

/** Applies all rules, the gravest first. */
export function findRisks(comparison: Comparison, findings: Findings): Risk[] {
  return [
    ...nodesWithoutSession(comparison),
    ...massWithdrawals(findings),
    ...defaultRoutesLost(findings),
    ...blocksNotAnnounced(comparison),
    ...unreachableAddresses(findings),
    ...encapsulationChanges(comparison),
    ...poolRisks(comparison),
    ...peersThatLoseAll(findings),
    ...sessionsThatDoNotComeUp(findings),
    ...allSessionsReset(findings),
  ];
}

function nodesWithoutSession({ after, before, nodeAt }: Comparison): Risk[] {
  const tunneled = tunneledBlocks(after.resources);
  const sessionsOf = ({ seen }: Comparison['before'], name: string): number =>
    [...(seen.get(name)?.sessions.values() ?? [])].filter(({ established }) => established).length;
  return [...before.states.keys()].flatMap((name) => {
    if (sessionsOf(before, name) === 0 || sessionsOf(after, name) > 0) return [];
    // Other nodes need no BGP then; who is outside does.
    const isAmongNodes = [...(before.seen.get(name)?.sessions.keys() ?? [])].every((peer) =>
      nodeAt.has(peer),
    );
    if (isAmongNodes && isAllTunneled(name, after.resources, tunneled)) return [];
    const text = 'none of its sessions is left: nobody knows the way to its workloads';
    return [{ rule: 'no-session', object: `Node ${name}`, text }];
  });
}

/** The least number of routes that weftd's fuse guards. */
const FUSE_ROUTES = 100;

function massWithdrawals({ nodes }: Findings): Risk[] {
  return nodes.flatMap(({ before, lost, name }): Risk[] => {
    if (lost.length * 2 <= before) return [];
    const share = `it loses ${lost.length} of ${plural(before, 'route')}`;
    const object = `Node ${name}`;
    if (before <= FUSE_ROUTES) return [{ rule: 'most-routes-lost', object, text: share }];
    const text = `${share}: weftd will hold them back until weftctl fuse accept or reject`;
    return [{ rule: 'mass-withdrawal', object, text }];
  });
}

/** What peers outside announce, nobody else may: without it a node has no way out. */
function defaultRoutesLost({ nodes }: Findings): Risk[] {
  return nodes.flatMap(({ lost, name }): Risk[] => {
    const ways = lost.filter((prefix) => prefix.endsWith('/0'));
    if (ways.length === 0) return [];
    const text = `it loses ${ways.join(' and ')}, which a peer outside has announced`;
    return [{ rule: 'default-route-lost', object: `Node ${name}`, text }];
  });
}

/** A block that others knew, still held by its node, and known to nobody any more. Of one that tunnels carry, nodes need not know. */
function blocksNotAnnounced({ after, before, outsiders }: Comparison): Risk[] {
  const tunneled = tunneledBlocks(after.resources);
  const outside = new Set<string>(outsiders.map(({ address }) => address));
  const knownIn = ({ seen }: Comparison['before'], prefix: Prefix): boolean =>
    [...seen].some(
      ([name, { routes }]) => routes.has(prefix) && (outside.has(name) || !isTunneled(tunneled, prefix)),
    );
  return [...after.states].flatMap(([name, { announcements }]): Risk[] => {
    const hidden = announcements.filter(({ prefix }) => knownIn(before, prefix) && !knownIn(after, prefix));
    if (hidden.length === 0) return [];
    const blocks = hidden.map(({ prefix }) => prefix).join(', ');
    return [
      { rule: 'blocks-not-announced', object: `Node ${name}`, text: `nobody is told of ${blocks} any more` },
    ];
  });
}

function unreachableAddresses({ addresses }: Findings): Risk[] {
  const lost = addresses.filter(({ unreachableFrom }) => unreachableFrom.length > 0);
  return [...new Set(lost.map(({ node }) => node))].map((node) => {
    const those = lost.filter((address) => address.node === node);
    const from = new Set(those.flatMap(({ unreachableFrom }) => unreachableFrom));
    const text = `${plural(those.length, 'address', 'addresses')} of its workloads cannot be reached from ${list([...from].sort())}`;
    return { rule: 'addresses-unreachable', object: `Node ${node}`, text };
  });
}

/** Nodes change over one after the other. */
function encapsulationChanges({ after, before }: Comparison): Risk[] {
  const pools = new Map(after.resources.pools.map((pool) => [pool.metadata.name, pool]));
  return before.resources.pools.flatMap((old): Risk[] => {
    const next = pools.get(old.metadata.name);
    if (next === undefined || encapsulationText(old) === encapsulationText(next)) return [];
    const text = `from ${encapsulationText(old)} to ${encapsulationText(next)}: packets between nodes may be lost until all have changed over`;
    return [{ rule: 'encapsulation-changes', object: `IPPool ${old.metadata.name}`, text }];
  });
}

function poolRisks({ after, before }: Comparison): Risk[] {
  const pools = new Map(after.resources.pools.map((pool) => [pool.metadata.name, pool]));
  const used = usedAddresses(before.resources);
  return before.resources.pools.flatMap((old): Risk[] => {
    const inUse = used.filter(({ address }) => containsAddress(old.spec.cidr, address)).length;
    const risk = inUse === 0 ? undefined : poolRisk(old, pools.get(old.metadata.name), inUse);
    return risk === undefined ? [] : [{ ...risk, object: `IPPool ${old.metadata.name}` }];
  });
}

function poolRisk(
  { spec: old }: IPPool,
  next: IPPool | undefined,
  used: number,
): Omit<Risk, 'object'> | undefined {
  const inUse = `${plural(used, 'address', 'addresses')} of it ${used === 1 ? 'is' : 'are'} in use`;
  if (next === undefined)
    return {
      rule: 'pool-deleted-in-use',
      text: `${inUse}; no filter and no pool lets them through any more`,
    };
  const { spec } = next;
  if (spec.disabled && !old.disabled)
    return { rule: 'pool-disabled-in-use', text: `${inUse} and stay; new workloads get no address of it` };
  if (spec.disableBGPExport && !old.disableBGPExport)
    return { rule: 'pool-not-exported-in-use', text: `${inUse}, and peers are not told of them any more` };
  return undefined;
}

function peersThatLoseAll({ peers }: Findings): Risk[] {
  return peers
    .filter(({ after, before }) => before > 0 && after === 0)
    .map(({ before, name }) => ({
      rule: 'peer-loses-all',
      object: `peer ${name}`,
      text: `it knows ${plural(before, 'route')} and will know none`,
    }));
}

function sessionsThatDoNotComeUp({ sessions }: Findings): Risk[] {
  return sessions
    .filter(({ kind }) => kind === 'breaks' || kind === 'fails')
    .map(({ kind, node, peer, reason }) => ({
      rule: 'session-does-not-come-up',
      object: `session ${node} - ${peer}`,
      text: `${kind === 'breaks' ? 'it ends and does not come up again' : 'it does not come up'} unless the other end is changed too: ${reason}`,
    }));
}

function allSessionsReset({ sessions }: Findings): Risk[] {
  const ended = sessions.filter(({ kind }) => kind === 'resets' || kind === 'breaks');
  const had = sessions.filter(({ kind }) => kind !== 'opens' && kind !== 'fails');
  if (ended.length < 2 || ended.length < had.length) return [];
  return [
    {
      rule: 'all-sessions-reset',
      object: 'the cluster',
      text: 'all sessions end at once; routes are gone until they are up again',
    },
  ];
}

function list(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
