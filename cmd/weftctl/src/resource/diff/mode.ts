/** Which of its two questions `weftctl diff` is asked. */
import { type Report, usageError } from '../../failure.ts';
import type { DiffAtOptions } from './at.ts';
import type { DiffOptions } from './diff.ts';

type GivenOptions = Partial<DiffAtOptions> &
  Omit<DiffOptions, 'filename'> &
  Partial<Pick<DiffOptions, 'filename'>>;

/** Asks it; options of both together, or of none, are a wrong command line. */
export async function diffInMode(options: GivenOptions): Promise<Report> {
  const { at, filename, node, to } = options;
  if (at !== undefined && filename !== undefined)
    throw usageError(
      'A file is compared with the datastore, times are compared with each other: not both at once',
      `--filename ${filename.join(' ')}, --at ${at}`,
      'Leave one of them out.',
    );
  if (at !== undefined) return (await import('./at.ts')).diffAt({ output: 'ps', ...options, at });
  if (to !== undefined || node !== undefined)
    throw usageError(
      `${to === undefined ? '--node' : '--to'} goes with --at, which says from when on`,
      to ?? node ?? '',
      'Add --at, for example --at 10m.',
    );
  if (filename === undefined)
    throw usageError(
      'Nothing says what to compare',
      'diff',
      'Give resources with -f FILE, or a time with --at, for example --at 10m.',
    );
  if (options.output !== undefined && options.output !== 'ps')
    throw usageError(
      'The difference to a file has one form only',
      `--output ${options.output}`,
      'Leave it out.',
    );
  return (await import('./diff.ts')).diff({ ...options, filename });
}
