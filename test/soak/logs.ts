/** What daemons write while they are shaken: lines that nothing done to them explains. */
import { existsSync, globSync, readFileSync } from 'node:fs';

/** Events at level error that the actions of a soak explain: an etcd that stands still or is killed is noticed. */
const EXPECTED_EVENTS: ReadonlySet<string> = new Set(['datastore-away']);

/** What Node says of the inspector by which memory is measured. */
const INSPECTOR = /^(Debugger (listening on|attached|ending on)|For help, see: https:\/\/nodejs)/;

/** A line that should not be there, shortened; undefined for every other. Pure. */
export function unexpectedLine(line: string): string | undefined {
  if (line.trim() === '' || INSPECTOR.test(line)) return undefined;
  const shown = line.length > 300 ? `${line.slice(0, 300)}…` : line;
  let entry: { level?: unknown; event?: unknown };
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch {
    return shown; // a stack trace, or a warning of Node
  }
  if (entry.level !== 'error' && entry.level !== 'fatal') return undefined;
  return EXPECTED_EVENTS.has(String(entry.event)) ? undefined : shown;
}

/** Reads what is new in the logs of a lab's daemons, each line once. */
export class LogReader {
  readonly #pattern: string;
  readonly #read = new Map<string, number>();

  constructor(lab: string) {
    this.#pattern = `/run/weft/lab/${lab}/hosts/*/daemon.log`;
  }

  /** Unexpected lines since the last call, with the host that wrote them. */
  unexpected(): string[] {
    for (const path of this.#read.keys()) if (!existsSync(path)) this.#read.delete(path);
    return globSync(this.#pattern).flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const from = this.#read.get(path) ?? 0;
      this.#read.set(path, whole.length);
      const host = path.split('/').at(-2);
      return whole
        .slice(from <= whole.length ? from : 0)
        .split('\n')
        .flatMap((line) => unexpectedLine(line) ?? [])
        .map((line) => `unexpected line in the log of ${host}: ${line}`);
    });
  }
}
