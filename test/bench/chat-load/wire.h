/* A WebSocket client's side of the wire (RFC 6455), without blocking, for many connections on one thread. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

enum opcode { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* What came and is not whole yet, or what the kernel did not take yet. */
struct bytes {
  char *data;
  size_t length, capacity;
};

void bytes_add(struct bytes *to, const void *data, size_t length);
void bytes_free(struct bytes *of);

struct frame {
  int opcode;
  const char *payload;
  size_t length;
};

/* One frame from what a server sent. Returns the bytes it took; 0 while it is not whole. */
size_t read_frame(const char *data, size_t length, struct frame *frame);

/* Appends a masked frame. The mask is zero: nobody between here and the server is to be protected from it. */
void add_frame(struct bytes *to, int opcode, const char *payload, size_t length);

/* Begins to connect to `host:port` or to a unix socket's path; -1 when that fails at once. */
int dial(const char *target, unsigned source);

#endif
