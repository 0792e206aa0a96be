import { ERROR_CODE, parseRequest } from '@weft/cni';
import { expect, it, vi } from 'vitest';
import { fakeCniHost } from '../../test/fake-cni-host.ts';
import { Turns } from '../endpoints/turns.ts';
import { del } from './del.ts';

const { patience } = vi.hoisted(() => ({ patience: Promise.withResolvers<void>() }));
vi.mock('node:timers/promises', () => ({
  setTimeout: (_: number, value: unknown) => patience.promise.then(() => value),
}));

it('is answered while an ADD before it hangs, and goes on when that is over', async () => {
  const id = 'net:c1:eth0';
  const detached: string[] = [];
  const host = fakeCniHost({
    detach: async (given) => {
      detached.push(given);
      return { kind: 'not-attached', id: given, addresses: [] };
    },
  });
  const environment = { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0' };
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net', ipam: { type: 'none' } });
  const parsed = parseRequest({ environment, stdin });
  if (parsed.kind === 'refused' || parsed.request.command !== 'DEL') throw new Error(JSON.stringify(parsed));
  const turns = new Turns();
  const adding = Promise.withResolvers<void>();
  void turns.run([id], () => adding.promise);

  const answer = del(host, parsed.request, turns);
  patience.resolve();
  expect(await answer).toMatchObject({ code: ERROR_CODE.tryAgainLater });
  expect(detached).toEqual([]);
  adding.resolve();
  await turns.run([id], async () => undefined);
  expect(detached).toEqual([id]);
});
