import type { InteropCase } from '../daemon/case.ts';

const obeys = (community: string): string => `RFC 1997: the daemon obeys the ${community} of the speaker`;
const BY_POLICY_ALONE = 'it leaves well-known communities to its policies';
const PASSES_NOTHING_ON = 'it passes no routes on';

export const communities: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    [obeys('NO_EXPORT')]: { gobgp: BY_POLICY_ALONE, exabgp: PASSES_NOTHING_ON },
    [obeys('NO_ADVERTISE')]: { gobgp: BY_POLICY_ALONE, exabgp: PASSES_NOTHING_ON },
    [obeys('NO_EXPORT_SUBCONFED')]: { gobgp: BY_POLICY_ALONE, exabgp: PASSES_NOTHING_ON },
    'RFC 4271 §5: the speaker passes on an unknown attribute, Partial': {
      frr: 'it shows no attributes it does not know',
    },
  },
  quirks: { bird: ['it does not show the Partial bit of an attribute'] },
};
