/* Starting threads; see thread.h. */
#include "connect/base/thread.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STACK_BYTES = 4 * 1024 * 1024 }; /* frames grow under the sanitizers */
#else
enum { STACK_BYTES = 512 * 1024 };
#endif

struct start {
    void *(*f)(void *arg);
    void *arg;
    char name[16];
};

static void *run(void *arg) {
    struct start start = *(struct start *)arg;
    free(arg);
    pthread_setname_np(pthread_self(), start.name);
    return start.f(start.arg);
}

/* All signals but those that a thread raises by what it does itself. */
static void asynchronous_signals(sigset_t *set) {
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof(synchronous) / sizeof(synchronous[0]); i++)
        sigdelset(set, synchronous[i]);
}

int thread_start(pthread_t *ret_thread, const char *name, void *(*f)(void *arg), void *arg, struct kc_error *err) {
    struct start *start = malloc(sizeof(*start));
    if (!start)
        return err_set(err, ERR_INTERNAL, "cannot start thread %s: out of memory", name);
    *start = (struct start){.f = f, .arg = arg};
    snprintf(start->name, sizeof(start->name), "%s", name);

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigset_t blocked, before;
    asynchronous_signals(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int rc = pthread_create(ret_thread, &attr, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        free(start);
        return err_set(err, ERR_INTERNAL, "cannot start thread %s: %s", name, strerrordesc_np(rc));
    }
    return 0;
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms) {
    if (deadline_ms == INT64_MAX) {
        pthread_cond_wait(cond, lock);
        return true;
    }
    if (deadline_ms <= 0)
        return false;
    struct timespec at = {.tv_sec = (time_t)(deadline_ms / 1000), .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &at) == 0;
}

void thread_own(struct thread_owner *o) {
    o->thread = pthread_self();
    o->owned = true;
}

void thread_check(const struct thread_owner *o) {
    assert(!o->owned || pthread_equal(o->thread, pthread_self()));
    (void)o;
}
