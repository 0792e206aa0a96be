/**
 * How each daemon says that it has received a NOTIFICATION.
 */
import type { Daemon, DaemonName } from './daemon.ts';
import { ExabgpDaemon } from './exabgp.ts';

/** Code and subcode. */
export type Kind = readonly [code: number, subcode: number];

const BIRD: Readonly<Record<string, string>> = {
  '2/2': 'Bad peer AS',
  '2/3': 'Bad BGP identifier',
  '2/6': 'Unacceptable hold time',
  '2/11': 'Role mismatch',
  '4/0': 'Hold timer expired',
  '6/1': 'Maximum number of prefixes reached',
  '6/2': 'Administrative shutdown',
  '6/3': 'Peer de-configured',
  '6/4': 'Administrative reset',
  '6/5': 'Connection rejected',
  '6/6': 'Other configuration change',
  '6/8': 'Out of Resources',
};

const OPENBGPD: Readonly<Record<string, string>> = {
  '2/2': '.*AS unacceptable',
  '2/3': '.*BGP',
  '2/11': '.*role mismatch',
  '4/0': 'HoldTimer expired',
  '6/1': 'Cease, received max-prefix exceeded',
  '6/2': 'Cease, administratively down',
  '6/3': 'Cease, peer unconfigured',
  '6/4': 'Cease, administrative reset',
  '6/5': 'Cease, connection rejected',
  '6/6': 'Cease, other config change',
  '6/8': 'Cease, resource exhaustion',
};

/** Says whether a daemon has told of a NOTIFICATION it received, with this text if there is one. */
export function hasReceived(daemon: Daemon, kind: Kind, text = ''): boolean {
  const key = kind.join('/');
  if (daemon instanceof ExabgpDaemon) {
    const received = daemon.events().flatMap((event) => event.neighbor.notification ?? []);
    const hex = Buffer.from(text).toString('hex');
    return received.some(({ code, subcode, data }) => {
      return `${code}/${subcode}` === key && data.toLowerCase().includes(hex);
    });
  }
  const lines = daemon.logTail().split('\n');
  const heard = lines.some((line) => WORDS[daemon.name](kind, key).test(line));
  return heard && lines.some((line) => line.includes(text));
}

const WORDS: Readonly<Record<DaemonName, (kind: Kind, key: string) => RegExp>> = {
  bird: (_, key) => new RegExp(`Received: ${BIRD[key]}`),
  frr: (_, key) => new RegExp(`NOTIFICATION: received from neighbor \\S+ ${key} `),
  gobgp: ([code, subcode]) => new RegExp(`received notification" Code=${code} .*Subcode=${subcode}\\b`),
  openbgpd: (_, key) => new RegExp(`received notification: ${OPENBGPD[key]}`),
  exabgp: () => /(?!)/,
};
