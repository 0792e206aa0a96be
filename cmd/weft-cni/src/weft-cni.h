/* What the three parts of weft-cni share: main.c (the verbs), control.c (weftd's socket), spool.c (DELs for later). */
#ifndef WEFT_CNI_H
#define WEFT_CNI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The CNI spec versions that @weft/cni reads and writes, oldest first; a test compares the two lists. */
#define SUPPORTED_VERSIONS "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"
#define NEWEST_VERSION "1.1.0"

/* Environment and configuration together, and weftd's answer, may be this long each, in bytes. */
enum { BODY_LIMIT = 1024 * 1024 };

/* Seconds for everything that waits: standard input, connecting, the answer. weftd itself gives up after 30. */
#ifndef DEADLINE_SECONDS
#define DEADLINE_SECONDS 90
#endif

struct text {
  const char *start;
  size_t length;
};

/* What failed, on what, and errno: "cannot connect to", "/run/weft/weftd.sock", ENOENT. */
struct problem {
  const char *what;
  const char *object;
  int error;
};

enum outcome {
  ANSWERED,   /* a whole answer came */
  UNANSWERED, /* somebody listens, but no whole answer came in time */
  AWAY,       /* nobody listens */
};

struct answer {
  int status;
  struct text body;
};

/* Sends a request to weftd and waits for the answer. `answer` is set when ANSWERED, `problem` otherwise. */
enum outcome ask_weftd(struct text request, struct answer *answer, struct problem *problem);

/* Reads some bytes, waiting until the deadline (ETIMEDOUT). Returns their number, 0 at the end, -1 with errno. */
ssize_t read_some(int fd, char *to, size_t room);

/* Keeps a request on disk, so that weftd finds it at its start even after a power loss. False: `problem` is set. */
bool spool_request(struct text request, struct problem *problem);

/* Removes the request that was kept last: weftd has answered it. */
void unspool_request(void);

#endif
