/**
 * One connection out of several endpoints: the first that answers, and another one when it fails.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import type { EtcdChoice, PemSource } from '../../choice/datastore-choice.ts';
import { GrpcConnection } from '../grpc/connection.ts';
import { DialError } from './etcd-error.ts';
import type { EtcdTiming } from './timing.ts';

/** The endpoints of one cluster, and the connection in use. */
export class Endpoints {
  readonly urls: readonly string[];
  readonly #tls: EtcdChoice['tls'];
  readonly #timing: EtcdTiming;
  readonly #connections = new Set<GrpcConnection>();
  readonly #closing = new AbortController();
  #current: Promise<GrpcConnection> | undefined;
  /** Where dialling begins: moves on when a connection fails. */
  #first = 0;

  constructor(choice: EtcdChoice, timing: EtcdTiming) {
    this.urls = choice.endpoints;
    this.#tls = choice.tls;
    this.#timing = timing;
  }

  /** The connection in use; dials when there is none. Rejects with DialError. */
  async connection(): Promise<GrpcConnection> {
    this.#current ??= this.#dial();
    const current = this.#current;
    try {
      const connection = await current;
      if (connection.usable) return connection;
    } catch (error) {
      if (this.#current === current) this.#current = undefined;
      throw error;
    }
    if (this.#current === current) this.#current = undefined;
    return this.connection();
  }

  /** Calls from now on go elsewhere; those that are under way on this connection may end on it. */
  async leave(connection: GrpcConnection): Promise<void> {
    if ((await this.#current?.catch(() => undefined)) !== connection) return;
    this.#current = undefined;
    this.#first = (this.urls.indexOf(connection.url) + 1) % this.urls.length;
    connection.retire();
  }

  /** Ends every connection and every dial. */
  close(): void {
    this.#closing.abort();
    for (const connection of this.#connections) connection.destroy();
  }

  async #dial(): Promise<GrpcConnection> {
    const connection = await this.#dialAny();
    if (this.#closing.signal.aborted) connection.destroy();
    this.#connections.add(connection);
    connection.onClose(() => {
      this.#connections.delete(connection);
      void this.leave(connection);
    });
    return connection;
  }

  /** Dials one after the other, each joined by the next when it has failed or takes long; the first to answer wins. */
  async #dialAny(): Promise<GrpcConnection> {
    const tls = await this.#readTls();
    const order = [...this.urls.slice(this.#first), ...this.urls.slice(0, this.#first)];
    const decided = new AbortController();
    const signal = AbortSignal.any([decided.signal, this.#closing.signal]);
    let previous = Promise.resolve();
    const attempts = order.map((url, index) => {
      const turn = Promise.race([previous, pause(index * this.#timing.staggerMs, signal)]);
      const attempt = turn.then(() => {
        signal.throwIfAborted();
        return GrpcConnection.dial(url, tls, this.#timing, signal);
      });
      previous = attempt.then(ignore, ignore);
      return attempt;
    });
    try {
      const winner = await Promise.any(attempts);
      for (const attempt of attempts) attempt.then((late) => late === winner || late.destroy(), ignore);
      return winner;
    } catch (error) {
      throw new DialError((error as AggregateError).errors);
    } finally {
      decided.abort();
    }
  }

  /** Read at each dial, since certificates are renewed in place. */
  async #readTls(): Promise<SecureContextOptions> {
    const { ca, cert, key } = this.#tls ?? {};
    try {
      return {
        ...(ca && { ca: await readPem(ca) }),
        ...(cert && { cert: await readPem(cert) }),
        ...(key && { key: await readPem(key) }),
      };
    } catch (error) {
      throw new DialError([error]);
    }
  }
}

async function readPem(source: PemSource): Promise<string> {
  return 'text' in source ? source.text : readFile(source.file, 'utf8');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** The other end of a race: what became of it does not matter. */
function ignore(): void {}
