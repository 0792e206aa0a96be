/**
 * The command `explain`: in sentences, why a route is what it is.
 */

import type { DecisionStep } from '../../rib/decision-process.ts';
import type { Rejection } from '../../rib/path-table.ts';
import type {
  ExplainedExport,
  ExplainedPath,
  Explanation,
  LossReason,
  PathName,
} from '../../speaker/explain.ts';
import type { Invocation } from '../command-line.ts';
import { ask, wantsJson } from './connection.ts';
import { Table } from './table.ts';

/** What each step compares, and which value wins. */
const STEPS: Readonly<Record<DecisionStep, { readonly compares: string; readonly wins: string }>> = {
  'long-lived-stale': { compares: 'whether it is long-lived stale (RFC 9494)', wins: 'a fresh one wins' },
  local: { compares: 'where it comes from', wins: 'routes of this speaker win' },
  'local-pref': { compares: 'LOCAL_PREF', wins: 'the higher wins' },
  'as-path-length': { compares: 'length of AS_PATH', wins: 'the shorter wins' },
  origin: { compares: 'ORIGIN', wins: 'the lower wins: 0 is igp, 1 egp, 2 incomplete' },
  med: { compares: 'MULTI_EXIT_DISC of the same neighbouring AS', wins: 'the lower wins' },
  external: { compares: 'where it comes from', wins: 'external wins' },
  'igp-metric': { compares: 'cost to the next hop', wins: 'the lower wins' },
  identifier: { compares: 'BGP Identifier', wins: 'the lower wins; all before is equal' },
  'cluster-list-length': {
    compares: 'length of CLUSTER_LIST',
    wins: 'the shorter wins; all before is equal',
  },
  'peer-address': { compares: 'address of the peer', wins: 'the lower wins; all before is equal' },
  'path-id': { compares: 'path identifier', wins: 'the lower wins; all before is equal' },
};

/** Why a path cannot be selected. */
const REJECTED: Readonly<Record<Exclude<Rejection, 'none' | 'import-policy'>, string>> = {
  'as-loop': 'our own AS number is in its AS_PATH more often than allowLocalAsn lets in',
  'originator-loop': 'its ORIGINATOR_ID is our router id: it has come back to us',
  'cluster-loop': 'our cluster id is in its CLUSTER_LIST: it has come back to us',
  'policy-required': 'the peer is external and has no import policy (externalRequiresPolicy, RFC 8212)',
  'own-next-hop': 'its next hop is one of our own addresses',
  'as-set': 'its AS_PATH holds an AS_SET (RFC 9774)',
  'otc-leak': 'it was leaked: ONLY_TO_CUSTOMER does not fit the role of the peer (RFC 9234)',
};

/** Why a peer is not told; any other word is a rule of its export policy. */
const NOT_TOLD: Readonly<Record<string, string>> = {
  'split-horizon': 'it is the one the route comes from',
  'no-route': 'there is no selected route',
  'no-session': 'there is no session for this family',
  'policy-required': 'the peer is external and has no export policy (externalRequiresPolicy, RFC 8212)',
  'ibgp-to-ibgp': 'it comes from an internal peer, and neither of the two is a route reflector client',
  'no-advertise': 'it has the community NO_ADVERTISE',
  'no-export': 'it has the community NO_EXPORT or NO_EXPORT_SUBCONFED',
  'llgr-stale': 'it is long-lived stale, and the peer is external and does not know LLGR (RFC 9494)',
  'otc-leak': 'telling it would be a leak: it has ONLY_TO_CUSTOMER (RFC 9234)',
  'no-next-hop': 'we have no address of this family to put in as next hop: set nextHopAddresses',
  'too-long': 'its attributes do not fit into a message the peer takes',
};

/** Explains a prefix. */
export async function explain(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const [prefix = ''] = invocation.operands;
  const found = await ask<Explanation>(invocation, `/v1/explain?${new URLSearchParams({ prefix })}`);
  if (json) console.log(JSON.stringify(found));
  else await show(found);
}

async function show({ prefix, family, paths, exports }: Explanation): Promise<void> {
  if (paths.length === 0) {
    console.log(`${prefix} (${family}): nobody has told us a route for exactly this prefix.`);
    return;
  }
  console.log(`${prefix} (${family}): ${paths.length === 1 ? '1 path' : `${paths.length} paths`}\n`);
  for (const path of paths) console.log(`${describePath(path)}\n`);
  if (exports.length === 0) return;
  const table = new Table(['PEER', 'TOLD', 'WHY']);
  for (const told of exports) table.add(told.peer, told.told ? 'yes' : 'no', describeExport(told));
  await table.flush();
}

function describePath(path: ExplainedPath): string {
  const { attributes, importRule, stale } = path;
  const communities = [...(attributes.communities ?? []), ...(attributes.largeCommunities ?? [])];
  const facts = [
    ...(attributes.nextHop === undefined ? [] : [`next hop ${attributes.nextHop}`]),
    `AS_PATH ${attributes.asPath === '' ? 'empty' : attributes.asPath}`,
    `origin ${attributes.origin}`,
    ...(attributes.localPref === undefined ? [] : [`LOCAL_PREF ${attributes.localPref}`]),
    ...(attributes.med === undefined ? [] : [`MED ${attributes.med}`]),
    ...(communities.length === 0 ? [] : [`communities ${communities.join(' ')}`]),
  ].join(', ');
  const rule =
    importRule === undefined || importRule === 'default' ? '' : `\n  Import rule: "${importRule}".`;
  const old = stale ? '\n  Stale: the peer is restarting and has not confirmed it yet.' : '';
  return `${capital(nameOf(path))}: ${facts}.${rule}${old}\n  ${describeOutcome(path)}`;
}

function describeOutcome({ best, multipath, lost }: ExplainedPath): string {
  if (best) return 'Selected.';
  if (lost === undefined) return 'Not selected.';
  const also = multipath ? ' It is as good for forwarding, and used beside the selected one (ECMP).' : '';
  return `${describeLoss(lost)}${also}`;
}

function describeLoss(lost: LossReason): string {
  switch (lost.kind) {
    case 'rejected':
      return lost.rejection === 'none' || lost.rejection === 'import-policy'
        ? `Rejected by the import rule "${lost.rule}".`
        : `Rejected: ${REJECTED[lost.rejection]}.`;
    case 'next-hop-unreachable':
      return 'Not selected: its next hop cannot be reached.';
    case 'not-selected-yet':
      return 'Not selected yet: the speaker has restarted and waits for the routes of all its peers.';
    case 'decision': {
      const { compares, wins } = STEPS[lost.step];
      const against = `${lost.againstValue} of ${nameOf(lost.against)}`;
      return `Lost at step "${lost.step}": ${compares} ${lost.value} against ${against}; ${wins}.`;
    }
  }
}

function describeExport({ told, rule, attributes }: ExplainedExport): string {
  if (!told) return NOT_TOLD[rule] ?? `export rule "${rule}"`;
  const hop = attributes?.nextHop === undefined ? '' : `next hop ${attributes.nextHop}`;
  const path =
    attributes?.asPath === undefined || attributes.asPath === '' ? '' : `AS_PATH ${attributes.asPath}`;
  const by = rule === 'default' ? '' : `export rule "${rule}"`;
  return [by, hop, path].filter((text) => text !== '').join(', ');
}

function nameOf({ source, peer, pathId }: PathName): string {
  if (peer === undefined) return 'the local route';
  return `the path of ${peer} (${source}${pathId === 0 ? '' : `, path ${pathId}`})`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
