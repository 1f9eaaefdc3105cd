/* Bump allocator for one batch: chunks that are kept across resets, poisoned under ASan after a reset.
 * -DARENA_PLAIN turns every allocation into its own malloc so that overruns are caught.
 * One thread at a time. The allocation functions are in plugin.h (kc_arena_alloc, …). */
#ifndef CONNECT_BASE_ARENA_H
#define CONNECT_BASE_ARENA_H

#include "connect/plugin.h"

#include "connect/base/auto.h"

struct kc_arena *arena_new(size_t first_chunk_bytes); /* 0: 16 KiB */
struct kc_arena *arena_free(struct kc_arena *arena);  /* runs what arena_at_reset registered */
void arena_reset(struct kc_arena *arena);             /* keeps the largest chunks, at most about 2 MiB */
/* Bytes handed out since the last reset. */
size_t arena_used(const struct kc_arena *arena);
/* Calls f(arg) at the next reset or free, newest first. */
void arena_at_reset(struct kc_arena *arena, void (*f)(void *arg), void *arg);
/* The last allocation grown or shrunk in place when possible, else copied. */
void *arena_grow(struct kc_arena *arena, void *old, size_t old_size, size_t new_size);

AUTO_FREE(arena, struct kc_arena, arena_free)

#endif
