/**
 * A process with several nodes, each with an allocator of its own, all on one connection. It says "ready", waits for a line,
 * and then wants addresses for all pods of all its nodes at once. Arguments: CrowdTask as JSON.
 */
import { once } from 'node:events';
import { type DatastoreChoice, openDatastore } from '@weft/datastore';
import type { Ipam } from '@weft/ipam';
import { mirroredIpam } from './mirrored-ipam.ts';

/** What a process is told. */
export interface CrowdTask {
  readonly choice: DatastoreChoice;
  readonly nodes: readonly string[];
  readonly podsPerNode: number;
}

/** What a process did. */
export interface CrowdReport {
  readonly assigned: number;
  readonly conflicts: number;
  /** ADDs that the store failed, each tried again. */
  readonly storeFailures: number;
  readonly milliseconds: readonly number[];
}

const { choice, nodes, podsPerNode } = JSON.parse(process.argv[2] ?? '') as CrowdTask;
const ipam = await mirroredIpam(await openDatastore(choice));
console.log('ready');
await once(process.stdin, 'data');
const milliseconds: number[] = [];
let assigned = 0;
let storeFailures = 0;
const pods = nodes.flatMap((node) => {
  const allocator = ipam.allocator();
  return Array.from({ length: podsPerNode }, async (_, pod) => {
    const start = performance.now();
    if (await add(allocator, node, `bench.${node}-${pod}`)) assigned++;
    milliseconds.push(performance.now() - start);
  });
});
await Promise.all(pods);
const report: CrowdReport = { assigned, conflicts: ipam.conflicts(), storeFailures, milliseconds };
console.log(JSON.stringify(report));
await ipam.close();

/** As a container runtime does it: an ADD that failed is taken back and tried again. */
async function add(allocator: Ipam, node: string, handle: string): Promise<boolean> {
  for (;;) {
    try {
      const outcome = await allocator.autoAssign({ node, handle, num4: 1, intendedUse: 'Workload' });
      return outcome.kind === 'assigned';
    } catch {
      storeFailures++;
      await allocator.releaseByHandle(handle).catch(() => undefined);
    }
  }
}
process.stdin.destroy();
