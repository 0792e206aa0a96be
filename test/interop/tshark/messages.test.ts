/** Every message as tshark reads it: no complaint, and the values that were written. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { Capture } from './capture.ts';
import { CASES } from './messages.ts';
import { complaintsIn } from './quirks.ts';

let capture: Capture | undefined;
let dissections: readonly string[] = [];

beforeAll(async () => {
  let received = 0;
  const server = createServer((socket) => socket.on('data', ({ length }) => (received += length)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  capture = new Capture(port);
  await capture.start();
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  let sent = 0;
  for (const { bytes, name } of CASES) {
    // One segment for each message, so that those of a frame need not be told apart.
    socket.write(bytes);
    sent += bytes.length;
    await waitFor(`${name} arrives`, () => received === sent);
  }
  socket.end();
  await once(socket, 'close');
  server.close();
  dissections = await capture.dissect();
});

afterAll(async () => {
  await capture?.remove();
});

describe('tshark', () => {
  test('finds as many messages as were sent', () => {
    expect(dissections).toHaveLength(CASES.length);
  });

  test.each(CASES.map(({ name, lines }, index) => ({ name, lines, index })))(
    'reads $name',
    ({ lines, index }) => {
      const dissection = dissections[index] ?? '';
      expect(complaintsIn(dissection)).toEqual([]);
      let from = 0;
      for (const line of lines) {
        const at = dissection.indexOf(line, from);
        expect(at, `${line}\nis to follow in\n${dissection.slice(from)}`).toBeGreaterThanOrEqual(0);
        from = at;
      }
    },
  );
});
