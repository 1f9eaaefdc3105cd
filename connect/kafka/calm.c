/* What is known of each consumer, and what follows from it for the waits of its threads. The interceptor's functions
 * are called on these threads; a thread's own part is in `me`, where others read what `lock` guards. The memory of a
 * consumer goes with its configuration, which librdkafka frees when all its threads have ended. */
#include "connect/kafka/calm.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/list.h"

#define NAME "calm"
enum { FIRST_UNKNOWN = 0x020400ff };
enum { API_FETCH = 1, API_METADATA = 3, API_JOIN_GROUP = 11, API_HEARTBEAT = 12, API_SYNC_GROUP = 14 };
enum {
    TOGETHER_MS = 250,
    MAIN_MS = 5000,
    BROKER_MS = 30 * 1000,
    FETCH_MS = 10 * 1000,
    ANSWER_MS = 1000, /* more than a fetch says that it may take */
    EARLY_MS = 50,    /* before its time: it has found something */
    LEADER_MS = 1000, /* metadata asked for so soon after that: a partition has gone to another broker */
    SHORTEST_MS = 2   /* the waits of a client that ends are shorter */
};

struct calm {
    struct list link;
    const rd_kafka_t *rk;         /* NULL: not made yet, or ended. Guarded by all_lock */
    rd_kafka_conf_t *conf;        /* in use: the client looks up what it says when it needs it */
    _Atomic int64_t unrest_ms;    /* when there was last something other than waiting */
    _Atomic int64_t heartbeat_ms; /* when the last one was sent; 0: never */
    _Atomic int64_t early_ms;     /* when a fetch was last answered before its time */
    int64_t heartbeat_interval_ms, fetch_wait_ms;
    bool patient;
    pthread_mutex_t lock; /* guards what follows */
    atomic_bool slow;     /* fetches wait for FETCH_MS from now on; read without the lock */
    struct list threads;  /* of brokers */
};

/* The present thread, if it is one of a consumer's. */
static _Thread_local struct thread {
    struct calm *client; /* NULL: it is not */
    bool is_main;
    /* Of a broker's: */
    struct list link;
    bool fetches;        /* has ever fetched */
    bool fetching;       /* waits for records */
    bool connecting;     /* has lost its connection, or is not through with making it */
    int requests;        /* other ones that wait for an answer */
    int64_t asked_ms;    /* when the fetch was sent */
    int64_t patience_ms; /* how long it may take */
    atomic_int slow_fd;  /* where a slow one waits for its answer; -1: none. Changed under the client's lock */
} me = {.slow_fd = -1};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list all = {&all, &all}; /* guarded by all_lock */

static atomic_int calm_after = 10 * 1000;

/* ---- Calm and unrest ---- */

static void set_number(struct calm *c, const char *key, int64_t number) {
    char text[24], why[128];
    snprintf(text, sizeof text, "%d", (int)number);
    rd_kafka_conf_set(c->conf, key, text, why, sizeof why);
}

static bool is_calm(const struct calm *c, int64_t now_ms) {
    return now_ms - atomic_load(&c->unrest_ms) >= atomic_load(&calm_after);
}

void calm_after_ms(int ms) {
    atomic_store(&calm_after, ms);
}

static void set_slow(struct calm *c, bool slow) {
    pthread_mutex_lock(&c->lock);
    slow = slow && is_calm(c, clock_ms()); /* still */
    if (atomic_load(&c->slow) != slow) {
        atomic_store(&c->slow, true); /* for longer than fetches wait, as theirs is not known */
        set_number(c, "fetch.wait.max.ms", slow ? FETCH_MS : c->fetch_wait_ms);
        atomic_store(&c->slow, slow);
    }
    pthread_mutex_unlock(&c->lock);
}

static void stir(struct calm *c) {
    atomic_store(&c->unrest_ms, clock_ms());
    if (atomic_load(&c->slow))
        set_slow(c, false);
}

/* librdkafka is not to report what we do ourselves. */
static void quietly(struct calm *c, bool quiet) {
    char why[128];
    rd_kafka_conf_set(c->conf, "log.connection.close", quiet ? "false" : "true", why, sizeof why);
}

/* A thread closes its connection under the lock, too: none is ended that is another's by now. */
static void break_off(struct calm *c) {
    pthread_mutex_lock(&c->lock);
    for (struct list *l = c->threads.next; l != &c->threads; l = l->next) {
        struct thread *t = CONTAINER_OF(l, struct thread, link);
        if (t->slow_fd >= 0) {
            quietly(c, true);
            shutdown(t->slow_fd, SHUT_RDWR);
            t->slow_fd = -1;
        }
    }
    pthread_mutex_unlock(&c->lock);
}

static void set_slow_fd(struct calm *c, int fd) {
    pthread_mutex_lock(&c->lock);
    me.slow_fd = fd;
    pthread_mutex_unlock(&c->lock);
}

