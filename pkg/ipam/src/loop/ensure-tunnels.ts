/**
 * Gives each tunnel device of a node the address it should have, takes back those it should not, and writes both into the
 * Node. To be called when pools, the Node or its tunnels change, and now and then.
 *
 * Order: the address is assigned, then the Node written, then what is too much released. So the Node never tells an
 * address that IPAM could give to somebody else, whatever dies in between.
 *
 * Source: Calico node/pkg/allocateip.
 */
import type { Address } from '@weft/ip';
import type { Node } from '@weft/resources';
import { TUNNELS, type Tunnel, tunnelAttributes, tunnelHandle } from '../core/attributes.ts';
import { type Allocation, allocationAt, ordinalIn } from '../core/block.ts';
import { restamped } from '../core/block-assign.ts';
import { blocksOf } from '../core/handle.ts';
import {
  decideTunnel,
  familyOfTunnel,
  type HeldAddress,
  type ToldAddress,
  type TunnelDecision,
  type TunnelSettings,
  tunnelAddressOf,
  tunnelPools,
  withTunnelAddress,
} from '../core/tunnels.ts';
import { assignIp } from './assign-ip.ts';
import { again, attempts, type Contention, isContention } from './attempts.ts';
import { autoAssign } from './auto-assign.ts';
import { readBlock, writeBlock } from './block-store.ts';
import { type IpamContext, type Rules, readRules } from './context.ts';
import { heldByHandle, readHandle, settleHandle } from './handle-store.ts';
import { locate, releaseIps } from './release-ips.ts';

/** What became of one tunnel. */
export interface TunnelResult {
  readonly tunnel: Tunnel;
  readonly kind: TunnelDecision['kind'] | 'refused';
  /** The address the Node tells now. */
  readonly address: Address | undefined;
  /** Why there is no address, for `refused`. */
  readonly message?: string;
}

/** The answer for a node. */
export type TunnelsOutcome =
  | { readonly kind: 'settled'; readonly tunnels: readonly TunnelResult[] }
  | { readonly kind: 'node-missing' | 'contention'; readonly message: string };

/** Settles the tunnel addresses of a node. Throws DatastoreError; repeatable. */
export async function ensureTunnels(
  context: IpamContext,
  name: string,
  settings: TunnelSettings,
): Promise<TunnelsOutcome> {
  const result = await context.turns.run(`tunnels of ${name}`, () =>
    attempts(() => attemptTunnels(context, name, settings)),
  );
  return isContention(result)
    ? { kind: 'contention', message: `Node ${name} was changed by others every time. Try again.` }
    : result;
}

async function attemptTunnels(
  context: IpamContext,
  name: string,
  settings: TunnelSettings,
): Promise<TunnelsOutcome | typeof again> {
  const [node, pools, rules] = await Promise.all([
    context.fresh.node(name),
    context.fresh.pools(),
    readRules(context),
  ]);
  if (!node) return { kind: 'node-missing', message: `There is no Node ${name}. Start weftd there.` };
  const plans: { readonly result: TunnelResult; readonly others: readonly Address[] }[] = [];
  for (const tunnel of TUNNELS) {
    const wanted = tunnelPools(tunnel, node, pools, settings);
    const state = { tunnel, node: name, pools: wanted, ...(await readTunnel(context, rules, tunnel, node)) };
    const decision = decideTunnel(state);
    const result = await carryOut(context, rules, name, tunnel, decision, wanted);
    if (isContention(result)) return again;
    plans.push({ result, others: 'others' in decision ? decision.others : [] });
  }
  const told = plans.reduce(
    (next, { result }) => withTunnelAddress(result.tunnel, next, result.address),
    node,
  );
  if (!(await writeIfChanged(context, node, told))) return again;
  for (const { result, others } of plans)
    await releaseOthers(context, tunnelHandle(result.tunnel, name), others);
  return { kind: 'settled', tunnels: plans.map(({ result }) => result) };
}

