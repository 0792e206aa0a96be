/**
 * The meaning of decoded attributes, which depends on who sent them.
 *
 * Source: RFC 7606 §7.5, §7.9, §7.10 (what an external peer cannot say), RFC 6793 §4.1, §4.2.3 (two-octet peers),
 * RFC 5065 §4 (confederation segments stay inside a confederation).
 */

import { type AttributeFault, isStronger } from '../error.ts';
import { UpdateSubcode } from '../iana.ts';
import { mergeFourOctetAttributes } from './as4-merge.ts';
import type { AttributeContext, ParsedAttributes } from './codec.ts';
import { attributeFault } from './fault.ts';
import type { AsPath, PathAttributes } from './path-attributes.ts';
import { ATTRIBUTES, findAttribute } from './table.ts';

type Draft = { -readonly [K in keyof PathAttributes]: PathAttributes[K] };

const EXTERNAL_DISCARDS = ATTRIBUTES.filter((row) => row.discardFromExternal === true);

/** Applies the rules of the session's kind; the result has no AS4_PATH and no AS4_AGGREGATOR. */
export function validateAttributes(decoded: ParsedAttributes, context: AttributeContext): ParsedAttributes {
  if (isPlain(decoded.attributes, context)) return decoded;
  const draft: Draft = { ...decoded.attributes };
  const faults = [...decoded.faults];
  if (context.peerType === 'external') checkExternal(draft, faults);
  if (context.fourOctetAsn) dropFourOctetStandIns(draft, faults);
  else mergeFourOctetAttributes(draft);
  return { attributes: draft, faults };
}

/** Most blocks: an internal peer with four-octet numbers that sends no stand-ins. */
function isPlain({ as4Path, as4Aggregator }: PathAttributes, context: AttributeContext): boolean {
  const noStandIns = as4Path === undefined && as4Aggregator === undefined;
  return noStandIns && context.fourOctetAsn && context.peerType === 'internal';
}

function checkExternal(draft: Draft, faults: AttributeFault[]): void {
  for (const [index, fault] of faults.entries()) {
    if (findAttribute(fault.code)?.discardFromExternal) faults[index] = soften(fault);
  }
  for (const { code, key } of EXTERNAL_DISCARDS) {
    if (draft[key] === undefined) continue;
    delete draft[key];
    faults.push(
      attributeFault(code, 'not-allowed-from-external', 'attribute-discard', UpdateSubcode.unspecific),
    );
  }
  if (draft.asPath !== undefined && hasConfederationSegment(draft.asPath)) {
    faults.push(attributeFault(2, 'value', 'treat-as-withdraw', UpdateSubcode.malformedAsPath));
  }
}

/**
 * An attribute that is dropped anyway does no harm by being malformed. One the block ends in does: what its length says
 * is wrong, and with it perhaps where the attributes before it ended (RFC 7606 §4).
 */
function soften(fault: AttributeFault): AttributeFault {
  return fault.fault !== 'overrun' && isStronger(fault.treatment, 'attribute-discard')
    ? { ...fault, treatment: 'attribute-discard' }
    : fault;
}

/** A peer that speaks four octets has no reason to send the stand-ins: RFC 6793 §4.1, §6. */
function dropFourOctetStandIns(draft: Draft, faults: AttributeFault[]): void {
  for (const key of ['as4Path', 'as4Aggregator'] as const) {
    if (draft[key] === undefined) continue;
    delete draft[key];
    const code = key === 'as4Path' ? 17 : 18;
    faults.push(
      attributeFault(code, 'not-allowed-from-four-octet-peer', 'attribute-discard', UpdateSubcode.unspecific),
    );
  }
}

function hasConfederationSegment(path: AsPath): boolean {
  return path.some(({ kind }) => kind === 'confederation-sequence' || kind === 'confederation-set');
}
