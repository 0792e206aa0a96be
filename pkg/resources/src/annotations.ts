/**
 * Knobs of weft's own: annotations `weft.dev/…` on objects of Calico whose schemas have no field for them. Calico keeps
 * them and does nothing with them.
 */
import type { Parsed } from '@weft/ip';
import { formatPath, showValue, type ValidationIssue } from './issue.ts';
import { nearest } from './schema/nearest.ts';
import { parseBfdTimers } from './text/bfd-timers.ts';

/** BFD with the peers of a BGPPeer or of the mesh: "300ms x 3". */
export const BFD_ANNOTATION = 'weft.dev/bfd';

/** The largest MTU, in bytes, of workloads with an address of an IPPool: "1400". */
export const MTU_ANNOTATION = 'weft.dev/mtu';

/** The interface on which a BGPPeer's peer is, in place of its address: "eth1". */
export const INTERFACE_ANNOTATION = 'weft.dev/interface';

/** Whether the peer on an interface is in our AS or in any other: "internal", "external". */
export const REMOTE_AS_ANNOTATION = 'weft.dev/remote-as';

/** One knob. */
export interface AnnotationKnob {
  readonly name: string;
  /** What is written there, for the reference. */
  readonly type: string;
  readonly meaning: string;
  readonly parse: (text: string) => Parsed<unknown>;
  readonly hint: string;
}

/** BFD as a knob; `meaning` says with whom. */
export function bfdKnob(meaning: string): AnnotationKnob {
  return {
    name: BFD_ANNOTATION,
    type: 'interval and multiplier',
    meaning,
    parse: parseBfdTimers,
    hint: 'write how often packets are sent and how many may be lost: 300ms x 3',
  };
}

/** The MTU of a pool as a knob. */
export const mtuKnob: AnnotationKnob = {
  name: MTU_ANNOTATION,
  type: 'integer',
  meaning:
    'Largest MTU, in bytes, of workloads with an address of the pool, from the time they are attached; never more than what fits.',
  parse: parseMtu,
  hint: 'write a number of bytes from 68 to 65535, for IPv6 from 1280',
};

function parseMtu(text: string): Parsed<number> {
  const bytes = /^\d{2,5}$/.test(text) ? Number(text) : 0;
  return bytes >= 68 && bytes <= 65_535
    ? { ok: true, value: bytes }
    : { ok: false, reason: `"${text}" is not an MTU` };
}

/** The peer of an interface as knobs. */
export const interfaceKnobs: readonly AnnotationKnob[] = [
  {
    name: INTERFACE_ANNOTATION,
    type: 'name of an interface',
    meaning:
      'In place of peerIP: the peer is the router on this interface, by IPv6 link-local addresses; IPv4 goes by them, too.',
    parse: parseInterfaceName,
    hint: 'name one interface of the node, like eth1',
  },
  {
    name: REMOTE_AS_ANNOTATION,
    type: '`internal` or `external`',
    meaning: 'In place of asNumber, of a peer on an interface: it is in our AS, or in any other.',
    parse: (text) =>
      text === 'internal' || text === 'external'
        ? { ok: true, value: text }
        : { ok: false, reason: `${showValue(text)} is neither internal nor external` },
    hint: 'write internal or external, or set spec.asNumber instead',
  },
];

/** As the kernel takes it: up to 15 octets, without spaces and slashes. */
function parseInterfaceName(text: string): Parsed<string> {
  const good = /^[^\s/:]{1,15}$/.test(text) && text !== '.' && text !== '..';
  return good
    ? { ok: true, value: text }
    : { ok: false, reason: `${showValue(text)} is not the name of an interface` };
}

const ours = /^weft\.dev\//;

/** What is wrong with the annotations of weft on an object of a kind that has knobs. */
export function annotationIssues(
  knobs: readonly AnnotationKnob[],
  annotations: Readonly<Record<string, string>> = {},
): ValidationIssue[] {
  return Object.entries(annotations).flatMap(([name, text]) =>
    ours.test(name) ? knobIssues(knobs, name, text) : [],
  );
}

function knobIssues(knobs: readonly AnnotationKnob[], name: string, text: string): ValidationIssue[] {
  const path = formatPath(['metadata', 'annotations', name]);
  const knob = knobs.find((candidate) => candidate.name === name);
  if (knob === undefined) {
    const names = knobs.map((candidate) => candidate.name);
    const meant = nearest(name, names);
    const hint = meant === undefined ? `weft knows ${names.join(', ')} here` : `did you mean ${meant}?`;
    return [{ path, reason: 'is not a known annotation of weft', hint }];
  }
  const parsed = knob.parse(text);
  return parsed.ok ? [] : [{ path, reason: parsed.reason, hint: knob.hint }];
}
