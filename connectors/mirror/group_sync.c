/* See group_sync.h. Java asks for the groups without members first and commits an interval later, so that a group that
 * was left in between counts as new and may be moved back. Here its condition and offsets are looked at just before,
 * and a group that is in use is not tried at all. */
#include "connectors/mirror/group_sync.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/groups.h"

#define LOGGER MIRROR_LOG("MirrorCheckpointTask")

struct round {
    rd_kafka_t *target;
    int64_t timeout_ms;
    struct stop_check stop;
    const struct kept_group **groups; /* in the order of the names asked about */
    size_t *asked;                    /* index of the n-th group that offsets were asked of */
};

static void set_offset(rd_kafka_topic_partition_list_t *list, const struct checkpoint *point) {
    rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_add(list, point->topic, point->partition);
    p->offset = point->downstream;
    if (point->metadata_len && (p->metadata = malloc(point->metadata_len))) {
        memcpy(p->metadata, point->metadata, point->metadata_len);
        p->metadata_size = point->metadata_len;
    }
}

rd_kafka_topic_partition_list_t *group_sync_plan(const struct kept_group *group,
                                                 const rd_kafka_topic_partition_list_t *committed) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)map_count(group->points));
    void *value;
    for (size_t i = 0; map_next(group->points, &i, NULL, &value);) {
        const struct checkpoint *point = &((struct kept_point *)value)->point;
        const rd_kafka_topic_partition_t *have = NULL;
        for (int j = 0; committed && j < committed->cnt && !have; j++)
            if (committed->elems[j].partition == point->partition &&
                strcmp(committed->elems[j].topic, point->topic) == 0)
                have = &committed->elems[j];
        if (!have || have->offset < point->downstream)
            set_offset(list, point);
    }
    if (list->cnt)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

static void commit(const struct round *r, const struct kept_group *group,
                   const rd_kafka_topic_partition_list_t *committed) {
    struct kc_error err = {0};
    rd_kafka_topic_partition_list_t *plan = group_sync_plan(group, committed);
    if (!plan)
        return;
    if (group_commit(r->target, group->name, plan, r->timeout_ms, r->stop, &err) < 0)
        kc_log(KC_WARN, LOGGER,
               "Offsets of consumer group %s were not committed on the target (%s); trying again with the next sync",
               group->name, err.text);
    else
        kc_log(KC_DEBUG, LOGGER, "%d offsets of consumer group %s committed on the target", plan->cnt, group->name);
    rd_kafka_topic_partition_list_destroy(plan);
}

static void on_offsets(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets,
                       const struct kc_error *problem) {
    const struct round *r = arg;
    const struct kept_group *group = r->groups[r->asked[index]];
    if (problem)
        kc_log(KC_WARN, LOGGER, "Offsets of consumer group %s on the target cannot be read: %s", group->name,
               problem->text);
    else
        commit(r, group, offsets);
}

/* Groups without members are asked what they have; those that are new get all. */
static int sync_all(struct round *r, char **names, size_t count, const enum group_condition *conditions,
                    struct kc_error *err) {
    size_t asking = 0;
    for (size_t i = 0; i < count; i++) {
        if (conditions[i] == GROUP_ABSENT) {
            commit(r, r->groups[i], NULL);
        } else if (conditions[i] == GROUP_EMPTY) {
            r->asked[asking] = i;
            names[asking++] = r->groups[i]->name;
        }
    }
    return groups_offsets(r->target, names, asking, r->timeout_ms, r->stop, on_offsets, r, err);
}

int group_sync(rd_kafka_t *target, const struct checkpoint_store *store, int64_t timeout_ms, struct stop_check stop,
               struct kc_error *err) {
    const struct map *kept = checkpoint_store_groups(store);
    size_t room = map_count(kept) + 1, count = 0;
    struct round r = {.target = target,
                      .timeout_ms = timeout_ms,
                      .stop = stop,
                      .groups = calloc(room, sizeof(struct kept_group *)),
                      .asked = calloc(room, sizeof *r.asked)};
    char **names = calloc(room, sizeof *names);
    enum group_condition *conditions = calloc(room, sizeof *conditions);
    void *value;
    if (!r.groups || !r.asked || !names || !conditions)
        abort();
    for (size_t i = 0; map_next(kept, &i, NULL, &value); count++) {
        r.groups[count] = value;
        names[count] = r.groups[count]->name;
    }
    int rc = groups_conditions(target, names, count, timeout_ms, stop, conditions, err);
    if (rc == 0)
        rc = sync_all(&r, names, count, conditions, err);
    free(r.groups);
    free(r.asked);
    free(names);
    free(conditions);
    return rc;
}
