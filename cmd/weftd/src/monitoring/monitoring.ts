/**
 * The TCP addresses where metrics and health are answered because FelixConfiguration says so: opened and closed as it changes.
 */
import type { FelixSettings } from '@weft/calc';
import {
  type ControlBackend,
  ControlError,
  type MonitoringServer,
  type RequestRecord,
  startMonitoringServer,
} from '@weft/control';
import type { Logger } from '@weft/telemetry';

/** An address to listen on. */
export interface MonitoringAddress {
  readonly host: string;
  readonly port: number;
}

/** All addresses of the machine, IPv4 and IPv6: what an empty host means to Felix. */
const ANY_HOST = '::';

/** The addresses that the settings ask for, each once. */
export function monitoringAddresses(settings: FelixSettings): MonitoringAddress[] {
  const wanted = [
    ...(settings.prometheusMetricsEnabled
      ? [{ host: settings.prometheusMetricsHost || ANY_HOST, port: settings.prometheusMetricsPort }]
      : []),
    ...(settings.healthEnabled ? [{ host: settings.healthHost, port: settings.healthPort }] : []),
  ];
  return [...new Map(wanted.map((address) => [keyOf(address), address])).values()];
}

/** Who answers there, and who hears of each request. */
export interface MonitoringAnswers {
  readonly backend: ControlBackend;
  readonly onRequest: (record: RequestRecord) => void;
}

/** The listeners that are open. */
export class Monitoring {
  readonly #log: Logger;
  readonly #answering: MonitoringAnswers;
  readonly #open = new Map<string, MonitoringServer>();
  #wanted = '';
  /** One change after the other: an address may move from one listener to the next. */
  #turn: Promise<void> = Promise.resolve();

  constructor(answering: MonitoringAnswers, log: Logger) {
    this.#answering = answering;
    this.#log = log;
  }

  /** Listens on exactly these addresses. What cannot be listened on is logged, and tried again when others are wanted. */
  want(addresses: readonly MonitoringAddress[]): void {
    const wanted = JSON.stringify(addresses);
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#turn = this.#turn.then(() => this.#change(addresses));
  }

  /** Resolves when what was wanted by now is done. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** Closes them all. */
  close(): Promise<void> {
    this.want([]);
    return this.#turn;
  }

  async #change(addresses: readonly MonitoringAddress[]): Promise<void> {
    const keys = new Set(addresses.map(keyOf));
    for (const [key, server] of this.#open) {
      if (keys.has(key)) continue;
      this.#open.delete(key);
      await server.close();
    }
    for (const address of addresses) if (!this.#open.has(keyOf(address))) await this.#listen(address);
  }

  async #listen(address: MonitoringAddress): Promise<void> {
    try {
      this.#open.set(keyOf(address), await startMonitoringServer(this.#answering, address));
      this.#log.info('monitoring-opened', `metrics and health are answered on ${keyOf(address)}`, {
        ...address,
      });
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      this.#log.error('monitoring-failed', error.message, { ...address, hint: error.hint });
    }
  }
}

function keyOf({ host, port }: MonitoringAddress): string {
  return `[${host}]:${port}`;
}
