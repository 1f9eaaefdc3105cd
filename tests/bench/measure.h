/* What the benchmarks of single functions share: CPU time, the machine's memcpy, and a count of allocations.
 *
 * Every program that includes this (once) has its own malloc: glibc's behind a counter, for the libraries as well. So
 * "allocations per record" is everything that any code did while the records went by. Not for sanitizer builds. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Allocations ------------------------------------------------------------------------------------------------- */

static unsigned long measure_allocations;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MEASURE_COUNTS true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
    measure_allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    measure_allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    measure_allocations++;
    return __libc_realloc(old, size);
}
#else
#define MEASURE_COUNTS false
#endif

/* ---- Time -------------------------------------------------------------------------------------------------------- */

/* CPU time of this thread: other processes on the machine do not count. */
static inline double measure_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

enum { MEASURE_ROUNDS = 7 };

struct measured {
    double ns;          /* of the best round, per call */
    double allocations; /* of the last round, per call */
};

/* `calls` calls of f, several times. */
static inline struct measured measure(void (*f)(void *arg), void *arg, long calls) {
    struct measured m = {0, 0};
    for (int round = 0; round < MEASURE_ROUNDS; round++) {
        unsigned long allocations = measure_allocations;
        double start = measure_ns();
        for (long i = 0; i < calls; i++)
            f(arg);
        double ns = (measure_ns() - start) / (double)calls;
        m.ns = round == 0 || ns < m.ns ? ns : m.ns;
        m.allocations = (double)(measure_allocations - allocations) / (double)calls;
    }
    return m;
}

/* ---- The machine ------------------------------------------------------------------------------------------------- */

enum { MEASURE_COPY_BYTES = 64 * 1024 * 1024 };

struct measure_copy {
    char *from, *to;
};

static inline void measure_copy_once(void *arg) {
    struct measure_copy *c = arg;
    memcpy(c->to, c->from, MEASURE_COPY_BYTES);
    __asm__ volatile("" : : "r"(c->to) : "memory");
}

/* Bytes per nanosecond (GB/s) that memcpy moves between two buffers larger than the caches. */
static inline double measure_memcpy(void) {
    struct measure_copy c = {malloc(MEASURE_COPY_BYTES), malloc(MEASURE_COPY_BYTES)};
    if (!c.from || !c.to)
        abort();
    memset(c.from, 1, MEASURE_COPY_BYTES);
    memset(c.to, 2, MEASURE_COPY_BYTES);
    double ns = measure(measure_copy_once, &c, 4).ns;
    free(c.from);
    free(c.to);
    return MEASURE_COPY_BYTES / ns;
}

#endif
