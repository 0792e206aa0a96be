/**
 * One point of the simulation, in a process of its own (`node --expose-gc`), so that its memory is its own.
 *
 *     one-point.ts '{"nodes":100,"topology":{"kind":"mesh"}}'     prints one line of JSON
 */
import { round } from '../statistics.ts';
import { ClusterLife, type SimulatedPoint } from './cluster-life.ts';

/** What came of a point. Times are virtual, but for the processor's. */
export type SimulatedFigures = Readonly<Record<string, number | string>>;

function figures(point: SimulatedPoint): SimulatedFigures {
  const start = process.cpuUsage();
  const { costs, ...rest } = live(point);
  const { user, system } = process.cpuUsage(start);
  const node = costs.node.replay();
  const reflector = point.topology.kind === 'mesh' ? undefined : costs.reflector.replay();
  return {
    ...rest,
    nodeKibibytes: node.kibibytes,
    nodeProcessorMs: node.processorMs,
    ...(reflector && {
      reflectorKibibytes: reflector.kibibytes,
      reflectorProcessorMs: reflector.processorMs,
    }),
    simulationProcessorSeconds: round((user + system) / 1e6),
    simulationPeakMebibytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function live(point: SimulatedPoint) {
  const life = new ClusterLife(point);
  const cold = life.coldStart();
  if (!cold.quiet || !life.isComplete) throw new Error('the cluster did not converge');
  const costs = life.takeRecords();
  const joined = life.join();
  if (!life.isComplete) throw new Error('the node that joined is not known');
  const speakers = [life.node, life.reflector].map((name) => life.network.speaker(name).status().length);
  const lost = life.loseNode();
  const reflectorLost = point.topology.kind === 'mesh' ? undefined : life.loseReflector();
  return {
    costs,
    topology: point.topology.kind,
    nodes: point.nodes,
    whole: point.whole ?? point.nodes,
    nodeSessions: speakers[0] ?? 0,
    ...(reflectorLost && { reflectorSessions: speakers[1] ?? 0 }),
    coldStartMs: Math.round(cold.milliseconds),
    nodeWrites: costs.node.writes,
    ...(reflectorLost && { reflectorSentBytes: costs.reflector.sentBytes }),
    joinMs: Math.round(joined.milliseconds),
    joinMessages: joined.messages,
    lostSeconds: round(lost.milliseconds / 1000),
    lostUpdates: lost.updates,
    ...(reflectorLost && {
      reflectorLostSeconds: round(reflectorLost.milliseconds / 1000),
      reflectorLostUpdates: reflectorLost.updates,
      reflectorLostNodesWithGaps: reflectorLost.nodesWithGaps,
    }),
    calculateMs: round(life.calculateMs / life.calculated),
  };
}

const [, , text] = process.argv;
console.log(JSON.stringify(figures(JSON.parse(text ?? '{}') as SimulatedPoint)));
