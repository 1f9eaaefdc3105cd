/* One internal topic: a producer, a consumer and the thread "log-<topic>" that serves both. The thread is started by
 * topic_log_start and ended by topic_log_free; it sleeps on one eventfd, which librdkafka's two queues and the public
 * functions write to.
 *
 * The consumer is librdkafka's simple one: no group, so neither a coordinator nor a group ACL is needed. End offsets
 * are asked through the producer's connection: a broker answers the requests of one connection in order, and the
 * consumer's is busy with a fetch that waits for new records. */
#include "connect/kafka/topic_log.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/list.h"
#include "connect/base/thread.h"
#include "connect/kafka/client.h"
#include "connect/kafka/topic_setup.h"

#define LOGGER "org.apache.kafka.connect.util.KafkaBasedLog"
enum {
    BATCH = 500,
    IDLE_MS = 1000,
    ENDS_MS = 2000,
    COMPLAIN_MS = 30000,
    PATIENCE_MS = 3000,
    CALM_MS = 10000,
    CLOSE_MS = 1000
};

struct topic_log {
    struct topic_log_conf conf; /* strings and configurations are copies */
    rd_kafka_t *producer, *consumer;
    rd_kafka_topic_t *topic; /* the consumer's */
    rd_kafka_queue_t *records;
    int32_t partitions;
    int wake_fd;
    pthread_t thread;
    bool running;
    atomic_bool cancelled, stopping;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t wanted, done; /* read-to-end requests, counted; guarded by lock */
    struct list failed;    /* sends that librdkafka did not take; guarded by lock */
    struct list timers;    /* guarded by lock */
    struct list returning; /* acknowledged batches that have not been read back; guarded by lock */

    /* of the thread */
    uint64_t reading; /* request that `ends` belongs to; 0 none */
    int64_t *positions, *ends;
    int64_t trouble_ms, last_trouble_ms, complained_ms; /* of failures to read */
    int64_t last_wake_ms;
};

/* One record on its way: of a synchronous batch or with a callback. */
struct send {
    struct list link; /* in failed */
    struct topic_log *log;
    struct send_batch *batch;
    void (*done)(void *arg, const struct kc_error *err);
    void *arg;
    rd_kafka_resp_err_t code;
};

struct timer {
    struct list link;
    int64_t at_ms;
    void (*f)(void *arg);
    void *arg;
};

/* Guarded by log->lock. */
struct send_batch {
    struct list link;   /* in returning */
    size_t pending;     /* records under way, and one for the sender while there may be more */
    bool abandoned;     /* the sender has given up: who comes upon it last frees */
    bool wants_back;    /* it is over only when its records have been given to on_record */
    bool came_back;     /* they have */
    bool place_unknown; /* the broker did not tell where it has put a record */
    rd_kafka_resp_err_t code;
    int64_t ends[]; /* per partition: behind the last record of the batch, 0: none */
};

static void wake(struct topic_log *log) {
    uint64_t one = 1;
    ssize_t n = write(log->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is awake anyway */
}

static int stopped(const struct topic_log *log, struct kc_error *err) {
    return err_set(err, ERR_STOPPING, "The log of topic '%s' is being closed", log->conf.topic);
}

/* ---- Life ---- */

static char *copy(const char *text) {
    return text ? strdup(text) : NULL;
}

struct topic_log *topic_log_new(const struct topic_log_conf *conf) {
    struct topic_log *log = calloc(1, sizeof(*log));
    if (!log)
        abort();
    log->conf = *conf;
    log->conf.client = kc_config_copy(conf->client);
    log->conf.topic_configs = conf->topic_configs ? kc_config_copy(conf->topic_configs) : NULL;
    log->conf.topic = copy(conf->topic);
    log->conf.topic_property = copy(conf->topic_property);
    log->conf.purpose = copy(conf->purpose);
    log->conf.client_id = copy(conf->client_id);
    log->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->changed, NULL);
    list_init(&log->failed);
    list_init(&log->timers);
    list_init(&log->returning);
    return log;
}

void topic_log_cancel(struct topic_log *log) {
    atomic_store(&log->cancelled, true);
    pthread_mutex_lock(&log->lock);
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    wake(log);
}

