/**
 * An endpoint as a WorkloadEndpoint of the datastore, and back. Pure.
 */
import { PORTS_ANNOTATION } from '@weft/calc';
import type { AttachRequest, Endpoint } from '@weft/control';
import type { EndpointSpec, PluggedEndpoint } from '@weft/endpoint';
import { hostPrefix, mac, type Parsed } from '@weft/ip';
import { apiVersion, type WorkloadEndpoint, workloadEndpointName } from '@weft/resources';

// The id its creator chose is not part of a WorkloadEndpoint's name, and it is what a detach brings.
const idAnnotation = 'weft.dev/endpoint-id';
const defaultNamespace = 'default';

/** The resource of a container that was just plugged in, or why its parts cannot name one. */
export function endpointRecord(
  node: string,
  id: string,
  request: AttachRequest,
  { addresses, hostInterface }: EndpointSpec,
  { containerMac }: PluggedEndpoint,
): Parsed<WorkloadEndpoint> {
  const { orchestrator, containerId, interfaceName: endpoint, pod, workload } = request;
  const optional = { ...(pod === undefined ? {} : { pod }), ...(workload === undefined ? {} : { workload }) };
  const name = workloadEndpointName({ node, orchestrator, containerID: containerId, endpoint, ...optional });
  if (!name.ok) return name;
  const metadata = {
    name: name.value,
    namespace: request.namespace ?? defaultNamespace,
    annotations: {
      [idAnnotation]: id,
      ...(request.ports?.length ? { [PORTS_ANNOTATION]: JSON.stringify(request.ports) } : {}),
    },
    ...(request.labels === undefined ? {} : { labels: { ...request.labels } }),
  };
  const spec = {
    node,
    orchestrator,
    containerID: containerId,
    endpoint,
    ...optional,
    ipNetworks: addresses.map(hostPrefix),
    interfaceName: hostInterface,
    mac: mac(containerMac),
  };
  return { ok: true, value: { apiVersion, kind: 'WorkloadEndpoint', metadata, spec } };
}

/** The id its creator chose; the container's for one that another program made. */
export function endpointIdOf({ metadata, spec }: WorkloadEndpoint): string {
  return metadata.annotations?.[idAnnotation] ?? spec.containerID ?? metadata.name;
}

/** As the control API lists it. */
export function toEndpoint(id: string, { metadata, spec }: WorkloadEndpoint): Endpoint {
  return {
    id,
    containerId: spec.containerID ?? '',
    orchestrator: spec.orchestrator ?? '',
    namespace: metadata.namespace,
    workload: spec.workload,
    pod: spec.pod,
    interfaceName: spec.endpoint ?? '',
    hostInterface: spec.interfaceName ?? '',
    addresses: spec.ipNetworks ?? [],
    mac: spec.mac ?? '',
    since: metadata.creationTimestamp ?? '',
  };
}
