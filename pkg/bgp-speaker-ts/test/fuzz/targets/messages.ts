/**
 * Targets of the message decoders: framing, OPEN, UPDATE, NOTIFICATION and ROUTE-REFRESH.
 */

import { MessageFramer } from '../../../src/wire/framing.ts';
import { MessageSize } from '../../../src/wire/iana.ts';
import { decodeOpen, encodeOpen } from '../../../src/wire/message/01-open.ts';
import {
  attributeKeyStart,
  checkUpdateNlri,
  endOfRibFamily,
  hasReachable,
  splitUpdate,
  writeAttributeKey,
} from '../../../src/wire/message/02-update.ts';
import {
  decodeNotification,
  decodeShutdownCommunication,
  describeNotification,
  encodeNotification,
  isHardReset,
} from '../../../src/wire/message/03-notification.ts';
import { decodeRouteRefresh, encodeRouteRefresh } from '../../../src/wire/message/05-route-refresh.ts';
import { checkHeader } from '../../../src/wire/message/header.ts';
import { readUpdate } from '../../../src/wire/test/read-update.ts';
import { createUpdateView } from '../../../src/wire/update-view.ts';
import { digest } from '../digest.ts';
import { check, decoderTarget, type Target } from '../target.ts';
import { bodies, MESSAGES, openBodies, updateBodies, withOptions } from './seeds.ts';

const HEADER_BYTES = MessageSize.header;

const header = decoderTarget({
  name: 'header',
  covers: ['wire/message/header.ts'],
  maxBytes: HEADER_BYTES + 1,
  seeds: () =>
    withOptions(
      MESSAGES.map((message) => message.subarray(0, HEADER_BYTES)),
      [0, 1],
    ),
  decode: (bytes, start, end) => {
    if (end - start <= HEADER_BYTES) return undefined;
    const extended = ((bytes[start] as number) & 1) === 1;
    return checkHeader(bytes, start + 1, extended ? MessageSize.extended : MessageSize.standard);
  },
});

/** A stream is the same messages however TCP cuts it: at once, octet by octet, in pieces. */
const framing = decoderTarget({
  name: 'framing',
  covers: ['wire/framing.ts', 'wire/message/header.ts'],
  roomBytes: 4 * MessageSize.extended,
  seeds: () => [new Uint8Array([7, ...MESSAGES.slice(0, 5).flatMap((message) => [...message])]), ...MESSAGES],
  decode: (bytes, start, end) => frame(bytes.subarray(start, end), end - start),
  also(input) {
    const whole = digest(frame(input, input.length));
    const size = 1 + ((input[0] ?? 0) % 40);
    check(digest(frame(input, size)).hash === whole.hash, `pieces of ${size} octets are other messages`);
  },
});

/** Messages found when the stream behind the first octet comes in pieces of some size. */
function frame(stream: Uint8Array, size: number): readonly unknown[] {
  const framer = new MessageFramer();
  if (((stream[0] ?? 0) & 0x80) !== 0) framer.maxBytes = MessageSize.extended;
  const found: unknown[] = [];
  for (let from = 1; from < stream.length; from += size) {
    framer.push(stream.slice(from, from + size));
    while (framer.next()) found.push([framer.type, framer.bytes.slice(framer.start, framer.end)]);
  }
  return [...found, framer.error];
}

const open = decoderTarget({
  name: 'open',
  covers: ['wire/message/01-open.ts', 'wire/capability/'],
  seeds: openBodies,
  decode: decodeOpen,
  also(input) {
    const decoded = decodeOpen(input, 0, input.length);
    if (!decoded.ok) return;
    const bytes = encodeOpen(decoded.value);
    const again = decodeOpen(bytes, HEADER_BYTES, bytes.length);
    check(again.ok, 'an OPEN written anew cannot be read');
    check(digest(again.value).hash === digest(decoded.value).hash, 'an OPEN written anew is another one');
  },
});

