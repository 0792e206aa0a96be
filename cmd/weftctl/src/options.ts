/** Options that several commands share. */
import { type Command, Option } from 'commander';

/** Where a command finds the datastore and the daemons. */
export interface WhereOptions {
  readonly lab?: string;
  readonly datastore?: string;
  /** Path of a calicoctl configuration file. */
  readonly config?: string;
  /** Context of a kubeconfig. */
  readonly context?: string;
  readonly socket?: string;
  /** PEM files of a client certificate, for the daemons of other machines. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly controlCa?: string;
}

/** How a command prints: `ps` is the short table, `name` only `kind/name`. */
export type OutputFormat = 'ps' | 'wide' | 'yaml' | 'json' | 'name';

const WHERE = 'Where:';

const DESCRIPTIONS = {
  lab: ['--lab <name>', 'a running lab of this machine'],
  datastore: [
    '--datastore <where>',
    'FILE, etcd://HOST:PORT, etcds://…?ca=FILE or kubernetes:[KUBECONFIG] (or WEFT_DATASTORE)',
  ],
  config: ['-c, --config <file>', "calicoctl's configuration file (default: /etc/calico/calicoctl.cfg)"],
  context: ['--context <name>', 'a context of the kubeconfig'],
  socket: ['--socket <path>', "a daemon's control socket (or WEFT_CONTROL_SOCKET)"],
  clientCertificate: [
    '--client-certificate <file>',
    'asks the daemons of other nodes, too (or WEFT_CLIENT_CERTIFICATE)',
  ],
  clientKey: ['--client-key <file>', 'its key (or WEFT_CLIENT_KEY)'],
  controlCa: ['--control-ca <file>', 'who signs the certificates of daemons (or WEFT_CONTROL_CA)'],
} as const;

/** Adds options that say where to look. They are understood before and after the command's name. */
export function whereOptions(command: Command, ...names: readonly (keyof WhereOptions)[]): Command {
  for (const name of names) {
    const [flags, description] = DESCRIPTIONS[name];
    command.addOption(new Option(flags, description).helpGroup(WHERE));
  }
  return command;
}

/** Adds all options that choose a datastore. */
export function datastoreOptions(command: Command): Command {
  // Scripts made for calicoctl give it; weftctl compares no versions.
  command.addOption(new Option('--allow-version-mismatch').hideHelp());
  return whereOptions(command, 'lab', 'datastore', 'config', 'context');
}

/** Adds all options that choose daemons: those of this machine, of a lab, or of a whole cluster. */
export function daemonOptions(command: Command): Command {
  return whereOptions(datastoreOptions(command), 'socket', 'clientCertificate', 'clientKey', 'controlCa');
}

/** Adds `-o` with the formats that make sense for the command; the first is the default. */
export function outputOption(command: Command, ...formats: readonly OutputFormat[]): Command {
  const option = new Option('-o, --output <format>', 'how to print').choices(formats);
  return command.addOption(option.default(formats[0]));
}

/** Adds `-n`. */
export function namespaceOption(command: Command): Command {
  return command.option(
    '-n, --namespace <namespace>',
    'namespace of namespaced resources (default: "default")',
  );
}
