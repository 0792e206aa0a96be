import { afterEach, expect, it, vi } from 'vitest';
import { nftBy } from './nft.ts';

afterEach(() => vi.unstubAllEnvs());

it('a disk that takes nothing is a failure to be tried again, not the end of the daemon', async () => {
  vi.stubEnv('TMPDIR', '/nowhere');
  expect(await nftBy([]).apply([])).toMatchObject({
    kind: 'failed',
    reason: expect.stringMatching(/cannot be written below \/nowhere: ENOENT/),
  });
});
