/**
 * Durations in the syntax of Go, which Kubernetes and Calico use in JSON: "90s", "1m30s", "500ms".
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';

const millisecondsPer: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads a duration that is not negative; the value is in milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  if (text === '0') return { ok: true, value: 0 };
  if (!/^(\d+(\.\d+)?(ns|us|\u00b5s|ms|s|m|h))+$/.test(text))
    return { ok: false, reason: `${showValue(text)} is not a duration like 90s or 1m30s` };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)/g)];
  const value = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (millisecondsPer[unit ?? ''] ?? 0),
    0,
  );
  return { ok: true, value };
}
