import type { InteropCase } from '../daemon/case.ts';

export const session: InteropCase = {
  directory: import.meta.dirname,
  notSupported: {
    'hold time 0': { openbgpd: 'its configuration takes no hold time below 3 s' },
    'RFC 9003: the speaker stops with a message, which the daemon has heard': {
      exabgp: 'while its API is told of UPDATEs it cannot decode a NOTIFICATION',
    },
    'RFC 9003: the daemon is shut down with a message, which the speaker has heard': {
      exabgp: 'its `teardown` takes no message',
    },
  },
};
