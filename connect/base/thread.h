/* Threads with a name and a stack size, waiting with a deadline, and the check behind every @thread comment. */
#ifndef CONNECT_BASE_THREAD_H
#define CONNECT_BASE_THREAD_H

#include <pthread.h>

#include "connect/plugin.h"

/* Starts f(arg) on a joinable thread named `name` (cut to 15 bytes) with a 512 KiB stack and all signals blocked but
 * the synchronous ones. */
int thread_start(pthread_t *ret_thread, const char *name, void *(*f)(void *arg), void *arg,
                 struct kc_error *err) KC_CHECKED;

/* Waits until the condition (made with no attributes) is signalled, or clock_ms() has come to `deadline_ms` (INT64_MAX:
 * never). false: it has. Wakes up for nothing now and then, so call it in a loop. The caller holds `lock`. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);

/* Debug builds assert that the caller is the thread that called thread_own first. */
struct thread_owner {
    pthread_t thread;
    bool owned;
};
void thread_own(struct thread_owner *o);
void thread_check(const struct thread_owner *o);

#endif
