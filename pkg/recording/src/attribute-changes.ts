/** What is different in the attributes a peer sends with a prefix, in few words. */
import { type Address, addressFromBytes } from '@weft/ip';
import {
  type Aggregator,
  formatAsPath,
  formatCommunity,
  formatLargeCommunity,
  type PathAttributes,
} from 'bgp-speaker-ts';

/** Next hops are told by themselves. */
type Compared = Exclude<keyof PathAttributes, 'nextHop'>;

/** How an attribute is called, and its value: a text, or the members of a set. */
type Shown<Value> = readonly [label: string, show: (value: Value) => string | readonly string[]];

const ORIGINS = ['igp', 'egp', 'incomplete'] as const;

const ATTRIBUTES: { readonly [Name in Compared]: Shown<NonNullable<PathAttributes[Name]>> } = {
  localPref: ['LOCAL_PREF', String],
  asPath: ['AS_PATH', formatAsPath],
  origin: ['ORIGIN', (origin) => ORIGINS[origin]],
  med: ['MED', String],
  communities: ['communities', (all) => all.map(formatCommunity)],
  largeCommunities: ['large communities', (all) => all.map(formatLargeCommunity)],
  extendedCommunities: [
    'extended communities',
    (all) => all.map(({ high, low }) => `${hex(high, 8)}${hex(low, 8)}`),
  ],
  originatorId: ['ORIGINATOR_ID', ipv4Address],
  clusterList: ['CLUSTER_LIST', (all) => all.map(ipv4Address).join(' ')],
  atomicAggregate: ['ATOMIC_AGGREGATE', () => 'set'],
  aggregator: ['AGGREGATOR', aggregatorText],
  as4Path: ['AS4_PATH', formatAsPath],
  as4Aggregator: ['AS4_AGGREGATOR', aggregatorText],
  otc: ['OTC', String],
  unknown: [
    'unknown attributes',
    (all) => all.map(({ code, value }) => `${code}:${Array.from(value, (octet) => hex(octet, 2)).join('')}`),
  ],
};

/** Each difference: `LOCAL_PREF 100 -> 200`, `communities +65000:1 -65000:2`. */
export function attributeChanges(before: PathAttributes, after: PathAttributes): string[] {
  const names = Object.keys(ATTRIBUTES) as Compared[];
  return names.flatMap((name) => change(name, before, after) ?? []);
}

/** The IPv4 address that attributes have as one number. */
export function ipv4Address(value: number): Address {
  return addressFromBytes(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
}

function change<Name extends Compared>(
  name: Name,
  before: PathAttributes,
  after: PathAttributes,
): string | undefined {
  const [label, show] = ATTRIBUTES[name] as Shown<PathAttributes[Name]>;
  const [was, is] = [before, after].map((one) => (one[name] === undefined ? undefined : show(one[name])));
  if (Array.isArray(was) || Array.isArray(is)) {
    const members = membersChange((was ?? []) as readonly string[], (is ?? []) as readonly string[]);
    return members === '' ? undefined : `${label} ${members}`;
  }
  return was === is ? undefined : `${label} ${valueText(was)} -> ${valueText(is)}`;
}

function membersChange(was: readonly string[], is: readonly string[]): string {
  const added = is.filter((member) => !was.includes(member)).map((member) => `+${member}`);
  const removed = was.filter((member) => !is.includes(member)).map((member) => `-${member}`);
  return [...added, ...removed].join(' ');
}

function valueText(value: unknown): string {
  return value === undefined ? 'none' : `${value}` || 'empty';
}

function aggregatorText({ address, asn }: Aggregator): string {
  return `AS ${asn} ${ipv4Address(address)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
