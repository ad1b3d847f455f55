#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One address of loopback has fewer ports than many rows of connections need. */
#define SOURCES 8

void bytes_add(struct bytes *to, const void *data, size_t length) {
  if (to->length + length > to->capacity) {
    to->capacity = 2 * (to->length + length);
    to->data = realloc(to->data, to->capacity);
    if (!to->data) abort();
  }
  memcpy(to->data + to->length, data, length);
  to->length += length;
}

void bytes_free(struct bytes *of) {
  free(of->data);
  *of = (struct bytes){0};
}

size_t read_frame(const char *data, size_t length, struct frame *frame) {
  const uint8_t *at = (const uint8_t *)data;
  if (length < 2) return 0;
  size_t header = 2;
  uint64_t size = at[1] & 0x7f;
  if (size >= 126) {
    size_t width = size == 126 ? 2 : 8;
    header += width;
    if (length < header) return 0;
    size = 0;
    for (size_t i = 0; i < width; i++) size = size << 8 | at[2 + i];
  }
  if (length - header < size) return 0;
  *frame = (struct frame){at[0] & 0x0f, data + header, size};
  return header + size;
}

void add_frame(struct bytes *to, int opcode, const char *payload, size_t length) {
  uint8_t header[8] = {0x80 | opcode};
  size_t size = 2;
  if (length < 126) {
    header[1] = 0x80 | length;
  } else {
    header[1] = 0x80 | 126;
    header[2] = length >> 8;
    header[3] = length & 0xff;
    size = 4;
  }
  bytes_add(to, header, size);
  bytes_add(to, "\0\0\0\0", 4);
  bytes_add(to, payload, length);
}

static int dial_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

int dial(const char *target, unsigned source) {
  if (target[0] == '/') return dial_unix(target);
  char host[64] = {0};
  const char *colon = strrchr(target, ':');
  if (!colon || (size_t)(colon - target) >= sizeof host) return -1;
  memcpy(host, target, colon - target);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + source % SOURCES)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  inet_pton(AF_INET, host, &to.sin_addr);
  if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
      (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS))
    return fd;
  close(fd);
  return -1;
}
