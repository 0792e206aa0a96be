/** Numbers that look random and follow from a seed. */
export interface Random {
  /** At least 0 and below the limit; not an integer. */
  readonly below: (limit: number) => number;
  /** One of them; throws when there is none. */
  readonly pick: <T>(from: readonly T[]) => T;
}

/** The mulberry32 generator: 32 bits of state, good enough to choose actions with. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit;
  };
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new Error('nothing to pick from');
    return from[Math.floor(below(from.length))] as T;
  };
  return { below, pick };
}
