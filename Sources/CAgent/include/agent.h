#pragma once

/// The commit this program was built from, or "unknown". Swift settings cannot carry a value; a C definition can.
const char *drain_agent_revision(void);

/// Makes glibc's allocator give memory back early: at most 2 arenas, trimmed and mapped from 128 KiB on.
/// To be called before another thread exists. (malloc.h is not in Swift's Glibc module.)
void drain_agent_keep_allocator_small(void);