/** What the Node tells of a tunnel and what its handle holds. */
async function readTunnel(
  context: IpamContext,
  rules: Rules,
  tunnel: Tunnel,
  node: Node,
): Promise<{ readonly told: ToldAddress | undefined; readonly held: readonly HeldAddress[] }> {
  const handle = tunnelHandle(tunnel, node.metadata.name);
  const resource = await readHandle(context, handle);
  // A handle that lives as long as its node would otherwise keep for good what a crash let it count too much.
  if (resource) await settleHandle(context, handle, blocksOf(resource), rules.config.cooldownSeconds);
  const held = await heldByHandle(context, rules, handle);
  const address = tunnelAddressOf(tunnel, node);
  if (address === undefined) return { told: undefined, held };
  const told = held.find((one) => one.address === address);
  return { told: told ?? { address, by: await allocationOf(context, rules, address) }, held };
}

async function allocationOf(
  context: IpamContext,
  rules: Rules,
  address: Address,
): Promise<Allocation | undefined> {
  const request = { address };
  const cidr = (await locate(context, rules, [request])).get(request);
  const block = cidr && (await readBlock(context, cidr, rules.config.cooldownSeconds));
  return block && allocationAt(block.spec, ordinalIn(block.spec, address) as number);
}

async function carryOut(
  context: IpamContext,
  rules: Rules,
  node: string,
  tunnel: Tunnel,
  decision: TunnelDecision,
  pools: readonly string[],
): Promise<TunnelResult | Contention> {
  const { kind } = decision;
  switch (kind) {
    case 'keep':
      return { tunnel, kind, address: decision.address };
    case 'adopt':
      return (await restamp(context, rules, tunnelHandle(tunnel, node), decision))
        ? { tunnel, kind, address: decision.address }
        : { kind: 'contention' };
    case 'remove':
      return { tunnel, kind, address: undefined };
    case 'renew': {
      const { address, sequenceNumber } = decision;
      await releaseIps(context, [{ address, sequenceNumber }]);
      const outcome = await assignIp(context, { ...origin(tunnel, node), address });
      return outcome.kind === 'assigned' ? { tunnel, kind, address } : assign(context, node, tunnel, pools);
    }
    case 'assign':
      return assign(context, node, tunnel, pools);
  }
}

/**
 * Makes what the handle holds an allocation of this moment: whoever decided to release it because the node was gone names
 * its former number, and fails. False when it is released already.
 */
async function restamp(
  context: IpamContext,
  { config }: Rules,
  handle: string,
  { address, block: cidr }: Extract<TunnelDecision, { kind: 'adopt' }>,
): Promise<boolean> {
  const result = await attempts(async () => {
    const block = await readBlock(context, cidr, config.cooldownSeconds);
    const ordinal = block && ordinalIn(block.spec, address);
    if (!block || ordinal === undefined || allocationAt(block.spec, ordinal)?.handle !== handle)
      return 'gone';
    const outcome = await writeBlock(context, block, restamped(block.spec, ordinal));
    return outcome.kind === 'written' ? 'restamped' : again;
  });
  return result === 'restamped';
}

async function assign(
  context: IpamContext,
  node: string,
  tunnel: Tunnel,
  pools: readonly string[],
): Promise<TunnelResult | Contention> {
  const wanted = familyOfTunnel(tunnel) === 4 ? { num4: 1, pools4: pools } : { num6: 1, pools6: pools };
  const outcome = await autoAssign(context, { ...origin(tunnel, node), ...wanted });
  if (outcome.kind === 'contention') return { kind: 'contention' };
  if (outcome.kind !== 'assigned')
    return { tunnel, kind: 'refused', address: undefined, message: outcome.message };
  return { tunnel, kind: 'assign', address: outcome.addresses[0]?.address };
}

function origin(tunnel: Tunnel, node: string) {
  const attributes = tunnelAttributes(tunnel, node);
  return { node, handle: tunnelHandle(tunnel, node), attributes, intendedUse: 'Tunnel' } as const;
}

async function writeIfChanged({ store }: IpamContext, before: Node, after: Node): Promise<boolean> {
  const isSame = TUNNELS.every(
    (tunnel) => tunnelAddressOf(tunnel, before) === tunnelAddressOf(tunnel, after),
  );
  return isSame || (await store.update(after)).kind === 'written';
}

async function releaseOthers(
  context: IpamContext,
  handle: string,
  others: readonly Address[],
): Promise<void> {
  if (others.length > 0)
    await releaseIps(
      context,
      others.map((address) => ({ address, handle })),
    );
}
