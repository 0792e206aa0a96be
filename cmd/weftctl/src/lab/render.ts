/**
 * How a lab looks on a terminal: tables of hosts, sessions and pods, and the ping table. Pure.
 */
import type { LabStatus, PingResult } from '@weft/lab';
import { printTable } from '../print/table.ts';

/** The whole picture of a lab, as `lab up` and `lab status` print it. */
export function renderStatus(status: LabStatus): string {
  const heading = `lab ${status.name}: ${status.hosts.length} hosts, ${status.pods.length} pods${status.phase === 'up' ? '' : ` (${status.phase})`}`;
  return [heading, renderHosts(status), renderPods(status)].filter((part) => part !== '').join('\n\n');
}

function renderHosts({ hosts }: LabStatus): string {
  const rows = hosts.map((host) => [
    host.name,
    host.running ? host.runs : `${host.runs} (not running)`,
    host.addresses.join(', '),
    host.blocks.join(', ') || '-',
    host.sessions.length === 0
      ? '-'
      : `${host.sessions.filter((s) => s.state === 'Established').length}/${host.sessions.length}`,
  ]);
  return printTable(['HOST', 'RUNS', 'ADDRESSES', 'BLOCKS', 'SESSIONS'], rows);
}

function renderPods({ pods }: LabStatus): string {
  if (pods.length === 0) return '';
  return printTable(
    ['POD', 'HOST', 'ADDRESSES'],
    pods.map((pod) => [pod.name, pod.host, pod.addresses.join(', ')]),
  );
}

const largestMatrix = 12;

/** Who reaches whom: a matrix for few pods, the failures for many, a sentence for both. */
export function renderPings(results: readonly PingResult[]): string {
  const failed = results.filter((result) => !result.ok);
  const pods = [...new Set(results.map((result) => result.from))];
  const matrix = pods.length <= largestMatrix ? [renderMatrix(pods, results)] : [];
  const failures = failed
    .slice(0, 20)
    .map(({ from, to, address }) => `no answer: ${from} -> ${to} (${address})`);
  const verdict = `${results.length - failed.length} of ${results.length} pings answered`;
  return [...matrix, ...failures, verdict].join('\n');
}

function renderMatrix(pods: readonly string[], results: readonly PingResult[]): string {
  const rows = pods.map((from) => [from, ...pods.map((to) => cell(results, from, to))]);
  return printTable(['PING (ms)', ...pods], rows);
}

/** The slowest family's time, or which family failed. */
function cell(results: readonly PingResult[], from: string, to: string): string {
  if (from === to) return '·';
  const pings = results.filter((result) => result.from === from && result.to === to);
  const failed = pings.filter((ping) => !ping.ok);
  if (failed.length > 0) return failed.length === pings.length ? 'FAIL' : `FAIL ${failed[0]?.address}`;
  return Math.max(...pings.map((ping) => ping.milliseconds ?? 0)).toFixed(2);
}
