/* The thread that writes what librdkafka has to say. Started by the first client_new, stopped by the last client_free.
 * It owns the queue. Repetitions of one line of one client within 30 s are left out: a broker that is away would
 * otherwise fill the log. */
#include "connect/kafka/client_log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/mailbox.h"
#include "connect/base/map.h"
#include "connect/base/thread.h"

enum { MAX_QUEUED = 2000, RECENT = 128, REPEAT_MS = 30000, LINE_BYTES = 1024 };
enum { MSG_LINE, MSG_STOP };

struct line {
    struct message msg;
    enum kc_level level;
    rd_kafka_type_t type;
    char text[];
};

/* The bridge. `lock` guards starting and stopping only. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t users;
static struct mailbox *queue;
static pthread_t writer;
static struct message stop_message = {.type = MSG_STOP};
static atomic_int queued, lost;

/* Java's class name. */
static const char *client_logger(enum client_kind kind) {
    switch (kind) {
    case CLIENT_PRODUCER:
        return "org.apache.kafka.clients.producer.KafkaProducer";
    case CLIENT_CONSUMER:
        return "org.apache.kafka.clients.consumer.KafkaConsumer";
    default:
        return "org.apache.kafka.clients.admin.KafkaAdminClient";
    }
}

/* ---- The writer's side ---- */

struct recent {
    uint64_t hash;
    int64_t at_ms;
};

/* What is in parentheses (durations, counters) does not make a line different. */
static bool is_repetition(struct recent *recent, const char *text) {
    uint64_t hash = hash_bytes(text, strcspn(text, "(")) | 1;
    struct recent *slot = &recent[hash % RECENT];
    int64_t now = clock_ms();
    if (slot->hash == hash && now - slot->at_ms < REPEAT_MS)
        return true;
    *slot = (struct recent){.hash = hash, .at_ms = now};
    return false;
}

static void write_line(struct recent *recent, const struct line *line) {
    if (line->level > KC_DEBUG && is_repetition(recent, line->text))
        return;
    kc_log(line->level, client_logger(line->type == RD_KAFKA_CONSUMER ? CLIENT_CONSUMER : CLIENT_PRODUCER), "%s",
           line->text);
}

static void *write_lines(void *arg) {
    struct recent recent[RECENT] = {0};
    struct mailbox *mb = arg;
    for (;;) {
        struct message *msg = mailbox_get(mb, -1);
        if (!msg)
            continue;
        int dropped = atomic_exchange(&lost, 0);
        if (dropped > 0)
            kc_log(KC_WARN, client_logger(CLIENT_ADMIN), "%d log lines of Kafka clients were lost: too many at once",
                   dropped);
        if (msg->type == MSG_STOP)
            return NULL;
        struct line *line = CONTAINER_OF(msg, struct line, msg);
        write_line(recent, line);
        atomic_fetch_sub(&queued, 1);
        free(line);
    }
}

int client_log_start(struct kc_error *err) {
    int rc = 0;
    pthread_mutex_lock(&lock);
    if (users == 0) {
        queue = mailbox_new();
        rc = thread_start(&writer, "kafka-log", write_lines, queue, err);
        if (rc < 0)
            queue = mailbox_free(queue);
    }
    if (rc == 0)
        users++;
    pthread_mutex_unlock(&lock);
    return rc;
}

