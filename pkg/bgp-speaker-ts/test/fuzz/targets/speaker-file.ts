/** The target of the configuration file: any text is read, or refused with the places of all mistakes. */

import { parseSpeakerFile } from '../../../src/program/config/speaker-file.ts';
import { check, decoderTarget, type Target } from '../target.ts';

const FILES = [
  `asn: 64512
routerId: 10.0.0.1
listen:
  - address: 10.0.0.1
    port: 1179
peers:
  - address: 10.0.0.2
    asn: 64513
    passive: true
    families: [ipv4-unicast, ipv6-unicast]
announce:
  - prefix: 10.1.0.0/26
`,
  `asn: 1
routerId: 10.0.0.1
clusterId: 10.0.0.9
holdTimeSeconds: 2
listen: [{ address: "::1", extra: 1 }]
peers:
  - { address: 10.0.0.2, asn: 0, role: peer, strictRole: yes, addPath: both, passwordFile: key }
  - { address: 10.0.0.2, asn: 4294967296, localAddress: fd00::1, maxPrefix: { prefixes: 1 } }
gracefulRestart: { restartTimeSeconds: 4096 }
announce: [{ prefix: 10.1.0.1/26 }, &a [*a, *a], { prefix: 0.0.0.0/0, communities: ["1:2", "1:2:3"] }]
`,
];

const speakerFile = decoderTarget({
  name: 'speaker-file',
  covers: ['program/config/'],
  maxBytes: 700,
  share: 0.1,
  stepsPerByte: 5_000,
  seeds: () => FILES.map((text) => new TextEncoder().encode(text)),
  decode(bytes, start, end) {
    const text = new TextDecoder().decode(bytes.subarray(start, end));
    const result = parseSpeakerFile(text, 'fuzz.yaml', (path) => ({ ok: true, value: path }));
    if (result.ok) return result;
    check(result.failures.length > 0, 'a file is refused without a reason');
    const places = result.failures.map(({ object }) => object);
    check(
      places.every((place) => /fuzz\.yaml:\d+/.test(String(place))),
      `a mistake has no line: ${places}`,
    );
    return places;
  },
});

/** Targets of files. */
export const FILE_TARGETS: readonly Target[] = [speakerFile];
