/**
 * The full mesh: every node with every other, route reflectors excepted.
 *
 * Source: Calico. A node with a cluster id has no mesh sessions, and nobody has one with it. A peer without an AS number
 * has that of the cluster; Calico's template takes that of the node it renders for, with which the two could not agree.
 */
import type { BgpCluster, BgpNode } from '../bgp-node.ts';
import { bfdRequest } from './bfd.ts';
import { type CandidateOutcome, type SessionOptions, withNotes } from './candidate.ts';
import { pairCandidates } from './node-pair.ts';
import { sessionTimes } from './session-times.ts';

const type = 'node-to-node mesh';
const askedBy = 'the mesh';

/** The sessions the mesh asks for. */
export function meshCandidates(own: BgpNode, cluster: BgpCluster): CandidateOutcome[] {
  const { nodes, settings } = cluster;
  const options = meshOptions(cluster);
  return nodes
    .filter((other) => other.name !== own.name)
    .flatMap((other): CandidateOutcome[] => {
      const reason = whyNoMesh(own, other, settings);
      return reason === undefined
        ? pairCandidates(own, other, { type, options, askedBy })
        : [{ kind: 'left-out', peer: other.name, type, askedBy, reason }];
    });
}

function meshOptions({ meshAnnotations, settings }: BgpCluster): SessionOptions {
  const { nodeMeshPassword, nodeMeshMaxRestartTime } = settings;
  return {
    ...(nodeMeshPassword && { password: nodeMeshPassword }),
    ...withNotes(
      sessionTimes({
        ...(nodeMeshMaxRestartTime !== undefined && { maxRestartTime: nodeMeshMaxRestartTime }),
      }),
      bfdRequest(meshAnnotations),
    ),
  };
}

function whyNoMesh(own: BgpNode, other: BgpNode, settings: BgpCluster['settings']): string | undefined {
  if (!settings.nodeToNodeMeshEnabled) return 'the mesh is off (nodeToNodeMeshEnabled is false)';
  if (own.clusterId !== undefined) return 'this node is a route reflector, so it is not in the mesh';
  if (other.clusterId !== undefined) return `${other.name} is a route reflector, so it is not in the mesh`;
  return undefined;
}
