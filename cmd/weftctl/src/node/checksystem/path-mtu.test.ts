import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { checkPath } from './path-mtu.ts';

const peer = { nodeName: 'node2', address: address('10.0.0.2') };
const way = { interface: 'eth0', mtuBytes: 1500 };

/** A path that carries so many bytes; counts what was sent. */
function path(bytes: number) {
  const sent: number[] = [];
  return { sent, probe: async (_: unknown, size: number) => sent.push(size) > 0 && size <= bytes };
}

describe('the path to a peer', () => {
  test('that carries what the interface sends takes one probe', async () => {
    const { probe, sent } = path(1500);
    expect(await checkPath(peer, way, probe)).toEqual({
      name: 'path to node2 (10.0.0.2)',
      result: 'OK',
      found: 'packets of 1500 bytes arrive',
    });
    expect(sent).toEqual([1500]);
  });

  test.each([1499, 1450, 1400, 577, 576])(
    'that carries %i bytes is found too small, to the byte',
    async (bytes) => {
      const { probe, sent } = path(bytes);
      const check = await checkPath(peer, way, probe);
      expect(check).toMatchObject({
        result: 'FAIL',
        hint: expect.stringContaining(`ip link set eth0 mtu ${bytes}`),
      });
      expect(check.found).toBe(`packets of ${bytes} bytes arrive, and not those of 1500 that eth0 sends`);
      expect(sent.length).toBeLessThan(14);
    },
  );

  test('that answers nothing, or is none', async () => {
    expect(await checkPath(peer, way, path(0).probe)).toMatchObject({ result: 'SKIP' });
    expect(await checkPath(peer, undefined, path(0).probe)).toMatchObject({
      result: 'FAIL',
      found: 'no route',
    });
  });
});
