/**
 * The command `status`.
 */

import type { Invocation } from '../command-line.ts';
import { ProgramError } from '../failure.ts';
import type { BfdReport, DaemonStatus, PeerReport } from '../protocol.ts';
import { ask, wantsJson } from './connection.ts';
import { since } from './duration.ts';
import { cell, Table } from './table.ts';

/** Shows the daemon and its peers, or one peer in detail. */
export async function status(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const found = await ask<DaemonStatus>(invocation, '/v1/status');
  const [name] = invocation.operands;
  if (name !== undefined) {
    const peer = findPeer(found, name);
    if (json) console.log(JSON.stringify(peer));
    else await showPeer(peer);
  } else if (json) console.log(JSON.stringify(found));
  else await showDaemon(found);
}

function findPeer({ peers }: DaemonStatus, name: string): PeerReport {
  const peer = peers.find(({ address }) => address === name);
  if (peer !== undefined) return peer;
  const hint = '"bgp-speaker status" lists the peers';
  throw new ProgramError([{ message: 'there is no such peer', object: name, hint }]);
}

async function showDaemon(found: DaemonStatus): Promise<void> {
  const { version, asn, routerId, clusterId, pid, startedAt, restarting, localRoutes, peers } = found;
  const reflector = clusterId === undefined ? '' : `, cluster ${clusterId}`;
  console.log(`bgp-speaker ${version}, AS ${asn}, router id ${routerId}${reflector}`);
  console.log(`pid ${pid}, up ${since(startedAt)}, file ${found.config}`);
  console.log(`local routes: ${localRoutes.file} of the file, ${localRoutes.runTime} announced at run time`);
  if (restarting === 'yes')
    console.log('restarting: waits for the routes of all its peers; until then they keep what they have');
  console.log('');
  const table = new Table([
    'PEER',
    'AS',
    'STATE',
    'FOR',
    'RECEIVED',
    'REJECTED',
    'STALE',
    'SENT',
    'LAST ERROR',
  ]);
  for (const peer of peers) {
    const total = (key: 'received' | 'rejected' | 'stale' | 'advertised'): string =>
      `${peer.families.reduce((sum, family) => sum + family[key], 0)}`;
    table.add(
      peer.address,
      cell(peer.asn),
      peer.state,
      since(peer.stateSince),
      total('received'),
      total('rejected'),
      total('stale'),
      total('advertised'),
      cell(peer.state === 'Established' ? undefined : peer.lastError),
    );
  }
  await table.flush();
}

function addBfd(facts: Table, bfd: BfdReport): void {
  const { state, diagnostic, remoteState, transmitIntervalMs, detectionTimeMs, counts } = bfd;
  const why =
    state === 'Up' || remoteState === undefined ? '' : ` (${diagnostic}; the peer says ${remoteState})`;
  facts.add('BFD', `${state} for ${since(bfd.stateSince)}${why}`);
  if (detectionTimeMs !== undefined) {
    facts.add(
      'BFD timers',
      `a packet every ${transmitIntervalMs} ms, Down after ${detectionTimeMs} ms of silence`,
    );
  }
  if (counts === undefined) return;
  const { sent, received, discarded, lastDiscard } = counts;
  const last = lastDiscard === undefined ? '' : ` (the last for its ${lastDiscard})`;
  facts.add('BFD packets', `${sent} sent, ${received} received, ${discarded} discarded${last}`);
}

async function showPeer(peer: PeerReport): Promise<void> {
  const facts = new Table(['peer', peer.address]);
  facts.add('AS', `${cell(peer.asn)}${peer.peerType === undefined ? '' : ` (${peer.peerType})`}`);
  if (peer.description !== undefined) facts.add('description', peer.description);
  if (peer.template !== undefined) facts.add('taken by', peer.template);
  facts.add('state', `${peer.state} for ${since(peer.stateSince)}`);
  facts.add('router id', cell(peer.peerIdentifier));
  facts.add('hold time', peer.holdTimeSeconds === undefined ? '-' : `${peer.holdTimeSeconds} s`);
  facts.add('sessions', `${peer.establishedCount}`);
  facts.add('UPDATEs received', `${peer.updatesReceived}`);
  facts.add('bytes sent', `${peer.updateBytesSent} (${peer.outstandingBytes} wait for the peer)`);
  if (peer.bfd !== undefined) addBfd(facts, peer.bfd);
  if (peer.staleUntil !== undefined) facts.add('stale until', peer.staleUntil);
  facts.add('last error', cell(peer.lastError));
  await facts.flush();
  console.log('');
  const families = new Table(['FAMILY', 'RECEIVED', 'REJECTED', 'STALE', 'SENT', 'END-OF-RIB', 'STREAM']);
  for (const {
    family,
    received,
    rejected,
    stale,
    advertised,
    endOfRibReceived,
    endOfRibSent,
    stream,
  } of peer.families) {
    const ends = [...(endOfRibReceived ? ['in'] : []), ...(endOfRibSent ? ['out'] : [])].join(' ');
    families.add(family, `${received}`, `${rejected}`, `${stale}`, `${advertised}`, cell(ends), stream);
  }
  await families.flush();
}
