/*
 * A crowd of WebSocket clients in one thread: connects, joins a room, sends at a steady rate through a few of them, and looks at
 * what each of them receives. Compiled by chat-crowd.ts; an interpreter could not read 200,000 messages a second beside the
 * server that it measures.
 *
 *   chat-load <protocol> <connections> <senders> <per second> <seconds> <connects per second> <tokens> <target>...
 *
 * protocol: `chat` (chat.v1), `socketio` (Engine.IO 4, Socket.IO 5), `plain` (text frames, echoed to all).
 * tokens: a file with a ticket for each connection and, behind a blank, a token for the attempts after the first, as a page
 * would ask for another ticket; or `-`. target: `host:port` or a path of a socket; taken in turns.
 *
 * A message is `@<number>@<nanoseconds>@<run>` in whatever the protocol wraps it. Standard input: `stop` ends it early. Standard
 * output: a JSON line each second, and at the end one with `"final":true`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ROOM "channel-1"
#define MAX_TARGETS 8
#define BUCKET_NS 100000 /* 0.1 ms */
#define BUCKETS 600000   /* a minute */
#define DRAIN_SECONDS 15 /* what was sent last is waited for so long */
#define JOIN_SECONDS 180 /* and everybody's being let in, so long */
#define FIRST_WAIT_MS 500
#define LONGEST_WAIT_MS 30000
#define STABLE_NS 30000000000u /* who was there as long begins with the first wait again */

enum protocol { CHAT, SOCKETIO, PLAIN };
enum state { WAITING, CONNECTING, UPGRADING, GREETED, JOINED };

struct client {
  int fd;
  int index;
  enum state state;
  uint64_t retry_at, greeted_at;
  int attempts;
  char *rest; /* of a frame that has not come whole */
  size_t rest_length;
  char *resume;
  char epoch[48];
  bool is_asking; /* for what it missed */
  bool has_tried;
  uint64_t last; /* number of the newest line of this epoch */
  uint32_t *order; /* messages as they came */
  uint32_t received, capacity;
  uint8_t *seen;
};

static enum protocol protocol;
static int connections, senders, connect_rate;
static double rate;
static int seconds;
static struct client *clients;
static char **tokens, **spare_tokens;
static struct sockaddr_storage targets[MAX_TARGETS];
static socklen_t target_lengths[MAX_TARGETS];
static int target_count, poller;
static uint32_t most_messages, sent, *histogram;
static uint8_t *acked, *waiting; /* by message */
static uint64_t *resend_at;
static uint64_t delivered, doubled, delivered_bytes, worst_ns;
static uint64_t closes, resets, refused;
static uint64_t dials, turned_away;
static int joined;
static char run[12], cid_field[32]; /* messages are new in each run: a server may know those of the last minutes */
static uint64_t sending_from, delivered_in_time;
static long viewers = -1;

static uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "chat-load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void lose(struct client *client, uint64_t least_ms);

/* Masked with zeros: a client must mask (RFC 6455, 5.3), and nothing between us and the server needs protection. */
static void say(struct client *client, int opcode, const char *text, size_t length) {
  unsigned char frame[4096 + 8];
  size_t head = 2;
  if (length > 4096) return;
  frame[0] = 0x80 | opcode;
  if (length < 126) frame[1] = 0x80 | (unsigned char)length;
  else {
    frame[1] = 0x80 | 126;
    frame[2] = (unsigned char)(length >> 8);
    frame[3] = (unsigned char)length;
    head = 4;
  }
  memset(frame + head, 0, 4);
  memcpy(frame + head + 4, text, length);
  size_t whole = head + 4 + length;
  if (client->fd >= 0 && send(client->fd, frame, whole, MSG_NOSIGNAL) != (ssize_t)whole) lose(client, 0);
}

static void say_text(struct client *client, const char *text) { say(client, 1, text, strlen(text)); }

