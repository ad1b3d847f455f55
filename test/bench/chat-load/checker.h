/* Who was told what: losses, doubles, order and delay of every message at every receiver. */
#ifndef CHECKER_H
#define CHECKER_H

#include <stdint.h>

void checker_start(uint32_t receivers, uint32_t messages);
void message_sent(uint32_t id, uint64_t due_us, int is_timed);
void message_acknowledged(uint32_t id);
int is_acknowledged(uint32_t id);
void message_came(uint32_t receiver, uint32_t id, uint64_t now_us);

struct verdict {
  uint64_t deliveries, lost, doubled, reordered, unacknowledged;
  double p50_ms, p99_ms, max_ms;
};

/* Lost: what was sent, and acknowledged where a server does that, and did not come. */
struct verdict checker_verdict(uint32_t sent, int has_acknowledgements);
uint64_t checker_deliveries(void);

#endif
