#include "checker.h"

#include <stdlib.h>

/* The delay's histogram: tenths of a millisecond, up to a minute. */
#define BUCKET_US 100
#define BUCKETS 600000
#define UNSEEN UINT32_MAX

static uint32_t receiver_count, message_count;
static uint8_t *came;       /* a bit for each receiver and message */
static uint32_t *position;  /* of each receiver in the common order */
static uint32_t *place_of;  /* of each message in it */
static uint32_t placed;
static uint64_t *due_at;
static uint8_t *is_acked, *is_measured;
static uint64_t histogram[BUCKETS], timed, deliveries, doubled, reordered, slowest_us;

static void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory) abort();
  return memory;
}

void checker_start(uint32_t receivers, uint32_t messages) {
  receiver_count = receivers;
  message_count = messages;
  came = zeroed((size_t)receivers * (messages / 8 + 1), 1);
  position = zeroed(receivers, sizeof *position);
  place_of = zeroed(messages + 1, sizeof *place_of);
  for (uint32_t i = 0; i < messages; i++) place_of[i] = UNSEEN;
  due_at = zeroed(messages + 1, sizeof *due_at);
  is_acked = zeroed(messages + 1, 1);
  is_measured = zeroed(messages + 1, 1);
}

void message_sent(uint32_t id, uint64_t due_us, int is_timed) {
  due_at[id] = due_us;
  is_measured[id] = is_timed;
}

void message_acknowledged(uint32_t id) {
  if (id < message_count) is_acked[id] = 1;
}

int is_acknowledged(uint32_t id) { return is_acked[id]; }

/* The first to see a message gives it its place in the order, which all others must see too. */
static void check_order(uint32_t receiver, uint32_t id) {
  if (place_of[id] == UNSEEN) {
    if (position[receiver] < placed) reordered++;
    place_of[id] = placed++;
  } else if (place_of[id] < position[receiver]) {
    reordered++;
    return;
  }
  position[receiver] = place_of[id] + 1;
}

void message_came(uint32_t receiver, uint32_t id, uint64_t now_us) {
  if (id >= message_count) return;
  uint8_t *byte = &came[(size_t)receiver * (message_count / 8 + 1) + id / 8];
  if (*byte & 1 << id % 8) {
    doubled++;
    return;
  }
  *byte |= 1 << id % 8;
  deliveries++;
  check_order(receiver, id);
  if (!is_measured[id]) return;
  uint64_t delay = now_us - due_at[id], bucket = delay / BUCKET_US;
  histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  if (delay > slowest_us) slowest_us = delay;
  timed++;
}

uint64_t checker_deliveries(void) { return deliveries; }

static double percentile(double share) {
  uint64_t seen = 0;
  for (int i = 0; i < BUCKETS; i++) {
    seen += histogram[i];
    if (timed > 0 && seen >= share * timed) return (i + 1) * BUCKET_US / 1000.0;
  }
  return 0;
}

struct verdict checker_verdict(uint32_t sent, int has_acknowledgements) {
  struct verdict verdict = {deliveries, 0, doubled, reordered, 0, percentile(0.5), percentile(0.99), slowest_us / 1000.0};
  for (uint32_t id = 0; id < sent; id++) {
    if (has_acknowledgements && !is_acked[id]) {
      verdict.unacknowledged++;
      continue;
    }
    for (uint32_t receiver = 0; receiver < receiver_count; receiver++)
      if (!(came[(size_t)receiver * (message_count / 8 + 1) + id / 8] & 1 << id % 8)) verdict.lost++;
  }
  return verdict;
}
