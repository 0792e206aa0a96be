/**
 * The BMP collector of pmacct, in the foreground, with its log as JSON lines in a temporary directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../harness/wait-for.ts';

/** A line of the log, with the keys the tests look at. */
export interface PmbmpdLine {
  readonly bmp_msg_type?: string;
  readonly log_type?: 'update' | 'withdraw';
  readonly peer_ip?: string;
  readonly is_post?: number;
  readonly is_loc?: number;
  readonly ip_prefix?: string;
  readonly as_path_id?: number;
  readonly bgp_nexthop?: string;
  readonly as_path?: string;
  readonly comms?: string;
  readonly lcomms?: string;
  readonly local_pref?: number;
  readonly med?: number;
  readonly reason_type?: number;
  readonly counter_type?: number;
  readonly counter_value?: number;
}

/** A collector that can be killed and started again at the same port. */
export class Pmbmpd {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-bmp-'));
  #process: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
    const lines = [
      'daemonize: false',
      'bmp_daemon_ip: 127.0.0.1',
      `bmp_daemon_port: ${port}`,
      `bmp_daemon_msglog_file: ${this.#log}`,
      'bmp_daemon_msglog_output: json',
    ];
    writeFileSync(join(this.#directory, 'pmbmpd.conf'), `${lines.join('\n')}\n`);
  }

  async start(): Promise<void> {
    this.#process = spawn('pmbmpd', ['-f', join(this.#directory, 'pmbmpd.conf')], { stdio: 'ignore' });
    const failure = once(this.#process, 'error').then(([error]) => {
      throw new Error('pmbmpd does not start: install it ("apt-get install pmacct")', { cause: error });
    });
    await Promise.race([once(this.#process, 'spawn'), failure]);
    await waitFor('pmbmpd listens', () => isListening(this.port));
  }

  /** All lines so far; one that is still being written is left out. */
  lines(): PmbmpdLine[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as PmbmpdLine);
  }

  /** Ends the process and forgets what it has logged. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.#log, { force: true });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.#directory, 'log.json');
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host: '127.0.0.1', port });
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}
