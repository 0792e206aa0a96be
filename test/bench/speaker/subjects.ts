/**
 * The daemons that are measured: how each is configured for a scenario, with passive peers and nothing filtered, and how
 * it is started in the foreground.
 */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { DAEMON_ADDRESS, DAEMON_ASN, type Scenario, sessionAddress, sessionAsn } from './scenario.ts';

/** A process of a daemon. */
export interface Program {
  readonly command: readonly string[];
  /** A socket it makes; the next one is started when it is there. */
  readonly socket?: string;
}

/** One daemon. */
export interface Subject {
  readonly name: string;
  /** Scenarios it takes minutes for, and is not asked. */
  readonly skips?: readonly string[];
  /**
   * Writes its configuration into a directory of its own.
   *
   * @returns what to start, in order; the last one listens
   */
  prepare(scenario: Scenario, directory: string): Promise<readonly Program[]>;
}

/** A speaker from a build as it is published. */
export function weft(build: string): Subject {
  return {
    name: 'weft',
    prepare: async (scenario, directory) => {
      const { kind } = scenario;
      const peers = listPeers(scenario).map(
        ({ address, asn }) =>
          `  - { address: ${address}, asn: ${asn}, passive: true, routeReflectorClient: ${kind === 'reflector'} }`,
      );
      const config = join(directory, 'speaker.yaml');
      writeFileSync(
        config,
        [
          `asn: ${DAEMON_ASN}`,
          `routerId: ${DAEMON_ADDRESS}`,
          `listen: [{ address: ${DAEMON_ADDRESS} }]`,
          `control: { socket: ${join(directory, 'control.sock')} }`,
          ...(kind === 'reflector' ? ['clusterId: 1.1.1.1'] : []),
          'peers:',
          ...peers,
        ].join('\n'),
      );
      return [{ command: [process.execPath, join(build, 'bin/bgp-speaker.js'), 'run', '--config', config] }];
    },
  };
}

/** BIRD 2. */
export const bird: Subject = {
  name: 'bird',
  prepare: async (scenario, directory) => {
    const client = scenario.kind === 'reflector' ? 'rr client; rr cluster id 1.1.1.1;' : '';
    const peers = listPeers(scenario).map(
      ({ address, asn }, index) => `protocol bgp p${index} from P { neighbor ${address} as ${asn}; }`,
    );
    writeFileSync(
      join(directory, 'bird.conf'),
      [
        `router id ${DAEMON_ADDRESS};`,
        'protocol device {}',
        'protocol direct { ipv4; }',
        `template bgp P { local ${DAEMON_ADDRESS} as ${DAEMON_ASN}; passive yes; hold time 90; ${client}`,
        '  ipv4 { import all; export where source = RTS_BGP; }; }',
        ...peers,
      ].join('\n'),
    );
    return [
      { command: ['bird', '-f', '-c', join(directory, 'bird.conf'), '-s', join(directory, 'bird.ctl')] },
    ];
  },
};

/** FRR as it is shipped. */
export const frr: Subject = describeFrr('frr', []);
/** FRR that does not collect changes before it tells them. */
export const frrFast: Subject = describeFrr('frr-fast', [' coalesce-time 0']);

/** It wants a directory that systemd would make; the mount namespace it is started in is its own. */
const START_OPENBGPD = 'mount -t tmpfs none /run && mkdir /run/openbgpd && exec /usr/sbin/bgpd -d -f "$0"';

/** OpenBGPD. */
export const openbgpd: Subject = {
  name: 'openbgpd',
  prepare: async (scenario, directory) => {
    const peers = listPeers(scenario).flatMap(({ address, asn }) => [
      `neighbor ${address} {`,
      `  remote-as ${asn}`,
      '  passive',
      ...(scenario.kind === 'reflector' ? ['  route-reflector 1.1.1.1'] : []),
      '}',
    ]);
    const config = join(directory, 'bgpd.conf');
    const head = [
      `AS ${DAEMON_ASN}`,
      `router-id ${DAEMON_ADDRESS}`,
      `listen on ${DAEMON_ADDRESS}`,
      `socket "${join(directory, 'bgpd.sock')}"`,
      'fib-update no',
      'nexthop qualify via default',
      'allow from any',
      'allow to any',
    ];
    writeFileSync(config, `${[...head, ...peers].join('\n')}\n`, { mode: 0o600 });
    return [{ command: ['sh', '-c', START_OPENBGPD, config] }];
  },
};

/** GoBGP. */
export const gobgp: Subject = {
  name: 'gobgp',
  skips: ['S2'],
  prepare: async (scenario, directory) => {
    const client =
      scenario.kind === 'reflector'
        ? '[neighbors.route-reflector.config]\nroute-reflector-client = true\nroute-reflector-cluster-id = "1.1.1.1"'
        : '';
    const peers = listPeers(scenario).map(
      ({ address, asn }) =>
        `[[neighbors]]\n[neighbors.config]\nneighbor-address = "${address}"\npeer-as = ${asn}\n` +
        `[neighbors.transport.config]\npassive-mode = true\n${client}`,
    );
    const config = join(directory, 'gobgpd.toml');
    const head = `[global.config]\nas = ${DAEMON_ASN}\nrouter-id = "${DAEMON_ADDRESS}"\nport = 179`;
    writeFileSync(config, [head, ...peers].join('\n'));
    return [{ command: ['gobgpd', '-f', config, '-l', 'warn', '--pprof-disable'] }];
  },
};

function describeFrr(name: string, options: readonly string[]): Subject {
  return {
    name,
    prepare: async (scenario, directory) => {
      const { kind } = scenario;
      const peers = listPeers(scenario).flatMap(({ address, asn }) => [
        ` neighbor ${address} remote-as ${asn}`,
        ` neighbor ${address} peer-group P`,
      ]);
      writeFileSync(
        join(directory, 'bgpd.conf'),
        [
          `router bgp ${DAEMON_ASN}`,
          ` bgp router-id ${DAEMON_ADDRESS}`,
          ' no bgp ebgp-requires-policy',
          ' no bgp network import-check',
          ' no bgp default ipv4-unicast',
          ...options,
          ...(kind === 'reflector' ? [' bgp cluster-id 1.1.1.1'] : []),
          ' neighbor P peer-group',
          ' neighbor P passive',
          ...peers,
          ' address-family ipv4 unicast',
          '  neighbor P activate',
          ...(kind === 'reflector' ? ['  neighbor P route-reflector-client'] : []),
          ' exit-address-family',
        ].join('\n'),
      );
      await giveToFrr(directory);
      const socket = join(directory, 'zserv.api');
      const start = (program: string, ...args: string[]): string[] => [
        ...[`/usr/lib/frr/${program}`, '--vty_socket', directory, '-P', '0', '-z', socket],
        ...['-i', join(directory, `${program}.pid`), ...args],
      ];
      return [
        { command: start('zebra', '-f', '/dev/null'), socket },
        { command: start('bgpd', '-n', '-f', join(directory, 'bgpd.conf')) },
      ];
    },
  };
}

/** Both of its daemons drop their privileges to this user. */
async function giveToFrr(directory: string): Promise<void> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => execa('id', [flag, 'frr'])));
  chownSync(directory, Number(uid?.stdout), Number(gid?.stdout));
}

function listPeers(scenario: Scenario): { readonly address: string; readonly asn: number }[] {
  return Array.from({ length: scenario.sessions }, (_, index) => ({
    address: sessionAddress(index),
    asn: sessionAsn(scenario, index),
  }));
}
