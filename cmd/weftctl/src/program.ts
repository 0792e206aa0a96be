/**
 * The command tree. Each group registers its names, options and help from a file of its own; a command's code is
 * imported when it runs, so that `get` does not wait for what `node status` needs.
 */
import { Command, Option } from 'commander';
import { registerAttach } from './attach/index.ts';
import { registerCni } from './cni/index.ts';
import { registerCompletion } from './completion/index.ts';
import { registerDashboard } from './dashboard/index.ts';
import { registerDatastore } from './datastore/index.ts';
import { registerExplain } from './explain/index.ts';
import { registerFuse } from './fuse/index.ts';
import { registerHistory } from './history/index.ts';
import { registerIpam } from './ipam/index.ts';
import { registerLab } from './lab/index.ts';
import { registerNode } from './node/index.ts';
import { daemonOptions } from './options.ts';
import { registerPlan } from './plan/index.ts';
import { registerResources } from './resource/index.ts';
import { registerTop } from './top/index.ts';

const EXAMPLES = `
Exit codes: 0 done; 1 something failed, or only a part was done; 2 the command line is wrong.

Examples:
  weftctl get ippools -o wide
  weftctl diff -f pool.yaml
  weftctl apply -f pool.yaml
  weftctl node status
  weftctl --lab lab routes node1
  weftctl --lab lab explain node1-pod1 --from node2
`;

/** The whole program. */
export function buildProgram(): Command {
  const program = new Command('weftctl')
    .description('weft from the command line: resources, nodes, labs')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(weftctl --help lists the commands)')
    .addHelpText('after', EXAMPLES);
  daemonOptions(program);
  // Scripts made for calicoctl give it; weftctl writes no log.
  program.addOption(new Option('-l, --log-level <level>').hideHelp());
  registerResources(program);
  registerPlan(program);
  registerIpam(program);
  registerNode(program);
  registerFuse(program);
  registerTop(program);
  registerDashboard(program);
  registerExplain(program);
  registerHistory(program);
  registerAttach(program);
  registerDatastore(program);
  registerCni(program);
  registerLab(program);
  registerCompletion(program);
  return program;
}