static void finish_send(struct send *send, rd_kafka_resp_err_t code, int32_t partition, int64_t offset);

static void serve_failed(struct topic_log *log) {
    for (;;) {
        pthread_mutex_lock(&log->lock);
        struct list *item = list_pop(&log->failed);
        pthread_mutex_unlock(&log->lock);
        if (!item)
            return;
        struct send *send = CONTAINER_OF(item, struct send, link);
        finish_send(send, send->code, RD_KAFKA_PARTITION_UA, RD_KAFKA_OFFSET_INVALID);
    }
}

/* Runs what is due; returns the time until the next, at most IDLE_MS. */
static int64_t serve_timers(struct topic_log *log, int64_t now) {
    int64_t next = IDLE_MS;
    for (struct timer *due = NULL;;) {
        pthread_mutex_lock(&log->lock);
        due = NULL;
        next = IDLE_MS;
        for (struct list *l = log->timers.next; l != &log->timers && !due; l = l->next) {
            struct timer *t = CONTAINER_OF(l, struct timer, link);
            if (t->at_ms <= now)
                due = t;
            else if (t->at_ms - now < next)
                next = t->at_ms - now;
        }
        if (due)
            list_remove(&due->link);
        pthread_mutex_unlock(&log->lock);
        if (!due)
            return next;
        due->f(due->arg);
        free(due);
    }
}

void topic_log_after(struct topic_log *log, int64_t delay_ms, void (*f)(void *arg), void *arg) {
    struct timer *t = malloc(sizeof(*t));
    if (!t)
        abort();
    *t = (struct timer){.at_ms = clock_ms() + delay_ms, .f = f, .arg = arg};
    pthread_mutex_lock(&log->lock);
    list_append(&log->timers, &t->link);
    pthread_mutex_unlock(&log->lock);
    wake(log);
}

/* What was sent gets a moment to arrive; the rest is reported as failed. */
static void close_producer(struct topic_log *log) {
    rd_kafka_t *rk = log->producer;
    if (!rk)
        return;
    if (rd_kafka_outq_len(rk) > 0)
        rd_kafka_flush(rk, CLOSE_MS);
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int64_t end = clock_ms() + CLOSE_MS; rd_kafka_outq_len(rk) > 0 && clock_ms() < end;)
        rd_kafka_poll(rk, 50);
    log->producer = client_free(rk);
}

static void close_consumer(struct topic_log *log) {
    if (!log->consumer)
        return;
    for (int32_t p = 0; log->topic && p < log->partitions; p++)
        rd_kafka_consume_stop(log->topic, p);
    if (log->records)
        rd_kafka_queue_destroy(log->records);
    if (log->topic)
        rd_kafka_topic_destroy(log->topic);
    log->records = NULL;
    log->topic = NULL;
    log->consumer = client_free(log->consumer);
}

struct topic_log *topic_log_free(struct topic_log *log) {
    if (!log)
        return NULL;
    topic_log_cancel(log);
    atomic_store(&log->stopping, true);
    wake(log);
    if (log->running)
        pthread_join(log->thread, NULL);
    close_producer(log);
    close_consumer(log);
    /* Whoever still waits for a send hears now that it failed, and gives up. */
    while (!list_empty(&log->failed) || !list_empty(&log->timers)) {
        serve_failed(log);
        serve_timers(log, INT64_MAX);
    }
    for (struct list *l; (l = list_pop(&log->returning));)
        free(CONTAINER_OF(l, struct send_batch, link));
    free(log->positions);
    free(log->ends);
    close(log->wake_fd);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    kc_config_free((struct kc_config *)log->conf.client);
    kc_config_free((struct kc_config *)log->conf.topic_configs);
    free((char *)log->conf.topic);
    free((char *)log->conf.topic_property);
    free((char *)log->conf.purpose);
    free((char *)log->conf.client_id);
    free(log);
    return NULL;
}

int32_t topic_log_partitions(const struct topic_log *log) {
    return log->partitions;
}

