/** Who names a part of a client certificate is told what is missing, as with every command that asks other machines. */
import { afterAll, expect, test } from 'vitest';
import { Workbench } from '../../test/run.ts';

const workbench = new Workbench();
afterAll(() => workbench.remove());

test.each([
  ['history', ['history', '10.0.0.0/26']],
  ['diff --at', ['diff', '--at', '10m']],
])('%s refuses a client certificate without its other files', async (_, command) => {
  const { code, stderr } = await workbench.run([...command, '--client-certificate', '/none.pem']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('A client certificate is three files'),
  });
});
