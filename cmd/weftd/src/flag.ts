/** Options of the command line that are environment variables, too. */
import { InvalidArgumentError, Option } from 'commander';

/**
 * A flag with its variable. Where Calico's node agent has a variable for it, that one counts when weft's own is not set.
 */
export function flag(flags: string, variable: string, description: string, calicoVariable?: string): Option {
  const isCalicos = process.env[variable] === undefined && process.env[calicoVariable ?? ''] !== undefined;
  const option = new Option(
    flags,
    calicoVariable === undefined ? description : `${description}; also ${calicoVariable}`,
  );
  return option.env(isCalicos && calicoVariable !== undefined ? calicoVariable : variable);
}

/** A whole number in a range. */
export function integer(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };
}

/** What a parser of another package makes of a text. An empty one is none and stays so: commander makes `''` of undefined. */
export function parsedBy<T>(
  parse: (text: string) => { readonly ok: true; readonly value: T } | { readonly ok: false; reason: string },
): (text: string) => T | '' {
  return (text) => {
    if (text === '') return '';
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    throw new InvalidArgumentError(`${parsed.reason}.`);
  };
}
