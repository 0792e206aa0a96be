/**
 * The wall clock of chosen processes, moved while they run: a library, put before libc, that adds the number of seconds in a file
 * to what the kernel says. A time namespace cannot do that: it leaves CLOCK_REALTIME alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll } from 'vitest';

const SOURCE = `
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long none = 0, *shift_seconds = &none;

__attribute__((constructor)) static void open_shift(void) {
  const char *path = getenv("SHIFTED_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *seen = mmap(0, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (seen != MAP_FAILED) shift_seconds = seen;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *shift_seconds;
  return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int failed = syscall(SYS_gettimeofday, now, zone);
  if (!failed && now) now->tv_sec += *shift_seconds;
  return failed;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where) *where = now.tv_sec;
  return now.tv_sec;
}
`;

const directory = mkdtempSync(join(tmpdir(), 'weft-clock-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A clock for the processes that are started with its environment. */
export interface ShiftedClock {
  readonly environment: Readonly<Record<string, string>>;
  /** From now on it is so many seconds ahead of the machine's; behind it when negative. */
  readonly shift: (seconds: number) => void;
}

/** Builds the library; its files go with the tests of this file. */
export async function shiftedClock(): Promise<ShiftedClock> {
  const [library, file] = [join(directory, 'clock.so'), join(directory, 'shift')];
  const shift = (seconds: number): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    // Written in place: the processes have mapped this very file.
    writeFileSync(file, bytes, { flag: 'r+' });
  };
  writeFileSync(file, Buffer.alloc(8));
  await execa('gcc', ['-shared', '-fPIC', '-O1', '-x', 'c', '-', '-o', library], { input: SOURCE });
  return { environment: { LD_PRELOAD: library, SHIFTED_CLOCK: file }, shift };
}