void client_log_stop(void) {
    pthread_mutex_lock(&lock);
    if (--users == 0) {
        mailbox_post(queue, &stop_message);
        pthread_join(writer, NULL);
        queue = mailbox_free(queue);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- What was refused ---- */

struct attached {
    struct list link;
    rd_kafka_t *rk;
    bool refused;
    char reason[512];
};
static pthread_mutex_t attached_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list attached = {&attached, &attached};

/* Under attached_lock. */
static struct attached *find_attached(const rd_kafka_t *rk) {
    for (struct list *l = attached.next; l != &attached; l = l->next) {
        struct attached *a = CONTAINER_OF(l, struct attached, link);
        if (a->rk == rk)
            return a;
    }
    return NULL;
}

void client_log_attach(rd_kafka_t *rk) {
    struct attached *a = calloc(1, sizeof(*a));
    if (!a)
        return;
    a->rk = rk;
    pthread_mutex_lock(&attached_lock);
    list_append(&attached, &a->link);
    pthread_mutex_unlock(&attached_lock);
}

void client_log_detach(rd_kafka_t *rk) {
    pthread_mutex_lock(&attached_lock);
    struct attached *a = find_attached(rk);
    if (a)
        list_remove(&a->link);
    pthread_mutex_unlock(&attached_lock);
    free(a);
}

/* A handshake that just broke off (a broker restarts) may succeed next time; a certificate that is refused will not. */
static bool is_refusal(int code, const char *reason) {
    return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || strstr(reason, "SSL alert number") ||
           (code == RD_KAFKA_RESP_ERR__SSL && strstr(reason, "verif"));
}

static void note_refusal(const rd_kafka_t *rk, const char *reason) {
    pthread_mutex_lock(&attached_lock);
    struct attached *a = find_attached(rk);
    if (a) {
        a->refused = true;
        snprintf(a->reason, sizeof(a->reason), "%s", reason);
    }
    pthread_mutex_unlock(&attached_lock);
}

int client_refused(rd_kafka_t *rk, struct kc_error *err) {
    pthread_mutex_lock(&attached_lock);
    const struct attached *a = find_attached(rk);
    int rc = a && a->refused ? err_set(err, ERR_AUTH, "%s", a->reason) : 0;
    pthread_mutex_unlock(&attached_lock);
    return rc;
}

/* ---- librdkafka's side ---- */

/* Called on any thread of a living client, so that the queue exists. */
static void post(const rd_kafka_t *rk, enum kc_level level, const char *facility, const char *text) {
    if (atomic_fetch_add(&queued, 1) >= MAX_QUEUED) {
        atomic_fetch_sub(&queued, 1);
        atomic_fetch_add(&lost, 1);
        return;
    }
    struct line *line = malloc(sizeof(*line) + LINE_BYTES);
    if (!line) {
        atomic_fetch_sub(&queued, 1);
        return;
    }
    *line = (struct line){.msg.type = MSG_LINE, .level = level, .type = rd_kafka_type(rk)};
    snprintf(line->text, LINE_BYTES, "[clientId=%s] %s: %s", rd_kafka_name(rk), facility, text);
    mailbox_post(queue, &line->msg);
}

static enum kc_level level_of(int syslog_level, const char *facility) {
    /* Connections that fail are tried again: Java says WARN. */
    static const char *const passing[] = {"FAIL", "CONNECT", "REQTMOUT", "DISCONN", "RESOLVE", "SESSTMOUT"};
    if (syslog_level <= 3) {
        for (size_t i = 0; i < COUNT_OF(passing); i++) {
            if (strcmp(facility, passing[i]) == 0)
                return KC_WARN;
        }
        return KC_ERROR;
    }
    return syslog_level == 4 ? KC_WARN : syslog_level <= 6 ? KC_INFO : KC_DEBUG;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    /* "a consumer property will be ignored by this producer", "requires broker 0.11": said by client.c where it matters
     */
    if (strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "AUTOCREATE") == 0)
        level = 7;
    post(rk, level_of(level, facility), facility, text);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
    (void)opaque;
    if (is_refusal(code, reason))
        note_refusal(rk, reason);
    bool passing = code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE ||
                   code == RD_KAFKA_RESP_ERR__TIMED_OUT;
    enum kc_level level = passing                                       ? KC_DEBUG /* logged already */
                          : code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ? KC_WARN
                                                                        : KC_ERROR;
    if (kc_log_on(level, client_logger(CLIENT_PRODUCER)) || kc_log_on(level, client_logger(CLIENT_CONSUMER)))
        post(rk, level, rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

void client_log_refusal(rd_kafka_t *rk, bool refused, const char *reason) {
    if (refused)
        note_refusal(rk, reason);
    post(rk, refused ? KC_ERROR : KC_WARN, "SASL", reason);
}

void client_log_install(rd_kafka_conf_t *conf, enum client_kind kind) {
    char ignored[128];
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set(conf, "log.connection.close", "false", ignored, sizeof(ignored));
    /* librdkafka's own debugging follows the level that Java's client class has when the client is made. */
    const char *contexts = kc_log_on(KC_TRACE, client_logger(kind))   ? "all"
                           : kc_log_on(KC_DEBUG, client_logger(kind)) ? "generic,broker,topic,metadata,cgrp,admin"
                                                                      : NULL;
    if (contexts)
        rd_kafka_conf_set(conf, "debug", contexts, ignored, sizeof(ignored));
}

void client_log_once(enum kc_level level, const char *key, const char *fmt, ...) {
    static pthread_mutex_t said_lock = PTHREAD_MUTEX_INITIALIZER;
    static struct map *said;
    pthread_mutex_lock(&said_lock);
    if (!said)
        said = map_new(NULL);
    bool known = map_has(said, key);
    if (!known)
        map_put(said, key, said);
    pthread_mutex_unlock(&said_lock);
    if (known)
        return;
    char text[KC_ERROR_TEXT];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kc_log(level, "org.apache.kafka.clients.CommonClientConfigs", "%s", text);
}
