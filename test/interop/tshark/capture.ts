/**
 * Packets of one TCP port on loopback, and what tshark reads in them.
 *
 * tcpdump captures, because it says when it has begun; tshark dissects the file. The capture is complete when a
 * connection made for that purpose has appeared in it.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';

const TCPDUMP = { reject: false, stdin: 'ignore' } as const;
const END = 'end of the capture';

/** A capture that runs. */
export class Capture {
  readonly #port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-tshark-'));
  readonly #file = join(this.#directory, 'bgp.pcap');
  readonly #marker = createServer((socket) => socket.resume());
  #tcpdump: ResultPromise<typeof TCPDUMP> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Begins; what is sent from now on is in it. */
  async start(): Promise<void> {
    this.#marker.listen(0, '127.0.0.1');
    await once(this.#marker, 'listening');
    const filter = `tcp port ${this.#port} or tcp port ${this.#markerPort}`;
    const tcpdump = execa(
      'tcpdump',
      ['-i', 'lo', '-U', '--immediate-mode', '-w', this.#file, filter],
      TCPDUMP,
    );
    this.#tcpdump = tcpdump;
    let said = '';
    tcpdump.stderr.on('data', (text) => {
      said += String(text);
    });
    await waitFor('tcpdump listens', () => said.includes('listening on'));
  }

  /** Ends the capture and gives what tshark says of each BGP message, in the order in which they were sent. */
  async dissect(): Promise<string[]> {
    const socket = connect(this.#markerPort, '127.0.0.1');
    socket.end(END);
    await waitFor('the end of the capture', () => readFileSync(this.#file).includes(END));
    await this.#stop();
    const { stdout } = await execa('tshark', [
      ...['-n', '-r', this.#file, '-d', `tcp.port==${this.#port},bgp`],
      ...['-Y', 'bgp', '-O', 'bgp', '-V'],
    ]);
    return stdout
      .split(/^(?=Border Gateway Protocol - )/m)
      .slice(1)
      .map(withoutFrame);
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    await this.#stop();
    this.#marker.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #markerPort(): number {
    return (this.#marker.address() as AddressInfo).port;
  }

  async #stop(): Promise<void> {
    this.#tcpdump?.kill('SIGINT');
    await this.#tcpdump;
    this.#tcpdump = undefined;
  }
}

/** The next frame begins behind an empty line. */
function withoutFrame(text: string): string {
  return text.split('\n\nFrame ')[0] ?? '';
}
