/**
 * The BMP collectors of a server, brought in line with its configuration.
 */

import type { BmpCollector } from '../speaker/config.ts';
import { BmpClient, type BmpHost } from './bmp-client.ts';

/** Clients by what is configured for them. */
export class BmpClients {
  readonly #host: BmpHost;
  readonly #clients: Map<string, BmpClient> = new Map();

  constructor(host: BmpHost) {
    this.#host = host;
  }

  /** Ends clients that are not wanted any more and starts new ones; a changed one is ended and started. */
  configure(collectors: readonly BmpCollector[] = []): void {
    const wanted = new Map(collectors.map((collector) => [JSON.stringify(collector), collector]));
    for (const [key, client] of this.#clients) {
      if (wanted.has(key)) continue;
      this.#clients.delete(key);
      void client.stop();
    }
    for (const [key, collector] of wanted) {
      if (!this.#clients.has(key)) this.#clients.set(key, new BmpClient(collector, this.#host));
    }
  }

  /** Ends all; resolves when their connections are gone. */
  async stop(): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map((client) => client.stop()));
  }
}
