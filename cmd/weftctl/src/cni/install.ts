/** `weftctl cni install`: the plugin and its network configuration, so that runtimes on this host use weft. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError, type Report } from '../failure.ts';
import { configurationsIn } from './configurations.ts';
import { filledTemplate, type NetworkOptions, ownConflist, PLUGIN } from './conflist.ts';
import { onFile, placeFile } from './place-file.ts';

/** Where the two files go. */
export interface PlaceOptions {
  readonly binDir: string;
  readonly confDir: string;
  readonly confName: string;
}

/** Options of the command. */
export interface InstallOptions extends PlaceOptions, NetworkOptions {
  readonly plugin?: string;
  readonly template?: string;
}

/** Checks everything, then writes the plugin, then the configuration that makes runtimes use it. */
export async function install(
  options: InstallOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Report> {
  const conflist = conflistOf(options, environment);
  const plugin = options.plugin ?? builtPlugin();
  requireRunning(plugin);
  const notes = inspect(options);
  const target = join(options.binDir, PLUGIN);
  const configuration = join(options.confDir, options.confName);
  onFile(target, () => placeFile(target, readFileSync(plugin), 0o755));
  onFile(configuration, () => placeFile(configuration, conflist, 0o644));
  return { text: `Installed ${target} and ${configuration}`, failures: [], notes };
}

function conflistOf(options: InstallOptions, environment: NodeJS.ProcessEnv): string {
  const { template, mtu } = options;
  const values = { ...environment, ...(mtu !== undefined && { CNI_MTU: String(mtu) }) };
  if (template !== undefined)
    return filledTemplate(
      onFile(template, () => readFileSync(template, 'utf8')),
      values,
      template,
    );
  const text = environment.CNI_NETWORK_CONFIG;
  return text ? filledTemplate(text, values, 'CNI_NETWORK_CONFIG') : ownConflist(options);
}

/** What `npm run build:cni` made for this machine. */
function builtPlugin(): string {
  const toPrograms = import.meta.url.endsWith('.ts') ? '../../..' : '../..';
  return resolve(import.meta.dirname, toPrograms, 'weft-cni/dist', process.arch, PLUGIN);
}

/** One that cannot run here, or is something else, would keep every container from starting. */
function requireRunning(plugin: string): void {
  try {
    const options = { env: { CNI_COMMAND: 'VERSION' }, input: '', timeout: 10_000, stdio: 'pipe' } as const;
    const answer = JSON.parse(execFileSync(plugin, options).toString());
    if (!Array.isArray(answer.supportedVersions)) throw new Error('it does not answer VERSION');
  } catch (error) {
    const hint = `${(error as Error).message}. "npm run build:cni" makes one; --plugin says where it is. Nothing was changed.`;
    throw new CliError([{ what: 'The CNI plugin does not run on this machine', object: plugin, hint }]);
  }
}

/** Refuses to take the place of another CNI, and says of all others what they mean for weft. */
function inspect({ confDir, confName }: PlaceOptions): string[] {
  const { own, others } = configurationsIn(confDir, confName);
  const before = others.filter(({ name }) => name < confName);
  // Whoever put one before weft's later on (Multus does) meant it; the host must not lose its plugin for that.
  if (own === undefined && before.length > 0) {
    const hint = `Move it away, or choose a --conf-name that sorts before it. Nothing was changed.`;
    throw new CliError(
      before.map(({ path, description }) => ({
        what: `Container runtimes would go on using another CNI (${description})`,
        object: path,
        hint,
      })),
    );
  }
  return others.map(({ name, path, description }) => {
    const used = name < confName ? `this one. Move it away unless it is meant to be so` : confName;
    return `${path} (${description}) stays. Runtimes that take the first file use ${used}.`;
  });
}
