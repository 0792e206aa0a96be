import type { InteropCase } from '../daemon/case.ts';

/** 1,500 communities are 6,000 octets: more than a message of 4,096 holds. */
export const COMMUNITIES: readonly string[] = Array.from(
  { length: 1500 },
  (_, index) => `64514:${index + 1}`,
);

export const extendedMessages: InteropCase = {
  directory: import.meta.dirname,
  values: { communities: COMMUNITIES.join(' ') },
  notSupported: {
    '*': { gobgp: 'it does not know RFC 8654', openbgpd: 'it does not know RFC 8654' },
  },
};
