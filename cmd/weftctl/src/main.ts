/** The program: parses the command line, runs one command, prints its report and sets the exit code. */
import { CommanderError } from 'commander';
import { EXIT, failuresOf, printFailure } from './failure.ts';
import { buildProgram } from './program.ts';

// A reader that has seen enough (`weftctl get nodes | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // commander has printed its own errors.
  if (!(error instanceof CommanderError)) {
    for (const failure of failuresOf(error)) console.error(printFailure(failure));
  }
}

/** Help and version come as exceptions with exit code 0; any other complaint of commander is about usage. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { exitCode } = error as { exitCode?: unknown };
  return typeof exitCode === 'number' ? exitCode : EXIT.failed;
}
