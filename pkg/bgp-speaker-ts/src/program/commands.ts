/**
 * The commands of the program.
 */

import type { Command, OptionSpec } from './command-line.ts';
import { DEFAULT_SOCKET_PATH } from './protocol.ts';

const config: OptionSpec = { short: 'c', value: 'FILE', help: 'configuration file (YAML)' };

/** Options of every command that asks the daemon. */
const asking = {
  socket: {
    short: 's',
    value: 'PATH',
    help: `control socket; default: $BGP_SPEAKER_SOCKET, or ${DEFAULT_SOCKET_PATH}`,
  },
  output: { short: 'o', value: 'FORMAT', help: 'text (default) or json' },
} satisfies Readonly<Record<string, OptionSpec>>;

const communication: OptionSpec = { value: 'TEXT', help: 'why, shown to the peer (RFC 9003)' };

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    operands: '',
    summary: 'run the daemon in the foreground; events are JSON lines on stdout',
    details: `  SIGHUP           read FILE again; only sessions that must be are reset
  SIGTERM, SIGINT  end the sessions without a NOTIFICATION, so that peers with graceful restart keep our routes`,
    options: {
      config,
      restarting: { help: 'peers keep routes of an earlier life, even if the marker file does not say so' },
    },
    run: async (invocation) => (await import('./local/run.ts')).runDaemon(invocation),
  },
  {
    name: 'check',
    operands: '',
    summary: 'read a configuration file and say what is wrong with it',
    options: { config },
    run: async (invocation) => (await import('./local/check.ts')).check(invocation),
  },
  {
    name: 'schema',
    operands: '',
    summary: 'print the JSON Schema of the configuration file, for editors',
    options: {},
    run: async () => (await import('./local/schema.ts')).schema(),
  },
  {
    name: 'version',
    operands: '',
    summary: 'print the version',
    options: { output: asking.output },
    run: async (invocation) => (await import('./local/version.ts')).version(invocation),
  },
  {
    name: 'status',
    operands: '[PEER]',
    summary: 'show the daemon and its peers, or one peer in detail',
    options: asking,
    run: async (invocation) => (await import('./client/status.ts')).status(invocation),
  },
  {
    name: 'rib',
    operands: '[TABLE] [PEER]',
    summary: 'list routes: selected (loc, the default), received (in) or sent (out)',
    details: `TABLE is in, loc or out. Without PEER, in and out list those of all peers. JSON is one route a line.
The list may be long and is not sorted; what changes while it is read is in it as it was found, or not at all.`,
    options: {
      family: { short: 'f', value: 'FAMILY', help: 'ipv4-unicast or ipv6-unicast' },
      prefix: { short: 'p', value: 'PREFIX', help: 'only this prefix' },
      longer: { short: 'l', help: 'and all inside it' },
      ...asking,
    },
    run: async (invocation) => (await import('./client/rib.ts')).rib(invocation),
  },
  {
    name: 'explain',
    operands: 'PREFIX',
    summary: 'say why the route of a prefix is what it is, and what each peer is told',
    options: asking,
    run: async (invocation) => (await import('./client/explain.ts')).explain(invocation),
  },
  {
    name: 'watch',
    operands: '',
    summary: 'show what happens, until interrupted',
    options: { routes: { short: 'r', help: 'every change of a selected route too' }, ...asking },
    run: async (invocation) => (await import('./client/watch.ts')).watch(invocation),
  },
  {
    name: 'dump-mrt',
    operands: 'FILE [TABLE]',
    summary: 'write the routes received (in, the default) or selected (loc) to a file in the MRT format',
    options: asking,
    run: async (invocation) => (await import('./client/dump-mrt.ts')).dumpMrt(invocation),
  },
  {
    name: 'announce',
    operands: 'PREFIX…',
    summary: 'announce routes until they are withdrawn or the daemon ends',
    options: {
      'local-pref': { value: 'N', help: 'LOCAL_PREF; 100 without' },
      med: { value: 'N', help: 'MULTI_EXIT_DISC' },
      origin: { value: 'WORD', help: 'igp (without), egp or incomplete' },
      community: { value: 'AA:NN', multiple: true, help: 'community; may be repeated' },
      'large-community': { value: 'AA:NN:MM', multiple: true, help: 'large community; may be repeated' },
      ...asking,
    },
    run: async (invocation) => (await import('./client/routes.ts')).announce(invocation),
  },
  {
    name: 'withdraw',
    operands: 'PREFIX…',
    summary: 'withdraw routes announced by announce; all of them or none',
    options: asking,
    run: async (invocation) => (await import('./client/routes.ts')).withdraw(invocation),
  },
  {
    name: 'reload',
    operands: '',
    summary: 'read the configuration file again, like SIGHUP, and say what is wrong with it',
    options: asking,
    run: async (invocation) => (await import('./client/reload.ts')).reload(invocation),
  },
  {
    name: 'start',
    operands: 'PEER',
    summary: 'start the session of a peer that was stopped',
    options: asking,
    run: async (invocation) => (await import('./client/peer.ts')).commandPeer(invocation),
  },
  {
    name: 'stop',
    operands: 'PEER',
    summary: 'end the session of a peer with a Cease, and keep it down',
    options: { communication, ...asking },
    run: async (invocation) => (await import('./client/peer.ts')).commandPeer(invocation),
  },
  {
    name: 'reset',
    operands: 'PEER',
    summary: 'end the session of a peer with a Cease, and start it again',
    options: { communication, ...asking },
    run: async (invocation) => (await import('./client/peer.ts')).commandPeer(invocation),
  },
  {
    name: 'refresh',
    operands: 'PEER DIRECTION',
    summary: 'ask a peer for its routes again (in), or send it ours again (out)',
    options: asking,
    run: async (invocation) => (await import('./client/peer.ts')).commandPeer(invocation),
  },
];
