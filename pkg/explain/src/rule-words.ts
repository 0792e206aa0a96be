/** What the rules of the speaker mean, and where they come from. */

const EXPORT: Readonly<Record<string, string>> = {
  'ibgp-to-ibgp': 'what one internal peer has sent is not passed on to another, unless by a route reflector',
  'split-horizon': 'it is the peer the path comes from',
  'no-advertise': 'the path has the community NO_ADVERTISE',
  'no-export': 'the path has the community NO_EXPORT',
  'policy-required': 'an external peer without policy gets nothing (RFC 8212)',
  'llgr-stale': 'the path is long-lived stale, and the peer does not know what that is',
  'otc-leak': 'Only To Customer forbids it (RFC 9234)',
  'no-next-hop': 'there is no next hop the peer could use',
  'too-long': 'its attributes do not fit into a message',
  'no-route': 'there is no best path',
  'no-session': 'the session does not carry this family',
};

const IMPORT: Readonly<Record<string, string>> = {
  'as-loop': 'its AS_PATH holds the own AS number',
  'originator-loop': 'it comes from this node itself (ORIGINATOR_ID)',
  'cluster-loop': 'it has been through this cluster (CLUSTER_LIST)',
  'policy-required': 'an external peer without policy may send nothing (RFC 8212)',
  'own-next-hop': 'its next hop is this node',
  'as-set': 'its AS_PATH holds a set (RFC 9774)',
  'otc-leak': 'Only To Customer forbids it (RFC 9234)',
};

/** Why a rule keeps a route from a peer. */
export function whyNotExported(rule: string): string {
  return EXPORT[rule] ?? rule;
}

/** Why a rule keeps a received path out. */
export function whyNotImported(rule: string): string {
  return IMPORT[rule] ?? rule;
}

/** Where a rule is written, as what to do next; undefined for one that is built in. */
export function whereRuleIs(rule: string): string | undefined {
  const [, filter] = /^BGPFilter (\S+)/.exec(rule) ?? [];
  if (filter !== undefined) return `Read the filter: weftctl get bgpfilter ${filter} -o yaml.`;
  const [, pool] = /^IPPool (\S+)/.exec(rule) ?? [];
  if (pool !== undefined) return `Read the pool: weftctl get ippool ${pool} -o yaml.`;
  if (rule === 'in no pool') return 'Nothing outside the pools is exported, unless a BGPFilter accepts it.';
  if (rule === 'ibgp-to-ibgp')
    return 'Make it a route reflector (routeReflectorClusterID), or let the two peer.';
  return undefined;
}
