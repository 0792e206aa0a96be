/*
 * DELs that weftd was not there for. One file each, named by the time and the process, holding the request as it would have
 * been sent; weftd does them at its next start and removes them.
 *
 * What is there under its final name is whole, also after a power loss, because of the order: write, fsync, rename, fsync of
 * the directory. Names that begin with a dot are not finished and mean nothing.
 */
#include "weft-cni.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SPOOL "/var/lib/weft/cni-spool"

static int directory = -1;
static char name[64];

/* A directory inside another, made if it is missing; then its name is on disk before anything is put into it. */
static int enter(int parent, const char *child) {
  bool made = mkdirat(parent, child, 0700) == 0;
  if (!made && errno != EEXIST) return -1;
  if (made && fsync(parent) != 0) return -1;
  return openat(parent, child, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Opens a directory by its path, making what is missing of it. Returns -1 with errno. */
static int open_directory(const char *path) {
  char parts[PATH_MAX];
  if (strlen(path) >= sizeof parts) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(parts, path);
  int at = open(*path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char *rest = parts;
  for (char *part; at >= 0 && (part = strsep(&rest, "/")) != NULL;) {
    if (*part == '\0') continue;
    int next = enter(at, part);
    int error = errno;
    close(at);
    errno = error;
    at = next;
  }
  return at;
}

static bool write_all(int fd, struct text rest) {
  while (rest.length > 0) {
    ssize_t count = write(fd, rest.start, rest.length);
    if (count < 0 && errno != EINTR) return false;
    if (count < 0) continue;
    rest.start += count;
    rest.length -= (size_t)count;
  }
  return true;
}

/* Under a hidden name until it is whole. */
static bool write_file(struct text content) {
  char hidden[sizeof name + 1];
  snprintf(hidden, sizeof hidden, ".%s", name);
  int fd = openat(directory, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool done = write_all(fd, content) && fsync(fd) == 0 && renameat(directory, hidden, directory, name) == 0 &&
              fsync(directory) == 0;
  int error = errno;
  close(fd);
  if (!done) unlinkat(directory, hidden, 0);
  errno = error;
  return done;
}

bool spool_request(struct text request, struct problem *problem) {
  const char *path = getenv("WEFT_CNI_SPOOL");
  if (path == NULL || *path == '\0') path = DEFAULT_SPOOL;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, sizeof name, "%lld%09ld-%d", (long long)now.tv_sec, now.tv_nsec, (int)getpid());
  directory = open_directory(path);
  if (directory >= 0 && write_file(request)) return true;
  *problem = (struct problem){"cannot write into", path, errno};
  return false;
}

void unspool_request(void) {
  /* weftd may have found it first. A removal that a power loss undoes means a DEL done twice, which is harmless. */
  unlinkat(directory, name, 0);
}
