/** JSON and YAML, for programs. */

/** The value as JSON or YAML text, without a final line break. Integers keep all digits. */
export async function printStructured(value: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') {
    const { stringifyJson } = await import('@weft/resources');
    return stringifyJson(value, 2);
  }
  const { stringify } = await import('yaml');
  // Readers of YAML 1.1 (Go's) would take an unquoted timestamp or "on" for something other than text.
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
