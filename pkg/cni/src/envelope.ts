/**
 * What the CNI client sends to the daemon, and keeps in its spool while the daemon is away: its environment entries whose names
 * begin with `CNI_`, each followed by a NUL byte; one more NUL; then its standard input, unchanged.
 */
import { type CniError, cniError, ERROR_CODE } from './error.ts';

/** A call of the plugin, undone from its envelope. */
export interface Call {
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: string;
}

const NUL = 0;

/** Puts a call into bytes. Names and values must not hold a NUL, which no environment can. */
export function encodeCall({ environment, stdin }: Call): Uint8Array {
  const entries = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
  return new TextEncoder().encode(`${entries.join('')}\0${stdin}`);
}

/** Reads a call from bytes; an error when they are cut off or no UTF-8. */
export function decodeCall(bytes: Uint8Array): Call | CniError {
  const environment: Record<string, string> = {};
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NUL, start);
    if (end < 0) return broken('its environment does not end');
    const entry = decodeText(bytes.subarray(start, end));
    if (entry === undefined) return broken('its environment is not UTF-8');
    start = end + 1;
    if (entry === '') break;
    const mark = entry.indexOf('=');
    if (mark < 0) return broken(`the environment entry ${JSON.stringify(entry)} has no "="`);
    environment[entry.slice(0, mark)] = entry.slice(mark + 1);
  }
  const stdin = decodeText(bytes.subarray(start));
  if (stdin === undefined)
    return cniError(
      ERROR_CODE.decodingFailure,
      'the network configuration on standard input is not UTF-8',
      'Give the plugin its configuration as JSON.',
    );
  return { environment, stdin };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the one thing a fatal decoder throws for
  }
}

function broken(why: string): CniError {
  return cniError(
    ERROR_CODE.ioFailure,
    'the request of the CNI client cannot be read',
    `Here ${why}. Use the weft-cni that came with this weftd.`,
  );
}
