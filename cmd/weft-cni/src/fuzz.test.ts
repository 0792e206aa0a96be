import { expect, test } from 'vitest';
import { fuzz } from '../test/fuzz.ts';

test('no call and no answer makes it misbehave', async () => {
  await expect(fuzz(200, 1)).resolves.toBeUndefined();
});