static void join(struct client *client) {
  char text[256];
  if (client->is_asking) return;
  client->is_asking = true;
  if (client->epoch[0])
    snprintf(text, sizeof text, "{\"t\":\"join\",\"room\":\"" ROOM "\",\"since\":{\"e\":\"%s\",\"s\":%llu}}", client->epoch,
             (unsigned long long)client->last);
  else snprintf(text, sizeof text, "{\"t\":\"join\",\"room\":\"" ROOM "\"}");
  say_text(client, text);
}

static void send_message(uint32_t number) {
  struct client *client = &clients[number % (uint32_t)senders];
  char text[256];
  waiting[number] = 1;
  resend_at[number] = protocol == CHAT ? now_ns() + 3000000000u : 0;
  if (client->state != JOINED) return;
  /* When it was due: a crowd that is late, or a server that let it wait, does not hide that. */
  unsigned long long at = sending_from + (unsigned long long)(number / rate * 1e9);
  const char *form = protocol == CHAT ? "{\"t\":\"send\",\"room\":\"" ROOM "\",\"cid\":\"%s%09u\",\"body\":\"@%u@%llu@%s\"}"
                     : protocol == SOCKETIO ? "42[\"message\",\"%s%09u@%u@%llu@%s\"]"
                                            : "{\"cid\":\"%s%09u\",\"body\":\"@%u@%llu@%s\"}";
  snprintf(text, sizeof text, form, run, number, number, at, run);
  say_text(client, text);
}

