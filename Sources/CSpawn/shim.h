#pragma once
#include <spawn.h>

// GNU functions that glibc's headers show only with _GNU_SOURCE, which Swift's Glibc module is built without.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
