/**
 * The programs a lab's host runs, as command lines. Pure; `processes.ts` starts them.
 *
 * Every program stays in the foreground, keeps its sockets and pid file in the host's own directory, and is told
 * where that is, so that several hosts of a kind live beside each other and beside the machine's own.
 */
import { join } from 'node:path';
import { hostFiles } from './names.ts';
import type { Host } from './topology.ts';

/** One program of a host. */
export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The socket that says, by answering, that the program runs and the next one may start. */
  readonly waitFor?: string;
  /** True where only a greeting is an answer: the program listens before it has read its configuration. */
  readonly greets?: boolean;
}

/** What the launcher needs to know about this checkout. */
export interface Installation {
  /** The pinned Node. */
  readonly node: string;
  /** weftd, bundled. */
  readonly weftd: string;
}

/** What the topology says of every weftd. */
export interface WeftdSettings {
  /** As `--datastore` takes it. */
  readonly datastore: string;
  readonly holdTimeSeconds: number;
}

/** Debian package → the program whose absence means that it is missing. */
export const programOf = { bird: 'bird', frr: '/usr/lib/frr/bgpd', gobgp: 'gobgpd' } as const;

/** The Debian package of a role's daemon. */
export const packageOf = { bird: 'bird2', frr: 'frr', gobgp: 'gobgpd' } as const;

/** The command lines of a host's daemons, in starting order; none for a host that runs nothing. */
export function daemonCommands(
  lab: string,
  host: Host,
  { datastore, holdTimeSeconds }: WeftdSettings,
  installation: Installation,
): DaemonCommand[] {
  const { directory } = hostFiles(lab, host.name);
  switch (host.runs) {
    case 'weftd':
    case 'route-reflector':
      return [weftdCommand(lab, host, { datastore, holdTimeSeconds }, installation)];
    case 'bird':
      return [
        {
          program: 'bird',
          args: [
            '-f',
            '-c',
            join(directory, 'bird.conf'),
            '-s',
            join(directory, 'bird.ctl'),
            '-P',
            join(directory, 'bird.pid'),
          ],
          waitFor: join(directory, 'bird.ctl'),
          greets: true,
        },
      ];
    case 'frr':
      return frrCommands(directory);
    case 'gobgp':
      return [
        { program: 'gobgpd', args: ['-t', 'yaml', '-f', join(directory, 'gobgp.conf'), '--pprof-disable'] },
      ];
    case 'none':
      return [];
  }
}

/** The name under which a host's own configuration file lies in its directory. */
export function configFileName(host: Host): string {
  return `${host.runs}.conf`;
}

function weftdCommand(
  lab: string,
  host: Host,
  { datastore, holdTimeSeconds }: WeftdSettings,
  installation: Installation,
): DaemonCommand {
  const { cniSpool, controlSocket, ipamJournal, nodename, record } = hostFiles(lab, host.name);
  const options = {
    '--node-name': host.name,
    '--nodename-file': nodename,
    '--datastore': datastore,
    '--control-socket': controlSocket,
    '--cni-spool': cniSpool,
    '--ipam-journal': ipamJournal,
    '--record-directory': record,
    '--hold-time-seconds': String(holdTimeSeconds),
    '--role': host.runs === 'weftd' ? 'node' : host.runs,
  };
  return {
    program: installation.node,
    // A small nursery and functions compiled when they are called: some 10 MB less in every daemon, no slower.
    args: [
      '--max-semi-space-size=1',
      '--max-lazy',
      installation.weftd,
      ...Object.entries(options).flat(),
      // The topology says which pools there are.
      '--no-default-pools',
    ],
    waitFor: controlSocket,
  };
}

function frrCommands(directory: string): DaemonCommand[] {
  const zserv = join(directory, 'zserv.api');
  const common = ['-u', 'frr', '-g', 'frr', '--vty_socket', directory, '-P', '0', '-z', zserv];
  const config = join(directory, 'frr.conf');
  return [
    {
      program: '/usr/lib/frr/zebra',
      args: [...common, '-f', config, '-i', join(directory, 'zebra.pid')],
      waitFor: zserv,
    },
    {
      program: '/usr/lib/frr/bfdd',
      args: [
        ...common,
        '-f',
        config,
        '-i',
        join(directory, 'bfdd.pid'),
        '--bfdctl',
        join(directory, 'bfdd.sock'),
      ],
      waitFor: join(directory, 'bfdd.vty'),
    },
    {
      program: '/usr/lib/frr/bgpd',
      args: [...common, '-f', config, '-i', join(directory, 'bgpd.pid')],
      waitFor: join(directory, 'bgpd.vty'),
    },
  ];
}
