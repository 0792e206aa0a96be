import type { InteropCase } from '../daemon/case.ts';

const NO_RESTARTER =
  'it never says that its forwarding went on, and sends Cease when its main process is killed';
const NO_TABLE = 'it has no table to keep routes in';

const NO_N_BIT = {
  bird: 'it does not know the N bit',
  openbgpd: 'it does not know the N bit',
  exabgp: NO_TABLE,
};

export const gracefulRestart: InteropCase = {
  directory: import.meta.dirname,
  values: { notification: undefined },
  notSupported: {
    'the daemon is killed: its routes stay, what it does not send again goes': { openbgpd: NO_RESTARTER },
    'the daemon is killed twice': { openbgpd: NO_RESTARTER },
    'the speaker is killed: its routes stay, what it does not send again goes': { exabgp: NO_TABLE },
    'the speaker is killed twice': { exabgp: NO_TABLE },
    'the speaker stops gracefully and comes back': { exabgp: NO_TABLE },
    'RFC 8538: the daemon keeps the routes through a NOTIFICATION': NO_N_BIT,
    'RFC 8538: the speaker keeps the routes through a NOTIFICATION': {
      ...NO_N_BIT,
      gobgp: 'it sets the F bit only after a start, and without it RFC 4724 §4.2 has the routes dropped',
    },
  },
};