/* ---- Clients ---- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    (void)rk;
    (void)opaque;
    finish_send(message->_private, message->err, message->partition, message->offset);
}

/* @source KafkaBasedLog.createProducer, KafkaStatusBackingStore.configure */
static int open_producer(struct topic_log *log, struct kc_error *err) {
    AUTO(props) java = kc_config_copy(log->conf.client);
    kc_config_set(java, "client.id", log->conf.client_id);
    kc_config_set(java, "acks", "all");
    kc_config_set(java, "max.in.flight.requests.per.connection", "1");
    kc_config_set(java, "enable.idempotence", "false");
    if (log->conf.status_producer)
        kc_config_set(java, "retries", "0");
    else
        kc_config_set(java, "delivery.timeout.ms", "2147483647");
    if (!kc_config_has(java, "linger.ms"))
        kc_config_set(java, "linger.ms", "0"); /* single records that somebody waits for */
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, err);
    if (!conf)
        return -1;
    if (client_set(conf, "allow.auto.create.topics", "false", err) < 0 ||
        client_set(conf, "isolation.level", "read_uncommitted", err) < 0) { /* of the look-up of end offsets */
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    log->producer = client_new(CLIENT_PRODUCER, conf, err);
    return log->producer ? 0 : -1;
}

static int open_consumer(struct topic_log *log, struct kc_error *err) {
    AUTO(props) java = kc_config_copy(log->conf.client);
    kc_config_set(java, "client.id", log->conf.client_id);
    kc_config_set(java, "auto.offset.reset", "earliest");
    kc_config_set(java, "enable.auto.commit", "false");
    kc_config_set(java, "allow.auto.create.topics", "false");
    if (log->conf.read_committed)
        client_ensure(java, "isolation.level", "read_committed", log->conf.read_committed, false);
    kc_config_remove(java, "group.id"); /* the worker's */
    kc_config_remove(java, "group.instance.id");
    rd_kafka_conf_t *conf = client_conf(CLIENT_CONSUMER, java, err);
    if (!conf)
        return -1;
    if (client_set(conf, "enable.partition.eof", "true", err) < 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    log->consumer = client_new(CLIENT_CONSUMER, conf, err);
    if (!log->consumer)
        return -1;
    log->topic = rd_kafka_topic_new(log->consumer, log->conf.topic, NULL);
    if (!log->topic)
        return client_error(err, rd_kafka_last_error(), "Topic '%s'", log->conf.topic);
    log->records = rd_kafka_queue_new(log->consumer);
    return 0;
}

static int start_fetching(struct topic_log *log, struct kc_error *err) {
    static const uint64_t one = 1;
    log->positions = calloc((size_t)log->partitions, sizeof(int64_t));
    log->ends = calloc((size_t)log->partitions, sizeof(int64_t));
    if (!log->positions || !log->ends)
        abort();
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(log->producer);
    rd_kafka_queue_io_event_enable(main_queue, log->wake_fd, &one, sizeof(one));
    rd_kafka_queue_destroy(main_queue);
    rd_kafka_queue_io_event_enable(log->records, log->wake_fd, &one, sizeof(one));
    /* From offset 0 and not "the beginning": that would be looked up per partition, and those that are ready first
     * would begin a fetch that keeps the others waiting. A log that begins later resets to its beginning
     * (auto.offset.reset). */
    for (int32_t p = 0; p < log->partitions; p++) {
        if (rd_kafka_consume_start_queue(log->topic, p, 0, log->records) < 0)
            return client_error(err, rd_kafka_last_error(), "Reading topic '%s' partition %d", log->conf.topic, (int)p);
    }
    return 0;
}

/* ---- The thread: records ---- */

/* Once trouble has lasted for a while (leaders move, topics are new), and then now and again. */
static void complain(struct topic_log *log, const char *what, const char *why) {
    int64_t now = clock_ms();
    if (!log->trouble_ms || now - log->last_trouble_ms > CALM_MS)
        log->trouble_ms = now;
    log->last_trouble_ms = now;
    if (now - log->trouble_ms < PATIENCE_MS || (log->complained_ms && now - log->complained_ms < COMPLAIN_MS)) {
        kc_log(KC_DEBUG, LOGGER, "%s topic '%s' fails, retrying: %s", what, log->conf.topic, why);
        return;
    }
    log->complained_ms = now;
    kc_log(KC_WARN, LOGGER, "%s topic '%s' fails, retrying: %s", what, log->conf.topic, why);
}

static void take_message(struct topic_log *log, const rd_kafka_message_t *m) {
    if (m->partition < 0 || m->partition >= log->partitions)
        return;
    int64_t *position = &log->positions[m->partition];
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (m->offset > *position)
            *position = m->offset; /* behind control records and compacted tails, too */
        return;
    }
    if (m->err) {
        complain(log, "Reading", rd_kafka_message_errstr(m));
        return;
    }
    static const char nothing[1];
    log->conf.on_record(log->conf.arg, m->partition, m->offset, m->key ? m->key : nothing, m->key ? m->key_len : 0,
                        m->payload, m->payload ? m->len : 0, rd_kafka_message_timestamp(m, NULL));
    *position = m->offset + 1;
}

