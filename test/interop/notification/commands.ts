/**
 * How each daemon is told to end a session.
 */
import type { DaemonName } from '../daemon/daemon.ts';

/** Commands by which an administrator ends and resets the session, with a text where the daemon takes one. */
export const COMMANDS: Readonly<
  Record<DaemonName, { shutdown(text: string): string[]; reset(text: string): string[] }>
> = {
  bird: {
    shutdown: (text) => ['disable', 'speaker', `"${text}"`],
    reset: (text) => ['restart', 'speaker', `"${text}"`],
  },
  frr: {
    shutdown: (text) => ['configure terminal', 'router bgp', `neighbor 192.0.2.1 shutdown message ${text}`],
    reset: () => ['clear bgp *'],
  },
  gobgp: {
    shutdown: (text) => ['neighbor', '192.0.2.1', 'shutdown', '--reason', text],
    reset: (text) => ['neighbor', '192.0.2.1', 'reset', '--reason', text],
  },
  openbgpd: {
    shutdown: (text) => ['neighbor', '192.0.2.1', 'down', text],
    reset: (text) => ['neighbor', '192.0.2.1', 'clear', text],
  },
  exabgp: {
    shutdown: () => ['neighbor 192.0.2.1 teardown 2'],
    reset: () => ['neighbor 192.0.2.1 teardown 4'],
  },
};

/** The command that ends what `shutdown` began, or makes a daemon try again that waits long after an error. */
export const START: Partial<Readonly<Record<DaemonName, readonly string[]>>> = {
  bird: ['enable', 'speaker'],
  frr: ['configure terminal', 'router bgp', 'no neighbor 192.0.2.1 shutdown'],
  openbgpd: ['neighbor', '192.0.2.1', 'up'],
};
