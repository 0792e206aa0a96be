/**
 * Which address of a family the Node is to have. Pure.
 *
 * Source: Calico's IP and IP6.
 */
import { type AddressFacts, type AutodetectMethod, detectAddress, type LocalInterface } from '@weft/calc';
import { type Family, familyOf, parseAddress, parseInterfaceAddress } from '@weft/ip';
import { StartupError } from '../startup-error.ts';

/** What an operator says about the address of a family. */
export interface AddressSetting {
  readonly family: Family;
  /**
   * `autodetect`, `none`, or an address, with or without the length of its subnet. Empty: the Node's own address counts; an
   * IPv4 address is detected where it has none.
   */
  readonly wanted: string;
  readonly method: AutodetectMethod;
}

/** The choice. Without an address the node has none of that family. */
export interface ChosenAddress {
  readonly family: Family;
  readonly address?: string;
  readonly reason: string;
}

/** True where the address is looked for, now and again while the daemon runs. */
export function isDetected({ family, wanted }: AddressSetting, current: string | undefined): boolean {
  return wanted === 'autodetect' || (wanted === '' && family === 4 && current === undefined);
}

/**
 * Chooses. What the Node has stays where nothing else is found or wanted: somebody may have written it by hand. Throws
 * StartupError for text that is no address.
 *
 * @param current what the Node has
 */
export function chooseAddress(
  setting: AddressSetting,
  current: string | undefined,
  facts: AddressFacts,
): ChosenAddress {
  const { family, method, wanted } = setting;
  if (!isDetected(setting, current)) return given(setting, current, facts);
  const detected = detectAddress(method, facts, family);
  if (detected.kind === 'found') return { family, address: detected.address, reason: detected.reason };
  const kept = wanted === 'autodetect' ? current : undefined;
  return kept === undefined
    ? { family, reason: detected.reason }
    : { family, address: kept, reason: `${detected.reason}; the Node keeps ${kept}` };
}

function given(
  { family, wanted }: AddressSetting,
  current: string | undefined,
  { interfaces }: AddressFacts,
): ChosenAddress {
  if (wanted !== 'none' && wanted !== '') {
    const address = explicitAddress(family, wanted, interfaces);
    return { family, address, reason: `${wanted} is set${whereFound(address, interfaces)}` };
  }
  const setting = wanted === 'none' ? 'none is to be looked for' : 'none is set';
  return current === undefined
    ? { family, reason: setting }
    : { family, address: current, reason: `${setting}; the Node has ${current}` };
}

function whereFound(wanted: string, interfaces: readonly LocalInterface[]): string {
  const bare = `${wanted.split('/')[0]}/`;
  const holder = interfaces.find(({ addresses }) => addresses.some((text) => text.startsWith(bare)));
  return holder === undefined ? ', and no interface has it' : `, and ${holder.name} has it`;
}

/** A bare address takes the length of its subnet from the interface that has it. Departs from Calico: in IPv6 too. */
function explicitAddress(family: Family, text: string, interfaces: readonly LocalInterface[]): string {
  const withLength = text.includes('/')
    ? text
    : (lengthOnInterface(text, interfaces) ?? `${text}/${family === 4 ? 32 : 128}`);
  const parsed = parseInterfaceAddress(withLength);
  const hint = `write it as ${family === 4 ? '10.0.0.1/24' : 'fd00::1/64'}, or autodetect, or none`;
  if (!parsed.ok) throw new StartupError(parsed.reason, text, hint);
  if (familyOf(parsed.value.address) !== family)
    throw new StartupError(`not an IPv${family} address`, text, hint);
  return withLength;
}

function lengthOnInterface(text: string, interfaces: readonly LocalInterface[]): string | undefined {
  const wanted = parseAddress(text);
  if (!wanted.ok) return undefined;
  return interfaces
    .flatMap(({ addresses }) => addresses)
    .find((address) => address.startsWith(`${wanted.value}/`));
}
