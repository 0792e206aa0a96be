/**
 * The OPEN this speaker sends to one peer: who it is, and what it offers.
 *
 * Source: RFC 4271 §4.2; RFC 6793 §4.2.1 (AS_TRANS); RFC 4724 §4.1 and RFC 8538 §2 (restart state); the documents named
 * in `wire/capability/`.
 */

import { toTwoOctets } from '../wire/attribute/02-as-path.ts';
import { fromRole } from '../wire/capability/09-role.ts';
import type {
  AddPathFamily,
  Capability,
  GracefulRestartFamily,
  LongLivedFamily,
} from '../wire/capability/capability.ts';
import { type Family, toAfiSafi } from '../wire/family.ts';
import { Afi } from '../wire/iana.ts';
import { BGP_VERSION, type OpenMessage } from '../wire/message/01-open.ts';
import type { GracefulRestartOffer, RestartState, SessionConfig } from './types.ts';

/** Builds the OPEN of a session from its configuration and from whether this speaker has restarted. */
export function buildOpen(config: SessionConfig, restart: RestartState): OpenMessage {
  return {
    version: BGP_VERSION,
    asn: toTwoOctets(config.localAsn),
    holdTimeSeconds: config.holdTimeSeconds,
    identifier: config.localIdentifier,
    capabilities: buildCapabilities(config, restart),
  };
}

/** Lists what a session offers, ascending by capability code. */
function buildCapabilities(config: SessionConfig, restart: RestartState): readonly Capability[] {
  const families = config.families.map(({ family }) => family);
  const capabilities: Capability[] = families.map((family) => ({
    kind: 'multiprotocol',
    ...toAfiSafi(family),
  }));
  if (config.routeRefresh) capabilities.push({ kind: 'route-refresh' });
  pushExtendedNextHop(config, capabilities);
  if (config.extendedMessages) capabilities.push({ kind: 'extended-message' });
  if (config.role !== undefined) capabilities.push({ kind: 'role', value: fromRole(config.role) });
  if (config.gracefulRestart) capabilities.push(gracefulRestart(config.gracefulRestart, families, restart));
  capabilities.push({ kind: 'four-octet-as', asn: config.localAsn });
  pushAddPath(config, capabilities);
  if (config.routeRefresh) capabilities.push({ kind: 'enhanced-route-refresh' });
  pushLongLived(config, families, restart, capabilities);
  return capabilities;
}

function pushExtendedNextHop(config: SessionConfig, capabilities: Capability[]): void {
  const offered = config.families.some(({ family, extendedNextHop }) => extendedNextHop && isIpv4(family));
  if (!offered) return;
  const entry = { ...toAfiSafi('ipv4-unicast'), nextHopAfi: Afi.ipv6 };
  capabilities.push({ kind: 'extended-next-hop', entries: [entry] });
}

/** The F bits say what was kept while the session was away. */
function gracefulRestart(
  offer: GracefulRestartOffer,
  families: readonly Family[],
  restart: RestartState,
): Capability {
  return {
    kind: 'graceful-restart',
    restarting: restart.restarting,
    notification: offer.notification,
    restartTimeSeconds: offer.restartTimeSeconds,
    families: families.map(
      (family): GracefulRestartFamily => ({
        ...toAfiSafi(family),
        forwarding: wasForwarding(restart, family),
      }),
    ),
  };
}

function pushAddPath(config: SessionConfig, capabilities: Capability[]): void {
  const families = config.families
    .filter(({ addPath }) => addPath !== 'none')
    .map(
      ({ family, addPath }): AddPathFamily => ({
        ...toAfiSafi(family),
        receive: addPath !== 'send',
        send: addPath !== 'receive',
      }),
    );
  if (families.length > 0) capabilities.push({ kind: 'add-path', families });
}

function pushLongLived(
  config: SessionConfig,
  families: readonly Family[],
  restart: RestartState,
  capabilities: Capability[],
): void {
  const offers = config.gracefulRestart?.longLived;
  if (offers === undefined) return;
  const offered = offers.filter(({ family }) => families.includes(family));
  capabilities.push({
    kind: 'long-lived-graceful-restart',
    families: offered.map(
      ({ family, staleTimeSeconds }): LongLivedFamily => ({
        ...toAfiSafi(family),
        forwarding: wasForwarding(restart, family),
        staleTimeSeconds,
      }),
    ),
  });
}

/** Without the R bit the F bit says that only the session broke: a peer that kept our routes need not drop them. */
function wasForwarding({ forwarding }: RestartState, family: Family): boolean {
  return forwarding.includes(family);
}

function isIpv4(family: Family): boolean {
  return family === 'ipv4-unicast';
}
