/** `weftctl plan`: its options and help. */
import { type Command, Option } from 'commander';
import { daemonOptions, namespaceOption } from '../options.ts';
import { run } from '../run.ts';

/** Adds the command. */
export function registerPlan(program: Command): void {
  program.commandsGroup('Routing:');
  const file = new Option(
    '-f, --filename <file>',
    'a file, a directory of YAML and JSON files, or - for standard input; may be repeated',
  );
  file.argParser((name: string, before: readonly string[] = []) => [...before, name]);
  const command = namespaceOption(
    program
      .command('plan')
      .description('what a file would do to sessions, routes and addresses if it were applied')
      .addOption(file.makeOptionMandatory()),
  )
    .option('-R, --recursive', 'look into the subdirectories of a directory, too')
    .option('--delete', 'plan the deletion of what the file lists')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['text', 'json', 'yaml']).default('text'),
    );
  daemonOptions(command)
    .addHelpText('after', HELP)
    .action(run(async (options) => (await import('./plan.ts')).plan(options)));
}

const HELP = `
The file is checked as apply would check it. Then the cluster runs in a simulation with the speakers of weftd, first as it is,
then with the change. Nothing is written. Where there are peers outside the cluster, the daemons within reach are asked what these
announce; what else is assumed, the plan says. In a cluster of more than 200 nodes, two stand for all that are like them; the plan
names them.

Sessions: opens, closes, resets (ends and comes up again), changes (stays up), breaks (ends and does not come up again),
fails (is wanted and does not come up).

Examples:
  weftctl plan -f reflectors.yaml
  weftctl plan --delete -f pool.yaml -o json | jq .risks
  weftctl plan -f mesh-off.yaml && weftctl apply -f mesh-off.yaml
`;
