/** What diagnostics are made of: the programs to run, as argument vectors, and the files to look at. Data only. */

/** A program whose output becomes a file of the archive. */
export interface CommandSource {
  readonly file: string;
  readonly command: readonly string[];
}

/** Read-only commands about the network of a host. None sends a packet or waits for input. */
export const COMMANDS: readonly CommandSource[] = [
  { file: 'date', command: ['date', '--iso-8601=seconds'] },
  { file: 'hostname', command: ['hostname'] },
  { file: 'uname', command: ['uname', '-a'] },
  { file: 'ss', command: ['ss', '--all', '--numeric', '--processes'] },
  { file: 'links', command: ['ip', '-details', '-statistics', 'link', 'show'] },
  { file: 'ipv4_addr', command: ['ip', '-4', 'addr', 'show'] },
  { file: 'ipv6_addr', command: ['ip', '-6', 'addr', 'show'] },
  { file: 'ipv4_route', command: ['ip', '-4', 'route', 'show', 'table', 'all'] },
  { file: 'ipv6_route', command: ['ip', '-6', 'route', 'show', 'table', 'all'] },
  { file: 'ipv4_rule', command: ['ip', '-4', 'rule', 'show'] },
  { file: 'ipv6_rule', command: ['ip', '-6', 'rule', 'show'] },
  { file: 'ipv4_neigh', command: ['ip', '-4', 'neigh', 'show'] },
  { file: 'ipv6_neigh', command: ['ip', '-6', 'neigh', 'show'] },
  { file: 'bridge_fdb', command: ['bridge', 'fdb', 'show'] },
  { file: 'nft_ruleset', command: ['nft', '--handle', 'list', 'ruleset'] },
  { file: 'ipv4_tables', command: ['iptables-save', '-c'] },
  { file: 'ipv6_tables', command: ['ip6tables-save', '-c'] },
];

/** weftd's own words, where systemd runs it. */
export const JOURNAL: CommandSource = {
  file: 'journal_weftd',
  command: ['journalctl', '--unit=weftd.service', '--no-pager', '--lines=20000'],
};

/** Directories below /proc/sys whose keys are collected, and those keys that are nobody's business. */
export const SYSCTL_DIRECTORIES = [
  'net/ipv4',
  'net/ipv6',
  'net/netfilter',
  'net/core',
  'fs/inotify',
] as const;
export const SECRET_SYSCTLS: RegExp = /(secret|_key)$/;

/** Fields of calicoctl's configuration that hold secrets. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  'etcdPassword',
  'etcdKey',
  'etcdCert',
  'k8sAPIToken',
  'kubeconfigInline',
]);
