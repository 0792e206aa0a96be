/** `weftctl explain`: its name, options and help. The code is loaded when it runs. */
import type { Command } from 'commander';
import { daemonOptions, outputOption } from '../options.ts';
import { run } from '../run.ts';

const HELP = `
DESTINATION is an address, a prefix, a pod (NAMESPACE/POD or POD), or a peer: the name of a node, its address, or that of
another BGP speaker. Each line is one step on the way, from the pool to the kernel: "yes", "NO", "?" where nobody could be
asked, "-" for a remark; with the rule that decided in brackets. The first NO is the verdict.

Examples:
  weftctl explain 10.244.0.5                     # from all nodes in short, in full where something is wrong
  weftctl explain 10.244.0.5 --from node3        # every step on the way to it from node3
  weftctl explain default/web --from default/db  # from pod to pod, and back
  weftctl explain 10.244.0.0/26                  # a block
  weftctl explain node2 --from node1             # their BGP session, as both ends see it
`;

/** Adds `explain`. */
export function registerExplain(program: Command): void {
  const explain = program
    .command('explain <destination>')
    .description('why a route or a session is (not) there, step by step, and the rule that decided')
    .option('--from <node>', 'as seen from this node, or this pod')
    .addHelpText('after', HELP);
  outputOption(daemonOptions(explain), 'ps', 'yaml', 'json').action(
    run(async (destination, options) => (await import('./explain.ts')).explain(destination, options)),
  );
}
