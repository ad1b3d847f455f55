// Asks an HTTP server for files, again and again, over connections that are kept; says what came.
//   file-load <host> <port> <connections> <seconds> < paths, a line each
// Bodies are thrown away in the kernel (recv with MSG_TRUNC, tcp(7)): a reader that copies them costs as much as the
// server that sends them.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_HEAD 4096
#define MAX_SAMPLES 4000000

struct connection {
  int fd;
  char head[MAX_HEAD];
  size_t head_length;
  long long left; // of the body; -1: the head is not whole
  double asked_at;
};

static char **requests;
static size_t request_count, next_request;
static float samples[MAX_SAMPLES];
static size_t answers, failures;
static struct sockaddr_in address = {.sin_family = AF_INET};
static int poll;
static long long bytes;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void open_connection(struct connection *one) {
  if (one->fd > 0) close(one->fd);
  one->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(one->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  int yes = 1;
  setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
  epoll_ctl(poll, EPOLL_CTL_ADD, one->fd, &event);
}

static void ask(struct connection *one) {
  const char *request = requests[next_request++ % request_count];
  size_t length = strlen(request);
  one->head_length = 0;
  one->left = -1;
  one->asked_at = now();
  if (write(one->fd, request, length) != (ssize_t)length) fail("write");
}

static void answered(struct connection *one) {
  if (answers < MAX_SAMPLES) samples[answers] = (float)((now() - one->asked_at) * 1e3);
  answers++;
  ask(one);
}

static void read_head(struct connection *one) {
  ssize_t got = recv(one->fd, one->head + one->head_length, MAX_HEAD - 1 - one->head_length, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 && one->head_length == 0) {
    // A server ends a connection after so many requests: the one that was on its way is asked again.
    next_request--;
    open_connection(one);
    ask(one);
    return;
  }
  if (got <= 0) fail("the server hung up in the midst of a head");
  one->head_length += got;
  one->head[one->head_length] = 0;
  char *end = strstr(one->head, "\r\n\r\n");
  if (!end) {
    if (one->head_length == MAX_HEAD - 1) exit(2);
    return;
  }
  char *size = strcasestr(one->head, "\r\ncontent-length:");
  if (!size || size > end) {
    fprintf(stderr, "an answer without a length: %.200s\n", one->head);
    exit(2);
  }
  if (strncmp(one->head + 9, "200", 3)) failures++;
  long long length = atoll(size + 17), here = one->head + one->head_length - (end + 4);
  bytes += length;
  one->left = length - here;
  if (one->left == 0) answered(one);
}

static void read_body(struct connection *one) {
  long long want = one->left < (1 << 24) ? one->left : 1 << 24;
  ssize_t got = recv(one->fd, NULL, want, MSG_TRUNC);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) fail("the server hung up in the midst of a file");
  one->left -= got;
  if (one->left == 0) answered(one);
}

static int by_value(const void *a, const void *b) {
  return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  address.sin_port = htons(atoi(arguments[2]));
  if (inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) return 2;
  int connections = atoi(arguments[3]);
  double seconds = atof(arguments[4]);
  char line[2048];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    requests = realloc(requests, (request_count + 1) * sizeof *requests);
    if (asprintf(&requests[request_count++], "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", line) < 0) return 2;
  }
  if (request_count == 0) return 2;
  poll = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  double started = now();
  for (int at = 0; at < connections; at++) {
    open_connection(&all[at]);
    ask(&all[at]);
  }
  struct epoll_event ready[256];
  while (now() - started < seconds) {
    int some = epoll_wait(poll, ready, 256, 100);
    for (int at = 0; at < some; at++) {
      struct connection *one = ready[at].data.ptr;
      // A reader that waits for nothing asks once, and again when there is more.
      if (one->left < 0) read_head(one);
      else read_body(one);
    }
  }
  double took = now() - started;
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  double cpu = use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
  size_t kept = answers < MAX_SAMPLES ? answers : MAX_SAMPLES;
  qsort(samples, kept, sizeof *samples, by_value);
  printf("{\"answers\":%zu,\"failures\":%zu,\"bytes\":%lld,\"seconds\":%.3f,\"cpu\":%.3f,\"p50\":%.3f,\"p99\":%.3f}\n",
         answers, failures, bytes, took, cpu, kept ? samples[kept / 2] : 0.0, kept ? samples[kept * 99 / 100] : 0.0);
  return 0;
}
