/** weftd's end of the control socket, by a script: what it was asked, byte for byte, and any answer, broken ones too. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Answers one request; it has been read whole, header and body. */
export type Script = (socket: Socket, body: Buffer) => void;

/** One request as it came. */
export interface Request {
  readonly header: string;
  readonly body: Buffer;
}

/** Listens until it is closed. */
export class FakeWeftd {
  readonly requests: Request[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
  }

  /** Answers one request by each script, and further ones by the last. */
  static listen(path: string, ...scripts: readonly Script[]): Promise<FakeWeftd> {
    const weftd = new FakeWeftd();
    return weftd.#listen(path, (socket) => weftd.#serve(socket, scripts));
  }

  /** Has a connection to itself before anything of the request was read. */
  static onConnection(path: string, script: (socket: Socket) => void): Promise<FakeWeftd> {
    return new FakeWeftd().#listen(path, script);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen(path: string, onConnection: (socket: Socket) => void): Promise<FakeWeftd> {
    this.#server.on('connection', onConnection);
    this.#server.listen(path);
    await once(this.#server, 'listening');
    return this;
  }

  #serve(socket: Socket, scripts: readonly Script[]): void {
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const header = received.subarray(0, end).toString();
      const body = received.subarray(end + 4);
      if (body.length < Number(/^content-length: (\d+)$/im.exec(header)?.[1])) return;
      const script = scripts[Math.min(this.requests.length, scripts.length - 1)];
      this.requests.push({ header, body });
      script?.(socket, body);
    });
  }
}

/** An answer as weftd writes it. */
export function http(status: number, body: string): string {
  return `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

/** Answers with these bytes and hangs up. */
export function answering(bytes: string | Uint8Array): Script {
  return (socket) => socket.end(bytes);
}