static void take_message(struct client *client, uint32_t number, uint64_t at_ns) {
  uint64_t ago = now_ns() - at_ns;
  if (number >= most_messages) return;
  delivered++;
  if (client->seen[number / 8] & (1 << number % 8)) {
    doubled++;
    return;
  }
  client->seen[number / 8] |= (uint8_t)(1 << number % 8);
  if (client->received == client->capacity) {
    client->capacity = client->capacity ? 2 * client->capacity : 64;
    client->order = realloc(client->order, client->capacity * sizeof *client->order);
  }
  client->order[client->received++] = number;
  if (ago > worst_ns) worst_ns = ago;
  uint64_t bucket = ago / BUCKET_NS;
  histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

/* The number behind `name` at or after `from`, or -1. */
static long long field(const char *from, const char *end, const char *name) {
  const char *at = memmem(from, (size_t)(end - from), name, strlen(name));
  return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static void copy_text(const char *from, const char *end, const char *name, char *into, size_t size) {
  const char *at = memmem(from, (size_t)(end - from), name, strlen(name));
  if (!at) return;
  at += strlen(name);
  const char *stop = memchr(at, '"', (size_t)(end - at));
  if (!stop || (size_t)(stop - at) >= size) return;
  memcpy(into, at, (size_t)(stop - at));
  into[stop - at] = 0;
}

/* Every message in a frame. Of a room's lines those that are known by their number are skipped, as chat.v1 asks of a client. */
static void take_messages(struct client *client, const char *text, const char *end) {
  uint64_t newest = client->last;
  for (const char *at = text; (at = memchr(at, '@', (size_t)(end - at)));) {
    char *after;
    uint32_t number = (uint32_t)strtoul(at + 1, &after, 10);
    if (after == at + 1 || *after != '@') {
      at++;
      continue;
    }
    uint64_t sent_at = strtoull(after + 1, &after, 10);
    if (*after != '@' || strncmp(after + 1, run, strlen(run)) != 0) { /* of a run before this one, in the room's history */
      at = after;
      continue;
    }
    if (protocol == CHAT) {
      const char *line = at;
      while (line > text && memcmp(line, "{\"s\":", 5) != 0) line--;
      uint64_t s = strtoull(line + 5, NULL, 10);
      if (line > text && s <= client->last) {
        at = after;
        continue;
      }
      if (s > newest) newest = s;
    }
    take_message(client, number, sent_at);
    at = after;
  }
  client->last = newest;
}

static void take_chat(struct client *client, const char *text, const char *end) {
  char kind[12] = "";
  copy_text(text, end, "{\"t\":\"", kind, sizeof kind);
  if (strcmp(kind, "b") == 0) {
    long long first = field(text, end, "\"m\":[{\"s\":");
    if (first >= 0 && (uint64_t)first > client->last + 1) {
      join(client);
      return;
    }
    take_messages(client, text, end);
    const char *line = end;
    while (line > text && memcmp(line, "{\"s\":", 5) != 0) line--;
    if (line > text && strtoull(line + 5, NULL, 10) > client->last) client->last = strtoull(line + 5, NULL, 10);
  } else if (strcmp(kind, "hello") == 0) {
    char resume[1024] = "";
    copy_text(text, end, "\"resume\":\"", resume, sizeof resume);
    free(client->resume);
    client->resume = strdup(resume);
    client->state = GREETED;
    client->greeted_at = now_ns();
    join(client);
  } else if (strcmp(kind, "joined") == 0) {
    char epoch[48] = "";
    copy_text(text, end, "\"e\":\"", epoch, sizeof epoch);
    if (strcmp(epoch, client->epoch) != 0) {
      if (client->epoch[0]) resets++;
      client->last = 0;
      strcpy(client->epoch, epoch);
    }
    client->is_asking = false;
    take_messages(client, text, end);
    const char *epoch_at = memmem(text, (size_t)(end - text), "\"e\":\"", 5);
    long long s = epoch_at ? field(epoch_at, end, "\"s\":") : -1;
    if (s >= 0 && (uint64_t)s > client->last) client->last = (uint64_t)s;
    if (client->index == 0) viewers = field(text, end, "\"n\":");
    if (client->state != JOINED) joined++;
    client->state = JOINED;
    if (client->index < senders)
      for (uint32_t i = (uint32_t)client->index; i < sent; i += (uint32_t)senders)
        if (waiting[i] && !acked[i]) send_message(i);
  } else if (strcmp(kind, "ack") == 0) {
    char cid[16] = "";
    copy_text(text, end, cid_field, cid, sizeof cid);
    uint32_t number = (uint32_t)strtoul(cid, NULL, 10);
    if (number < most_messages) acked[number] = 1;
  } else if (strcmp(kind, "err") == 0) {
    char cid[16] = "";
    refused++;
    copy_text(text, end, cid_field, cid, sizeof cid);
    uint32_t number = (uint32_t)strtoul(cid, NULL, 10);
    if (cid[0] && number < most_messages && !acked[number]) resend_at[number] = now_ns() + 300000000u;
  } else if (strcmp(kind, "cnt") == 0) {
    if (client->index == 0) viewers = field(text, end, "\"n\":");
  } else if (strcmp(kind, "reset") == 0) {
    join(client);
  } else if (strcmp(kind, "bye") == 0) {
    long long after = field(text, end, "\"after\":");
    lose(client, after > 0 ? (uint64_t)after : 0);
  }
}

static void take_text(struct client *client, const char *text, size_t length) {
  const char *end = text + length;
  if (protocol == CHAT) take_chat(client, text, end);
  else if (protocol == SOCKETIO && length > 0 && text[0] == '0') say_text(client, "40");
  else if (protocol == SOCKETIO && length > 0 && text[0] == '2') say_text(client, "3");
  else if (protocol == SOCKETIO && length > 1 && text[0] == '4' && text[1] == '0') {
    client->state = JOINED;
    joined++;
  } else take_messages(client, text, end);
}

/* Whole frames out of what has come; returns how much of it they were. Neither server fragments. */
static size_t take_frames(struct client *client, char *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= 2 && client->fd >= 0) {
    unsigned char *head = (unsigned char *)bytes + at;
    size_t size = head[1] & 0x7f, header = 2;
    if (size == 126) {
      if (length - at < 4) break;
      size = (size_t)head[2] << 8 | head[3];
      header = 4;
    } else if (size == 127) {
      if (length - at < 10) break;
      size = 0;
      for (int i = 2; i < 10; i++) size = size << 8 | head[i];
      header = 10;
    }
    if (length - at < header + size) break;
    int opcode = head[0] & 0x0f;
    if (opcode == 1) take_text(client, bytes + at + header, size);
    else if (opcode == 9) say(client, 10, bytes + at + header, size);
    else if (opcode == 8) lose(client, 0);
    at += header + size;
  }
  return client->fd >= 0 ? at : length;
}

static void upgrade(struct client *client) {
  char text[3000], token[2048] = "";
  if (client->resume) snprintf(token, sizeof token, "Sec-WebSocket-Protocol: chat.v1, r.%s\r\n", client->resume);
  else if (tokens && client->has_tried)
    snprintf(token, sizeof token, "Sec-WebSocket-Protocol: chat.v1, r.%s\r\n", spare_tokens[client->index]);
  else if (tokens) snprintf(token, sizeof token, "Sec-WebSocket-Protocol: chat.v1, t.%s\r\n", tokens[client->index]);
  client->has_tried = true;
  int length = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: ustat.test\r\nOrigin: http://ustat.test\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                        protocol == SOCKETIO ? "/socket.io/?EIO=4&transport=websocket" : "/ws", token);
  client->state = UPGRADING;
  if (send(client->fd, text, (size_t)length, MSG_NOSIGNAL) != length) lose(client, 0);
}

static void dial(struct client *client) {
  int which = (client->index + client->attempts) % target_count;
  dials++;
  client->fd = socket(targets[which].ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0) die("socket");
  int one = 1;
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  client->state = CONNECTING;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
  if (connect(client->fd, (struct sockaddr *)&targets[which], target_lengths[which]) < 0 && errno != EINPROGRESS) {
    lose(client, 0);
  }
}

/* It comes back as web/chat/chat-connection.ts does: after what the hub has said, else a random while that doubles. */
static void lose(struct client *client, uint64_t asked_ms) {
  if (client->fd < 0) return;
  close(client->fd);
  client->fd = -1;
  if (client->state == JOINED) {
    joined--;
    closes++;
  }
  client->state = WAITING;
  client->is_asking = false;
  client->rest_length = 0;
  if (client->greeted_at && now_ns() - client->greeted_at > STABLE_NS) client->attempts = 0;
  client->greeted_at = 0;
  uint64_t spread_ms = client->attempts < 6 ? (uint64_t)FIRST_WAIT_MS << client->attempts : LONGEST_WAIT_MS;
  uint64_t wait_ms = asked_ms ? asked_ms : (uint64_t)rand() % spread_ms;
  client->attempts++;
  client->retry_at = now_ns() + wait_ms * 1000000u;
}

static void read_from(struct client *client) {
  static char bytes[1 << 20];
  size_t held = client->rest_length;
  if (held) memcpy(bytes, client->rest, held);
  ssize_t count = recv(client->fd, bytes + held, sizeof bytes - held - 1, 0);
  if (count <= 0) {
    if (count < 0 && errno == EAGAIN) return;
    lose(client, 0);
    return;
  }
  delivered_bytes += (uint64_t)count;
  size_t length = held + (size_t)count, used = 0;
  bytes[length] = 0;
  if (client->state == UPGRADING) {
    char *end = strstr(bytes, "\r\n\r\n");
    if (!end) used = 0;
    else if (strncmp(bytes, "HTTP/1.1 101", 12) != 0) {
      turned_away++;
      lose(client, 0); /* too busy: again a little later */
      return;
    } else {
      used = (size_t)(end - bytes) + 4;
      client->state = GREETED;
      if (protocol == PLAIN) {
        client->state = JOINED;
        joined++;
      }
    }
  }
  if (client->state != UPGRADING) used += take_frames(client, bytes + used, length - used);
  if (client->fd < 0) return;
  client->rest_length = length - used;
  if (client->rest_length) {
    client->rest = realloc(client->rest, client->rest_length);
    memcpy(client->rest, bytes + used, client->rest_length);
  } else if (held) {
    free(client->rest);
    client->rest = NULL;
  }
}

static void serve(int wait_ms) {
  struct epoll_event events[1024];
  int count = epoll_wait(poller, events, 1024, wait_ms);
  for (int i = 0; i < count; i++) {
    struct client *client = events[i].data.ptr;
    if (client->fd < 0) continue;
    if (client->state == CONNECTING && events[i].events & EPOLLOUT) {
      struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
      epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
      upgrade(client);
    } else if (events[i].events & EPOLLIN) read_from(client);
    else if (events[i].events & (EPOLLERR | EPOLLHUP)) lose(client, 0);
  }
}

static double percentile(double share) {
  uint64_t all = 0, sum = 0;
  for (int i = 0; i < BUCKETS; i++) all += histogram[i];
  for (int i = 0; i < BUCKETS; i++)
    if ((sum += histogram[i]) >= share * (double)all && all) return (double)(i + 1) * BUCKET_NS / 1e6;
  return 0;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Lost: of what was acknowledged (or sent, where nothing is) and did not come to everybody. Reordered: otherwise than with who has most. */
static void judge(uint64_t *lost, uint64_t *reordered, uint32_t *counted) {
  uint32_t *rank = calloc(most_messages, sizeof *rank);
  struct client *best = &clients[0];
  *lost = *reordered = *counted = 0;
  for (int i = 1; i < connections; i++)
    if (clients[i].received > best->received) best = &clients[i];
  for (uint32_t i = 0; i < best->received; i++) rank[best->order[i]] = i + 1;
  for (uint32_t number = 0; number < sent; number++) *counted += protocol != CHAT || acked[number];
  for (int i = 0; i < connections; i++) {
    struct client *client = &clients[i];
    for (uint32_t number = 0; number < sent; number++)
      if ((protocol != CHAT || acked[number]) && !(client->seen[number / 8] & (1 << number % 8))) (*lost)++;
    for (uint32_t j = 1; j < client->received; j++)
      if (rank[client->order[j]] && rank[client->order[j]] < rank[client->order[j - 1]]) (*reordered)++;
  }
  free(rank);
}

static void report(bool is_final, double elapsed, double cpu) {
  uint64_t lost = 0, reordered = 0;
  uint32_t counted = 0, acknowledged = 0;
  if (is_final) judge(&lost, &reordered, &counted);
  for (uint32_t i = 0; i < sent; i++) acknowledged += acked[i];
  printf("{\"final\":%s,\"seconds\":%.3f,\"joined\":%d,\"viewers\":%ld,\"sent\":%u,\"acked\":%u,\"delivered\":%llu,\"bytes\":%llu,"
         "\"doubled\":%llu,\"closes\":%llu,\"resets\":%llu,\"refused\":%llu,\"dials\":%llu,\"turnedAway\":%llu,\"cpu\":%.3f",
         is_final ? "true" : "false", elapsed, joined, viewers, sent, acknowledged, (unsigned long long)(is_final && delivered_in_time ? delivered_in_time : delivered),
         (unsigned long long)delivered_bytes, (unsigned long long)doubled, (unsigned long long)closes, (unsigned long long)resets,
         (unsigned long long)refused, (unsigned long long)dials, (unsigned long long)turned_away, cpu);
  if (is_final)
    printf(",\"counted\":%u,\"lost\":%llu,\"reordered\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f", counted,
           (unsigned long long)lost, (unsigned long long)reordered, percentile(0.5), percentile(0.99), (double)worst_ns / 1e6);
  printf("}\n");
  fflush(stdout);
}

static void add_target(const char *text) {
  struct sockaddr_storage *target = &targets[target_count];
  if (strchr(text, '/')) {
    struct sockaddr_un *path = (struct sockaddr_un *)target;
    path->sun_family = AF_UNIX;
    strncpy(path->sun_path, text, sizeof path->sun_path - 1);
    target_lengths[target_count++] = sizeof *path;
  } else {
    struct sockaddr_in *address = (struct sockaddr_in *)target;
    address->sin_family = AF_INET;
    const char *colon = strrchr(text, ':');
    char host[64] = "";
    if (!colon || colon - text >= (long)sizeof host) die("a target without a port");
    memcpy(host, text, (size_t)(colon - text));
    inet_pton(AF_INET, host, &address->sin_addr);
    address->sin_port = htons((uint16_t)atoi(colon + 1));
    target_lengths[target_count++] = sizeof *address;
  }
}

static void read_tokens(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) die(path);
  tokens = calloc((size_t)connections, sizeof *tokens);
  spare_tokens = calloc((size_t)connections, sizeof *spare_tokens);
  for (int i = 0; i < connections; i++) {
    size_t size = 0;
    ssize_t length = getline(&tokens[i], &size, file);
    if (length <= 0) die("not a token for each connection");
    tokens[i][strcspn(tokens[i], "\n")] = 0;
    spare_tokens[i] = strchr(tokens[i], ' ');
    if (!spare_tokens[i]) die("a ticket without a token for later");
    *spare_tokens[i]++ = 0;
  }
  fclose(file);
}

int main(int count, char **words) {
  if (count < 9) die("too few arguments");
  protocol = strcmp(words[1], "chat") == 0 ? CHAT : strcmp(words[1], "socketio") == 0 ? SOCKETIO : PLAIN;
  connections = atoi(words[2]);
  senders = atoi(words[3]);
  rate = atof(words[4]);
  seconds = atoi(words[5]);
  connect_rate = atoi(words[6]);
  if (strcmp(words[7], "-") != 0) read_tokens(words[7]);
  for (int i = 8; i < count && target_count < MAX_TARGETS; i++) add_target(words[i]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  fcntl(0, F_SETFL, O_NONBLOCK);
  snprintf(run, sizeof run, "r%08xm", (unsigned)now_ns());
  snprintf(cid_field, sizeof cid_field, "\"cid\":\"%s", run);
  most_messages = (uint32_t)(rate * seconds) + 16;
  acked = calloc(most_messages, 1);
  waiting = calloc(most_messages, 1);
  resend_at = calloc(most_messages, sizeof *resend_at);
  histogram = calloc(BUCKETS, sizeof *histogram);
  clients = calloc((size_t)connections, sizeof *clients);
  poller = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    clients[i].index = i;
    clients[i].fd = -1;
    clients[i].seen = calloc(most_messages / 8 + 1, 1);
  }

  uint64_t begun = now_ns(), reported = begun, stopped = 0, cpu_from = 0;
  double cpu_before = 0;
  int dialled = 0;
  uint64_t next_round = begun;
  for (;;) {
    uint64_t now = now_ns();
    while (dialled < connections && dialled < (double)(now - begun) / 1e9 * connect_rate) dial(&clients[dialled++]);
    if (now >= next_round) {
      next_round = now + 20000000u;
      for (int i = 0; i < dialled; i++)
        if (clients[i].fd < 0 && clients[i].retry_at <= now) dial(&clients[i]);
      if (protocol == CHAT)
        for (uint32_t i = 0; i < sent; i++)
          if (waiting[i] && !acked[i] && resend_at[i] <= now) send_message(i);
      char word[8] = "";
      if (read(0, word, sizeof word) > 0 && word[0] == 's' && !stopped) stopped = now;
    }
    if (!sending_from && now - begun > JOIN_SECONDS * 1000000000ull) {
      fprintf(stderr, "chat-load: %d of %d were let in\n", joined, connections);
      return 1;
    }
    if (!sending_from && joined == connections) {
      sending_from = now;
      cpu_before = cpu_seconds();
      cpu_from = now;
    }
    if (sending_from && !stopped) {
      double elapsed = (double)(now - sending_from) / 1e9;
      while (sent < most_messages && sent < elapsed * rate && elapsed < seconds) send_message(sent++);
      if (elapsed >= seconds) {
        stopped = now;
        delivered_in_time = delivered;
      }
    }
    if (stopped) {
      uint64_t wanted = 0;
      for (int i = 0; i < connections; i++) wanted += clients[i].received >= sent;
      bool is_whole = joined == connections && wanted == (uint64_t)connections;
      if (is_whole || now - stopped > DRAIN_SECONDS * 1000000000ull) break;
    }
    if (now - reported >= 1000000000u) {
      reported = now;
      report(false, (double)(now - (cpu_from ? cpu_from : begun)) / 1e9, cpu_seconds() - cpu_before);
    }
    serve(2);
  }
  report(true, (double)(stopped - sending_from) / 1e9, cpu_seconds() - cpu_before);
  return 0;
}