static void take_records(struct topic_log *log) {
    rd_kafka_message_t *batch[BATCH];
    ssize_t n;
    size_t taken = 0;
    while (!atomic_load(&log->stopping) && (n = rd_kafka_consume_batch_queue(log->records, 0, batch, BATCH)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            take_message(log, batch[i]);
            rd_kafka_message_destroy(batch[i]);
        }
        taken += (size_t)n;
        if (taken > BATCH) /* a long read: the fetch queue may have been full */
            client_fetch_wake(log->consumer, n < BATCH, &log->last_wake_ms);
    }
}

/* ---- The thread: reading to the end ---- */

/* The ends of all partitions as of now, control records included. */
static int look_up_ends(struct topic_log *log, struct kc_error *err) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(log->partitions);
    for (int32_t p = 0; p < log->partitions; p++)
        rd_kafka_topic_partition_list_add(list, log->conf.topic, p)->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(log->producer, list, ENDS_MS);
    for (int i = 0; !code && i < list->cnt; i++) {
        code = list->elems[i].err;
        if (!code && list->elems[i].offset < 0)
            code = RD_KAFKA_RESP_ERR__NO_OFFSET;
        log->ends[list->elems[i].partition] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_error(err, code, "Looking up the end offsets") : 0;
}

static bool at_ends(const struct topic_log *log, const int64_t *ends) {
    for (int32_t p = 0; p < log->partitions; p++) {
        if (log->positions[p] < ends[p])
            return false;
    }
    return true;
}

/* Every request made before the ends are looked up is served by that look-up. */
static void serve_requests(struct topic_log *log) {
    struct kc_error err = {0};
    for (;;) {
        if (!log->reading) {
            pthread_mutex_lock(&log->lock);
            uint64_t wanted = log->wanted > log->done ? log->wanted : 0;
            pthread_mutex_unlock(&log->lock);
            if (!wanted || atomic_load(&log->cancelled))
                return;
            if (look_up_ends(log, &err) < 0) {
                complain(log, "Reading to the end of", err.text);
                clock_sleep_ms(log->conf.retry_backoff_ms < 1000 ? log->conf.retry_backoff_ms : 1000);
                wake(log); /* again */
                return;
            }
            log->reading = wanted;
            take_records(log);
        }
        if (!at_ends(log, log->ends))
            return;
        pthread_mutex_lock(&log->lock);
        log->done = log->reading;
        log->reading = 0;
        pthread_cond_broadcast(&log->changed);
        pthread_mutex_unlock(&log->lock);
    }
}

/* Batches that have been read back. */
static void serve_returning(struct topic_log *log) {
    bool some = false;
    pthread_mutex_lock(&log->lock);
    for (struct list *l = log->returning.next, *next; l != &log->returning; l = next) {
        struct send_batch *batch = CONTAINER_OF(l, struct send_batch, link);
        next = l->next;
        if (!batch->abandoned && !at_ends(log, batch->ends))
            continue;
        list_remove(l);
        batch->came_back = some = true;
        if (batch->abandoned)
            free(batch);
    }
    if (some)
        pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
}

