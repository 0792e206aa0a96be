/** `top` and `dashboard` as a user starts them where something is missing. */
import { afterAll, describe, expect, test } from 'vitest';
import { Workbench } from '../test/run.ts';

const workbench = new Workbench();
afterAll(() => workbench.remove());

describe.each([
  ['top', ['top', '--count', '1']],
  ['dashboard', ['dashboard', '--port', '0']],
])('%s', (_, words) => {
  test('without a daemon fails, and says which socket is not there and what to do', async () => {
    const { code, stderr } = await workbench.run(words);
    expect(code).toBe(1);
    expect(stderr).toContain(`There is no control socket: ${workbench.path('weftd.sock')}\n`);
    expect(stderr).toContain('Is weftd running?');
  });

  test('takes the files of a client certificate after its name, and wants all of them', async () => {
    const { code, stderr } = await workbench.run([...words, '--client-certificate', 'me.crt']);
    expect(code).toBe(2);
    expect(stderr).toContain('A client certificate is three files: me.crt');
    expect(stderr).toContain('--client-key and --control-ca');
  });
});
