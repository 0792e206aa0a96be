/**
 * Faults the fuzzer has to find, written into the source while it is loaded: they show that it looks.
 */

/** One fault. */
export interface PlantedFault {
  readonly name: string;
  /** Path below `src`. */
  readonly file: string;
  /** The target that has to find it. */
  readonly target: string;
  /** Gives the source with the fault; throws when the place for it is not there any more. */
  plant(source: string): string;
}

function replacing(name: string, file: string, target: string, from: string, to: string): PlantedFault {
  return {
    name,
    file,
    target,
    plant(source) {
      if (!source.includes(from)) throw new Error(`${file} has no place for the fault ${name}: ${from}`);
      return source.replace(from, to);
    },
  };
}

/** All faults that can be planted. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  replacing(
    'read-past-end',
    'wire/reader.ts',
    'attribute-as-path',
    'offset + length > this.end)',
    'offset + length > this.end + 1)',
  ),
  replacing(
    'prefix-past-end',
    'wire/nlri.ts',
    'update',
    'return offset === end ? count : -1;',
    'return count;',
  ),
  replacing(
    'throw-on-rare-value',
    'wire/capability/64-graceful-restart.ts',
    'capability-64',
    'return {',
    "if (families.length === 3 && families[2]?.safi === 71) throw new RangeError('planted');\n    return {",
  ),
  replacing(
    'large-allocation',
    'wire/capability/71-llgr.ts',
    'capability-71',
    'const families: LongLivedFamily[] = [];',
    'const families: LongLivedFamily[] = [];\n    if (reader.remaining > 20) new Uint8Array(reader.remaining * 4096);',
  ),
  replacing(
    'endless-loop',
    'wire/attribute/header.ts',
    'attribute-block',
    'cursor.offset = cursor.valueEnd;',
    'cursor.offset = length === 251 ? offset : cursor.valueEnd;',
  ),
  replacing(
    'leak',
    'wire/message/05-route-refresh.ts',
    'route-refresh',
    'const reader = new ByteReader(bytes, start, end);',
    `const reader = new ByteReader(bytes, start, end);
  ((globalThis as { kept?: Uint8Array[] }).kept ??= []).push(new Uint8Array(200));`,
  ),
  replacing(
    'malformed-withdrawal',
    'wire/update-packer.ts',
    'speaker',
    'this.#attributesStart = this.#attributesEnd = 0;',
    '',
  ),
  replacing(
    'connection-left-open',
    'fsm/session.ts',
    'session',
    "this.host.emit({ kind: 'close', connection: connection.id });",
    "if (connection.id < 5) this.host.emit({ kind: 'close', connection: connection.id });",
  ),
];

/** Finds a fault by its name. */
export function findPlantedFault(name: string): PlantedFault {
  const fault = PLANTED_FAULTS.find((item) => item.name === name);
  if (fault === undefined) throw new Error(`no planted fault ${name}`);
  return fault;
}
