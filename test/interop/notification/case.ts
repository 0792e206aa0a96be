import type { InteropCase } from '../daemon/case.ts';

const NO_MINIMUM = 'it has no least hold time to configure';
const READS_NO_TEXT = 'it fails on a shutdown communication, and answers with an error of its own';

export const notification: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'RFC 9003: the speaker shuts a session down, with a text': { exabgp: READS_NO_TEXT },
    'RFC 9003: the speaker resets a session, with a text': { exabgp: READS_NO_TEXT },
    'RFC 4271 §6.2: the daemon does not accept the hold time': {
      bird: NO_MINIMUM,
      frr: NO_MINIMUM,
      gobgp: NO_MINIMUM,
      exabgp: NO_MINIMUM,
    },
    'RFC 4486: the daemon has a limit of prefixes': { exabgp: 'it has no limit of prefixes' },
  },
  quirks: {
    frr: ['its limit of prefixes is noticed with the route after the first one too many'],
    gobgp: [
      'it refuses connections for 5 s after a session ended, for 30 s after it has reset one itself',
      'it does not tell of a NOTIFICATION that comes before the session stands',
    ],
    openbgpd: ['it refuses connections for 30 s after an error, for twice that after the next one'],
    exabgp: ['it sends no shutdown communication'],
  },
};
