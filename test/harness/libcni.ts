/**
 * A network configuration list, called as libcni calls it: for the verbs and the capabilities that Debian's runtimes never
 * use. Source: CNI specification 1.0.0, sections 2 to 4.
 */
import { join } from 'node:path';
import type { Plugin } from './networks.ts';
import type { Ended } from './refusal.ts';
import type { RuntimeHost } from './runtime-host.ts';

/** One container, as a runtime knows it. */
export interface Sandbox {
  readonly containerId: string;
  /** Path of its network namespace; absent: it is gone. */
  readonly netns?: string;
  readonly interfaceName?: string;
  /** What a runtime fills for the capabilities that a plugin's entry lists. */
  readonly runtimeConfig?: Readonly<Record<string, unknown>>;
}

/** The environment of a call. */
function variables(command: string, { containerId, netns = '', interfaceName = 'eth0' }: Partial<Sandbox>) {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId ?? '',
    CNI_NETNS: netns,
    CNI_IFNAME: interfaceName,
    CNI_ARGS: '',
    CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
  };
}

/** Runs weft's plugin on a host with a standard input of any kind. */
export function callWeft(
  host: RuntimeHost,
  command: string,
  stdin: string | object,
  sandbox: Partial<Sandbox> = {},
): Promise<Ended> {
  const input = typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
  return host.attempt(['/opt/cni/bin/weft'], { environment: variables(command, sandbox), input });
}

/** A network on one host. */
export class Chain {
  readonly #host: RuntimeHost;
  readonly #network: { readonly cniVersion: string; readonly name: string; readonly plugins: Plugin[] };

  constructor(
    host: RuntimeHost,
    network: { readonly cniVersion: string; readonly name: string; readonly plugins: Plugin[] },
  ) {
    this.#host = host;
    this.#network = network;
  }

  /** ADD, one plugin after the other, each with the result of the one before; the last one's result. */
  async add(sandbox: Sandbox): Promise<object> {
    let result: object | undefined;
    for (const plugin of this.#network.plugins)
      result = JSON.parse(await this.#call('ADD', plugin, sandbox, result)) as object;
    return result ?? {};
  }

  /** CHECK, in the same order, each with the result of the whole chain. */
  async check(sandbox: Sandbox, result: object): Promise<void> {
    for (const plugin of this.#network.plugins) await this.#call('CHECK', plugin, sandbox, result);
  }

  /** DEL, backwards, each with the result of the whole chain. */
  async del(sandbox: Sandbox, result: object): Promise<void> {
    for (const plugin of this.#network.plugins.toReversed()) await this.#call('DEL', plugin, sandbox, result);
  }

  async #call(command: string, plugin: Plugin, sandbox: Sandbox, prevResult?: object): Promise<string> {
    const { cniVersion, name } = this.#network;
    const wanted = Object.entries((plugin.capabilities ?? {}) as Record<string, boolean>);
    const runtimeConfig = Object.fromEntries(
      wanted.flatMap(([key, has]) =>
        has && sandbox.runtimeConfig?.[key] ? [[key, sandbox.runtimeConfig[key]]] : [],
      ),
    );
    const { capabilities: _, ...entry } = plugin;
    const configuration = { ...entry, cniVersion, name, runtimeConfig, ...(prevResult && { prevResult }) };
    const { stdout, stderr, exitCode } = await this.#host.attempt([programOf(plugin)], {
      environment: variables(command, sandbox),
      input: JSON.stringify(configuration),
    });
    if (exitCode !== 0)
      throw new Error(`${command} of ${plugin.type} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  }
}

function programOf({ type }: Plugin): string {
  return join(type === 'weft' ? '/opt/cni/bin' : '/usr/lib/cni', type);
}
