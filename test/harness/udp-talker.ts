/**
 * Goes on talking from one UDP socket, as a program does that never notices whom it talks to. Run inside a member of a lab:
 * `udp-talker.ts serve PORT NAME` answers everybody with its name, `udp-talker.ts ask ADDRESS PORT` asks again and again and prints
 * who answers whenever that is somebody else.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

const askMilliseconds = 20;

function serve(port: number, name: string): void {
  const socket = createSocket('udp6');
  socket.on('message', (_, { address, port: from }) => socket.send(name, from, address));
  socket.bind(port, () => console.log('serving'));
}

function ask(address: string, port: number): void {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let last = '';
  socket.on('message', (answer) => {
    if (`${answer}` !== last) console.log(`${answer}`);
    last = `${answer}`;
  });
  // On the way there may be nobody for a while.
  setInterval(() => socket.send('?', port, address, () => {}), askMilliseconds);
}

const [verb, first = '', second = ''] = process.argv.slice(2);
if (verb === 'serve') serve(Number(first), second);
else ask(first, Number(second));
