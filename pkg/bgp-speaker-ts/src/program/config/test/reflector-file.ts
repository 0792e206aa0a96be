/**
 * A file to read and to break.
 */

import { parseSpeakerFile, type SpeakerFileResult } from '../speaker-file.ts';

/** The file of a route reflector with one client. */
export const REFLECTOR = `asn: 64512
routerId: 10.0.0.1
listen: [{ address: 10.0.0.1, port: 179 }]
clusterId: 10.0.0.1
holdTimeSeconds: 90
peers:
  - address: 10.0.0.7
    asn: 64512
    passive: true
    routeReflectorClient: true
    families: [ipv4-unicast, ipv6-unicast]
announce: [{ prefix: 10.1.0.0/26 }]
`;

/** Reads a file beside which there is one with a key. */
export function parse(text: string, name: string): SpeakerFileResult {
  return parseSpeakerFile(text, name, (path) =>
    path === 'key.txt' ? { ok: true, value: 'secret' } : { ok: false, reason: `names no file: ${path}` },
  );
}

/** What is wrong with a file: `object: message (hint)`. */
export function failuresOf(result: SpeakerFileResult): string[] {
  return result.ok
    ? []
    : result.failures.map(({ object, message, hint }) => `${object}: ${message} (${hint})`);
}
