/** `-l`: labels as kubectl selects them (`rack=r1,zone in (a,b),!old`), or a selector in Calico's language. */
import { parseSelector, type Selector } from '@weft/resources';
import { usageError } from '../../failure.ts';

/** Reads a selector of either kind; exit code 2 for what is neither. */
export function readLabelSelector(text: string): Selector {
  const parsed = parseSelector(fromKubectl(text) ?? text);
  if (parsed.ok) return parsed.value;
  throw usageError(
    `The selector cannot be read: ${parsed.reason}`,
    `-l ${text}`,
    `Write rack=r1,zone!=b or, in Calico's language, "rack == 'r1' && has(zone)".`,
  );
}

const NAME = '[\\w./-]+';
const REQUIREMENT = new RegExp(
  `^(?:(?<not>!)?(?<has>${NAME})|(?<key>${NAME})\\s*(?<operator>==?|!=|\\bin\\b|\\bnotin\\b)\\s*(?<value>[\\w.-]*|\\([\\w., -]*\\)))$`,
);

/** The same in Calico's language; undefined when it is not in kubectl's. */
function fromKubectl(text: string): string | undefined {
  const requirements = text
    .match(/(?:\([^)]*\)|[^,])+/g)
    ?.map((part) => REQUIREMENT.exec(part.trim())?.groups);
  if (requirements === undefined || requirements.includes(undefined)) return undefined;
  const conditions = requirements.map((groups) => condition(groups ?? {}));
  return conditions.includes(undefined) ? undefined : conditions.join(' && ');
}

function condition({
  not,
  has,
  key,
  operator,
  value = '',
}: Record<string, string | undefined>): string | undefined {
  if (has !== undefined) return not ? `!has(${has})` : `has(${has})`;
  const isSet = value.startsWith('(');
  switch (operator) {
    case '=':
    case '==':
      return isSet ? undefined : `${key} == '${value}'`;
    case '!=':
      return isSet ? undefined : `${key} != '${value}'`;
    default:
      return isSet ? `${key} ${operator === 'in' ? 'in' : 'not in'} {${quotedSet(value)}}` : undefined;
  }
}

function quotedSet(value: string): string {
  return value
    .slice(1, -1)
    .split(',')
    .map((item) => `'${item.trim()}'`)
    .join(', ');
}