/** Options: bit 0 four-octet AS numbers, 1 external, 2 ADD-PATH, 3 next hops of the other family. */
const update = decoderTarget({
  name: 'update',
  covers: [
    'wire/message/02-update.ts',
    'wire/nlri.ts',
    'wire/attribute/14-mp-reach-nlri.ts',
    'wire/attribute/15-mp-unreach-nlri.ts',
    'wire/attribute/decode.ts',
    'wire/attribute/validate.ts',
    'wire/attribute/judge.ts',
    'wire/attribute/fault.ts',
    'wire/attribute/header.ts',
  ],
  roomBytes: 16_384,
  seeds: () => withOptions(updateBodies(), [0, 1, 3, 5, 15]),
  decode(bytes, start, end) {
    const options = start < end ? (bytes[start] as number) : 0;
    return readUpdate(bytes, Math.min(start + 1, end), end, {
      fourOctetAsn: (options & 1) !== 0,
      peerType: (options & 2) === 0 ? 'internal' : 'external',
      addPath: (options & 4) !== 0,
      extendedNextHop: (options & 8) !== 0,
    });
  },
});

const attributeKey = decoderTarget({
  name: 'attribute-key',
  covers: ['wire/message/02-update.ts', 'wire/update-view.ts'],
  seeds: updateBodies,
  decode(bytes, start, end) {
    const view = createUpdateView();
    const error = splitUpdate(bytes, start, end, view) ?? checkUpdateNlri(view, false, true);
    if (error !== undefined) return error;
    checkRanges(view, start, end);
    const key = new Uint8Array(end - start);
    const length = writeAttributeKey(view, key);
    check(length <= key.length, 'the key is longer than the UPDATE');
    check(attributeKeyStart(key) <= length, 'the attributes of a key begin behind its end');
    return [key.subarray(0, length), endOfRibFamily(view), hasReachable(view)];
  },
});

/** Every range of a view lies in the message, in order. */
function checkRanges(view: ReturnType<typeof createUpdateView>, start: number, end: number): void {
  const plain = [view.withdrawnStart, view.withdrawnEnd, view.attributesStart, view.attributesEnd];
  const reach = [view.reachStart, view.reachNextHopStart, view.reachNextHopEnd, view.reachNlriStart];
  const all = [
    [start, ...plain, view.nlriStart, view.nlriEnd, end],
    view.reachEnd > 0 ? [view.attributesStart, ...reach, view.reachNlriEnd, view.attributesEnd] : [],
    view.unreachEnd > 0
      ? [view.attributesStart, view.unreachStart, view.unreachNlriStart, view.unreachEnd]
      : [],
  ];
  for (const places of all) {
    const ordered = places.every((place, index) => index === 0 || (places[index - 1] as number) <= place);
    check(ordered, `ranges of an UPDATE are out of order: ${places.map((place) => place - start)}`);
  }
}

const notification = decoderTarget({
  name: 'notification',
  covers: ['wire/message/03-notification.ts', 'wire/notification-name.ts'],
  seeds: () => [
    ...bodies(3),
    ...[2, 4, 9, 1].map((subcode) => new Uint8Array([6, subcode, 3, 65, 0xc3, 0xbc])),
  ],
  decode(bytes, start, end) {
    const message = decodeNotification(bytes, start, end);
    return [
      message,
      describeNotification(message),
      decodeShutdownCommunication(message),
      isHardReset(message),
    ];
  },
  also(input) {
    if (input.length < 2) return;
    const bytes = encodeNotification(decodeNotification(input, 0, input.length));
    check(digest(bytes.subarray(HEADER_BYTES)).hash === digest(input).hash, 'written anew it is another one');
  },
});

const routeRefresh = decoderTarget({
  name: 'route-refresh',
  covers: ['wire/message/05-route-refresh.ts'],
  seeds: () => [...bodies(5), ...[0, 1, 2].map((subtype) => new Uint8Array([0, 1, subtype, 1]))],
  decode: decodeRouteRefresh,
  also(input) {
    const decoded = decodeRouteRefresh(input, 0, input.length);
    if (!decoded.ok) return;
    const bytes = encodeRouteRefresh(decoded.value);
    check(
      digest(decodeRouteRefresh(bytes, HEADER_BYTES, bytes.length)).hash === digest(decoded).hash,
      'changed',
    );
  },
});

/** Targets of message decoders. */
export const MESSAGE_TARGETS: readonly Target[] = [
  header,
  framing,
  open,
  update,
  attributeKey,
  notification,
  routeRefresh,
];