void calm_end(const rd_kafka_t *rk) {
    pthread_mutex_lock(&all_lock);
    for (struct list *l = all.next; l != &all; l = l->next) {
        struct calm *c = CONTAINER_OF(l, struct calm, link);
        if (c->rk == rk) {
            stir(c);
            break_off(c);
        }
    }
    pthread_mutex_unlock(&all_lock);
}

/* ---- How long ---- */

static int64_t main_limit(const struct calm *c, int64_t now_ms) {
    int64_t sent_ms = atomic_load(&c->heartbeat_ms);
    int64_t due_ms = now_ms + MAIN_MS;
    if (sent_ms && sent_ms + c->heartbeat_interval_ms < due_ms)
        due_ms = sent_ms + c->heartbeat_interval_ms;
    return due_ms <= now_ms ? 0 : (due_ms / TOGETHER_MS + 1) * TOGETHER_MS - now_ms;
}

static int64_t broker_limit(void) {
    if (me.connecting || me.requests > 0 || (me.fetches && !me.fetching))
        return 0;
    return me.fetching ? me.patience_ms + ANSWER_MS : BROKER_MS;
}

/* What a wait of `ms` becomes on this thread. */
static int64_t lengthened(int64_t ms) {
    struct calm *c = me.client;
    if (!c || ms < SHORTEST_MS)
        return ms;
    int64_t now_ms = clock_ms();
    if (!is_calm(c, now_ms))
        return ms;
    if (c->patient && !atomic_load(&c->slow) && atomic_load(&c->heartbeat_ms))
        set_slow(c, true);
    int64_t limit_ms = me.is_main ? main_limit(c, now_ms) : broker_limit();
    return limit_ms > ms ? limit_ms : ms;
}

/* ---- In the place of libc ---- */

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);

static int (*next_poll)(struct pollfd *fds, nfds_t count, int timeout_ms);
static int (*next_poll_chk)(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);
static int (*next_timedwait)(cnd_t *cond, mtx_t *mutex, const struct timespec *until);

static void find_next(void) {
    *(void **)&next_poll = dlsym(RTLD_NEXT, "poll");
    *(void **)&next_poll_chk = dlsym(RTLD_NEXT, "__poll_chk");
    *(void **)&next_timedwait = dlsym(RTLD_NEXT, "cnd_timedwait");
    if (!next_poll || !next_poll_chk || !next_timedwait)
        abort(); /* there is no glibc without them */
}

static void find_next_once(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_next);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    find_next_once();
    return next_poll(fds, count, (int)lengthened(timeout_ms));
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size) {
    find_next_once();
    return next_poll_chk(fds, count, (int)lengthened(timeout_ms), size);
}

/* `until` is by the wall clock. Weak: with the thread sanitizer that of c11_threads.c takes its place. */
__attribute__((weak)) int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until) {
    find_next_once();
    if (!me.client)
        return next_timedwait(cond, mutex, until);
    int64_t ms = (int64_t)until->tv_sec * 1000 + until->tv_nsec / 1000000 - clock_wall_ms();
    int64_t more_ms = lengthened(ms) - ms;
    struct timespec later = *until;
    later.tv_sec += (time_t)(more_ms / 1000);
    later.tv_nsec += (long)(more_ms % 1000) * 1000000;
    if (later.tv_nsec >= 1000000000) {
        later.tv_sec++;
        later.tv_nsec -= 1000000000;
    }
    return next_timedwait(cond, mutex, &later);
}

