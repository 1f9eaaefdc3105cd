/* See sync_writer.h. */
#include "connectors/mirror/sync_writer.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/records.h"

#define LOGGER MIRROR_LOG("OffsetSyncWriter")

enum { PERMITS = 10, LAST_WORDS_MS = 5000 };

struct sync_writer {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    int64_t lag_max;
    size_t in_flight;
    struct list pending, delayed; /* in the order of their first unsent sync */
    struct buf key, value;
};

void sync_partition_init(struct sync_partition *p, const char *topic, int32_t number) {
    *p = (struct sync_partition){.topic = topic, .number = number, .state = SYNC_STATE_INIT};
    list_init(&p->pending);
    list_init(&p->delayed);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    struct sync_writer *w = opaque;
    struct sync_partition *p = m->_private;
    (void)rk;
    w->in_flight--;
    p->in_flight--;
    if (m->err && m->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && m->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        kc_log(KC_ERROR, LOGGER, "Failure sending offset sync: %s", rd_kafka_err2str(m->err));
}

struct sync_writer *sync_writer_new(const struct kc_config *config, bool on_target, const char *topic, int64_t lag_max,
                                    struct kc_error *err) {
    struct sync_writer *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->lag_max = lag_max;
    list_init(&w->pending);
    list_init(&w->delayed);
    buf_init(&w->key, MIRROR_RECORD_MAX);
    buf_init(&w->value, MIRROR_RECORD_MAX);
    w->rk = mirror_producer(config, on_target ? MIRROR_TARGET : MIRROR_SOURCE,
                            on_target ? "offset-syncs-target-producer" : "offset-syncs-source-producer", on_delivery, w,
                            err);
    if (w->rk && !(w->topic = rd_kafka_topic_new(w->rk, topic, NULL)))
        client_error(err, rd_kafka_last_error(), "Topic %s cannot be written to", topic);
    return w->topic ? w : sync_writer_free(w);
}

static bool send_sync(struct sync_writer *w, struct sync_partition *p) {
    struct offset_sync sync = {.topic = p->topic,
                               .partition = p->number,
                               .upstream = p->pending_upstream,
                               .downstream = p->pending_downstream};
    struct kc_error err = {0};
    buf_clear(&w->key);
    buf_clear(&w->value);
    if (offset_sync_write(&sync, &w->key, &w->value, &err) < 0) {
        kc_log(KC_ERROR, LOGGER, "Failure sending offset sync: %s", err.text);
        return true;
    }
    if (rd_kafka_produce(w->topic, 0, RD_KAFKA_MSG_F_COPY, w->value.data, w->value.len, w->key.data, w->key.len, p) ==
        0) {
        w->in_flight++;
        p->in_flight++;
        return true;
    }
    rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return false;
    kc_log(KC_ERROR, LOGGER, "Failure sending offset sync: %s", rd_kafka_err2str(code));
    return true;
}

/* False: the producer's queue is full. */
static bool try_send(struct sync_writer *w, struct sync_partition *p) {
    if (p->in_flight >= PERMITS)
        return true;
    if (!send_sync(w, p))
        return false;
    list_remove(&p->pending);
    return true;
}

static void fire(struct sync_writer *w) {
    for (struct list *link = w->pending.next, *next; link != &w->pending; link = next) {
        next = link->next;
        if (!try_send(w, CONTAINER_OF(link, struct sync_partition, pending)))
            return;
    }
}

static void wait_in(struct list *queue, struct list *link) {
    if (list_empty(link))
        list_append(queue, link);
}

static void set_pending(struct sync_writer *w, struct sync_partition *p, int64_t upstream, int64_t downstream) {
    wait_in(&w->pending, &p->pending);
    p->pending_upstream = upstream;
    p->pending_downstream = downstream;
}

void sync_writer_acknowledged(struct sync_writer *w, struct sync_partition *p, int64_t upstream, int64_t downstream) {
    if (sync_due(&p->state, w->lag_max, upstream, downstream)) {
        list_remove(&p->delayed);
        set_pending(w, p, upstream, downstream);
        (void)try_send(w, p);
        return;
    }
    wait_in(&w->delayed, &p->delayed);
    p->delayed_upstream = upstream;
    p->delayed_downstream = downstream;
}

void sync_writer_commit(struct sync_writer *w) {
    struct list *link;
    while ((link = list_pop(&w->delayed))) {
        struct sync_partition *p = CONTAINER_OF(link, struct sync_partition, delayed);
        set_pending(w, p, p->delayed_upstream, p->delayed_downstream);
    }
    sync_writer_serve(w);
}

void sync_writer_serve(struct sync_writer *w) {
    rd_kafka_poll(w->rk, 0);
    fire(w);
}

struct sync_writer *sync_writer_free(struct sync_writer *w) {
    if (!w)
        return NULL;
    for (int64_t end = clock_ms() + LAST_WORDS_MS;
         w->topic && (w->in_flight || !list_empty(&w->pending)) && clock_ms() < end;) {
        fire(w);
        rd_kafka_poll(w->rk, 50);
    }
    if (w->topic)
        rd_kafka_topic_destroy(w->topic);
    client_free(w->rk);
    buf_done(&w->key);
    buf_done(&w->value);
    free(w);
    return NULL;
}
