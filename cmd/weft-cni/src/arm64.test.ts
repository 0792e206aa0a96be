import { afterAll, expect, test } from 'vitest';
import { buildWeftCni } from '../build.ts';
import { answering, FakeWeftd, http } from '../test/fake-weftd.ts';
import { CONFIG, Runtime } from '../test/runtime.ts';

const runtime = new Runtime(buildWeftCni('arm64'));
const through = (plugin: string): string[] => ['/usr/bin/qemu-aarch64-static', plugin];

afterAll(() => runtime.remove());

test('on arm64 it asks weftd, answers by itself and keeps a DEL', async () => {
  const weftd = await FakeWeftd.listen(runtime.socket, answering(http(200, '{"ips":[]}')));
  const added = await runtime.call({ command: 'ADD', stdin: CONFIG, through });
  expect(added).toEqual({ code: 0, stdout: '{"ips":[]}', stderr: '' });
  expect(weftd.requests[0]?.body.toString()).toBe(`CNI_COMMAND=ADD\0\0${CONFIG}`);
  await weftd.close();
  const version = await runtime.call({ command: 'VERSION', stdin: CONFIG, through });
  expect(JSON.parse(version.stdout)).toMatchObject({ cniVersion: '1.0.0' });
  expect(await runtime.call({ command: 'DEL', stdin: CONFIG, through })).toMatchObject({
    code: 0,
    stdout: '',
  });
  expect(runtime.spooled()).toEqual([expect.stringMatching(/^\d{19}-\d+$/)]);
});
