/**
 * Which path of the plugin protocol means which call of the drivers.
 */
import {
  createEndpointSchema,
  createNetworkSchema,
  endpointReferenceSchema,
  isRefusal,
  parseMessage,
  releaseAddressSchema,
  requestAddressSchema,
  requestPoolSchema,
} from '@weft/docker';
import type * as z from 'zod';
import type { IpamDriver } from './ipam-driver.ts';
import type { NetworkDriver } from './network-driver.ts';

/** Answers the body of one call: what dockerd gets, or a refusal. */
export type Call = (body: string) => object | Promise<object>;

/** The calls by path. */
export function callsOf(network: NetworkDriver, ipam: IpamDriver): ReadonlyMap<string, Call> {
  const calls: Record<string, Call> = {
    '/Plugin.Activate': () => ({ Implements: ['NetworkDriver', 'IpamDriver'] }),
    '/IpamDriver.GetCapabilities': () => ipam.capabilities(),
    '/IpamDriver.GetDefaultAddressSpaces': () => ipam.addressSpaces(),
    '/IpamDriver.RequestPool': checked(requestPoolSchema, (message) => ipam.requestPool(message)),
    // A pool is a name for addresses: there is nothing to give back.
    '/IpamDriver.ReleasePool': nothing,
    '/IpamDriver.RequestAddress': checked(requestAddressSchema, (message) => ipam.requestAddress(message)),
    '/IpamDriver.ReleaseAddress': checked(releaseAddressSchema, (message) => ipam.releaseAddress(message)),
    '/NetworkDriver.GetCapabilities': () => network.capabilities(),
    '/NetworkDriver.CreateNetwork': checked(createNetworkSchema, (message) => network.createNetwork(message)),
    '/NetworkDriver.DeleteNetwork': nothing,
    '/NetworkDriver.CreateEndpoint': checked(createEndpointSchema, (message) =>
      network.createEndpoint(message),
    ),
    '/NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
    '/NetworkDriver.Join': checked(endpointReferenceSchema, (message) => network.join(message)),
    // dockerd moves the interface back to the host by itself; it goes with its endpoint.
    '/NetworkDriver.Leave': nothing,
    '/NetworkDriver.DeleteEndpoint': checked(endpointReferenceSchema, (message) =>
      network.deleteEndpoint(message),
    ),
    '/NetworkDriver.ProgramExternalConnectivity': nothing,
    '/NetworkDriver.RevokeExternalConnectivity': nothing,
    '/NetworkDriver.DiscoverNew': nothing,
    '/NetworkDriver.DiscoverDelete': nothing,
  };
  return new Map(Object.entries(calls));
}

const nothing: Call = () => ({});

function checked<T extends object>(
  schema: z.ZodType<T>,
  call: (message: T) => object | Promise<object>,
): Call {
  return (body) => {
    const message = parseMessage(schema, body, 'the plugin call');
    return isRefusal(message) ? message : call(message);
  };
}
