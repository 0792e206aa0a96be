/**
 * Nodes take the names that Kubernetes knows them by, and everything that names a node follows. Pure.
 *
 * Source: calicoctl, export.go and migrateipam.go; there only three of the five tunnels' handles follow.
 */
import { TUNNELS, tunnelHandle } from '@weft/ipam';
import { affinityName, handleName, type Node, type Resource } from '@weft/resources';

/** Old name → new name, of the nodes that have another one in Kubernetes. */
export type NodeNames = ReadonlyMap<string, string>;

/** What Kubernetes calls the nodes; `unknown` lists those without a reference to it. */
export function nodeNamesOf(nodes: readonly Node[]): { renamed: NodeNames; unknown: string[] } {
  const known = nodes.map(({ metadata, spec }) => ({
    from: metadata.name,
    to: spec.orchRefs?.find(({ orchestrator }) => orchestrator === 'k8s')?.nodeName,
  }));
  return {
    renamed: new Map(known.flatMap(({ from, to }) => (to && to !== from ? [[from, to]] : []))),
    unknown: known.flatMap(({ from, to }) => (to ? [] : [from])),
  };
}

/** The resource under the new names. */
export function renameNodes<R extends Resource>(resource: R, names: NodeNames): R {
  return names.size === 0 ? resource : (renamed(resource, names) as R);
}

function renamed(resource: Resource, names: NodeNames): Resource {
  switch (resource.kind) {
    case 'Node':
      return named(resource, names.get(resource.metadata.name));
    case 'BGPConfiguration':
    case 'FelixConfiguration': {
      const to = names.get(resource.metadata.name.replace(/^node\./, ''));
      return named(resource, to && resource.metadata.name.startsWith('node.') ? `node.${to}` : undefined);
    }
    case 'BlockAffinity': {
      const node = names.get(resource.spec.node) ?? resource.spec.node;
      return named({ ...resource, spec: { ...resource.spec, node } }, affinityName(node, resource.spec.cidr));
    }
    case 'IPAMHandle': {
      const handleID = renamedHandle(resource.spec.handleID, names);
      return named({ ...resource, spec: { ...resource.spec, handleID } }, handleName(handleID));
    }
    case 'IPAMBlock':
      return { ...resource, spec: renamedBlock(resource.spec, names) };
    default:
      return resource;
  }
}

function named<R extends Resource>(resource: R, name: string | undefined): R {
  return name === undefined ? resource : { ...resource, metadata: { ...resource.metadata, name } };
}

type BlockSpec = Extract<Resource, { kind: 'IPAMBlock' }>['spec'];

function renamedBlock(spec: BlockSpec, names: NodeNames): BlockSpec {
  const owner = names.get(/^host:(.*)$/.exec(spec.affinity ?? '')?.[1] ?? '');
  const inOwner = (attributes: Readonly<Record<string, string>> | undefined) => {
    const node = names.get(attributes?.node ?? '');
    return node === undefined ? attributes : { ...attributes, node };
  };
  return {
    ...spec,
    ...(owner !== undefined && { affinity: `host:${owner}` }),
    attributes: spec.attributes.map((attribute) => ({
      ...attribute,
      ...(attribute.handle_id !== undefined && { handle_id: renamedHandle(attribute.handle_id, names) }),
      ...(attribute.secondary && { secondary: inOwner(attribute.secondary) as Record<string, string> }),
      ...(attribute.alternateOwnerAttrs && {
        alternateOwnerAttrs: inOwner(attribute.alternateOwnerAttrs) as Record<string, string>,
      }),
    })),
  };
}

/** Tunnels' handles end with the node's name. */
function renamedHandle(handle: string, names: NodeNames): string {
  for (const tunnel of TUNNELS) {
    const prefix = tunnelHandle(tunnel, '');
    const to = handle.startsWith(prefix) ? names.get(handle.slice(prefix.length)) : undefined;
    if (to !== undefined) return tunnelHandle(tunnel, to);
  }
  return handle;
}
