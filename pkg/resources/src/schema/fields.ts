/**
 * The field types the kinds are written with: each reads what Calico accepts and gives weft's canonical value.
 *
 * What zod cannot say travels as metadata: `typescript` (the type to generate), `typeName` (the name of an object
 * type), `textType` (what users call a text of this form), `jsonSchema` (the schema to publish in place of the derived
 * one), `editor` and `crd` (the same for one purpose only), `immutable`.
 */
import {
  type Address,
  type Family,
  familyOf,
  hostPrefix,
  type MacAddress,
  type Parsed,
  type Prefix,
  parseAddress,
  parseInterfaceAddress,
  parseMac,
  parsePrefix,
} from '@weft/ip';
import { z } from 'zod';
import { showValue } from '../issue.ts';
import { parseSelector } from '../selector/selector.ts';
import { parseAsNumber } from '../text/as-number.ts';
import { parseCommunity } from '../text/community.ts';
import { parseDuration } from '../text/duration.ts';
import { parseGoPattern } from '../text/go-pattern.ts';

/** An object that keeps the fields it does not know; `typeName` names its TypeScript type. */
export function object<S extends z.ZodRawShape>(typeName: string, shape: S): z.ZodObject<S, z.core.$loose> {
  return z.looseObject(shape).meta({ typeName }) as z.ZodObject<S, z.core.$loose>;
}

/** A field read by one of our parsers; `typescript` is the type of its value, `textType` what users call it. */
export function parsed<T>(
  parse: (text: string) => Parsed<T>,
  typescript: string,
  textType: string,
): z.ZodType<T, string> {
  return z
    .string()
    .transform((text, context) => {
      const result = parse(text);
      if (result.ok) return result.value;
      context.addIssue({ code: 'custom', message: result.reason });
      return z.NEVER;
    })
    .meta({ typescript, textType });
}

/** A field that stays as written but must be readable by one of our parsers. */
export function checked(
  parse: (text: string) => Parsed<unknown>,
  textType: string,
  maxLength = 1024,
): z.ZodType<string, string> {
  return z
    .string()
    .max(maxLength)
    .superRefine((text, context) => {
      const result = parse(text);
      if (!result.ok) context.addIssue({ code: 'custom', message: result.reason });
    })
    .meta({ textType });
}

/** An IP address of either or of the given family. */
export function addressField(family?: Family): z.ZodType<Address, string> {
  return parsed((text) => inFamily(parseAddress(text), family), 'Address', `${of(family)} address`);
}

/** A strictly masked prefix. */
export function strictPrefixField(): z.ZodType<Prefix, string> {
  return parsed(parsePrefix, 'Prefix', 'CIDR').meta({ format: 'cidr', maxLength: 48 });
}

/** A prefix, strictly masked, or an address, which stands for its host prefix. */
export function networkField(family?: Family): z.ZodType<Prefix, string> {
  return parsed((text) => inFamily(parseNetwork(text, parsePrefix), family), 'Prefix', cidrOf(family));
}

/** A prefix whose host bits are cleared, as Calico does with CIDRs that are not strict; or an address. */
export function cidrField(family?: Family): z.ZodType<Prefix, string> {
  return parsed((text) => inFamily(parseNetwork(text, maskedPrefix), family), 'Prefix', cidrOf(family));
}

function maskedPrefix(text: string): Parsed<Prefix> {
  const result = parseInterfaceAddress(text);
  return result.ok ? { ok: true, value: result.value.prefix } : result;
}

function parseNetwork(text: string, parse: (text: string) => Parsed<Prefix>): Parsed<Prefix> {
  if (text.includes('/')) return parse(text);
  const address = parseAddress(text);
  return address.ok ? { ok: true, value: hostPrefix(address.value) } : address;
}

/** An address with the length of its network, "10.0.0.1/24"; an address alone stands for its host prefix. */
export function interfaceAddressField(family: Family): z.ZodType<string, string> {
  return parsed(
    (text) => {
      const result = parseInterfaceAddress(text.includes('/') ? text : `${text}/${family === 4 ? 32 : 128}`);
      if (!result.ok) return result;
      const { address, prefixLength } = result.value;
      const checkedAddress = inFamily({ ok: true, value: address }, family);
      return checkedAddress.ok ? { ok: true, value: `${address}/${prefixLength}` } : checkedAddress;
    },
    'string',
    `${of(family)} address with prefix length`,
  );
}

function of(family: Family | undefined): string {
  return family === undefined ? 'IP' : `IPv${family}`;
}

function cidrOf(family: Family | undefined): string {
  return family === undefined ? 'CIDR or address' : `IPv${family} CIDR or address`;
}

function inFamily<T extends Address | Prefix>(result: Parsed<T>, family: Family | undefined): Parsed<T> {
  if (!result.ok || family === undefined || familyOf(result.value) === family) return result;
  return { ok: false, reason: `${result.value} is not IPv${family}` };
}

/** A MAC address. */
export function macField(): z.ZodType<MacAddress, string> {
  return parsed(parseMac, 'MacAddress', 'MAC address');
}

/** A label selector; kept as written. */
export function selectorField(): z.ZodType<string, string> {
  return checked(parseSelector, 'selector').meta({ maxLength: 1024 });
}

/** A duration in Go's syntax, "90s"; kept as written. */
export function durationField(): z.ZodType<string, string> {
  return checked(parseDuration, 'duration').meta({
    pattern: '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)?$',
  });
}

