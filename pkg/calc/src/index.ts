/**
 * The public API of @weft/calc: from resources and local facts to the desired state of one node.
 */
export type { Announcement, Announcements, NotAnnounced } from './announcements.ts';
export {
  type AddressFacts,
  type DetectedAddress,
  detectAddress,
  EXCLUDED_INTERFACES,
} from './autodetect/detect.ts';
export { type AutodetectMethod, FIRST_FOUND, parseAutodetectMethod } from './autodetect/method.ts';
export { calculate, createCalculator } from './calculate.ts';
export {
  type DesiredNextHop,
  type DesiredRoute,
  ROUTE_CLASSES,
  type RouteClass,
} from './desired-route.ts';
export { type DesiredSpeaker, type DesiredState, LOCAL_ROUTE_CLASSES } from './desired-state.ts';
export {
  DEFAULT_FELIX_SETTINGS,
  type EffectiveFelixSettings,
  effectiveFelixSettings,
  type FelixSettings,
  type FelixSources,
  type PortRange,
} from './felix-settings.ts';
export {
  type CalcInput,
  type CalcSettings,
  DEFAULT_SETTINGS,
  type RouterId,
  WEFT_DAEMON_ANNOTATION,
} from './input.ts';
export type { LinkRouter, LocalFacts, LocalInterface, UnderlayRoute } from './local-facts.ts';
export { type WorkloadRouting, workloadRouting } from './local-routes.ts';
export type { DesiredNat, Masquerade, PortForward } from './nat.ts';
export type { NextHopStatus } from './next-hop.ts';
export {
  conflictingPort,
  PORT_PROTOCOLS,
  PORTS_ANNOTATION,
  type PortClaim,
  type PublishedPort,
  portClaim,
  portFamilies,
  portText,
  publishedPorts,
} from './published-ports.ts';
export { calculateReflector, type DesiredReflector, type ReflectorInput } from './reflector.ts';
export {
  isOfWorkload,
  nextHopStates,
  type RemoteRoute,
  type RoutingContext,
  remoteRoute,
  resolveNextHop,
  routingContext,
} from './remote-route.ts';
export { localPrefOfMetric, MAX_ROUTE_METRIC, metricOfLocalPref } from './route-metric.ts';
export { announcesServices, type Service } from './services/service.ts';
export type { SessionType, WorkloadLink } from './sessions/candidate.ts';
export { type HandOver, type HandOverInput, handOver, type RunningSession } from './sessions/hand-over.ts';
export type { SessionDecision } from './sessions/sessions.ts';
export type { WayToPeer } from './sessions/way-to-peer.ts';
export { needsWorkloadLabels } from './sessions/workload-peers.ts';
export { encapsulationOf, TUNNEL_TYPES, type TunnelKind, type TunnelType } from './tunnels/encapsulation.ts';
export { mtuOfWorkload, type WorkloadMtu, workloadMtu } from './tunnels/mtu.ts';
export type { Place } from './tunnels/place.ts';
export type { RefusedTunnel } from './tunnels/refused-tunnels.ts';
export type { TunnelSenders } from './tunnels/senders.ts';
export type { DesiredTunnel, TunnelPeer, Unencapsulated } from './tunnels/tunnels.ts';
