/* Partitions come and go. librdkafka calls sink_on_rebalance on the task's thread, from within sink_consume or the
 * close of the consumer. What the connector's open or close throws is kept and raised after the poll.
 * @source WorkerSinkTask.HandleRebalance (distributed-worker 11.5) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/kafka/calm.h"
#include "connect/kafka/client.h"
#include "connect/task/sink_task.h"

/* ---- The set of assigned partitions ---- */

enum { KEY_MAX = 512 };

/* "topic\0partition"; topic names have at most 249 bytes. */
static size_t make_key(char key[KEY_MAX], const char *topic, int32_t partition) {
    size_t len = strnlen(topic, KEY_MAX - sizeof(partition) - 1);
    memcpy(key, topic, len);
    key[len++] = '\0';
    memcpy(key + len, &partition, sizeof(partition));
    return len + sizeof(partition);
}

struct sink_partition *sink_find(struct sink_task *s, const char *topic, int32_t partition) {
    char key[KEY_MAX];
    return map_get_bytes(s->by_name, key, make_key(key, topic, partition));
}

static struct sink_topic *topic_of(struct sink_task *s, const char *name) {
    struct sink_topic *topic = map_get(s->topics, name);
    if (topic)
        return topic;
    topic = calloc(1, sizeof *topic);
    if (!topic || !(topic->name = strdup(name)))
        abort();
    map_put(s->topics, name, topic);
    return topic;
}

static struct sink_partition *add_partition(struct sink_task *s, const char *topic, int32_t number) {
    struct sink_partition *p = sink_find(s, topic, number);
    if (p)
        return p;
    p = calloc(1, sizeof *p);
    struct sink_partition **grown = realloc(s->assigned, sizeof(struct sink_partition *) * (s->assigned_count + 1));
    if (!p || !grown)
        abort();
    s->assigned = grown;
    s->assigned[s->assigned_count++] = p;
    *p = (struct sink_partition){
        .topic = topic_of(s, topic), .partition = number, .position = -1, .committed = -1, .rewind = -1};
    char key[KEY_MAX];
    map_put_bytes(s->by_name, key, make_key(key, topic, number), p);
    return p;
}

/* Forgets partitions; their records in a batch that waits to be put again are dropped. */
static void drop_partitions(struct sink_task *s, struct sink_partition *const *parts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct sink_partition *p = parts[i];
        for (uint32_t k = 0; p->in_batch && k < s->batch.count; k++) {
            struct kc_record *r = &s->batch.records[k];
            if (r->original_topic == p->topic->name && r->original_partition == p->partition)
                r->dropped = true;
        }
        for (uint32_t k = 0; k < s->touched_count; k++)
            if (s->touched[k] == p)
                s->touched[k--] = s->touched[--s->touched_count];
        for (size_t k = 0; k < s->assigned_count; k++)
            if (s->assigned[k] == p)
                s->assigned[k--] = s->assigned[--s->assigned_count];
        char key[KEY_MAX];
        map_put_bytes(s->by_name, key, make_key(key, p->topic->name, p->partition), NULL); /* the key may come again */
        free(p);
    }
    s->last_rkt = NULL;
}

void sink_partitions_done(struct sink_task *s) {
    for (size_t i = 0; i < s->assigned_count; i++)
        free(s->assigned[i]);
    free(s->assigned);
    s->assigned = NULL;
    s->assigned_count = 0;
}

/* ---- Pauses ---- */

static bool wants_pause(const struct sink_task *s, const struct sink_partition *p) {
    return p->paused || s->paused_for_redelivery || task_target(s->task) == TARGET_PAUSED;
}

static void set_paused(struct sink_task *s, rd_kafka_topic_partition_list_t *list, bool paused) {
    if (!list->cnt)
        return;
    if (!paused)
        calm_end(s->rk);
    rd_kafka_resp_err_t rc = paused ? rd_kafka_pause_partitions(s->rk, list) : rd_kafka_resume_partitions(s->rk, list);
    if (rc)
        kc_log(KC_WARN, LOG_SINK_TASK, "Could not %s %d partitions: %s", paused ? "pause" : "resume", list->cnt,
               rd_kafka_err2str(rc));
}

void sink_apply_pauses(struct sink_task *s) {
    rd_kafka_topic_partition_list_t *pause = rd_kafka_topic_partition_list_new((int)s->assigned_count);
    rd_kafka_topic_partition_list_t *resume = rd_kafka_topic_partition_list_new((int)s->assigned_count);
    for (size_t i = 0; i < s->assigned_count; i++) {
        struct sink_partition *p = s->assigned[i];
        bool want = wants_pause(s, p);
        if (want != p->stopped)
            rd_kafka_topic_partition_list_add(want ? pause : resume, p->topic->name, p->partition);
        p->stopped = want;
    }
    set_paused(s, pause, true);
    set_paused(s, resume, false);
    rd_kafka_topic_partition_list_destroy(pause);
    rd_kafka_topic_partition_list_destroy(resume);
}

/* ---- Callbacks ---- */

static void keep_error(struct sink_task *s, const struct kc_error *err) {
    if (!s->rebalance_failed)
        s->rebalance_err = *err;
    s->rebalance_failed = true;
}

