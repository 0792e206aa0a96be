/**
 * Follows the Secrets that hold the passwords of BGP sessions: those that BGPPeers and BGPConfiguration name, each by itself,
 * so that a right to these Secrets alone is enough. What is in them is never logged.
 *
 * Source: Calico reads them in the namespace of the variable NAMESPACE, kube-system unless set.
 */
import {
  DatastoreError,
  type KubernetesCluster,
  type KubernetesObject,
  type ObjectEvent,
} from '@weft/datastore';
import type { Logger } from '@weft/telemetry';

const SECRETS = { apiVersion: 'v1', plural: 'secrets', kind: 'Secret' };

/** What the watch needs of the daemon. */
export interface PasswordWatchOptions {
  readonly log: Logger;
  /** The namespace of the Secrets. */
  readonly namespace: string;
  readonly cluster: () => KubernetesCluster;
  /** The passwords are other ones now. */
  readonly changed: () => void;
}

/** The passwords as they are known. */
export class PasswordWatch {
  readonly #options: PasswordWatchOptions;
  readonly #followed = new Map<string, FollowedSecret>();
  #values: ReadonlyMap<string, string> | undefined;

  constructor(options: PasswordWatchOptions) {
    this.#options = options;
  }

  /** Follows exactly the Secrets of these names. */
  want(names: ReadonlySet<string>): void {
    for (const [name, secret] of this.#followed) {
      if (names.has(name)) continue;
      secret.close();
      this.#followed.delete(name);
      this.#values = undefined;
    }
    for (const name of names) {
      if (this.#followed.has(name)) continue;
      const secret = new FollowedSecret(name, this.#options, () => this.#hearChange());
      this.#followed.set(name, secret);
    }
  }

  /** The values by `secretName/key`; the same object until one changes. */
  values(): ReadonlyMap<string, string> {
    this.#values ??= new Map(
      [...this.#followed].flatMap(([name, { entries }]) =>
        entries.map(([key, text]) => [`${name}/${key}`, text] as const),
      ),
    );
    return this.#values;
  }

  /** Resolves when each is read, is missing, or cannot be read: a start must not wait for a right that nobody gives. */
  async whenRead(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ read }) => read));
  }

  close(): void {
    for (const secret of this.#followed.values()) secret.close();
  }

  #hearChange(): void {
    this.#values = undefined;
    this.#options.changed();
  }
}

/** One Secret. What is known of it stays while it cannot be read: the session must not end for that. */
class FollowedSecret {
  entries: readonly (readonly [key: string, text: string])[] = [];
  readonly read: Promise<void>;
  readonly #name: string;
  readonly #options: PasswordWatchOptions;
  readonly #changed: () => void;
  readonly #stop = new AbortController();
  #complaint: string | undefined;

  constructor(name: string, options: PasswordWatchOptions, changed: () => void) {
    this.#name = name;
    this.#options = options;
    this.#changed = changed;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.read = promise;
    void this.#follow(resolve).finally(resolve);
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(tried: () => void): Promise<void> {
    const { cluster, namespace } = this.#options;
    const selection = { namespace, fieldSelector: `metadata.name=${this.#name}` };
    try {
      for await (const event of cluster().follow(SECRETS, this.#stop.signal, selection)) {
        if (event.kind === 'interrupted') this.#complain(event.error.message);
        else this.#take(event);
        tried();
      }
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      if (error.code !== 'closed') this.#complain(error.message);
    }
  }

  #take(event: Exclude<ObjectEvent, { kind: 'interrupted' }>): void {
    this.#complaint = undefined;
    const object = event.kind === 'snapshot' ? event.objects[0] : event.object;
    const entries = object === undefined || event.kind === 'delete' ? [] : entriesOf(object);
    if (JSON.stringify(entries) === JSON.stringify(this.entries)) return;
    this.entries = entries;
    const { log, namespace } = this.#options;
    log.info('bgp-passwords-read', `Secret ${namespace}/${this.#name} has ${entries.length} keys`, {
      keys: entries.map(([key]) => key),
    });
    this.#changed();
  }

  #complain(message: string): void {
    if (this.#complaint === message) return;
    this.#complaint = message;
    const { log, namespace } = this.#options;
    log.error('bgp-passwords-unread', message, {
      object: `Secret ${namespace}/${this.#name}`,
      hint: 'sessions with passwords that are not known are left out; tried again by itself',
    });
  }
}

/** The values of a Secret, which are base64 of UTF-8. */
function entriesOf(object: KubernetesObject): [key: string, text: string][] {
  const { data } = object as { readonly data?: Readonly<Record<string, string>> | null };
  return Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
}
