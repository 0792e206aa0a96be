/**
 * One speaker whose peers are written by the test, message by message; time stands still unless the test moves it.
 */

import { address, addressBytes, prefix } from '@weft/ip';
import { familyOfPrefix, toWords } from '../../rib/tables.ts';
import { encodeAttributes } from '../../wire/attribute/encode.ts';
import type { PathAttributes } from '../../wire/attribute/path-attributes.ts';
import type { Capability } from '../../wire/capability/capability.ts';
import type { Family } from '../../wire/family.ts';
import { encodeOpen } from '../../wire/message/01-open.ts';
import { encodeKeepalive } from '../../wire/message/04-keepalive.ts';
import { UpdatePacker } from '../../wire/update-packer.ts';
import type { PeerConfig, SpeakerConfig } from '../config.ts';
import type { SpeakerOptions } from '../core.ts';
import type { SpeakerAction, SpeakerEvent } from '../events.ts';
import type { Explanation } from '../explain.ts';
import type { ReceivedRoute, SentRoute } from '../listing.ts';
import { Speaker } from '../speaker.ts';
import { peer, speaker } from './network.ts';

/** What a scripted peer says of itself beside its families and AS number. */
export type MoreCapabilities = readonly Capability[];

/** A speaker at 10.0.0.1 in AS 64512, and its peers. */
export class ScriptedPeers {
  now = 0;
  readonly speaker: Speaker;
  readonly actions: SpeakerAction[] = [];
  readonly #connections: Map<string, number> = new Map();

  constructor(
    peers: readonly PeerConfig[],
    more: Partial<SpeakerConfig> = {},
    options: Partial<SpeakerOptions> = {},
  ) {
    const config = speaker('10.0.0.1', 64512, peers, more);
    this.speaker = new Speaker(config, {
      restarting: false,
      seed: 1,
      now: 0,
      reportRoutes: true,
      ...options,
    });
    this.handle({ kind: 'set-local-routes', routes: [] });
  }

  /** Brings a session up, with both families. */
  connect(name: string, asn: number, capabilities: MoreCapabilities = []): void {
    this.advance(0);
    const connection = (this.#connections.get(name) ?? 0) + 2;
    this.#connections.set(name, connection);
    const localAddress = address('10.0.0.1');
    this.handle({ kind: 'accepted', peer: address(name), connection, localAddress });
    const open = encodeOpen({
      version: 4,
      asn,
      holdTimeSeconds: 0,
      identifier: addressBytes(address(name)).reduce((sum, byte) => (sum * 256 + byte) >>> 0, 0),
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'four-octet-as', asn },
        ...capabilities,
      ],
    });
    this.receive(name, open);
    this.receive(name, encodeKeepalive());
  }

  /** The connection of a peer breaks. */
  disconnect(name: string): void {
    const connection = this.#connectionOf(name);
    this.handle({ kind: 'closed', peer: address(name), connection, error: 'ECONNRESET' });
  }

  /** A peer sends bytes. */
  receive(name: string, bytes: Uint8Array): void {
    this.handle({ kind: 'received', peer: address(name), connection: this.#connectionOf(name), bytes });
  }

  /** A peer announces prefixes of one family; its own address is the next hop unless one or two others are given. */
  announce(
    name: string,
    prefixes: readonly string[],
    attributes: PathAttributes = {},
    nextHop: string = name,
  ): void {
    const hop = nextHop.split(' ').flatMap((text) => [...addressBytes(address(text))]);
    const family = familyOfPrefix(prefix(prefixes[0] ?? ''));
    const packer = new UpdatePacker(4096);
    const block = encodeAttributes({ origin: 0, asPath: [], ...attributes }, { fourOctetAsn: true });
    packer.beginReach(family, block, Uint8Array.from(hop), false);
    for (const text of prefixes) {
      const length = Number(text.split('/')[1]);
      if (family === 'ipv4-unicast') packer.addIpv4(toWords(prefix(text))[0], length, 0);
      else packer.addIpv6(...toWords(prefix(text)), length, 0);
    }
    packer.end();
    this.receive(name, packer.take());
  }

  /** A peer has told all it has. */
  endOfRib(name: string, ...families: Family[]): void {
    for (const family of families) {
      const packer = new UpdatePacker(4096);
      packer.addEndOfRib(family);
      this.receive(name, packer.take());
    }
  }

  /** Handles an event, and flushes. */
  handle(event: SpeakerEvent): void {
    this.speaker.handle(event, this.now);
    do {
      this.speaker.handle({ kind: 'flush' }, this.now);
      this.actions.push(...this.speaker.takeActions());
    } while (this.speaker.hasWork);
  }

  /** Lets time pass, with the timers that become due. */
  advance(seconds: number): void {
    const end = this.now + seconds * 1000;
    for (let next = this.speaker.nextDeadline; next <= end; next = this.speaker.nextDeadline) {
      this.now = Math.max(this.now, next);
      this.handle({ kind: 'tick' });
    }
    this.now = end;
  }

  /** Actions of one kind so far. */
  told<K extends SpeakerAction['kind']>(kind: K): Extract<SpeakerAction, { kind: K }>[] {
    return this.actions.filter(
      (action): action is Extract<SpeakerAction, { kind: K }> => action.kind === kind,
    );
  }

  /** What a peer has sent of a prefix. */
  received(name: string, text: string): ReceivedRoute | undefined {
    const routes = this.speaker.adjRibIn(address(name), familyOfPrefix(prefix(text)));
    return [...routes].find((route) => route.prefix === text);
  }

  /** What a peer was told of a prefix. */
  sent(name: string, text: string): SentRoute['attributes'] | undefined {
    const routes = this.speaker.adjRibOut(address(name), familyOfPrefix(prefix(text)));
    return [...routes].find((route) => route.prefix === text)?.attributes;
  }

  /** Explains a prefix. */
  explain(text: string): Explanation {
    return this.speaker.explain(prefix(text));
  }

  /** The rule by which a peer is (not) told a prefix. */
  exportRule(name: string, text: string): string | undefined {
    return this.explain(text).exports.find((item) => item.peer === name)?.rule;
  }

  /** Code and subcode of the last NOTIFICATION sent to a peer. */
  notificationTo(name: string): string | undefined {
    const sent = this.told('send').filter((action) => action.peer === name);
    const bytes = sent.map((action) => action.bytes).findLast((message) => message[18] === 3);
    return bytes === undefined ? undefined : `${bytes[19]}/${bytes[20]}`;
  }

  #connectionOf(name: string): number {
    return this.#connections.get(name) ?? 0;
  }
}

/** A peer that waits to be connected to. */
export function scripted(name: string, asn: number, more: Partial<PeerConfig> = {}): PeerConfig {
  return peer(name, asn, { passive: true, ...more });
}
