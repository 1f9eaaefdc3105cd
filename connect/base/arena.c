/* Bump allocator: chunks taken from malloc, handed out front to back, kept over resets.
 * An arena belongs to the batch that made it (a task's, mostly) and is used by one thread at a time. Under ASan the
 * gaps and everything behind the last allocation are poisoned; with -DARENA_PLAIN every allocation is a chunk of its
 * own, so that overruns are caught to the byte. */
#include "connect/base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define GAP            16 /* poisoned bytes between allocations */
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP            0
#endif

enum {
    ALIGN = 16,
    FIRST_CHUNK = 16 * 1024,
    LARGEST_CHUNK = 256 * 1024,   /* larger ones only for a single large allocation */
    KEPT_BYTES = 2 * 1024 * 1024, /* 500 records of 1 KB on their way through some transforms */
};
_Static_assert(ALIGN >= alignof(max_align_t), "allocations suit every type");

struct chunk {
    struct chunk *next;
    size_t size, used;
    alignas(ALIGN) char data[];
};

struct at_reset {
    struct at_reset *next;
    void (*f)(void *arg);
    void *arg;
};

struct kc_arena {
    struct chunk *used;  /* the first one is being filled */
    struct chunk *spare; /* kept over a reset */
    size_t next_size;
    size_t handed_out;
    struct at_reset *at_reset; /* newest first; the nodes live in the arena */
};

static _Noreturn void out_of_memory(size_t size) {
    fprintf(stderr, "kconnectd: out of memory (%zu bytes wanted)\n", size);
    abort();
}

struct kc_arena *arena_new(size_t first_chunk_bytes) {
    struct kc_arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        out_of_memory(sizeof(*arena));
    arena->next_size = first_chunk_bytes ? first_chunk_bytes : FIRST_CHUNK;
    return arena;
}

static void run_at_reset(struct kc_arena *arena) {
    while (arena->at_reset) {
        struct at_reset *node = arena->at_reset;
        arena->at_reset = node->next;
        node->f(node->arg);
    }
}

static void chunk_free(struct chunk *c) {
    UNPOISON(c->data, c->size);
    free(c);
}

static void chunks_free(struct chunk *c) {
    while (c) {
        struct chunk *next = c->next;
        chunk_free(c);
        c = next;
    }
}

struct kc_arena *arena_free(struct kc_arena *arena) {
    if (!arena)
        return NULL;
    run_at_reset(arena);
    chunks_free(arena->used);
    chunks_free(arena->spare);
    free(arena);
    return NULL;
}

/* Chunk sizes double, so the newest are the largest: going from the newest back keeps the largest that fit. */
void arena_reset(struct kc_arena *arena) {
    run_at_reset(arena);
    size_t kept = 0;
    struct chunk *lists[] = {arena->used, arena->spare};
    struct chunk *keep = NULL, **tail = &keep;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (struct chunk *c = lists[i], *next; c; c = next) {
            next = c->next;
#ifdef ARENA_PLAIN
            bool fits = false;
#else
            bool fits = kept + c->size <= KEPT_BYTES;
#endif
            if (!fits) {
                chunk_free(c);
                continue;
            }
            kept += c->size;
            c->used = 0;
            c->next = NULL;
            POISON(c->data, c->size);
            *tail = c;
            tail = &c->next;
        }
    }
    arena->used = NULL;
    arena->spare = keep;
    arena->handed_out = 0;
}

size_t arena_used(const struct kc_arena *arena) {
    return arena->handed_out;
}

/* A chunk with room for `need` bytes becomes the one being filled. */
static struct chunk *add_chunk(struct kc_arena *arena, size_t need) {
    for (struct chunk **p = &arena->spare; *p; p = &(*p)->next) {
        struct chunk *c = *p;
        if (c->size < need)
            continue;
        *p = c->next;
        c->next = arena->used;
        arena->used = c;
        return c;
    }
#ifdef ARENA_PLAIN
    size_t size = need;
#else
    size_t size = arena->next_size > need ? arena->next_size : need;
    if (arena->next_size < LARGEST_CHUNK)
        arena->next_size *= 2;
#endif
    struct chunk *c = malloc(sizeof(*c) + size);
    if (!c)
        out_of_memory(size);
    c->size = size;
    c->used = 0;
    c->next = arena->used;
    arena->used = c;
    POISON(c->data, size);
    return c;
}

static size_t round_up(size_t size) {
#ifdef ARENA_PLAIN
    return size ? size : 1;
#else
    return (size + GAP + ALIGN - 1) & ~(size_t)(ALIGN - 1);
#endif
}

void *kc_arena_alloc(struct kc_arena *arena, size_t size) {
    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    size_t need = round_up(size);
    struct chunk *c = arena->used;
    if (!c || c->size - c->used < need)
        c = add_chunk(arena, need);
    char *p = c->data + c->used;
    c->used += need;
    arena->handed_out += size;
    UNPOISON(p, size);
    return p;
}

void *kc_arena_zalloc(struct kc_arena *arena, size_t size) {
    return memset(kc_arena_alloc(arena, size), 0, size);
}

void *arena_grow(struct kc_arena *arena, void *old, size_t old_size, size_t new_size) {
    struct chunk *c = arena->used;
    if (!old)
        return kc_arena_alloc(arena, new_size);
    if (new_size > SIZE_MAX / 2)
        out_of_memory(new_size);
#ifndef ARENA_PLAIN
    size_t before = round_up(old_size), after = round_up(new_size);
    if (c && (char *)old + before == c->data + c->used && c->used - before + after <= c->size) {
        c->used = c->used - before + after;
        arena->handed_out = arena->handed_out - old_size + new_size;
        POISON(old, before > after ? before : after);
        UNPOISON(old, new_size);
        return old;
    }
#endif
    if (new_size <= old_size)
        return old;
    void *p = kc_arena_alloc(arena, new_size);
    if (old_size)
        memcpy(p, old, old_size);
    return p;
}

void arena_at_reset(struct kc_arena *arena, void (*f)(void *arg), void *arg) {
    struct at_reset *node = kc_arena_alloc(arena, sizeof(*node));
    *node = (struct at_reset){.next = arena->at_reset, .f = f, .arg = arg};
    arena->at_reset = node;
}

char *kc_arena_copy(struct kc_arena *arena, const void *data, size_t len) {
    char *p = kc_arena_alloc(arena, len + 1);
    if (len)
        memcpy(p, data, len);
    p[len] = 0;
    return p;
}

char *kc_arena_strdup(struct kc_arena *arena, const char *s) {
    return kc_arena_copy(arena, s, strlen(s));
}

char *kc_arena_printf(struct kc_arena *arena, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0) /* only a broken format or a text of more than 2 GiB */
        return kc_arena_strdup(arena, "");
    char *p = kc_arena_alloc(arena, (size_t)len + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return p;
}
