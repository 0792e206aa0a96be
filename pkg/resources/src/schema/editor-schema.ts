/**
 * The schemas as JSON Schema (draft 7) for editors: what a user may write, so that a language server completes fields and
 * words and underlines what `parseResource` would refuse.
 */
import type { z } from 'zod';
import { type JsonSchema, mapSchema, toJsonSchema, withoutPrivateKeywords } from './json-schema.ts';

/** The schema of an object; unknown fields are wrong in it. */
export function editorSchema(schema: z.ZodType): JsonSchema {
  return withoutPrivateKeywords(mapSchema(toJsonSchema(schema), forEditors));
}

function forEditors({ nullable, format, editor, ...node }: JsonSchema): JsonSchema {
  const kept = Object.entries(node).filter(([keyword]) => !keyword.startsWith('x-kubernetes-'));
  return {
    ...(Object.fromEntries(kept) as JsonSchema),
    ...(format === 'date-time' && { format }),
    ...(nullable === true && { type: [node.type, 'null'] as unknown as string }),
    ...(node.properties && { additionalProperties: false }),
    ...(node['x-kubernetes-list-type'] === 'set' && { uniqueItems: true }),
    ...(node.words && inAnyCase(node.words)),
    ...(editor && { type: undefined, minimum: undefined, maximum: undefined, ...editor }),
  } as JsonSchema;
}

/** Editors offer the words of an enum, and know no patterns that ignore case. */
function inAnyCase(words: readonly string[]): Record<string, unknown> {
  const pattern = words.map((word) => word.replace(/[a-z]/gi, eitherCase)).join('|');
  return { pattern: undefined, anyOf: [{ enum: words }, { pattern: `^(${pattern})$` }] };
}

function eitherCase(letter: string): string {
  return `[${letter.toUpperCase()}${letter.toLowerCase()}]`;
}
