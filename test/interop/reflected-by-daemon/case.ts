import type { InteropCase } from '../daemon/case.ts';

export const reflectedByDaemon: InteropCase = {
  directory: import.meta.dirname,
  notSupported: { '*': { exabgp: 'it passes no routes on' } },
  quirks: {
    gobgp: ['of two internal paths it does not prefer the one with the shorter CLUSTER_LIST (RFC 4456 §9)'],
    openbgpd: [
      'over a session on IPv4 it gives its own IPv6 routes the next hop ::1 unless a filter names another',
      'what it refuses for a loop stays in its table, not valid',
    ],
  },
};
