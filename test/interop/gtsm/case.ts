import type { InteropCase } from '../daemon/case.ts';

const ONLY_OUTGOING = 'it sets the TTL of connections it opens only';
const CHECKS_NOTHING = 'it finds no IP_MINTTL in its Python, so it checks no TTL';

export const gtsm: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'on both sides, IPv4, the speaker dials': { exabgp: ONLY_OUTGOING },
    'on both sides, IPv6, the speaker dials': { exabgp: ONLY_OUTGOING },
    'the daemon refuses a speaker without it': { exabgp: CHECKS_NOTHING },
  },
  quirks: {
    exabgp: ['with `incoming-ttl` it fails to listen; the tests do without'],
    gobgp: [
      'what it has refused to read it also does not hear being closed: it stays in OpenSent until its hold timer expires',
    ],
    openbgpd: [
      'what it has refused to read it also does not hear being closed: it stays in OpenSent until its hold timer expires',
    ],
  },
};
