#include "agent.h"

#include <malloc.h>

#ifndef DRAIN_AGENT_REVISION
#define DRAIN_AGENT_REVISION "unknown"
#endif

const char *drain_agent_revision(void) { return DRAIN_AGENT_REVISION; }

void drain_agent_keep_allocator_small(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
}
