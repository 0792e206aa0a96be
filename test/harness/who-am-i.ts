/**
 * Tells whoever asks which address he comes with. A program of its own, run inside a member of a lab:
 * `who-am-i.ts serve PORT` answers HTTP and UDP on all addresses until it is ended (and prints who asks by UDP), `who-am-i.ts ask ADDRESS PORT` asks by UDP.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';

const answerMilliseconds = 2_000;

/** As the one asked sees it, without the notation of IPv4 on a socket of both families. */
function seen(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

function serve(port: number): void {
  const udp = createSocket('udp6');
  udp.on('message', (_, { address, port: from }) => {
    console.log(`asked by ${seen(address)}`);
    udp.send(seen(address), from, address);
  });
  const http = createServer((request, response) => response.end(seen(request.socket.remoteAddress)));
  udp.bind(port, () => http.listen(port, () => console.log('serving')));
}

function ask(address: string, port: number): void {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const timer = setTimeout(() => process.exit(1), answerMilliseconds);
  socket.on('message', (answer) => {
    console.log(answer.toString());
    clearTimeout(timer);
    socket.close();
  });
  socket.send('?', port, address);
}

const [verb, first = '', second = ''] = process.argv.slice(2);
if (verb === 'serve') serve(Number(first));
else ask(first, Number(second));
