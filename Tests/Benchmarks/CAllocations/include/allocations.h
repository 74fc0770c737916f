#pragma once

#include <stdint.h>

/// How often this program has asked for memory so far, on whatever thread.
uint64_t allocations(void);
