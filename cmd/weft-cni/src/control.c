/*
 * One request to weftd's control socket and its answer: HTTP/1.1 (RFC 9112), as much of it as weftd speaks.
 *
 *     POST /v1/cni, Content-Length: the request  ──▶  200 or 500, Content-Length: the plugin's standard output
 *
 * An answer counts only when it is whole: a status line, a Content-Length, and that many bytes.
 */
#include "weft-cni.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/weft/weftd.sock"

enum { HEADER_LIMIT = 16 * 1024 };

static char received[HEADER_LIMIT + BODY_LIMIT + 1];

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Counted from the first call: the deadline is the program's, not that of one operation. */
static int milliseconds_left(void) {
  static long long deadline;
  if (deadline == 0) deadline = milliseconds() + DEADLINE_SECONDS * 1000LL;
  long long left = deadline - milliseconds();
  return left > 0 ? (int)left : 0;
}

static bool wait_for(int fd, short event) {
  for (;;) {
    struct pollfd one = {.fd = fd, .events = event};
    int ready = poll(&one, 1, milliseconds_left());
    if (ready > 0) return true;
    if (ready == 0) errno = ETIMEDOUT;
    if (ready == 0 || errno != EINTR) return false;
  }
}

ssize_t read_some(int fd, char *to, size_t room) {
  for (;;) {
    if (!wait_for(fd, POLLIN)) return -1;
    ssize_t count = read(fd, to, room);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN)) return count;
  }
}

/* Where weftd hangs up in the middle it has often answered before: whoever reads on finds out. */
static void send_all(int fd, struct text rest) {
  while (rest.length > 0 && wait_for(fd, POLLOUT)) {
    ssize_t count = send(fd, rest.start, rest.length, MSG_DONTWAIT);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return;
    if (count < 0) continue;
    rest.start += count;
    rest.length -= (size_t)count;
  }
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int left = milliseconds_left();
  /* A full queue of connections makes connect() wait; poll() cannot do that for it. Zero would mean for ever. */
  struct timeval limit = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 + 1};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    if (errno == EINTR) continue;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static const char digits[] = "0123456789";

/* -1 where there is no status line. */
static int status_code(const char *headers) {
  static const char protocol[] = "HTTP/1.1 ";
  const char *status = headers + sizeof protocol - 1;
  return strncmp(headers, protocol, sizeof protocol - 1) == 0 && strspn(status, digits) == 3 ? atoi(status) : -1;
}

/* -1 where there is none, or one beyond BODY_LIMIT. */
static long content_length(const char *headers, const char *end) {
  static const char name[] = "\r\ncontent-length:";
  for (const char *at = headers; (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at++) {
    if (strncasecmp(at, name, sizeof name - 1) != 0) continue;
    const char *value = at + sizeof name - 1;
    value += strspn(value, " \t");
    size_t length = strspn(value, digits);
    bool is_number = length >= 1 && length <= 7 && value[length] == '\r';
    return is_number && atol(value) <= BODY_LIMIT ? atol(value) : -1;
  }
  return -1;
}

enum parse { WHOLE, INCOMPLETE, NOT_HTTP };

/* `received` holds `length` bytes and a NUL after them. */
static enum parse parse_answer(size_t length, struct answer *answer) {
  const char *body = memmem(received, length, "\r\n\r\n", 4);
  if (body == NULL) return length < HEADER_LIMIT ? INCOMPLETE : NOT_HTTP;
  body += 4;
  long expected = content_length(received, body - 2);
  answer->status = status_code(received);
  if (expected < 0 || answer->status < 0) return NOT_HTTP;
  answer->body = (struct text){body, (size_t)expected};
  return length - (size_t)(body - received) >= answer->body.length ? WHOLE : INCOMPLETE;
}

static bool receive_answer(int fd, struct answer *answer, struct problem *problem) {
  size_t length = 0;
  for (;;) {
    ssize_t count = read_some(fd, received + length, sizeof received - 1 - length);
    problem->error = count < 0 ? errno : 0;
    problem->what = count < 0 ? "no answer from" : "an answer cut short from";
    if (count <= 0) return false;
    length += (size_t)count;
    received[length] = '\0';
    switch (parse_answer(length, answer)) {
      case WHOLE:
        return true;
      case NOT_HTTP:
        problem->what = "an answer that is not weftd's from";
        return false;
      case INCOMPLETE:
        break;
    }
  }
}

enum outcome ask_weftd(struct text request, struct answer *answer, struct problem *problem) {
  const char *path = getenv("WEFT_CONTROL_SOCKET");
  if (path == NULL || *path == '\0') path = DEFAULT_SOCKET;
  int fd = connect_to(path);
  if (fd < 0) {
    /* EAGAIN: so many wait to be accepted that this one found no place before the deadline. */
    enum outcome outcome = errno == EAGAIN ? UNANSWERED : AWAY;
    *problem = (struct problem){outcome == AWAY ? "weftd is away: cannot connect to" : "no answer from", path, errno};
    return outcome;
  }
  char header[256];
  int length = snprintf(header, sizeof header,
                        "POST /v1/cni HTTP/1.1\r\nHost: weftd\r\nContent-Type: application/octet-stream\r\n"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                        request.length);
  send_all(fd, (struct text){header, (size_t)length});
  send_all(fd, request);
  problem->object = path;
  bool whole = receive_answer(fd, answer, problem);
  close(fd);
  return whole ? ANSWERED : UNANSWERED;
}
