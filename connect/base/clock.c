/* The two clocks, and the hands of a fake one for tests. */
#include "connect/base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t fake_ms = -1;

static int64_t read_clock(clockid_t id) {
    int64_t fake = atomic_load_explicit(&fake_ms, memory_order_relaxed);
    if (fake >= 0)
        return fake;
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_ms(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_add_ms(int64_t at_ms, int64_t ms) {
    int64_t sum;
    return __builtin_add_overflow(at_ms, ms, &sum) ? (ms < 0 ? INT64_MIN : INT64_MAX) : sum;
}

int64_t clock_after_ms(int64_t ms) {
    return clock_add_ms(clock_ms(), ms);
}

/* A fake clock moves on by the time slept, at once. */
void clock_sleep_ms(int64_t ms) {
    if (ms <= 0)
        return;
    if (atomic_load(&fake_ms) >= 0) {
        atomic_fetch_add(&fake_ms, ms);
        return;
    }
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

void clock_fake_ms(int64_t ms) {
    atomic_store(&fake_ms, ms);
}
