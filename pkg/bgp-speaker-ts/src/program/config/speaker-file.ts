/**
 * The configuration file of `bgp-speaker`: YAML text → what the daemon is started with, or every mistake with its line.
 *
 *     text ─ yaml-lines ─▶ values ─ file-schema ─▶ checked one by one ─ contradictions ─▶ checked together ─▶ build
 *          ─▶ what the speaker itself would refuse, with its place in the file
 *
 * Strict: a key nobody knows is a mistake, because a key with a typing error would otherwise be a setting that is
 * silently not made. Pure: reading the file, and the files with passwords it names, is left to the caller.
 */

import { type Address, familyOf, isUnspecified, type Parsed } from '@weft/ip';
import { type ConfigMistake, checkSpeakerConfig } from '../../speaker/check-config.ts';
import type { ListenAddress, LocalRoute, PeerConfig, SpeakerConfig } from '../../speaker/config.ts';
import type { Failure } from '../failure.ts';
import { contradictions } from './contradictions.ts';
import { password as passwordType } from './fields.ts';
import { type ControlValues, type FileValues, fileSchema } from './file-schema.ts';
import { CORRECT_IT, type Mistake, placed, readIssue } from './mistake.ts';
import type { PeerValues } from './peer-schema.ts';
import { parseYaml } from './yaml-lines.ts';

/** What a file asks for. */
export interface SpeakerFile {
  readonly config: SpeakerConfig;
  readonly routes: readonly LocalRoute[];
  /** Absent: no control socket. */
  readonly control?: ControlValues | undefined;
  /** Marker of a restart, when the file names one. */
  readonly marker?: string | undefined;
}

/** A file read, or all that is wrong with it. */
export type SpeakerFileResult =
  | { readonly ok: true; readonly file: SpeakerFile }
  | { readonly ok: false; readonly failures: readonly Failure[] };

/** Reads the first line of a file a password is in, by the name it has in the configuration. */
export type SecretReader = (path: string) => Parsed<string>;

/** Reads the text of a file; `name` is how mistakes call it. */
export function parseSpeakerFile(text: string, name: string, readSecret: SecretReader): SpeakerFileResult {
  const yaml = parseYaml(text);
  if (!yaml.ok) {
    const { line, reason } = yaml;
    const failure = { message: 'the configuration is not YAML', object: `${name}:${line}`, hint: reason };
    return { ok: false, failures: [failure] };
  }
  const refuse = (mistakes: readonly Mistake[]): SpeakerFileResult => ({
    ok: false,
    failures: mistakes.map((mistake) => placed(mistake, name, yaml)),
  });
  const parsed = fileSchema.safeParse(yaml.value);
  if (!parsed.success) return refuse(parsed.error.issues.flatMap(readIssue));
  const mistakes = contradictions(parsed.data);
  const peers = parsed.data.peers.map((peer, index) => withSecret(peer, index, readSecret, mistakes));
  if (mistakes.length > 0) return refuse(mistakes);
  const file = build({ ...parsed.data, peers });
  const remaining = checkSpeakerConfig(file.config);
  return remaining.length > 0 ? refuse(remaining.map(inFile)) : { ok: true, file };
}

/** What the speaker would refuse, under the names the file has for it. */
function inFile({ path: [first, ...rest], reason }: ConfigMistake): Mistake {
  const key = first === 'identifier' ? 'routerId' : first;
  return { path: key === undefined ? [] : [key, ...rest], reason, hint: CORRECT_IT };
}

/** Puts the key of `passwordFile` in the place of the name. */
function withSecret(
  peer: PeerValues,
  index: number,
  readSecret: SecretReader,
  mistakes: Mistake[],
): PeerValues {
  if (peer.passwordFile === undefined) return peer;
  const secret = readSecret(peer.passwordFile);
  const read = secret.ok ? passwordType.read(secret.value) : secret;
  if (read.ok) return { ...peer, password: read.value };
  const hint = 'put the key alone into its first line, and let this user read it';
  const reason = secret.ok ? `names a file whose first line ${read.reason}` : read.reason;
  mistakes.push({ path: ['peers', index, 'passwordFile'], reason, hint });
  return peer;
}

function build(file: FileValues): SpeakerFile {
  const { routerId, peers, announce, gracefulRestart, control, ...same } = file;
  const { marker, ...offer } = gracefulRestart === false ? { marker: undefined } : gracefulRestart;
  return {
    config: {
      ...same,
      identifier: routerId,
      gracefulRestart: 'restartTimeSeconds' in offer ? offer : undefined,
      peers: peers.map((peer) => buildPeer(peer, file.listen)),
    },
    routes: announce,
    control: control === false ? undefined : control,
    marker,
  };
}

function buildPeer({ passwordFile: _, ...peer }: PeerValues, listen: readonly ListenAddress[]): PeerConfig {
  const own = familyOf(peer.address);
  const families = peer.families ?? [own === 4 ? 'ipv4-unicast' : 'ipv6-unicast'];
  const other = own === 4 ? { ipv6: firstOf(listen, 6) } : { ipv4: firstOf(listen, 4) };
  return { ...peer, families: [...new Set(families)], nextHopAddresses: peer.nextHopAddresses ?? other };
}

/** The next hop of routes of the family the session itself does not run over. */
function firstOf(listen: readonly ListenAddress[], wanted: 4 | 6): Address | undefined {
  return listen.find(({ address }) => familyOf(address) === wanted && !isUnspecified(address))?.address;
}
