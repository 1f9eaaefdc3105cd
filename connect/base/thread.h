/* Threads with a name and a stack size, and the check behind every @thread comment. */
#ifndef CONNECT_BASE_THREAD_H
#define CONNECT_BASE_THREAD_H

#include <pthread.h>

#include "connect/plugin.h"

/* Starts f(arg) on a joinable thread named `name` (cut to 15 bytes) with a 512 KiB stack and all signals blocked but
 * the synchronous ones. */
int thread_start(pthread_t *ret_thread, const char *name, void *(*f)(void *arg), void *arg,
                 struct kc_error *err) KC_CHECKED;

/* Debug builds assert that the caller is the thread that called thread_own first. */
struct thread_owner {
    pthread_t thread;
    bool owned;
};
void thread_own(struct thread_owner *o);
void thread_check(const struct thread_owner *o);

#endif
