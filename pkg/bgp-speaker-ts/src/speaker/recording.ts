/**
 * The life of a speaker as lines of JSON, and back: the first line says how it was made, each further one is an event
 * with its time. Replayed, the lines give the same actions and the same RIBs.
 *
 * Bytes are written as `{"hex": "…"}`. The lines hold everything the speaker was told but the TCP MD5 keys of its peers.
 * In place of a key stands a name: the same one for the same key, because a key that changes resets a session.
 */

import type { PolicyFunction } from '../policy/facts.ts';
import type { SpeakerConfig } from './config.ts';
import type { SpeakerOptions } from './core.ts';
import type { SpeakerEvent } from './events.ts';
import { Speaker } from './speaker.ts';

interface FirstLine {
  readonly config: SpeakerConfig;
  readonly options: Omit<SpeakerOptions, 'functions'>;
}

interface EventLine {
  readonly now: number;
  readonly event: SpeakerEvent;
}

/** A speaker that writes down what happens to it. */
export class RecordedSpeaker extends Speaker {
  readonly #write: (line: string) => void;
  readonly #keyNames: Map<string, string> = new Map();

  /** @param write takes one line without its end */
  constructor(config: SpeakerConfig, options: SpeakerOptions, write: (line: string) => void) {
    super(config, options);
    this.#write = write;
    const first: FirstLine = {
      config: this.#withoutKeys(config),
      options: { ...options, functions: undefined } as FirstLine['options'],
    };
    write(toLine(first));
  }

  override handle(event: SpeakerEvent, now: number): void {
    const written =
      event.kind === 'configure' ? { ...event, config: this.#withoutKeys(event.config) } : event;
    this.#write(toLine({ now, event: written }));
    super.handle(event, now);
  }

  #withoutKeys(config: SpeakerConfig): SpeakerConfig {
    const peers = config.peers.map((peer) =>
      peer.password === undefined ? peer : { ...peer, password: this.#nameOf(peer.password) },
    );
    return { ...config, peers };
  }

  #nameOf(key: string): string {
    const name = this.#keyNames.get(key) ?? `key ${this.#keyNames.size + 1}`;
    this.#keyNames.set(key, name);
    return name;
  }
}

/**
 * Makes a speaker and lets it live through recorded lines; its actions are thrown away.
 *
 * @param functions the same policy functions the recorded speaker had
 */
export function replay(
  lines: Iterable<string>,
  functions: Readonly<Record<string, PolicyFunction>> = {},
): Speaker | undefined {
  let speaker: Speaker | undefined;
  for (const line of lines) {
    if (speaker === undefined) {
      const { config, options } = fromLine(line) as FirstLine;
      speaker = new Speaker(config, { ...options, functions });
    } else {
      const { event, now } = fromLine(line) as EventLine;
      speaker.handle(event, now);
    }
    speaker.takeActions();
  }
  return speaker;
}

function toLine(value: FirstLine | EventLine): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Uint8Array ? { hex: toHex(item) } : item,
  );
}

function fromLine(line: string): unknown {
  return JSON.parse(line, (_key, item: unknown) => (isHex(item) ? fromHex(item.hex) : item));
}

function isHex(item: unknown): item is { readonly hex: string } {
  if (typeof item !== 'object' || item === null || !('hex' in item)) return false;
  return typeof item.hex === 'string' && Object.keys(item).length === 1;
}

function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += octet.toString(16).padStart(2, '0');
  return text;
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}
