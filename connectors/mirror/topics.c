/* See topics.h. */
#include "connectors/mirror/topics.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connectors/mirror/clients.h"

#define LOGGER MIRROR_LOG("MirrorSourceConnector")

enum { SLICE_MS = 1000, PAUSE_MS = 100 };

/* ---- Lists ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct topic_info *)a)->name, ((const struct topic_info *)b)->name);
}

static void from_metadata(struct topic_list *list, const struct rd_kafka_metadata *md) {
    list->items = calloc((size_t)md->topic_cnt + 1, sizeof *list->items);
    list->count = 0;
    if (!list->items)
        abort();
    for (int i = 0; i < md->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &md->topics[i];
        if (t->err != RD_KAFKA_RESP_ERR_NO_ERROR || t->partition_cnt < 1)
            continue;
        struct topic_info *item = &list->items[list->count++];
        *item = (struct topic_info){.name = strdup(t->topic), .partitions = t->partition_cnt};
        if (!item->name)
            abort();
    }
    qsort(list->items, list->count, sizeof *list->items, by_name);
}

int topic_list_read(struct topic_list *list, rd_kafka_t *admin, int64_t timeout_ms, struct stop_check stop,
                    struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    int64_t deadline = clock_after_ms(timeout_ms);
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_metadata(admin, 1, NULL, &md, SLICE_MS);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            from_metadata(list, md);
            rd_kafka_metadata_destroy(md);
            return 0;
        }
        rd_kafka_poll(admin, 0);
        if (client_refused(admin, err) < 0)
            return -1;
        if (stop.stopping && stop.stopping(stop.arg))
            return err_set(err, ERR_STOPPING, "Listing topics was given up");
        if (clock_ms() >= deadline)
            return client_error(err, code, "Topics cannot be listed");
        clock_sleep_ms(PAUSE_MS);
    }
}

void topic_list_filter(struct topic_list *list, bool (*wanted)(void *arg, const char *topic), void *arg) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (wanted(arg, list->items[i].name))
            list->items[kept++] = list->items[i];
        else
            free(list->items[i].name);
    }
    list->count = kept;
}

const struct topic_info *topic_list_find(const struct topic_list *list, const char *name) {
    struct topic_info key = {.name = (char *)(uintptr_t)name};
    return list->count ? bsearch(&key, list->items, list->count, sizeof *list->items, by_name) : NULL;
}

bool topic_list_equal(const struct topic_list *a, const struct topic_list *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].partitions != b->items[i].partitions || strcmp(a->items[i].name, b->items[i].name) != 0)
            return false;
    return true;
}

void topic_list_done(struct topic_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct topic_list){0};
}

/* ---- Making topics ---- */

/* Logs what was done and what was not, but for `fine`. */
static void complain(const rd_kafka_topic_result_t **results, size_t count, rd_kafka_resp_err_t fine,
                     const char *what) {
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        const char *text = rd_kafka_topic_result_error_string(results[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kc_log(KC_INFO, LOGGER, "%s %s: done", what, rd_kafka_topic_result_name(results[i]));
            continue;
        }
        if (code == fine)
            continue;
        kc_log(KC_WARN, LOGGER, "%s %s: failed, %s; trying again with the next refresh", what,
               rd_kafka_topic_result_name(results[i]), text ? text : rd_kafka_err2str(code));
    }
}

