/*
 * weft-cni: the CNI plugin of weft.
 *
 * A container runtime starts it on the host, once for each thing it wants of a container's network. It hands what the runtime
 * said to weftd, which does the work, and copies weftd's answer:
 *
 *     runtime ── CNI_* and standard input ──▶ weft-cni ── POST /v1/cni ──▶ weftd
 *     runtime ◀── standard output, 0 or 1 ─── weft-cni ◀── 200 or 500 ──── weftd
 *
 * It does little itself: VERSION, which must work without a daemon; the error when weftd is away; and a DEL then, which it
 * keeps on disk until weftd is back, because a runtime that cannot remove a container may ask once and never again.
 *
 * Source: CNI spec 1.1.0, sections 2 (execution protocol) and 5 (result types, error codes).
 */
#include "weft-cni.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CNI spec 1.1.0, section 5: what an error's code means. */
enum {
  INVALID_ENVIRONMENT = 4,
  IO_FAILURE = 5,
  INVALID_CONFIG = 7,
  TRY_AGAIN_LATER = 11,
  NOT_AVAILABLE = 50,
};

static char request[BODY_LIMIT + 1];
static size_t environment_length;
static size_t request_length;

extern char **environ;

/* The version that the configuration names, so that errors and VERSION are in it; the newest where there is none. */
static struct text version_in_use(void) {
  static const char key[] = "\"cniVersion\"";
  struct text newest = {NEWEST_VERSION, sizeof NEWEST_VERSION - 1};
  request[request_length] = '\0';
  const char *config = request + environment_length;
  const char *at = memmem(config, request_length - environment_length, key, sizeof key - 1);
  if (at == NULL) return newest;
  at += sizeof key - 1;
  at += strspn(at, " \t\r\n:");
  if (*at++ != '"') return newest;
  size_t length = strspn(at, "0123456789.");
  return length > 0 && at[length] == '"' ? (struct text){at, length} : newest;
}

/* What is not plain ASCII is escaped: whatever the text holds, the output is JSON. */
static void put_escaped(const char *text) {
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\') printf("\\u%04x", byte);
    else putchar(byte);
  }
}

static int finish(int exit_code) { return fflush(stdout) == 0 && !ferror(stdout) ? exit_code : EXIT_FAILURE; }

/* Prints a CNI error: what happened, to which object (may be NULL), why (errno or 0), and what to do. */
static int fail(int code, struct problem problem, const char *hint) {
  struct text version = version_in_use();
  printf("{\"cniVersion\":\"%.*s\",\"code\":%d,\"msg\":\"", (int)version.length, version.start, code);
  put_escaped(problem.what);
  if (problem.object != NULL) printf(" ");
  if (problem.object != NULL) put_escaped(problem.object);
  if (problem.error != 0) printf(": %s", strerror(problem.error));
  printf("\",\"details\":\"%s\"}\n", hint);
  return finish(EXIT_FAILURE);
}

static int print_versions(void) {
  static const char *const versions[] = {SUPPORTED_VERSIONS};
  struct text version = version_in_use();
  printf("{\"cniVersion\":\"%.*s\",\"supportedVersions\":[", (int)version.length, version.start);
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) printf("%s\"%s\"", i == 0 ? "" : ",", versions[i]);
  printf("]}\n");
  return finish(EXIT_SUCCESS);
}

static bool is_json_object(struct text text) {
  while (text.length > 0 && memchr(" \t\r\n", text.start[text.length - 1], 4) != NULL) text.length--;
  return text.length >= 2 && text.start[0] == '{' && text.start[text.length - 1] == '}';
}

/* 200: the result, which most verbs have none of. 500: a CNI error. */
static int pass_on(struct answer answer) {
  bool is_object = is_json_object(answer.body);
  if ((answer.status == 200 && (is_object || answer.body.length == 0)) || (answer.status == 500 && is_object)) {
    fwrite(answer.body.start, 1, answer.body.length, stdout);
    return finish(answer.status == 200 ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  char what[64];
  snprintf(what, sizeof what, "weftd answered with status %d and no CNI result", answer.status);
  return fail(TRY_AGAIN_LATER, (struct problem){what, NULL, 0}, "weftd's log tells why. Is weft-cni of its version?");
}

/* The CNI_* variables, each ended by a NUL, and one NUL more. False: they are too long. */
static bool add_environment(void) {
  for (char **entry = environ; *entry != NULL; entry++) {
    if (strncmp(*entry, "CNI_", 4) != 0) continue;
    size_t length = strlen(*entry) + 1;
    if (length >= BODY_LIMIT - request_length) return false;
    memcpy(request + request_length, *entry, length);
    request_length += length;
  }
  request[request_length++] = '\0';
  environment_length = request_length;
  return true;
}

/* Standard input to its end. False with errno; EFBIG when it is too long. */
static bool add_configuration(void) {
  while (request_length <= BODY_LIMIT) {
    ssize_t count = read_some(STDIN_FILENO, request + request_length, sizeof request - request_length);
    if (count <= 0) return count == 0;
    request_length += (size_t)count;
  }
  request_length = environment_length;
  errno = EFBIG;
  return false;
}

/* First on disk, then weftd once more: it may have begun to listen after it looked there. */
static int delete_later(void) {
  struct text whole = {request, request_length};
  struct answer answer;
  struct problem problem;
  if (!spool_request(whole, &problem)) {
    return fail(TRY_AGAIN_LATER, problem, "weftd is away, and the DEL could not be kept for it either. Start weftd.");
  }
  switch (ask_weftd(whole, &answer, &problem)) {
    case ANSWERED:
      unspool_request();
      return pass_on(answer);
    case UNANSWERED:
      return fail(TRY_AGAIN_LATER, problem, "The DEL is kept for weftd's next start. Read weftd's log.");
    case AWAY:
      break;
  }
  return EXIT_SUCCESS;
}

/* Were one of the three closed, the next file opened would take its place. Reading and writing them fails as before. */
static void hold_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

int main(void) {
  hold_standard_streams();
  /* A runtime that has hung up and a limit of file sizes are errors like others, not a silent end. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  const char *command = getenv("CNI_COMMAND");
  if (command == NULL || *command == '\0') {
    return fail(INVALID_ENVIRONMENT, (struct problem){"CNI_COMMAND is not set", NULL, 0},
                "weft-cni is started by container runtimes, as the CNI spec says.");
  }
  if (!add_environment()) {
    return fail(INVALID_ENVIRONMENT, (struct problem){"CNI_ARGS and the other CNI_ variables exceed 1 MiB", NULL, 0}, "");
  }
  if (!add_configuration()) {
    return fail(errno == EFBIG ? INVALID_CONFIG : IO_FAILURE,
                (struct problem){"cannot read the network configuration from standard input", NULL, errno},
                "It may have 1 MiB, together with the CNI_ variables.");
  }
  if (strcmp(command, "VERSION") == 0) return print_versions();
  struct answer answer;
  struct problem problem;
  enum outcome outcome = ask_weftd((struct text){request, request_length}, &answer, &problem);
  if (outcome == ANSWERED) return pass_on(answer);
  if (strcmp(command, "DEL") == 0) return delete_later();
  return fail(strcmp(command, "STATUS") == 0 ? NOT_AVAILABLE : TRY_AGAIN_LATER, problem,
              "weftd does the work: see that it runs on this host. The runtime will try again.");
}
