/**
 * `weftctl lab …`: the command group over `@weft/lab`. Each command does one thing there and prints the outcome, as
 * text or with `-o json` as one JSON value; progress goes to stderr.
 */
import type { LabStatus, PingResult } from '@weft/lab';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../failure.ts';
import { progressPrinter } from './progress.ts';
import { renderPings, renderStatus } from './render.ts';

interface CommonOptions {
  readonly name: string;
  readonly output?: 'json';
}

interface UpOptions extends CommonOptions {
  readonly nodes: number;
  readonly pods: number;
  readonly topology?: string;
}

/** Adds the `lab` group to the program. The lab itself is imported when one of its commands runs. */
export function registerLab(program: Command): void {
  program.commandsGroup('Labs:');
  const lab = program.command('lab').description('hosts and pods as network namespaces on this machine');
  lab.hook('preAction', requireRoot);
  common(lab.command('up'), 'build a lab, wait until it has converged, ping all pairs of pods')
    .option('--nodes <n>', 'hosts, each with its own weftd', wholeNumber, 3)
    .option('--pods <n>', 'pods on each host', wholeNumber, 2)
    .option('--topology <file>', 'read hosts, subnets and resources from a file instead')
    .action(upCommand);
  common(lab.command('status'), 'show hosts, sessions, pods and addresses').action(statusCommand);
  common(lab.command('ping'), 'every pod pings every other pod').action(pingCommand);
  common(
    lab.command('exec <member> <command...>'),
    'run a command on a host or in a pod: lab exec node1 -- ip route',
  )
    .passThroughOptions()
    .action(execCommand);
  common(lab.command('add-node [host]'), 'add a host to the only subnet, with its own weftd')
    .option('--pods <n>', 'pods on the new host', wholeNumber, 0)
    .action(addNodeCommand);
  common(lab.command('rm-node <host>'), 'remove a host, its pods and its Node').action(removeNodeCommand);
  common(lab.command('add-pod <host>'), 'plug one more pod into a host').action(addPodCommand);
  common(lab.command('rm-pod <pod>'), 'unplug a pod and remove it').action(removePodCommand);
  common(lab.command('restart <host>'), 'stop the daemon of a host, if it runs, and start it again').action(
    restartCommand,
  );
  common(lab.command('down'), 'remove the lab whole, also what a crash left of one').action(downCommand);
  common(lab.command('list'), 'the labs on this machine').action(listCommand);
}

function common(command: Command, description: string): Command {
  return command
    .description(description)
    .option('--name <name>', 'which lab', 'lab')
    .addOption(new Option('-o, --output <format>', 'one JSON value on stdout').choices(['json']));
}

/** Before anything is read or built for a command that will be refused. Everybody may see which labs there are. */
async function requireRoot(_group: Command, command: Command): Promise<void> {
  if (command.name() !== 'list') (await import('@weft/lab')).requireRoot(command.opts<CommonOptions>().name);
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number is expected.');
}

async function upCommand(options: UpOptions): Promise<void> {
  const lab = await import('@weft/lab');
  const { topology, baseDirectory } = lab.chooseTopology(options.topology, options.nodes, options.pods);
  const progress = progressPrinter();
  await lab.up({ name: options.name, topology, baseDirectory }, await lab.installation(), progress);
  const pings = await lab.pingAll(options.name, progress);
  print(options, { ...(await lab.status(options.name)), pings }, renderUp);
  if (options.output === undefined)
    console.log(hints(options.name, topology.hosts.find(({ runs }) => runs === 'weftd')?.name ?? 'HOST'));
  failOnLoss(pings);
}

function renderUp(result: LabStatus & { pings: readonly PingResult[] }): string {
  const pings = result.pings.length === 0 ? '' : `\n\n${renderPings(result.pings)}`;
  return `${renderStatus(result)}${pings}`;
}

function hints(name: string, host: string): string {
  const suffix = name === 'lab' ? '' : ` --name ${name}`;
  return [
    '',
    'It stays up. Look inside:',
    `  npx weftctl lab exec${suffix} ${host} -- ip route`,
    `  npx weftctl --lab ${name} node status ${host}`,
    `  npx weftctl lab down${suffix}`,
  ].join('\n');
}

async function statusCommand(options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  print(options, await lab.status(options.name), renderStatus);
}

async function pingCommand(options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  const pings = await lab.pingAll(options.name, progressPrinter());
  print(options, pings, renderPings);
  failOnLoss(pings);
}

function failOnLoss(pings: readonly PingResult[]): void {
  if (pings.some((ping) => !ping.ok)) process.exitCode = 1;
}

async function execCommand(member: string, words: string[], options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  const command = words[0] === '--' ? words.slice(1) : words;
  if (command.length === 0)
    throw usageError('No command is named', member, 'Write it after --: weftctl lab exec node1 -- ip route');
  if (options.output === 'json') {
    const result = await lab.runIn(options.name, member, command);
    console.log(JSON.stringify(result));
    process.exitCode = result.exitCode;
    return;
  }
  process.exitCode = await lab.runInOnTerminal(options.name, member, command);
}

async function addNodeCommand(
  host: string | undefined,
  options: CommonOptions & { pods: number },
): Promise<void> {
  const lab = await import('@weft/lab');
  const added = await lab.addNode(
    options.name,
    host,
    options.pods,
    await lab.installation(),
    progressPrinter(),
  );
  print(options, added, (node) => `added ${node.name} (${node.addresses.join(', ')})`);
}

async function removeNodeCommand(host: string, options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  await lab.removeNode(options.name, host, progressPrinter());
  print(options, { removed: host }, () => `removed ${host}`);
}

async function addPodCommand(host: string, options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  const pod = await lab.addPod(options.name, host);
  print(options, pod, ({ name, addresses }) => `added ${name} on ${host}: ${addresses.join(', ')}`);
}

async function removePodCommand(pod: string, options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  await lab.removePod(options.name, pod);
  print(options, { removed: pod }, () => `removed ${pod}`);
}

async function restartCommand(host: string, options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  await lab.stopDaemon(options.name, host, 'SIGTERM');
  await lab.restartDaemon(options.name, host);
  print(options, { restarted: host }, () => `restarted the daemon of ${host}`);
}

async function downCommand(options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  await lab.down(options.name, progressPrinter());
  print(options, { removed: options.name }, () => `lab ${options.name} is gone`);
}

async function listCommand(options: CommonOptions): Promise<void> {
  const lab = await import('@weft/lab');
  print(options, lab.existingLabs(), (names) => names.join('\n') || 'no labs');
}

function print<T>(options: CommonOptions, value: T, render: (value: T) => string): void {
  console.log(options.output === 'json' ? JSON.stringify(value, null, 2) : render(value));
}
