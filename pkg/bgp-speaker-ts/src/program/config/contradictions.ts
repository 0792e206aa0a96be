/**
 * Values of a file that are right alone and wrong together.
 */

import { familyOf } from '@weft/ip';
import type { PolicyRule } from '../../policy/rule.ts';
import type { FileValues } from './file-schema.ts';
import type { Mistake } from './mistake.ts';
import type { PeerValues } from './peer-schema.ts';
import type { Path } from './yaml-lines.ts';

/** Finds all of them. */
export function contradictions(file: FileValues): Mistake[] {
  const { listen, peers, announce } = file;
  return [
    ...repeated(
      'listen',
      listen.map(({ address, port }) => `${address} port ${port}`),
    ),
    ...repeated('bmp', file.bmp?.map(({ address, port }) => `${address} port ${port}`) ?? []),
    ...repeated(
      'peers',
      peers.map(({ address }) => address),
      'address',
    ),
    ...repeated(
      'announce',
      announce.map(({ prefix }) => prefix),
      'prefix',
    ),
    ...peers.flatMap((peer, index) => ofPeer(file, peer, ['peers', index])),
  ];
}

function repeated(room: string, names: readonly string[], ...key: readonly string[]): Mistake[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      { path: [room, index, ...key], reason: `stands there twice: ${name}`, hint: 'remove one of them' },
    ];
  });
}

function ofPeer(file: FileValues, peer: PeerValues, path: Path): Mistake[] {
  return [
    ...ofReflection(file, peer, path),
    ...ofConnection(peer, path),
    ...ofRestart(file, peer, path),
    ...ofLimit(peer, path),
    ...ofPolicy(peer.importPolicy, [...path, 'importPolicy']),
    ...ofPolicy(peer.exportPolicy, [...path, 'exportPolicy']),
  ];
}

function ofReflection(file: FileValues, peer: PeerValues, path: Path): Mistake[] {
  const mistakes: Mistake[] = [];
  const { routeReflectorClient, clusterId } = peer;
  const client = [...path, 'routeReflectorClient'];
  const ownAsn = peer.localAsnDual === true && peer.asn === file.asn ? file.asn : (peer.localAsn ?? file.asn);
  if (routeReflectorClient && (clusterId ?? file.clusterId) === undefined) {
    const reason = 'needs a route reflector, and this speaker has no clusterId';
    mistakes.push({ path: client, reason, hint: 'add clusterId, usually the routerId' });
  }
  const { asn } = peer;
  if (routeReflectorClient && (asn === 'external' || (typeof asn === 'number' && asn !== ownAsn))) {
    const reason = `is for peers of AS ${ownAsn}, and this one is ${asn === 'external' ? asn : `in AS ${asn}`} (RFC 4456)`;
    mistakes.push({ path: client, reason, hint: 'remove it, or correct the asn' });
  }
  if (clusterId !== undefined && !routeReflectorClient) {
    const reason = 'is of a client, and this peer is none';
    mistakes.push({
      path: [...path, 'clusterId'],
      reason,
      hint: 'add routeReflectorClient: true, or remove it',
    });
  }
  return mistakes;
}

function ofConnection(peer: PeerValues, path: Path): Mistake[] {
  const mistakes: Mistake[] = [];
  const { address, localAddress, password, passwordFile, ttlSecurityHops, multihop } = peer;
  if (localAddress !== undefined && familyOf(localAddress) !== familyOf(address)) {
    const reason = `is not of the family of ${address}`;
    mistakes.push({
      path: [...path, 'localAddress'],
      reason,
      hint: 'give an address of that family',
    });
  }
  if (password !== undefined && passwordFile !== undefined) {
    const reason = 'stands beside password, and there is one key only';
    mistakes.push({ path: [...path, 'passwordFile'], reason, hint: 'remove one of them' });
  }
  if (ttlSecurityHops !== undefined && multihop !== undefined) {
    const reason = 'stands beside ttlSecurityHops, which sends with the highest TTL';
    mistakes.push({
      path: [...path, 'multihop'],
      reason,
      hint: 'remove it: ttlSecurityHops alone says how far away the peer may be',
    });
  }
  return mistakes;
}

function ofRestart(file: FileValues, { restartTimeSeconds }: PeerValues, path: Path): Mistake[] {
  if (restartTimeSeconds === undefined || file.gracefulRestart !== false) return [];
  const reason = 'is of graceful restart, and this speaker offers none';
  return [{ path: [...path, 'restartTimeSeconds'], reason, hint: 'remove it, or "gracefulRestart: false"' }];
}

function ofLimit({ maxPrefix }: PeerValues, path: Path): Mistake[] {
  if (maxPrefix === undefined || maxPrefix.restartSeconds === undefined || maxPrefix.action === 'restart')
    return [];
  const reason = `is for the action restart, and the action is ${maxPrefix.action}`;
  return [
    { path: [...path, 'maxPrefix', 'restartSeconds'], reason, hint: 'remove it, or change the action' },
  ];
}

function ofPolicy(rules: readonly PolicyRule[], path: Path): Mistake[] {
  return rules.flatMap(({ match }, index) => {
    const { minLength = 0, maxLength = 128 } = match?.prefix ?? {};
    if (minLength <= maxLength) return [];
    const reason = `is above maxLength, ${maxLength}: no prefix could match`;
    return [{ path: [...path, index, 'match', 'prefix', 'minLength'], reason, hint: 'lower it' }];
  });
}
