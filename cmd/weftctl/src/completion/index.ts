/** `weftctl completion`, and the hidden command that the shells' scripts call. */
import { Argument, type Command } from 'commander';
import { run } from '../run.ts';
import { SHELLS, type Shell } from './shells.ts';

/** Adds both commands. */
export function registerCompletion(program: Command): void {
  program.commandsGroup('Other:');
  program
    .command('completion')
    .description('a script that completes weftctl in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
It completes commands, options, kinds, and the names of resources, nodes and labs there are.

To use it now, and in every shell to come:
  bash   source <(weftctl completion bash)         in ~/.bashrc
  zsh    source <(weftctl completion zsh)          in ~/.zshrc, after compinit
  fish   weftctl completion fish | source          in ~/.config/fish/config.fish
`,
    )
    .action(
      run(async (shell: Shell) => ({
        text: (await import('./scripts.ts')).SCRIPTS[shell].trimEnd(),
        failures: [],
      })),
    );
  program
    .command('__complete [words...]', { hidden: true })
    .helpOption(false)
    .action(
      run(async (words: readonly string[]) => (await import('./complete.ts')).complete(program, words)),
    );
}
