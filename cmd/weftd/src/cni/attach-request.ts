/** What a CNI request means to the daemon. Pure. */
import type { CniArguments, CniRequest, Result, Wishes } from '@weft/cni';
import type { AttachRequest } from '@weft/control';
import { familyOf, parseInterfaceAddress } from '@weft/ip';

type AddRequest = Extract<CniRequest, { readonly command: 'ADD' | 'CHECK' }>;

/** The attach that an ADD asks for. */
export function attachRequest(
  { args, attachment, configuration }: AddRequest,
  wishes: Wishes,
): AttachRequest {
  const { forwarding, mtuBytes } = configuration;
  const { labels } = configuration.args;
  const { addresses, families, mac, pools4, pools6, withoutIpam } = wishes;
  const routes = routesOf(configuration, families);
  return {
    ...attachment,
    ...workloadOf(args),
    families,
    ...(addresses === undefined ? {} : { addresses }),
    ...(withoutIpam ? { foreignAddresses: true } : {}),
    ...(pools4 === undefined ? {} : { pools4 }),
    ...(pools6 === undefined ? {} : { pools6 }),
    ...(mac === undefined ? {} : { mac }),
    ...(routes === undefined ? {} : { routes }),
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
    ...(labels === undefined ? {} : { labels }),
    ...(forwarding ? { forwarding } : {}),
  };
}

/** The same wishes with the addresses that an IPAM plugin has chosen. What it says that is no address is left out. */
export function ipamWishes({ ips }: Result, wishes: Wishes): Wishes {
  const addresses = ips.flatMap(({ address }) => {
    const parsed = parseInterfaceAddress(address);
    return parsed.ok ? [parsed.value.address] : [];
  });
  addresses.sort((left, right) => familyOf(left) - familyOf(right));
  const families = addresses.map((address) =>
    familyOf(address) === 4 ? ('ipv4' as const) : ('ipv6' as const),
  );
  return { ...wishes, addresses, families, withoutIpam: true };
}

/** A Pod when the runtime names one with its Namespace; else a container, whose name some runtimes tell. Source: Calico. */
function workloadOf({
  podName,
  podNamespace,
}: CniArguments): Pick<AttachRequest, 'orchestrator' | 'namespace' | 'pod' | 'workload'> {
  if (podName === undefined) return { orchestrator: 'cni' };
  if (podNamespace === undefined) return { orchestrator: 'cni', workload: podName };
  return { orchestrator: 'k8s', namespace: podNamespace, pod: podName };
}

const DEFAULT_ROUTES = { ipv4: '0.0.0.0/0', ipv6: '::/0' } as const;

/** `ipam.routes` in place of the default routes, which `include_default_routes` brings back. Source: Calico. */
function routesOf(
  { includeDefaultRoutes, routes }: AddRequest['configuration'],
  families: Wishes['families'],
): readonly string[] | undefined {
  if (routes === undefined) return undefined;
  const defaults = includeDefaultRoutes ? families.map((family) => DEFAULT_ROUTES[family]) : [];
  return [...new Set([...routes, ...defaults])];
}
