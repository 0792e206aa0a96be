/** Docker's plugin protocol: requests, answers, and what they mean for weft. Pure. */
export {
  type EndpointRequest,
  endpointIdOf,
  endpointRequest,
  GATEWAYS,
  type JoinAnswer,
  joinAnswer,
  type PublishedPort,
} from './endpoint.ts';
export {
  type CreateEndpoint,
  type CreateNetwork,
  createEndpointSchema,
  createNetworkSchema,
  type EndpointReference,
  endpointReferenceSchema,
  PLUGIN_MEDIA_TYPE,
  parseMessage,
  type ReleaseAddress,
  type RequestAddress,
  type RequestPool,
  releaseAddressSchema,
  requestAddressSchema,
  requestPoolSchema,
} from './messages.ts';
export { ADDRESS_SPACE, refuseGateway, refuseNetwork } from './network.ts';
export { decodePoolId, encodePoolId, type PoolChoice } from './pool-id.ts';
export { answerPoolRequest, type Pool, type PoolAnswer } from './pool-request.ts';
export { isRefusal, type Refusal, refusalText, refuse } from './refusal.ts';