/** A BGP community, "65000:100", or large community, "65000:1:2"; kept as written. */
export function communityField(): z.ZodType<string, string> {
  return checked(parseCommunity, 'community', 32).meta({ pattern: '^[0-9]+:[0-9]+(:[0-9]+)?$' });
}

/** An AS number: an integer, or text in decimal or "high.low" notation. The value is an integer. */
export function asNumberField(): z.ZodType<number> {
  return z
    .any()
    .transform((value, context) => {
      const result = parseAsNumber(value);
      if (result.ok) return result.value;
      context.addIssue({ code: 'custom', message: result.reason });
      return z.NEVER;
    })
    .meta({
      typescript: 'number',
      textType: 'AS number',
      jsonSchema: { type: 'integer', format: 'int64', minimum: 1, maximum: 4294967295 },
      crd: { both: { minimum: 0 } },
      editor: {
        anyOf: [
          { type: 'integer', minimum: 1, maximum: 4294967295 },
          { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?$' },
        ],
      },
    });
}

/** An unsigned 64-bit integer, as bigint. Calico's sequence numbers exceed 2^53. */
export function uint64Field(): z.ZodType<bigint> {
  return z
    .any()
    .transform((value, context) => {
      if (typeof value === 'bigint' && value >= 0n && value < 1n << 64n) return value;
      if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
      const lost =
        Number.isInteger(value) && value > 0 ? '; digits beyond 2^53 were lost before it came here' : '';
      context.addIssue({
        code: 'custom',
        message: `${showValue(value)} is not an unsigned 64-bit integer${lost}`,
      });
      return z.NEVER;
    })
    .meta({ typescript: 'bigint', jsonSchema: { type: 'integer', format: 'int64' } });
}

/** A boolean that may also be the text "true" or "false", as crd.projectcalico.org/v1 stores it (BlockAffinity). */
export function booleanTextField(): z.ZodType<boolean> {
  return z
    .any()
    .transform((value, context) => {
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 'false') return value === 'true';
      context.addIssue({ code: 'custom', message: `${showValue(value)} is neither true nor false` });
      return z.NEVER;
    })
    .meta({ typescript: 'boolean', jsonSchema: { type: 'boolean' } });
}

/** An array without repetition. */
export function setOf<T>(item: z.ZodType<T, unknown>): z.ZodType<T[]> {
  return z
    .array(item)
    .superRefine((items, context) => {
      items.forEach((value, index) => {
        if (items.indexOf(value) < index)
          context.addIssue({
            code: 'custom',
            message: `${showValue(value)} is listed twice`,
            path: [index],
          });
      });
    })
    .meta({ 'x-kubernetes-list-type': 'set' });
}

/** Text of a given shape; `what` completes "is not …". */
export function pattern(expression: RegExp, what: string): z.ZodType<string, string> {
  return z
    .string()
    .regex(expression, { error: (issue) => `${showValue(issue.input)} is not ${what}` })
    .meta({ shape: what });
}

/** One of the words in any case; kept as written. */
export function anyCase(words: readonly string[]): z.ZodType<string, string> {
  const expected = words.map((word) => word.toLowerCase());
  return z
    .string()
    .refine((text) => expected.includes(text.toLowerCase()), {
      error: (issue) => `${showValue(issue.input)} is not one of ${words.join(', ')}`,
    })
    .meta({ words, jsonSchema: { pattern: `^(?i)(${words.join('|')})?$` } });
}

/** A regular expression in Go's syntax; kept as written. */
export function goPatternField(): z.ZodType<string, string> {
  return checked(parseGoPattern, 'regular expression');
}

/** A port, or a range of ports as "first:last"; kept as written. */
export function portRangeField(): z.ZodType<number | string> {
  return z
    .union([z.int(), z.string()])
    .superRefine((value, context) => {
      const [first = 0, last = first, ...rest] = String(value).split(':').map(wholeNumber);
      if (first >= 1 && first <= last && last <= 65535 && rest.length === 0) return;
      const message = `${showValue(value)} is neither a port nor a range like 30000:32767`;
      context.addIssue({ code: 'custom', message });
    })
    .meta({ typescript: 'number | string', textType: 'port or range of ports' });
}

function wholeNumber(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
}

/** The name of a network interface. */
export function interfaceNameField(): z.ZodType<string, string> {
  return pattern(/^[a-zA-Z0-9_.-]{1,15}$/, 'an interface name of up to 15 characters');
}

/** The name of a network interface, or a pattern with "*" as wildcard. */
export function interfacePatternField(): z.ZodType<string, string> {
  return pattern(/^[a-zA-Z0-9_.*-]{1,15}$/, 'an interface name of up to 15 characters, * as wildcard');
}

/** A point in time, RFC 3339. */
export function timeField(): z.ZodType<string, string> {
  return z.string().meta({ format: 'date-time', textType: 'time' });
}

/** A reference to one key of a Kubernetes Secret. */
export function secretKeyField(): z.ZodObject {
  return object('SecretKeySource', {
    secretKeyRef: object('SecretKeyRef', {
      name: z.string().describe('Name of the Secret, in the namespace of the daemon.'),
      key: z.string().describe('Key inside the Secret.'),
      optional: z.boolean().optional().describe('True when the Secret may be missing.'),
    })
      .optional()
      .describe('The key to read.'),
  });
}
