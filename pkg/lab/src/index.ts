/** A lab: hosts and pods as network namespaces on one machine, each host with a weftd of its own. */
export { type Choice, chooseTopology } from './choose.ts';
export { restartDaemon, stopDaemon } from './daemon-control.ts';
export type { DaemonCommand, Installation } from './daemons.ts';
export { down } from './down.ts';
export { bundle, bundleBfdThread, installation } from './installation.ts';
export { LabError, type LabIssue } from './issues.ts';
export { namespaceOf, switchNamespace } from './names.ts';
export { addNode, removeNode } from './nodes.ts';
export { type HostStatus, type LabStatus, type PodStatus, resolveLab, status } from './observe.ts';
export type { PingResult } from './ping.ts';
export { pingAll } from './ping-lab.ts';
export { addPod, type PluggedPod, removePod } from './pods.ts';
export { requireRoot } from './preconditions.ts';
export type { Progress } from './progress.ts';
export { type CommandResult, runIn, runInOnTerminal } from './run.ts';
export { existingLabs } from './state.ts';
export { defaultTopology, type Host, type HostRole, parseTopology, type Topology } from './topology.ts';
export { type UpRequest, up } from './up.ts';
