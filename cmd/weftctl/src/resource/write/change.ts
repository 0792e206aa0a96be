/** What a document makes of the stored object. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '@weft/resources';
import type { Failure } from '../../failure.ts';
import type { Document } from '../input/documents.ts';
import { objectName } from '../kind-argument.ts';

/** What a user may say about a new object; the store adds identity and revision. */
export function asNew(resource: Resource): Resource {
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
export function asReplacement(resource: Resource, stored: Resource): Resource {
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

/** True when writing `next` over `stored` would change nothing. */
export function isUnchanged(next: Resource, stored: Resource): boolean {
  return isDeepStrictEqual(next, stored);
}

/** A document that names a revision was read from the store; it must not undo what changed since. */
export function outdated(document: Document, stored: Resource): Failure | undefined {
  const { resourceVersion } = document.resource.metadata;
  if (resourceVersion === undefined || resourceVersion === stored.metadata.resourceVersion) return undefined;
  return {
    what: `${document.place}: revision ${resourceVersion} is out of date, the latest is ${stored.metadata.resourceVersion}`,
    object: objectName(document.key),
    hint: 'Get the object again and repeat the change, or remove metadata.resourceVersion to overwrite it.',
  };
}
