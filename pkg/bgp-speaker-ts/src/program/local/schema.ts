/**
 * The command `schema`.
 */

import { jsonSchema } from '../config/file-schema.ts';

/** Prints the JSON Schema of the configuration file. */
export async function schema(): Promise<void> {
  console.log(JSON.stringify(jsonSchema(), undefined, 2));
}