static rd_kafka_NewTopic_t *new_topic(const struct new_topic *spec, int16_t replication_factor) {
    char why[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(spec->name, spec->partitions, replication_factor, why, sizeof why);
    if (!topic) {
        kc_log(KC_WARN, LOGGER, "Could not create topic %s: %s", spec->name, why);
        return NULL;
    }
    for (size_t i = 0; spec->configs && i < kc_config_count(spec->configs); i++)
        rd_kafka_NewTopic_set_config(topic, kc_config_key(spec->configs, i), kc_config_value(spec->configs, i));
    return topic;
}

/* One request. `results(arg, …)` sees the answer. */
static int create_all(rd_kafka_t *admin, const struct new_topic *topics, size_t count, int16_t replication_factor,
                      int64_t timeout_ms, struct stop_check stop,
                      void (*results)(void *arg, const rd_kafka_topic_result_t **results, size_t count), void *arg,
                      struct kc_error *err) {
    rd_kafka_NewTopic_t **list = calloc(count + 1, sizeof(rd_kafka_NewTopic_t *));
    size_t listed = 0, answers = 0;
    if (!list)
        abort();
    for (size_t i = 0; i < count; i++)
        if ((list[listed] = new_topic(&topics[i], replication_factor)))
            listed++;
    struct admin_call call;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms, stop);
    rd_kafka_event_t *event = NULL;
    if (listed) {
        rd_kafka_CreateTopics(admin, list, listed, call.options, call.queue);
        event = admin_call_wait(&call, err);
    }
    if (event) {
        const rd_kafka_topic_result_t **answer =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &answers);
        results(arg, answer, answers);
    }
    admin_call_end(&call);
    rd_kafka_NewTopic_destroy_array(list, listed);
    free(list);
    return event || !listed ? 0 : -1;
}

/* Topics whose configurations the target refuses are created without them: better a copy with other settings than none.
 * The configurations that it does take come with the next sync. */
struct creation {
    const struct new_topic *topics;
    size_t count;
    struct new_topic *plain; /* to be created once more */
    size_t plain_count;
};

static void set_aside(struct creation *c, const char *name, const char *why) {
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->topics[i].name, name) == 0) {
            kc_log(KC_WARN, LOGGER,
                   "Creating remote topic %s: the target refuses its configuration (%s); creating it without", name,
                   why);
            c->plain[c->plain_count++] =
                (struct new_topic){.name = c->topics[i].name, .partitions = c->topics[i].partitions};
            return;
        }
    }
}

static void on_created(void *arg, const rd_kafka_topic_result_t **results, size_t count) {
    struct creation *c = arg;
    const rd_kafka_topic_result_t **others = calloc(count + 1, sizeof(rd_kafka_topic_result_t *));
    size_t other_count = 0;
    if (!others)
        abort();
    for (size_t i = 0; i < count; i++) {
        const char *text = rd_kafka_topic_result_error_string(results[i]);
        if (c->plain && rd_kafka_topic_result_error(results[i]) == RD_KAFKA_RESP_ERR_INVALID_CONFIG)
            set_aside(c, rd_kafka_topic_result_name(results[i]), text ? text : "");
        else
            others[other_count++] = results[i];
    }
    complain(others, other_count, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, "Creating remote topic");
    free(others);
}

int topics_create(rd_kafka_t *admin, const struct new_topic *topics, size_t count, int16_t replication_factor,
                  int64_t timeout_ms, struct stop_check stop, struct kc_error *err) {
    struct creation c = {.topics = topics, .count = count, .plain = calloc(count + 1, sizeof *c.plain)};
    if (!c.plain)
        abort();
    int rc = create_all(admin, topics, count, replication_factor, timeout_ms, stop, on_created, &c, err);
    struct creation again = {.topics = c.plain, .count = c.plain_count};
    if (rc == 0 && again.count)
        rc =
            create_all(admin, again.topics, again.count, replication_factor, timeout_ms, stop, on_created, &again, err);
    free(c.plain);
    return rc;
}

int topics_grow(rd_kafka_t *admin, const struct topic_info *topics, size_t count, int64_t timeout_ms,
                struct stop_check stop, struct kc_error *err) {
    rd_kafka_NewPartitions_t **list = calloc(count + 1, sizeof(rd_kafka_NewPartitions_t *));
    size_t listed = 0, answers = 0;
    char why[256];
    if (!list)
        abort();
    for (size_t i = 0; i < count; i++)
        if ((list[listed] = rd_kafka_NewPartitions_new(topics[i].name, (size_t)topics[i].partitions, why, sizeof why)))
            listed++;
    struct admin_call call;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, timeout_ms, stop);
    rd_kafka_event_t *event = NULL;
    if (listed) {
        rd_kafka_CreatePartitions(admin, list, listed, call.options, call.queue);
        event = admin_call_wait(&call, err);
    }
    if (event) {
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &answers);
        complain(results, answers, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, "Adding partitions to");
    }
    admin_call_end(&call);
    rd_kafka_NewPartitions_destroy_array(list, listed);
    free(list);
    return event || !listed ? 0 : -1;
}
