/**
 * What the fuzzer runs: a target takes octets and throws when something that must hold does not.
 */

import { digest } from './digest.ts';

/** One thing to fuzz. */
export interface Target {
  readonly name: string;
  /** Files it is there for, below `src`; one that ends in `/` is a folder. Its coverage is counted in them. */
  readonly covers: readonly string[];
  readonly maxBytes: number;
  /** How many inputs it gets, compared to others. */
  readonly share: number;
  /** Inputs to begin with. */
  seeds(): readonly Uint8Array[];
  /** Most edges one input may take. Bounds time, and every list that grows in a loop. */
  maxSteps(length: number): number;
  /** Most octets of arrays the code may ask for by `new`. */
  maxAllocatedBytes(length: number): number;
  /** Runs one input, which is not kept. */
  run(input: Uint8Array): void;
}

/** Something that must hold does not. */
export class Violation extends Error {
  override name = 'Violation';
}

/** Throws a Violation unless a condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}

/** Decodes `bytes[start…end)`. */
export type Decode = (bytes: Uint8Array, start: number, end: number) => unknown;

/** What is particular about the target of a decoder. */
export interface DecoderOptions {
  readonly name: string;
  readonly covers: readonly string[];
  readonly seeds: () => readonly Uint8Array[];
  readonly decode: Decode;
  /** Further things that must hold for one input. */
  readonly also?: (input: Uint8Array) => void;
  readonly maxBytes?: number;
  /** Octets of arrays beyond a small multiple of the input. */
  readonly roomBytes?: number;
  readonly share?: number;
  /** Edges one octet may make the code take. */
  readonly stepsPerByte?: number;
}

const MAX_BYTES = 600;
const SURROUNDING_BYTES = 48;
const FILLERS = [0x00, 0xff];

/**
 * Makes the target of a decoder: it must not throw, must say the same of the same octets in different surroundings, and
 * its result must not be large compared to the input.
 */
export function decoderTarget(options: DecoderOptions): Target {
  const { name, covers, decode, also, seeds, maxBytes = MAX_BYTES, roomBytes = 4096 } = options;
  const { share = 1, stepsPerByte = 250 } = options;
  const rooms = FILLERS.map((filler) => new Uint8Array(maxBytes + 2 * SURROUNDING_BYTES).fill(filler));
  return {
    name,
    covers,
    maxBytes,
    share,
    seeds,
    maxSteps: (length) => 1_000 + stepsPerByte * (1 + length),
    maxAllocatedBytes: (length) => roomBytes + 64 * length,
    run(input) {
      const [first, second] = rooms.map((room, index) => {
        const bytes = surround(room, input, FILLERS[index] as number);
        return digest(decode(bytes, SURROUNDING_BYTES, SURROUNDING_BYTES + input.length));
      });
      check(first?.hash === second?.hash, 'the result depends on octets outside the range');
      check((first?.size ?? 0) <= 400 + 64 * input.length, 'the result is larger than the input explains');
      also?.(input);
    },
  };
}

/** Puts the input into a room whose other octets all have one value. */
function surround(room: Uint8Array, input: Uint8Array, filler: number): Uint8Array {
  room.set(input, SURROUNDING_BYTES);
  room.fill(filler, SURROUNDING_BYTES + input.length);
  return room;
}
