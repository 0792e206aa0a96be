/**
 * Network configuration lists: weft's own, one from a template, and what is known of others'. Pure.
 *
 * Source: CNI specification 1.1.0, section 1; the placeholders are those of Calico's installer.
 */
import { CliError } from '../failure.ts';

/** What weft's own list is made of. */
export interface NetworkOptions {
  readonly network: string;
  /** Bytes; 0 or absent: weftd's choice. */
  readonly mtu?: number;
  readonly ipv6?: boolean;
}

/** The type in a configuration, and so the plugin's file name. */
export const PLUGIN = 'weft';

/** weft, then published ports and rate limits by the plugins that every distribution has. */
export function ownConflist({ network, mtu, ipv6 }: NetworkOptions): string {
  const weft = {
    type: PLUGIN,
    ...(mtu && { mtu }),
    ...(ipv6 && { ipam: { type: PLUGIN, assign_ipv4: 'true', assign_ipv6: 'true' } }),
    capabilities: { ips: true, mac: true },
  };
  const plugins = [
    weft,
    { type: 'portmap', snat: true, capabilities: { portMappings: true } },
    { type: 'bandwidth', capabilities: { bandwidth: true } },
  ];
  return `${JSON.stringify({ name: network, cniVersion: '1.0.0', plugins }, undefined, 2)}\n`;
}

/** A list from a template: each `__NAME__` becomes the value of that name. Throws when the result would not work. */
export function filledTemplate(
  template: string,
  values: Readonly<Record<string, string | undefined>>,
  source: string,
): string {
  const missing = new Set<string>();
  const text = template.replaceAll(/__([A-Z][A-Z0-9_]*?)__/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) missing.add(placeholder);
    return JSON.stringify(value ?? '').slice(1, -1);
  });
  if (missing.size > 0) {
    const names = [...missing].map((one) => one.slice(2, -2)).join(', ');
    const hint = `Set ${names} in the environment, or leave it out: weft needs no credentials on the host.`;
    throw unusable('A placeholder has no value', `${[...missing].join(', ')} in ${source}`, hint);
  }
  const summary = summaryOf(text);
  if (summary === undefined) throw unusable('The template is not JSON', source, 'Correct it.');
  if (summary.network === undefined || !summary.types.includes(PLUGIN)) {
    const hint = `It must have a "name", and "plugins" of which one has "type": "${PLUGIN}".`;
    throw unusable('The template is no network configuration of weft', source, hint);
  }
  return text;
}

/** What a runtime would make of a file: the network's name and its plugins. Undefined when it is not JSON. */
export function summaryOf(
  text: string,
): { readonly network?: string; readonly types: readonly string[] } | undefined {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, plugins, type } = value as Record<string, unknown>;
  const entries = Array.isArray(plugins) ? plugins : [{ type }];
  const types = entries.map((entry) => entry?.type).filter((one) => typeof one === 'string');
  return { types, ...(typeof name === 'string' && { network: name }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unusable(what: string, object: string, hint: string): CliError {
  return new CliError([{ what, object, hint: `${hint} Nothing was changed.` }]);
}
