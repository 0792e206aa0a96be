/**
 * Every file that follows from the schemas. `hack/generate.ts` writes them; a test compares them with what is there.
 */
import { customResourceDefinition } from './crd.ts';
import { editorFiles } from './editor-files.ts';
import { kindNames, kinds } from './kinds.ts';
import { referencePage } from './reference.ts';
import { toJsonSchema } from './schema/json-schema.ts';
import { typescriptOf } from './typescript.ts';

/** A file by its path from the root of the repository. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Folders that hold nothing but generated files. */
export const generatedFolders: readonly string[] = ['manifests/crds', 'manifests/schemas'];

/** All generated files, sorted by path within their kind. */
export function generatedFiles(): GeneratedFile[] {
  const schemas = Object.fromEntries(kindNames.map((kind) => [kind, toJsonSchema(kinds[kind].schema)]));
  const crds = (['v1', 'v3'] as const).flatMap((version) =>
    kindNames.flatMap((kind) => {
      const crd = customResourceDefinition(kind, version);
      return crd === undefined
        ? []
        : [{ path: `manifests/crds/${version}/${crd.name}.yaml`, text: crd.text }];
    }),
  );
  return [
    { path: 'pkg/resources/src/generated/types.ts', text: typescriptOf(schemas) },
    ...crds,
    ...editorFiles().map(({ name, text }) => ({ path: `manifests/schemas/${name}`, text })),
    { path: 'pkg/resources/REFERENCE.md', text: referencePage() },
  ];
}
