/**
 * Octets that mean something in BGP, for the fuzzer to put into inputs: what random octets would seldom hit.
 */

/** Words of one to a few octets, as hex: headers, code points with their flags and lengths, families, prefixes. */
const WORDS: readonly string[] = [
  'ffffffffffffffffffffffffffffffff',
  // Headers behind the marker: OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH.
  '001d01',
  '001702',
  '001503',
  '001304',
  '001705',
  // Attributes: flags, code and length.
  '400101',
  '400200',
  '40020602010000fc00',
  '5002',
  '400304',
  '800404',
  '400504',
  '400600',
  'c00708',
  'c00706',
  'c00804',
  '800904',
  '800a04',
  '900e',
  '800f03',
  'c01008',
  'c01106',
  'c01208',
  'c0200c',
  'c02304',
  // AS_PATH segments, AS_TRANS.
  '0101',
  '0201',
  '0301',
  '0401',
  '02ff',
  '5ba0',
  '00005ba0',
  '0000fc00',
  '0000fc01',
  // Families.
  '000101',
  '000201',
  '00010001',
  '00190141',
  // Capabilities: code and length.
  '0200',
  '0104',
  '0600',
  '0506',
  '0901',
  '4002',
  '4006',
  '4104',
  '4504',
  '4600',
  '4707',
  // Optional parameters, both forms.
  '0206',
  'ffff0006',
  '020003',
  // Prefixes and path identifiers.
  '00',
  '180a0000',
  '20c0000201',
  '3020010db80001',
  '8020010db8000000000000000000000001',
  '00000001',
  'ffffffff',
  // Next hops.
  '0a000007',
  '0000000000000000000000000000000000',
  'fe800000000000000000000000000001',
];

/** The words as octets. */
export const DICTIONARY: readonly Uint8Array[] = WORDS.map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));
