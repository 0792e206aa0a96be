import type { InteropCase } from '../daemon/case.ts';

const NO_BFD = 'it has no BFD';

/** What the daemons ask for. The multiplier is great, so that a machine that does much else keeps up with it. */
export const DAEMON_TIMERS = { tx: 80, rx: 120, multiplier: 20 } as const;

export const bfd: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    '*': { gobgp: NO_BFD, openbgpd: NO_BFD, exabgp: NO_BFD },
    'other intervals of the daemon': { bird: 'its driver cannot change its configuration' },
  },
  quirks: {
    bird: ['2.0.12 takes AdminDown for a failure: without `bfd graceful` it then drops stale routes too'],
    frr: [
      '8.4.4 takes AdminDown for a failure while BGP is Established, and lets it pass while it waits for a restart',
      '8.4.4 gives a running session other timers by a profile only, not by `neighbor … bfd 3 300 300`',
    ],
  },
};
