/* The program's own clock_gettime comes before libc's for the libraries that it loads; it changes what is read on the
 * threads that an interceptor has marked, and passes everything else on. */
#include "connect/kafka/steady_clock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define NAME "steady-clock"
enum { FIRST_FIXED = 0x020400ff, NS_PER_MS = 1000000 };

static int (*next_clock_gettime)(clockid_t id, struct timespec *ret_time);
static _Thread_local bool in_steps;

static void find_next(void) {
    *(void **)&next_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (!next_clock_gettime)
        abort(); /* there is no libc without it */
}

int clock_gettime(clockid_t id, struct timespec *ret_time) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_next);
    int rc = next_clock_gettime(id, ret_time);
    if (in_steps && id == CLOCK_MONOTONIC)
        ret_time->tv_nsec -= ret_time->tv_nsec % NS_PER_MS;
    return rc;
}

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *arg) {
    (void)rk, (void)name, (void)arg;
    in_steps = type == RD_KAFKA_THREAD_MAIN;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why, size_t size) {
    (void)conf, (void)arg, (void)why, (void)size;
    return rd_kafka_interceptor_add_on_thread_start(rk, NAME, on_thread_start, NULL);
}

void steady_clock_install(rd_kafka_conf_t *conf) {
    if (rd_kafka_version() < FIRST_FIXED)
        rd_kafka_conf_interceptor_add_on_new(conf, NAME, on_new, NULL);
}
