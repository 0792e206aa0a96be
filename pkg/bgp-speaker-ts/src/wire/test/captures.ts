/**
 * Messages as other speakers sent them.
 *
 * Captured on 2026-11-21 between two network namespaces: the daemon at 10.9.0.2 (2001:db8:9::2) opened a session to a
 * recorder at 10.9.0.1 that answered with an OPEN and a KEEPALIVE and wrote down every message, header included. To
 * capture again: static routes 192.0.2.0/25 (with communities), 198.51.100.0/24, 0.0.0.0/0, 2001:db8:1::/48,
 * 2001:db8:2::/64 in BIRD; the same kind of routes by `network` and `aggregate-address` in FRR, `gobgp global rib add` in
 * GoBGP.
 */

/** Messages of one session in the order in which they came, as hex. */
export interface Capture {
  readonly origin: string;
  readonly messages: readonly string[];
}

/** BIRD 2.0.12 (Debian 12), internal session, both families, ADD-PATH, extended messages, graceful restart on. */
export const birdInternal: Capture = {
  origin:
    'BIRD 2.0.12 (Debian 12), internal session, both families, ADD-PATH, extended messages, graceful restart on',
  messages: [
    'ffffffffffffffffffffffffffffffff00570104fc0000f00a0900023a02380104000100010104000200010200050600' +
      '01000100020600400a0078000101000002010041040000fc004508000101030002010346004700',
    'ffffffffffffffffffffffffffffffff001304',
    'ffffffffffffffffffffffffffffffff003f0200000028900e0016000101040a0900020000000002000000000218c633' +
      '644001010040020040050400000064',
    'ffffffffffffffffffffffffffffffff0063020000004c900e0012000101040a090002000000000219c0000200400101' +
      '014002008004040000003240050400000064c00804fc000064c010080002fc0000000007c0200c0000fc000000000100' +
      '000002',
    'ffffffffffffffffffffffffffffffff00170200000000',
    'ffffffffffffffffffffffffffffffff0056020000003f900e002d0002011020010db800090000000000000000000200' +
      '000000033020010db80001000000034020010db8000200004001010040020040050400000064',
    'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
  ],
};

/** BIRD 2.0.12 (Debian 12), AS 4200000001, to a peer without the four-octet capability and without ADD-PATH. */
export const birdTwoOctet: Capture = {
  origin:
    'BIRD 2.0.12 (Debian 12), AS 4200000001, to a peer without the four-octet capability and without ADD-PATH',
  messages: [
    'ffffffffffffffffffffffffffffffff005701045ba000f00a0900023a02380104000100010104000200010200050600' +
      '01000100020600400a007800010100000201004104fa56ea014508000101030002010346004700',
    'ffffffffffffffffffffffffffffffff001304',
    'ffffffffffffffffffffffffffffffff003d0200000026900e000e000101040a090002000018c6336440010100400204' +
      '02015ba0c011060201fa56ea01',
    'ffffffffffffffffffffffffffffffff005e0200000047900e000e000101040a0900020019c000020040010101400204' +
      '02015ba0c00804fc000064c010080002fc0000000007c011060201fa56ea01c0200c0000fc000000000100000002',
    'ffffffffffffffffffffffffffffffff00170200000000',
    'ffffffffffffffffffffffffffffffff0064020000004d900e00350002012020010db8000900000000000000000002fe' +
      '8000000000000028fe0cfffe8f1e18003020010db800014020010db8000200004001010040020402015ba0c011060201' +
      'fa56ea01',
    'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
  ],
};

/** FRR bgpd 8.4.4 (Debian 12), external session, aggregate-address as-set, addpath-tx-all-paths. */
export const frrExternal: Capture = {
  origin: 'FRR bgpd 8.4.4 (Debian 12), external session, aggregate-address as-set, addpath-tx-all-paths',
  messages: [
    'ffffffffffffffffffffffffffffffff00790104fc01001e0a0900025c02060104000100010206010400020001020280' +
      '000202020002024600020641040000fc0102020600020a450800010103000201030206490402766d00020c400ac07800' +
      '010100000201000210470e0001018000000000020180000000',
    'ffffffffffffffffffffffffffffffff001304',
    'ffffffffffffffffffffffffffffffff00460200000027400101005002000602010000fc014003040a09000280040400' +
      '000000c007080000fc010a0900020000000218c00002',
    'ffffffffffffffffffffffffffffffff005d0200000046900e002d0002011000000000000000000000ffff0a09000200' +
      '000000003020010db80001000000004020010db800020003400101005002000602010000fc0180040400000000',
    'ffffffffffffffffffffffffffffffff0045020000001c400101005002000602010000fc014003040a09000280040400' +
      '0000000000000319c00002000000000419c0000280',
    'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
    'ffffffffffffffffffffffffffffffff00170200000000',
  ],
};

/** GoBGP 3.10.0 (Debian 12), external session, graceful restart and long-lived graceful restart on. */
export const gobgpExternal: Capture = {
  origin: 'GoBGP 3.10.0 (Debian 12), external session, graceful restart and long-lived graceful restart on',
  messages: [
    'ffffffffffffffffffffffffffffffff00560104fc02005a0a0900023902370200490402766d00010400010001010400' +
      '02000141040000fc02400a40140001010000020100470700010100000e100506000100010002',
    'ffffffffffffffffffffffffffffffff001304',
    'ffffffffffffffffffffffffffffffff003b020000001f4001010240020602010000fc024003040a090002c007080000' +
      'fc020a09000219c0000280',
    'ffffffffffffffffffffffffffffffff00170200000000',
    'ffffffffffffffffffffffffffffffff004a02000000334001010240020602010000fc02c00804ffff029a800e1c0002' +
      '011020010db8000900000000000000000002003020010db80007',
    'ffffffffffffffffffffffffffffffff001d0200000006800f03000201',
  ],
};

/** All captures. */
export const CAPTURES: readonly Capture[] = [birdInternal, birdTwoOctet, frrExternal, gobgpExternal];

/** Turns hex into bytes. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Turns bytes into hex, which a failed comparison shows best. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