/* ---- Interceptor ---- */

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *arg) {
    struct calm *c = arg;
    (void)rk, (void)name;
    if (type != RD_KAFKA_THREAD_MAIN && type != RD_KAFKA_THREAD_BROKER)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    me.client = c;
    me.is_main = type == RD_KAFKA_THREAD_MAIN;
    if (!me.is_main) {
        pthread_mutex_lock(&c->lock);
        list_append(&c->threads, &me.link);
        pthread_mutex_unlock(&c->lock);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread_exit(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *arg) {
    struct calm *c = arg;
    (void)rk, (void)type, (void)name;
    if (me.client != c)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!me.is_main) {
        pthread_mutex_lock(&c->lock);
        list_remove(&me.link);
        pthread_mutex_unlock(&c->lock);
    }
    me.client = NULL;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void fetch_sent(struct calm *c, int fd) {
    bool slow = atomic_load(&c->slow);
    me.fetches = me.fetching = true;
    me.asked_ms = clock_ms();
    me.patience_ms = slow ? FETCH_MS : c->fetch_wait_ms;
    if (slow)
        set_slow_fd(c, fd);
}

static void fetch_answered(struct calm *c) {
    bool early = me.fetching && clock_ms() - me.asked_ms < me.patience_ms - EARLY_MS;
    me.fetching = false;
    if (me.slow_fd >= 0)
        set_slow_fd(c, -1);
    if (early) {
        atomic_store(&c->early_ms, clock_ms());
        stir(c);
    }
}

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id, int16_t api,
                                           int16_t version, int32_t correlation, size_t size, void *arg) {
    struct calm *c = arg;
    (void)rk, (void)broker, (void)id, (void)version, (void)correlation, (void)size;
    if (api == API_FETCH) {
        fetch_sent(c, fd);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    me.requests++;
    if (api == API_HEARTBEAT)
        atomic_store(&c->heartbeat_ms, clock_ms());
    else
        stir(c);
    if (api == API_JOIN_GROUP || api == API_SYNC_GROUP ||
        (api == API_METADATA && clock_ms() - atomic_load(&c->early_ms) < LEADER_MS))
        break_off(c);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Also of those that were never sent. */
static rd_kafka_resp_err_t on_response_received(rd_kafka_t *rk, int fd, const char *broker, int32_t id, int16_t api,
                                                int16_t version, int32_t correlation, size_t size, int64_t rtt,
                                                rd_kafka_resp_err_t code, void *arg) {
    (void)rk, (void)fd, (void)broker, (void)id, (void)version, (void)correlation, (void)size, (void)rtt;
    if (api == API_FETCH)
        fetch_answered(arg);
    else if (me.requests > 0)
        me.requests--;
    if (code)
        stir(arg);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_broker_state_change(rd_kafka_t *rk, int32_t id, const char *protocol, const char *name,
                                                  int port, const char *state, void *arg) {
    struct calm *c = arg;
    (void)rk, (void)id, (void)protocol, (void)name, (void)port;
    stir(c);
    if (me.client != c || me.is_main)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    me.connecting = strcmp(state, "INIT") != 0 && strcmp(state, "UP") != 0 && strcmp(state, "UPDATE") != 0;
    if (me.connecting) {
        me.requests = 0;
        me.fetching = false;
    }
    if (strcmp(state, "DOWN") == 0)
        quietly(c, false);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_destroy(rd_kafka_t *rk, void *arg) {
    struct calm *c = arg;
    (void)rk;
    pthread_mutex_lock(&all_lock);
    c->rk = NULL;
    pthread_mutex_unlock(&all_lock);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The last of all: on_destroy comes before the threads have ended, for some before they have begun. */
static rd_kafka_resp_err_t on_conf_destroy(void *arg) {
    struct calm *c = arg;
    pthread_mutex_lock(&all_lock);
    list_remove(&c->link);
    pthread_mutex_unlock(&all_lock);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* In the place of close(2). */
static int on_close(int fd, void *opaque) {
    (void)opaque;
    if (me.client && me.slow_fd == fd)
        set_slow_fd(me.client, -1);
    return close(fd);
}

static int64_t number(const rd_kafka_conf_t *conf, const char *key) {
    char text[24] = "";
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf, key, text, &size) == RD_KAFKA_CONF_OK ? strtoll(text, NULL, 10) : 0;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why, size_t size) {
    struct calm *c = arg;
    (void)why, (void)size;
    if (rd_kafka_type(rk) != RD_KAFKA_CONSUMER)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    c->conf = (rd_kafka_conf_t *)conf;
    c->heartbeat_interval_ms = number(conf, "heartbeat.interval.ms");
    c->fetch_wait_ms = number(conf, "fetch.wait.max.ms");
    c->patient = c->patient && number(conf, "socket.timeout.ms") > FETCH_MS + ANSWER_MS;
    stir(c);
    pthread_mutex_lock(&all_lock);
    c->rk = rk;
    pthread_mutex_unlock(&all_lock);
    rd_kafka_interceptor_add_on_thread_start(rk, NAME, on_thread_start, c);
    rd_kafka_interceptor_add_on_thread_exit(rk, NAME, on_thread_exit, c);
    rd_kafka_interceptor_add_on_request_sent(rk, NAME, on_request_sent, c);
    rd_kafka_interceptor_add_on_response_received(rk, NAME, on_response_received, c);
    rd_kafka_interceptor_add_on_broker_state_change(rk, NAME, on_broker_state_change, c);
    rd_kafka_interceptor_add_on_destroy(rk, NAME, on_destroy, c);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void calm_install(rd_kafka_conf_t *conf, bool patient) {
    if (rd_kafka_version() >= FIRST_UNKNOWN)
        return;
    struct calm *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    pthread_mutex_init(&c->lock, NULL);
    list_init(&c->threads);
    c->patient = patient;
    pthread_mutex_lock(&all_lock);
    list_append(&all, &c->link);
    pthread_mutex_unlock(&all_lock);
    rd_kafka_conf_set_closesocket_cb(conf, on_close);
    rd_kafka_conf_interceptor_add_on_new(conf, NAME, on_new, c);
    rd_kafka_conf_interceptor_add_on_conf_destroy(conf, NAME, on_conf_destroy, c);
}
