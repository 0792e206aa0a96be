/**
 * Inputs to begin with: captured messages of other speakers, and values of the generators of the property tests.
 */

import fc from 'fast-check';
import { encodeAttributes } from '../../../src/wire/attribute/encode.ts';
import { type AnyAttributeCodec, ATTRIBUTES } from '../../../src/wire/attribute/table.ts';
import { encodeOpen } from '../../../src/wire/message/01-open.ts';
import { CAPTURES, fromHex } from '../../../src/wire/test/captures.ts';
import { capability, pathAttributes } from '../../../src/wire/test/generators.ts';
import { ByteWriter } from '../../../src/wire/writer.ts';

const SAMPLES = { seed: 1, numRuns: 40 };
const HEADER_BYTES = 19;

/** All captured messages, headers included. */
export const MESSAGES: readonly Uint8Array[] = CAPTURES.flatMap(({ messages }) => messages.map(fromHex));

/** Bodies of captured messages of one type. */
export function bodies(type: number): Uint8Array[] {
  return MESSAGES.filter((message) => message[18] === type).map((message) => message.subarray(HEADER_BYTES));
}

/** Bodies of OPENs with capabilities of all kinds. */
export function openBodies(): Uint8Array[] {
  const lists = fc.sample(fc.array(capability, { maxLength: 12 }), SAMPLES);
  const opens = lists.map((capabilities) =>
    encodeOpen({ version: 4, asn: 64512, holdTimeSeconds: 90, identifier: 0x0a000001, capabilities }),
  );
  return [...bodies(1), ...opens.map((open) => open.subarray(HEADER_BYTES))];
}

/** Attribute blocks, with AS numbers of four octets or two. */
export function attributeBlocks(fourOctetAsn: boolean): Uint8Array[] {
  return fc
    .sample(pathAttributes, SAMPLES)
    .map((attributes) => encodeAttributes(attributes, { fourOctetAsn }));
}

/** Values of one attribute, without flags, code and length. */
export function attributeValues(row: AnyAttributeCodec, fourOctetAsn: boolean): Uint8Array[] {
  return fc.sample(pathAttributes, SAMPLES).flatMap((attributes) => {
    const value = attributes[row.key];
    if (value === undefined) return [];
    const writer = new ByteWriter();
    row.encode(writer, value as never, { fourOctetAsn });
    return [writer.take()];
  });
}

/** Bodies of UPDATEs: captured ones, and blocks of all attributes in front of one prefix. */
export function updateBodies(): Uint8Array[] {
  const made = [true, false].flatMap((wide) => attributeBlocks(wide).map(toUpdate));
  const codes = ATTRIBUTES.map(({ flags, code }) => toUpdate(new Uint8Array([flags, code, 0])));
  return [...bodies(2), ...made, ...codes];
}

function toUpdate(block: Uint8Array): Uint8Array {
  return new Uint8Array([0, 0, block.length >>> 8, block.length, ...block, 24, 198, 51, 100]);
}

/** Puts an octet of options in front of inputs. */
export function withOptions(inputs: readonly Uint8Array[], options: readonly number[]): Uint8Array[] {
  return inputs.flatMap((input) => options.map((option) => new Uint8Array([option, ...input])));
}
