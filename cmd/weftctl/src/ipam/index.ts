/** The commands of IP address management: names, options and help. Their code is loaded when one of them runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { daemonOptions, datastoreOptions, outputOption } from '../options.ts';
import { run } from '../run.ts';

/** Adds the `ipam` group. */
export function registerIpam(program: Command): void {
  program.commandsGroup('Addresses:');
  const ipam = program
    .command('ipam')
    .description('how addresses are handed out: usage, checks, repairs, settings');
  registerShow(ipam);
  registerCheck(ipam);
  registerRelease(ipam);
  registerConfigure(ipam);
  registerSplit(ipam);
  registerHistory(ipam);
}

function registerShow(ipam: Command): void {
  const command = ipam
    .command('show')
    .description('how full the pools are, or who holds an address')
    .addOption(
      new Option('--ip <address>', 'who holds this address').conflicts([
        'showBlocks',
        'showBorrowed',
        'showConfiguration',
      ]),
    )
    .addOption(new Option('--show-blocks', 'blocks too').conflicts(['showBorrowed', 'showConfiguration']))
    .addOption(
      new Option('--show-borrowed', 'addresses that a node took from a block of another').conflicts([
        'showConfiguration',
      ]),
    )
    .option('--show-configuration', 'the settings in force');
  outputOption(datastoreOptions(command), 'ps', 'yaml', 'json').action(
    run(async (options) => (await import('./show.ts')).show(options)),
  );
}

function registerCheck(ipam: Command): void {
  const command = ipam
    .command('check')
    .description('compare addresses with who uses them; exit code 1 when something is wrong')
    .option('--show-all-ips', 'list every address that is looked at')
    .option('--show-problem-ips', 'list what is wrong')
    .option('-o, --output <file>', 'write a report for `ipam release --from-report`')
    .option('--fix', 'show what a repair would do, ask, and do it')
    .option('--yes', 'do not ask');
  datastoreOptions(command).action(run(async (options) => (await import('./check/index.ts')).check(options)));
}

function registerRelease(ipam: Command): void {
  const command = ipam
    .command('release')
    .description('take addresses from their holders, so that they can be given out again')
    .addOption(
      new Option('--ip <address>', 'an address; may be given several times')
        .argParser(collected)
        .conflicts(['fromReport']),
    )
    .option(
      '--from-report <file>',
      'all that a report calls unused; of several reports what all say',
      collected,
    )
    .option('--force', 'also addresses in use, and reports of an unlocked datastore or another version');
  datastoreOptions(command).action(run(async (options) => (await import('./release.ts')).release(options)));
}

function collected(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

function registerConfigure(ipam: Command): void {
  const command = ipam
    .command('configure')
    .description('change settings; those not named stay as they are')
    .option('--strictaffinity <true|false>', 'nodes take addresses from their own blocks only', truth)
    .option('--auto-allocate-blocks <true|false>', 'nodes whose blocks are full claim another', truth)
    .option('--max-blocks-per-host <n>', 'blocks a node may own of each IP version; 0 means 20', wholeNumber)
    .addOption(
      new Option(
        '--kubevirt-ip-persistence <choice>',
        'whether virtual machines keep their addresses',
      ).choices(['Enabled', 'Disabled']),
    )
    .option('--ip-cooldown-seconds <n>', 'how long a released address rests', wholeNumber);
  datastoreOptions(command).action(
    run(async (options) => (await import('./configure.ts')).configure(options)),
  );
}

function registerSplit(ipam: Command): void {
  const command = ipam
    .command('split <parts>')
    .description('split a pool into 2, 4, 8 … equal ones; the datastore must be locked')
    .addOption(new Option('--name <name>', 'the pool by name').conflicts(['cidr']))
    .option('--cidr <cidr>', 'the pool by its CIDR');
  datastoreOptions(command).action(
    run(async (parts, options) => (await import('./split.ts')).split(parts, options)),
  );
}

function registerHistory(ipam: Command): void {
  const command = ipam
    .command('history <address>')
    .description('who had an address, when and why; newest last');
  outputOption(daemonOptions(command), 'ps', 'wide', 'yaml', 'json').action(
    run(async (address, options) => (await import('./history.ts')).history(address, options)),
  );
}

/** The words Go takes for a boolean, as calicoctl does. */
function truth(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError('It must be true or false.');
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number is expected.');
}