static void *run(void *arg) {
    struct topic_log *log = arg;
    struct pollfd fd = {.fd = log->wake_fd, .events = POLLIN};
    while (!atomic_load(&log->stopping)) {
        uint64_t count;
        poll(&fd, 1, (int)serve_timers(log, clock_ms()));
        ssize_t n = read(log->wake_fd, &count, sizeof(count));
        (void)n;
        serve_failed(log);
        rd_kafka_poll(log->producer, 0);
        rd_kafka_poll(log->consumer, 0);
        take_records(log);
        serve_returning(log);
        serve_requests(log);
    }
    return NULL;
}

int topic_log_start(struct topic_log *log, struct kc_error *err) {
    struct kc_error local = {0};
    char name[16];
    err = err ? err : &local;
    if (open_producer(log, err) < 0 ||
        topic_setup(log->producer, &log->conf, &log->cancelled, &log->partitions, err) < 0 ||
        open_consumer(log, err) < 0 || start_fetching(log, err) < 0)
        return -1;
    snprintf(name, sizeof(name), "log-%.11s", log->conf.topic);
    if (thread_start(&log->thread, name, run, log, err) < 0)
        return -1;
    log->running = true;
    return topic_log_read_to_end(log, -1, err);
}

/* ---- Public: reading ---- */

int topic_log_read_to_end(struct topic_log *log, int64_t timeout_ms, struct kc_error *err) {
    int64_t deadline = timeout_ms < 0 ? INT64_MAX : clock_after_ms(timeout_ms);
    bool in_time = true;
    pthread_mutex_lock(&log->lock);
    uint64_t mine = ++log->wanted;
    wake(log);
    while (log->done < mine && in_time && !atomic_load(&log->cancelled))
        in_time = cond_wait_until(&log->changed, &log->lock, deadline);
    bool reached = log->done >= mine;
    pthread_mutex_unlock(&log->lock);
    if (reached)
        return 0;
    if (atomic_load(&log->cancelled))
        return stopped(log, err);
    return err_set(err, ERR_TIMEOUT, "Timed out while reading to the end of topic '%s'", log->conf.topic);
}

/* ---- Public: writing ---- */

static bool batch_is_over(const struct send_batch *batch) {
    return batch->pending == 0 && (!batch->wants_back || batch->came_back);
}

/* Lock held. Nothing is under way any more, and the sender has sent all. */
static void batch_is_written(struct topic_log *log, struct send_batch *batch) {
    if (batch->code || batch->place_unknown)
        batch->wants_back = false;
    if (batch->wants_back)
        list_append(&log->returning, &batch->link);
    else
        pthread_cond_broadcast(&log->changed);
}

static void finish_batch_record(struct topic_log *log, struct send_batch *batch, rd_kafka_resp_err_t code,
                                int32_t partition, int64_t offset) {
    pthread_mutex_lock(&log->lock);
    if (code && !batch->code)
        batch->code = code;
    if (!code && (offset < 0 || partition < 0 || partition >= log->partitions))
        batch->place_unknown = true;
    else if (!code && batch->ends[partition] <= offset)
        batch->ends[partition] = offset + 1;
    if (--batch->pending == 0) {
        if (batch->abandoned)
            free(batch);
        else
            batch_is_written(log, batch);
    }
    pthread_mutex_unlock(&log->lock);
}

static void finish_send(struct send *send, rd_kafka_resp_err_t code, int32_t partition, int64_t offset) {
    struct kc_error err = {0};
    if (send->batch)
        finish_batch_record(send->log, send->batch, code, partition, offset);
    else if (send->done) {
        if (code)
            client_error(&err, code, "Writing to topic '%s'", send->log->conf.topic);
        send->done(send->arg, code ? &err : NULL);
    }
    free(send);
}

static rd_kafka_resp_err_t produce(struct topic_log *log, const struct topic_log_record *r, struct send *send) {
    return rd_kafka_producev(log->producer, RD_KAFKA_V_TOPIC(log->conf.topic),
                             RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_KEY(r->key, r->key_len), RD_KAFKA_V_VALUE((void *)r->value, r->value_len),
                             RD_KAFKA_V_OPAQUE(send), RD_KAFKA_V_END);
}

