/**
 * What the environment says about the pools that the first node of a cluster makes, in the variables of Calico's node agent:
 * NO_DEFAULT_POOLS, CALICO_IPV4POOL_… and CALICO_IPV6POOL_…. They are read at every start and matter only where a family has
 * no pool at all; a pool that is there is changed with weftctl.
 */
import { type Family, familyOf, type Prefix, parsePrefix } from '@weft/ip';
import { type IPPool, parseResource } from '@weft/resources';
import { StartupError } from '../startup-error.ts';

/** How a pool carries what it does not route. */
type Encapsulation = IPPool['spec']['vxlanMode'];

/** The pool of one family. */
export interface PoolSettings {
  readonly family: Family;
  /** Absent: chosen where it is needed. */
  readonly cidr?: Prefix;
  readonly blockSize: number;
  readonly ipipMode: Encapsulation;
  readonly vxlanMode: Encapsulation;
  readonly natOutgoing: boolean;
  readonly nodeSelector: string;
  readonly disableBGPExport: boolean;
}

const ENCAPSULATIONS: Readonly<Record<string, Encapsulation>> = {
  '': 'Never',
  off: 'Never',
  never: 'Never',
  always: 'Always',
  crosssubnet: 'CrossSubnet',
  'cross-subnet': 'CrossSubnet',
};

const NO_WORDS = ['false', '0', 'no', 'n', 'f'];

/** Where the cidr of settings is still to be chosen, any range of the family stands for it. */
const ANY_RANGE: Readonly<Record<Family, string>> = { 4: '192.168.0.0/16', 6: 'fd00::/48' };

/** The settings of each family that is to have a pool. Throws StartupError that names the variable. */
export function readPoolSettings(environment: NodeJS.ProcessEnv): readonly PoolSettings[] {
  const ranges = ['CALICO_IPV4POOL_CIDR', 'CALICO_IPV6POOL_CIDR'].filter((name) => environment[name]);
  if (environment.NO_DEFAULT_POOLS?.toLowerCase() !== 'true')
    return ([4, 6] as const).flatMap((family) => settingsOf(family, environment) ?? []);
  if (ranges.length === 0) return [];
  throw new StartupError(
    'no default pools are to be made, and yet a range is set',
    `NO_DEFAULT_POOLS, ${ranges.join(', ')}`,
    'unset the one or the other',
  );
}

function settingsOf(family: Family, environment: NodeJS.ProcessEnv): PoolSettings | undefined {
  const variable = (name: string): string => `CALICO_IPV${family}POOL_${name}`;
  const text = (name: string): string => environment[variable(name)] ?? '';
  if (text('CIDR') === 'none') return undefined;
  const encapsulation = (name: string): Encapsulation => {
    const mode = ENCAPSULATIONS[text(name).toLowerCase()];
    if (mode !== undefined) return mode;
    throw refused(variable(name), text(name), 'use Never, Always or CrossSubnet');
  };
  const flag = (name: string, otherwise: boolean): boolean =>
    environment[variable(name)] === undefined ? otherwise : !NO_WORDS.includes(text(name).toLowerCase());
  const cidr = rangeIn(family, variable('CIDR'), text('CIDR'));
  const settings: PoolSettings = {
    family,
    ...(cidr && { cidr }),
    blockSize: Number(text('BLOCK_SIZE') || (family === 4 ? 26 : 122)),
    ipipMode: family === 4 ? encapsulation('IPIP') : 'Never',
    vxlanMode: encapsulation('VXLAN'),
    natOutgoing: flag('NAT_OUTGOING', family === 4),
    nodeSelector: text('NODE_SELECTOR') || 'all()',
    disableBGPExport: flag('DISABLE_BGP_EXPORT', false),
  };
  // What is wrong is said now, not when the last pool of the family is deleted a year later.
  poolOf(settings, cidr ?? (ANY_RANGE[family] as Prefix));
  return settings;
}

function rangeIn(family: Family, variable: string, text: string): Prefix | undefined {
  if (text === '') return undefined;
  const parsed = parsePrefix(text);
  const hint = `use an IPv${family} network like ${ANY_RANGE[family]}, or none`;
  if (!parsed.ok) throw refused(variable, parsed.reason, hint);
  if (familyOf(parsed.value) !== family) throw refused(variable, `${text} is not IPv${family}`, hint);
  return parsed.value;
}

/** The pool that settings describe, in a range. Throws StartupError when it would be refused. */
export function poolOf(settings: PoolSettings, cidr: Prefix): IPPool {
  const { family, cidr: _, ...rest } = settings;
  const parsed = parseResource({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: `default-ipv${family}-ippool` },
    spec: { cidr, ...rest },
  });
  if (parsed.ok) return parsed.resource as IPPool;
  const [issue] = parsed.issues;
  throw new StartupError(
    `the default IPv${family} pool is wrong: ${issue?.path}: ${issue?.reason}`,
    `CALICO_IPV${family}POOL_…`,
    issue?.hint ?? 'correct these variables',
  );
}

function refused(variable: string, what: string, hint: string): StartupError {
  return new StartupError(`${variable} makes no sense: ${what}`, variable, hint);
}