static void check(struct sink_task *s, rd_kafka_error_t *error, rd_kafka_resp_err_t code, const char *action) {
    struct kc_error err = {0};
    if (error) {
        client_error(&err, rd_kafka_error_code(error), "Could not %s partitions", action);
        rd_kafka_error_destroy(error);
    } else if (code) {
        client_error(&err, code, "Could not %s partitions", action);
    } else {
        return;
    }
    keep_error(s, &err);
}

static bool cooperative(rd_kafka_t *rk) {
    const char *protocol = rd_kafka_rebalance_protocol(rk);
    return protocol && strcmp(protocol, "COOPERATIVE") == 0;
}

static struct kc_topic_partition *names_of(struct sink_partition *const *parts, size_t count) {
    struct kc_topic_partition *tps = calloc(count + 1, sizeof *tps);
    if (!tps)
        abort();
    for (size_t i = 0; i < count; i++)
        tps[i] = (struct kc_topic_partition){parts[i]->topic->name, parts[i]->partition};
    return tps;
}

static void open_partitions(struct sink_task *s, struct sink_partition *const *parts, size_t count) {
    if (!count || !s->started || !s->ops->open || s->rebalance_failed)
        return;
    struct kc_topic_partition *tps = names_of(parts, count);
    struct kc_error err = {0};
    if (s->ops->open(s->self, tps, count, &err) < 0)
        keep_error(s, &err);
    free(tps);
}

void sink_close_partitions(struct sink_task *s, struct sink_partition *const *parts, size_t count) {
    if (!count || !s->started || !s->ops->close)
        return;
    struct kc_topic_partition *tps = names_of(parts, count);
    s->ops->close(s->self, tps, count);
    free(tps);
}

/* The connector is asked first: where it wants to begin goes into the assignment. */
static void on_assign(struct sink_task *s, rd_kafka_topic_partition_list_t *list) {
    struct sink_partition **parts = calloc((size_t)list->cnt + 1, sizeof(struct sink_partition *));
    if (!parts)
        abort();
    for (int i = 0; i < list->cnt; i++)
        parts[i] = add_partition(s, list->elems[i].topic, list->elems[i].partition);
    kc_log(KC_INFO, LOG_SINK_TASK, "%d partitions assigned", list->cnt);
    if (s->paused_for_redelivery && !s->batch_full)
        s->paused_for_redelivery = false;
    open_partitions(s, parts, (size_t)list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        struct sink_partition *p = parts[i];
        p->stopped = !wants_pause(s, p); /* unknown: say it anew below */
        if (p->rewind >= 0) {
            list->elems[i].offset = p->position = p->committed = p->rewind;
            p->rewind = -1;
        }
    }
    if (cooperative(s->rk))
        check(s, rd_kafka_incremental_assign(s->rk, list), 0, "take");
    else
        check(s, NULL, rd_kafka_assign(s->rk, list), "take");
    sink_apply_pauses(s);
    free(parts);
}

static size_t find_all(struct sink_task *s, const rd_kafka_topic_partition_list_t *list,
                       struct sink_partition **ret_parts) {
    size_t count = 0;
    for (int i = 0; i < list->cnt; i++) {
        struct sink_partition *p = sink_find(s, list->elems[i].topic, list->elems[i].partition);
        if (p)
            ret_parts[count++] = p;
    }
    return count;
}

/* The commit must reach the coordinator before the partitions are given back. */
static void on_revoke(struct sink_task *s, rd_kafka_topic_partition_list_t *list) {
    struct sink_partition **parts = calloc((size_t)list->cnt + 1, sizeof(struct sink_partition *));
    if (!parts)
        abort();
    size_t count = find_all(s, list, parts);
    bool lost = rd_kafka_assignment_lost(s->rk);
    kc_log(KC_INFO, LOG_SINK_TASK, "%d partitions %s", list->cnt, lost ? "lost" : "revoked");
    if (lost)
        sink_close_partitions(s, parts, count);
    else if (s->started)
        sink_commit(s, true, parts, count);
    drop_partitions(s, parts, count);
    if (cooperative(s->rk))
        check(s, rd_kafka_incremental_unassign(s->rk, list), 0, "give back");
    else
        check(s, NULL, rd_kafka_assign(s->rk, NULL), "give back");
    free(parts);
}

/* The task has ended; the consumer takes nothing any more and gives everything back. */
static void give_back(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list) {
    if (!cooperative(rk))
        rd_kafka_assign(rk, NULL);
    else if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        rd_kafka_error_destroy(rd_kafka_incremental_assign(rk, list)); /* revoked by the close */
    else
        rd_kafka_error_destroy(rd_kafka_incremental_unassign(rk, list));
}

void sink_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque) {
    struct sink_task *s = ((struct sink_door *)opaque)->task;
    if (!s) {
        give_back(rk, code, list);
        return;
    }
    switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        on_assign(s, list);
        break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        on_revoke(s, list);
        break;
    default:
        kc_log(KC_WARN, LOG_SINK_TASK, "Rebalance failed: %s, it is tried again", rd_kafka_err2str(code));
        rd_kafka_assign(s->rk, NULL);
    }
}

void sink_close_all(struct sink_task *s) {
    if (s->assigned_count && s->started)
        sink_commit(s, true, s->assigned, s->assigned_count);
}
