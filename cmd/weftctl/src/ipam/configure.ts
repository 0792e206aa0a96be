/** `weftctl ipam configure`: changes some settings of IPAM and leaves the others. */
import type { Datastore } from '@weft/datastore';
import { type IPAMConfiguration, parseResource } from '@weft/resources';
import { CliError, type Report, usageError } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { withStore } from '../where.ts';

/** Options of the command; those that are absent stay as they are. */
export interface ConfigureOptions extends WhereOptions {
  readonly strictaffinity?: boolean;
  readonly autoAllocateBlocks?: boolean;
  readonly maxBlocksPerHost?: number;
  readonly kubevirtIpPersistence?: 'Enabled' | 'Disabled';
  readonly ipCooldownSeconds?: number;
}

type Spec = IPAMConfiguration['spec'];

/** Option → field of the resource, and the name calicoctl prints. */
const FIELDS = {
  strictaffinity: ['strictAffinity', 'StrictAffinity'],
  autoAllocateBlocks: ['autoAllocateBlocks', 'AutoAllocateBlocks'],
  maxBlocksPerHost: ['maxBlocksPerHost', 'MaxBlocksPerHost'],
  kubevirtIpPersistence: ['kubeVirtVMAddressPersistence', 'KubeVirtVMAddressPersistence'],
  ipCooldownSeconds: ['ipCooldownSeconds', 'IPCooldownSeconds'],
} as const satisfies Record<string, readonly [keyof Spec, string]>;

const KEY = { kind: 'IPAMConfiguration', name: 'default' } as const;

/** How often a change is tried against other writers. */
const ATTEMPTS = 5;

/** Writes the settings. */
export async function configure(options: ConfigureOptions): Promise<Report> {
  const wanted = Object.entries(FIELDS).flatMap(([option, [field, name]]) => {
    const value = options[option as keyof typeof FIELDS];
    return value === undefined ? [] : [{ field, name, value }];
  });
  if (wanted.length === 0)
    throw usageError('No setting is named', '', 'Give at least one, for example --strictaffinity=true.');
  const changes = Object.fromEntries(wanted.map(({ field, value }) => [field, value]));
  await withStore(options, false, (store) => writeSettings(store, changes));
  return {
    text: wanted.map(({ name, value }) => `Successfully set ${name} to: ${value}`).join('\n'),
    failures: [],
  };
}

/** Replaces the settings by what they are with the changes; refuses a combination that makes no sense. */
async function writeSettings(store: Datastore, changes: Partial<Spec>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const current = await store.get(KEY);
    const resource = checked({
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPAMConfiguration',
      metadata: current?.metadata ?? { name: 'default' },
      spec: { ...current?.spec, ...changes },
    });
    const { kind } = await (current ? store.update(resource) : store.create(resource));
    if (kind === 'written') return;
  }
  throw new CliError([
    {
      what: 'Other writers changed the settings every time',
      object: 'IPAMConfiguration "default"',
      hint: 'Nothing was changed. Try again.',
    },
  ]);
}

function checked(value: object): IPAMConfiguration & { readonly kind: 'IPAMConfiguration' } {
  const parsed = parseResource(value);
  if (parsed.ok) return parsed.resource as IPAMConfiguration & { readonly kind: 'IPAMConfiguration' };
  throw new CliError(
    parsed.issues.map((issue) => ({
      what: `The settings stay as they are: ${issue.reason}`,
      object: `IPAMConfiguration "default", ${issue.path}`,
      hint: issue.hint === undefined ? '' : `Instead ${issue.hint}.`,
    })),
  );
}
