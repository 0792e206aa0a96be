/** `weftctl apply`, `create` and `replace`: what a file lists goes into the datastore. */
import type { Datastore } from '@weft/datastore';
import type { Resource } from '@weft/resources';
import type { Failure, Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { withStore } from '../where.ts';
import { crossCheck } from './cross-checks.ts';
import { type Document, readDocuments, throwIfAny } from './documents.ts';
import { notThere } from './get.ts';
import { objectName } from './kind-argument.ts';
import { type Outcome, summarise } from './summary.ts';

/** How often a write is tried when other writers come in between, as calicoctl does. */
const ATTEMPTS = 5;

/** Options of the three commands. */
export interface WriteOptions extends WhereOptions {
  readonly filename: string;
  readonly namespace?: string;
  readonly skipExists?: boolean;
}

/** Checks all documents, then writes one after the other; what fails does not stop the rest. */
export async function write(verb: 'apply' | 'create' | 'replace', options: WriteOptions): Promise<Report> {
  const documents = await readDocuments(options.filename, options.namespace);
  return withStore(options, verb !== 'replace', async (store) => {
    throwIfAny(await crossCheck(store, documents));
    const outcomes: Outcome[] = [];
    for (const document of documents) {
      const failure = await writeOne(store, verb, document, options.skipExists ?? false);
      outcomes.push({ kind: document.key.kind, failure });
    }
    return summarise(verb, outcomes);
  });
}

function writeOne(
  store: Datastore,
  verb: 'apply' | 'create' | 'replace',
  document: Document,
  skipExists: boolean,
): Promise<Failure | undefined> {
  switch (verb) {
    case 'create':
      return create(store, document, skipExists);
    case 'replace':
      return replace(store, document);
    case 'apply':
      return apply(store, document);
  }
}

async function create(
  store: Datastore,
  document: Document,
  skipExists: boolean,
): Promise<Failure | undefined> {
  const outcome = await store.create(asNew(document.resource));
  if (outcome.kind === 'written' || skipExists) return undefined;
  return {
    what: 'resource already exists',
    object: objectName(document.key),
    hint: '"weftctl apply" replaces it.',
  };
}

/** Reads and replaces until no other writer comes in between. */
async function replace(store: Datastore, document: Document): Promise<Failure | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await store.get(document.key);
    if (stored === undefined) return notThere(document.key);
    const failure = outdated(document, stored);
    if (failure !== undefined) return failure;
    const outcome = await store.update(asReplacement(document.resource, stored));
    if (outcome.kind === 'written') return undefined;
  }
  return tooBusy(document);
}

async function apply(store: Datastore, document: Document): Promise<Failure | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await store.get(document.key);
    if (stored !== undefined) return replace(store, document);
    const outcome = await store.create(asNew(document.resource));
    if (outcome.kind === 'written') return undefined;
  }
  return tooBusy(document);
}

/** A document that names a revision was read from the store; it must not undo what changed since. */
function outdated(document: Document, stored: Resource): Failure | undefined {
  const { resourceVersion } = document.resource.metadata;
  if (resourceVersion === undefined || resourceVersion === stored.metadata.resourceVersion) return undefined;
  return {
    what: `${document.place}: revision ${resourceVersion} is out of date, the latest is ${stored.metadata.resourceVersion}`,
    object: objectName(document.key),
    hint: 'Get the object again and repeat the change, or remove metadata.resourceVersion to overwrite it.',
  };
}

function tooBusy(document: Document): Failure {
  return {
    what: `Other writers changed the object ${ATTEMPTS} times while it was written`,
    object: objectName(document.key),
    hint: 'Try again.',
  };
}

/** What a user may say about a new object; the store adds identity and revision. */
function asNew(resource: Resource): Resource {
  const { name, namespace, labels, annotations } = resource.metadata;
  return {
    ...resource,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
    },
  } as Resource;
}

/** The stored object with the user's spec, labels and annotations; a status that is not given stays. */
function asReplacement(resource: Resource, stored: Resource): Resource {
  const { labels: _labels, annotations: _annotations, ...kept } = stored.metadata;
  const { labels, annotations } = resource.metadata;
  const status = 'status' in stored ? { status: stored.status } : {};
  return {
    ...status,
    ...resource,
    metadata: {
      ...kept,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
    },
  } as Resource;
}