static struct send *send_new(struct topic_log *log, struct send_batch *batch) {
    struct send *send = calloc(1, sizeof(*send));
    if (!send)
        abort();
    send->log = log;
    send->batch = batch;
    return send;
}

/* One record of a batch; waits while librdkafka's queue is full. */
static rd_kafka_resp_err_t produce_patiently(struct topic_log *log, const struct topic_log_record *r,
                                             struct send_batch *batch, int64_t deadline) {
    struct send *send = send_new(log, batch);
    pthread_mutex_lock(&log->lock);
    batch->pending++;
    pthread_mutex_unlock(&log->lock);
    rd_kafka_resp_err_t code;
    while ((code = produce(log, r, send)) == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_ms() < deadline &&
           !atomic_load(&log->cancelled))
        clock_sleep_ms(10);
    if (code) /* as if it had been refused by the broker */
        finish_send(send, code, RD_KAFKA_PARTITION_UA, RD_KAFKA_OFFSET_INVALID);
    return code;
}

static int timed_out(const struct topic_log *log, bool written, struct kc_error *err) {
    if (!written)
        return client_error(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "Writing to topic '%s'", log->conf.topic);
    return err_set(err, ERR_TIMEOUT, "Timed out while reading to the end of topic '%s'", log->conf.topic);
}

static int send_batch(struct topic_log *log, const struct topic_log_record *records, size_t count, bool read_back,
                      int64_t timeout_ms, struct kc_error *err) {
    int64_t deadline = clock_after_ms(timeout_ms);
    struct send_batch *batch = calloc(1, sizeof(*batch) + (size_t)log->partitions * sizeof(batch->ends[0]));
    bool in_time = true, cancelled = false;
    if (!batch)
        abort();
    batch->pending = 1;
    batch->wants_back = read_back;
    for (size_t i = 0; i < count && !(cancelled = atomic_load(&log->cancelled)); i++)
        if (produce_patiently(log, &records[i], batch, deadline))
            break;
    pthread_mutex_lock(&log->lock);
    if (--batch->pending == 0)
        batch_is_written(log, batch);
    while (!batch_is_over(batch) && in_time && !atomic_load(&log->cancelled))
        in_time = cond_wait_until(&log->changed, &log->lock, deadline);
    bool over = batch_is_over(batch), written = batch->pending == 0, look_up = batch->place_unknown && read_back;
    rd_kafka_resp_err_t code = over ? batch->code : RD_KAFKA_RESP_ERR_NO_ERROR;
    batch->abandoned = !over;
    pthread_mutex_unlock(&log->lock);
    if (over)
        free(batch);
    if (cancelled || (atomic_load(&log->cancelled) && (!over || code)))
        return stopped(log, err);
    if (code)
        return client_error(err, code, "Writing to topic '%s'", log->conf.topic);
    if (!over)
        return timed_out(log, written, err);
    int64_t left = deadline - clock_ms();
    return look_up ? topic_log_read_to_end(log, left > 0 ? left : 0, err) : 0;
}

int topic_log_send(struct topic_log *log, const struct topic_log_record *records, size_t count, int64_t timeout_ms,
                   struct kc_error *err) {
    return send_batch(log, records, count, /* read_back= */ false, timeout_ms, err);
}

int topic_log_send_and_read(struct topic_log *log, const struct topic_log_record *records, size_t count,
                            int64_t timeout_ms, struct kc_error *err) {
    return send_batch(log, records, count, /* read_back= */ true, timeout_ms, err);
}

void topic_log_send_async(struct topic_log *log, const struct topic_log_record *record,
                          void (*done)(void *arg, const struct kc_error *err_or_null), void *arg) {
    struct send *send = send_new(log, NULL);
    send->done = done;
    send->arg = arg;
    bool gone = atomic_load(&log->cancelled) || !log->producer;
    rd_kafka_resp_err_t code = gone ? RD_KAFKA_RESP_ERR__DESTROY : produce(log, record, send);
    if (!code)
        return; /* the delivery report has freed it already, maybe */
    send->code = code;
    pthread_mutex_lock(&log->lock);
    list_append(&log->failed, &send->link);
    pthread_mutex_unlock(&log->lock);
    wake(log);
}
