/**
 * The schemas as JSON Schema, in the dialect of OpenAPI 3.0 that Kubernetes uses too.
 */
import { z } from 'zod';

/** A JSON Schema: the keywords this package looks at, and any others. */
export interface JsonSchema {
  type?: string;
  description?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  nullable?: boolean;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  default?: unknown;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  /** The TypeScript type of the value, where the schema does not tell. */
  typescript?: string;
  /** The name of the TypeScript interface of an object. */
  typeName?: string;
  /** True when parsing fills the field in, so that it is always there. */
  defaulted?: boolean;
  /** What a text stands for, in the words of the reference: "IPv4 address". */
  textType?: string;
  /** What a text must look like, in words: "an interface name of up to 15 characters". */
  shape?: string;
  /** The words that may be written in any case. */
  words?: readonly string[];
  /** What stands in place of this schema in those for editors. */
  editor?: JsonSchema;
  /** Keywords that only the CRDs have: of both groups, of crd.projectcalico.org/v1, of projectcalico.org/v3. */
  crd?: { readonly both?: JsonSchema; readonly v1?: JsonSchema; readonly v3?: JsonSchema };
  /** The schema to publish in place of the derived one. */
  jsonSchema?: JsonSchema;
  [keyword: string]: unknown;
}

/**
 * The schema of what may be written: fields with a default are optional. It still carries this package's own keywords
 * (`typescript`, `typeName`, `immutable` …); `withoutPrivateKeywords` removes them.
 */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, zodSchema }) => tidy(jsonSchema as JsonSchema, zodSchema),
  });
  return json as JsonSchema;
}

function tidy(jsonSchema: JsonSchema, schema: z.core.$ZodType): void {
  if (schema instanceof z.ZodDefault) {
    jsonSchema.defaulted = true;
    // zod leaves out a bigint, which JSON has no word for.
    if (typeof schema.def.defaultValue === 'bigint') jsonSchema.default = Number(schema.def.defaultValue);
  }
  Object.assign(jsonSchema, jsonSchema.jsonSchema);
  delete jsonSchema.jsonSchema;
  // zod's integers are JavaScript's safe integers; the bounds say nothing to other programs.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

const privateKeywords = new Set([
  'typescript',
  'typeName',
  'textType',
  'shape',
  'immutable',
  'crd',
  'editor',
  'defaulted',
  'words',
]);

/** The schema for other programs: only keywords that the standard or Kubernetes defines. */
export function withoutPrivateKeywords(schema: JsonSchema): JsonSchema {
  return mapSchema(schema, (node) =>
    Object.fromEntries(Object.entries(node).filter(([keyword]) => !privateKeywords.has(keyword))),
  );
}

/** Rebuilds a schema from its leaves up. */
export function mapSchema(schema: JsonSchema, change: (node: JsonSchema) => JsonSchema): JsonSchema {
  const inside = (node: JsonSchema) => mapSchema(node, change);
  const { properties = {}, items, additionalProperties } = schema;
  const fields = Object.entries(properties).map(([name, node]) => [name, inside(node)] as const);
  return change({
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(fields) }),
    ...(items && { items: inside(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: inside(additionalProperties) }),
  });
}
