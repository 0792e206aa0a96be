/**
 * What a lab's datastore holds before the first weftd starts: its pools, its BGP configuration, the topology's own
 * resources, and the Nodes that carry labels.
 */
import { openDatastore } from '@weft/datastore';
import { checkPoolAgainst, type IPPool, parseResource, type Resource } from '@weft/resources';
import { labDatastore } from './datastore.ts';
import { LabError } from './issues.ts';
import type { Host, Pool, Topology } from './topology.ts';

const apiVersion = 'projectcalico.org/v3';

/** The resources of a topology, checked one by one and against each other. Throws `LabError` that names the first fault. */
export function checkResources(topology: Topology): Resource[] {
  const wanted = [
    ...topology.pools.map(poolResource),
    ...labelledNodes(topology.hosts),
    ...topology.resources,
  ];
  const resources = wanted.map(checkOne);
  const pools = resources.filter((resource): resource is IPPool => resource.kind === 'IPPool');
  for (const [index, pool] of pools.entries()) {
    const [issue] = checkPoolAgainst(pool, pools.slice(0, index));
    if (issue !== undefined)
      throw new LabError(
        issue.reason,
        `IPPool ${pool.metadata.name}`,
        issue.hint ?? 'correct `pools` in the topology',
      );
  }
  return resources;
}

/** Makes the lab's datastore with these resources in it. */
export async function writeResources(
  lab: string,
  topology: Topology,
  resources: readonly Resource[],
): Promise<void> {
  const store = await openDatastore(labDatastore(lab, topology), { create: true });
  try {
    for (const resource of resources) {
      const outcome = await store.create(resource);
      if (outcome.kind === 'already-exists') {
        throw new LabError(
          'the topology names a resource twice',
          `${resource.kind} ${resource.metadata.name}`,
          'remove one',
        );
      }
    }
  } finally {
    await store.close();
  }
}

function poolResource({ name, cidr, blockSize }: Pool): unknown {
  return {
    apiVersion,
    kind: 'IPPool',
    metadata: { name },
    spec: { cidr, ...(blockSize === undefined ? {} : { blockSize }) },
  };
}

// A weftd makes its Node by itself; one that carries labels has to be there before the peerings that select it.
function labelledNodes(hosts: readonly Host[]): unknown[] {
  return hosts
    .filter((host) => host.runs === 'weftd' && Object.keys(host.labels).length > 0)
    .map(({ name, labels }) => ({ apiVersion, kind: 'Node', metadata: { name, labels }, spec: {} }));
}

function checkOne(value: unknown): Resource {
  const parsed = parseResource(value);
  if (parsed.ok) return parsed.resource;
  const [issue] = parsed.issues;
  const { kind, metadata } = (value ?? {}) as { kind?: string; metadata?: { name?: string } };
  const object = [kind ?? 'a resource of the topology', metadata?.name, issue?.path]
    .filter(Boolean)
    .join(' ');
  throw new LabError(
    issue?.reason ?? 'not a resource',
    object,
    issue?.hint ?? 'correct `resources` or `pools` in the topology',
  );
}
