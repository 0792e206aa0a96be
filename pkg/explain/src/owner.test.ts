import { expect, test } from 'vitest';
import { ADDRESS, cluster, session } from '../test/fixture.ts';
import { explainFrom } from './chain.ts';

type Change = Parameters<typeof session>[2];

const asked = 'BGPPeer routers, which selects default/web, names it';

function notesOf(change: Change): readonly unknown[] {
  const sessions = [session('node2', '10.0.0.2'), { ...session('', ADDRESS, change), node: undefined }];
  const { hops, verdict } = explainFrom(cluster({ owner: { sessions } }), 'node2');
  expect(verdict.answer).toBe('yes');
  return hops.filter(({ answer, stage }) => stage === 'session' && answer === 'note');
}

test.each<[string, Change, string, string]>([
  ['how it stands', { reason: asked }, `its BGP session with node1 is Established`, asked],
  [
    'why it has ended',
    { reason: asked, state: 'Idle', lastError: 'sent Cease' },
    'its BGP session with node1 is Idle: sent Cease',
    asked,
  ],
  [
    'why there is none',
    { configured: false, reason: 'set the address' },
    'node1 has no BGP session with it: set the address',
    'set the address',
  ],
])(
  'a workload that may speak BGP with its node: %s, which is no matter of the route to it',
  (_, change, says, rule) => {
    expect(notesOf(change)).toEqual([{ stage: 'session', node: 'node1', answer: 'note', says, rule }]);
  },
);
