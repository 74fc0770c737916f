#include "build.h"

#ifndef DRAIN_AGENT_REVISION
#define DRAIN_AGENT_REVISION "unknown"
#endif

const char *drain_agent_revision(void) { return DRAIN_AGENT_REVISION; }
