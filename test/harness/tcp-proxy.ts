/**
 * A TCP connection that a test can cut: what stands between a client and its server.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Forwards connections to a port of loopback until it is cut. */
export class TcpProxy {
  /** Bytes that went from the server to clients. */
  bytesToClients: number = 0;
  /** How many connections there were. */
  connections: number = 0;
  /** After how many bytes from the server the next connection is cut, in the midst of whatever they are. */
  cutAfterBytes: () => number = () => Number.POSITIVE_INFINITY;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refusing = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#forward(client));
  }

  /** Listens on a port of its own. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection at once, and those to come. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets new connections through again. */
  heal(): void {
    this.#refusing = false;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(client: Socket): void {
    if (this.#refusing) return void client.destroy();
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    const limit = this.cutAfterBytes();
    let bytes = 0;
    this.connections++;
    server.on('data', (chunk) => {
      this.bytesToClients += chunk.length;
      bytes += chunk.length;
      const rest = limit - (bytes - chunk.length);
      if (bytes > limit) client.end(chunk.subarray(0, Math.max(0, rest)), () => server.destroy());
      else if (!client.write(chunk)) server.pause();
    });
    client.on('drain', () => server.resume());
    client.pipe(server);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
  }
}
