/**
 * Preloaded (`node --import`), makes the kernel of a process one that was started with `ipv6.disable=1`: it has no sockets of IPv6.
 *
 * Source: seccomp(2), struct seccomp_data; linux/filter.h
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';

const SYS_SOCKET = process.arch === 'arm64' ? 198 : 41;
const AF_INET6 = 10;
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const NUMBER_AT = 0;
const FIRST_ARGUMENT_AT = 16;

/** Code, jump if true, jump if false, operand of each instruction. */
const program = [
  [LOAD, 0, 0, NUMBER_AT],
  [JUMP_IF_EQUAL, 0, 3, SYS_SOCKET],
  [LOAD, 0, 0, FIRST_ARGUMENT_AT],
  [JUMP_IF_EQUAL, 0, 1, AF_INET6],
  [RETURN, 0, 0, ERRNO | constants.errno.EAFNOSUPPORT],
  [RETURN, 0, 0, ALLOW],
] as const;

const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const libc = koffi.load('libc.so.6');
const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');

const instructions = koffi.alloc('uint8_t', program.length * 8);
const filter = new DataView(koffi.view(instructions, program.length * 8));
for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
  filter.setUint16(index * 8, code, true);
  filter.setUint8(index * 8 + 2, ifTrue);
  filter.setUint8(index * 8 + 3, ifFalse);
  filter.setUint32(index * 8 + 4, operand, true);
}
const header = koffi.alloc('uint8_t', 16);
const description = new DataView(koffi.view(header, 16));
description.setUint16(0, program.length, true);
description.setBigUint64(8, koffi.address(instructions), true);

prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, koffi.address(header), 0, 0) !== 0)
  throw new Error(`prctl: errno ${koffi.errno()}`);
