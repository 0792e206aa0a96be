/** Runs a program for a limited time, and keeps a limited part of what it prints. */
import { spawn } from 'node:child_process';

/** How long one program may take. */
const DEADLINE_MILLISECONDS = 10_000;

/** How much of the output of one program, or of one file, is kept. */
export const MOST_BYTES: number = 4 * 1024 * 1024;

/** What a program printed, and why that may not be all. */
export interface CommandOutput {
  readonly text: string;
  /** Half a sentence; undefined when all went well. */
  readonly trouble?: string;
}

/** Runs an argument vector; output and errors together. Never rejects. */
export function runBounded(
  [program = '', ...args]: readonly string[],
  deadlineMilliseconds: number = DEADLINE_MILLISECONDS,
): Promise<CommandOutput> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMilliseconds,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const keep = (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, Math.max(0, MOST_BYTES - bytes)));
      bytes += chunk.length;
      if (bytes > MOST_BYTES) child.kill('SIGKILL');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const finish = (trouble: string | undefined) =>
      resolve({ text: Buffer.concat(chunks).toString('utf8'), ...(trouble !== undefined && { trouble }) });
    child.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ENOENT' ? `${program} is not installed` : error.message),
    );
    child.once('close', (code) => finish(troubleOf(code, bytes, deadlineMilliseconds)));
  });
}

function troubleOf(code: number | null, bytes: number, deadlineMilliseconds: number): string | undefined {
  if (bytes > MOST_BYTES) return `cut after ${MOST_BYTES / 1024 / 1024} MiB`;
  if (code === null) return `not finished within ${deadlineMilliseconds / 1000} s`;
  return code === 0 ? undefined : `exit code ${code}`;
}
