/* See groups.h. librdkafka fetches the offsets of one group with a request, so many requests share a queue. */
#include "connectors/mirror/groups.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/kafka/client.h"

enum { AT_A_TIME = 50 };

/* ---- Lists ---- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int group_list_read(struct group_list *list, rd_kafka_t *admin, int64_t timeout_ms, struct stop_check stop,
                    struct kc_error *err) {
    struct admin_call call;
    size_t count = 0, errors = 0;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, timeout_ms, stop);
    rd_kafka_ListConsumerGroups(admin, call.options, call.queue);
    rd_kafka_event_t *event = admin_call_wait(&call, err);
    int rc = event ? 0 : -1;
    if (event) {
        const rd_kafka_ListConsumerGroups_result_t *result = rd_kafka_event_ListConsumerGroups_result(event);
        const rd_kafka_ConsumerGroupListing_t **groups = rd_kafka_ListConsumerGroups_result_valid(result, &count);
        const rd_kafka_error_t **problems = rd_kafka_ListConsumerGroups_result_errors(result, &errors);
        *list = (struct group_list){.names = calloc(count + 1, sizeof *list->names)};
        if (!list->names)
            abort();
        for (size_t i = 0; i < count; i++)
            if (!(list->names[list->count++] = strdup(rd_kafka_ConsumerGroupListing_group_id(groups[i]))))
                abort();
        qsort(list->names, list->count, sizeof *list->names, by_text);
        if (errors && !count) { /* what single brokers do not tell is left out, as in Java */
            group_list_done(list);
            rc = client_error(err, rd_kafka_error_code(problems[0]), "%s", rd_kafka_error_string(problems[0]));
        }
    }
    admin_call_end(&call);
    return rc;
}

void group_list_filter(struct group_list *list, bool (*wanted)(void *arg, size_t index, const char *group), void *arg) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (wanted(arg, i, list->names[i]))
            list->names[kept++] = list->names[i];
        else
            free(list->names[i]);
    }
    list->count = kept;
}

bool group_list_equal(const struct group_list *a, const struct group_list *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

void group_list_done(struct group_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct group_list){0};
}

/* ---- Offsets ---- */

struct offsets_call {
    void (*f)(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets, const struct kc_error *problem);
    void *arg;
};

static void tell_offsets(const struct offsets_call *c, rd_kafka_event_t *event) {
    size_t index = (size_t)(uintptr_t)rd_kafka_event_opaque(event), count = 0;
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const char *text = rd_kafka_event_error_string(event);
    const rd_kafka_topic_partition_list_t *offsets = NULL;
    if (!code) {
        const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
            rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
        const rd_kafka_error_t *problem = count ? rd_kafka_group_result_error(groups[0]) : NULL;
        code = problem ? rd_kafka_error_code(problem) : RD_KAFKA_RESP_ERR_NO_ERROR;
        text = problem ? rd_kafka_error_string(problem) : text;
        offsets = count && !code ? rd_kafka_group_result_partitions(groups[0]) : NULL;
    }
    struct kc_error problem = {0};
    if (!offsets)
        client_error(&problem, code, "%s", text ? text : "no answer");
    c->f(c->arg, index, offsets, offsets ? NULL : &problem);
}

static void ask_offsets(struct admin_call *call, const char *group, size_t index) {
    rd_kafka_ListConsumerGroupOffsets_t *ask = rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
    rd_kafka_AdminOptions_set_opaque(call->options, (void *)(uintptr_t)index);
    rd_kafka_ListConsumerGroupOffsets(call->rk, &ask, 1, call->options, call->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(ask);
}

/* Up to AT_A_TIME groups. */
static int some_offsets(rd_kafka_t *admin, char *const *groups, size_t first, size_t end, int64_t timeout_ms,
                        struct stop_check stop, const struct offsets_call *c, struct kc_error *err) {
    struct admin_call call;
    int rc = 0;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms, stop);
    for (size_t i = first; i < end; i++)
        ask_offsets(&call, groups[i], i);
    for (size_t i = first; i < end; i++) {
        rd_kafka_event_t *event = admin_call_wait(&call, err);
        if (!event && !(event = call.event)) { /* an event with an error is that of one group */
            rc = -1;
            break;
        }
        tell_offsets(c, event);
    }
    admin_call_end(&call);
    return rc;
}

int groups_offsets(rd_kafka_t *admin, char *const *groups, size_t count, int64_t timeout_ms, struct stop_check stop,
                   void (*f)(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets,
                             const struct kc_error *problem),
                   void *arg, struct kc_error *err) {
    struct offsets_call c = {.f = f, .arg = arg};
    for (size_t first = 0; first < count; first += AT_A_TIME) {
        size_t end = count - first > AT_A_TIME ? first + AT_A_TIME : count;
        if (some_offsets(admin, groups, first, end, timeout_ms, stop, &c, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- Conditions ---- */

static enum group_condition condition_of(const rd_kafka_ConsumerGroupDescription_t *group) {
    const rd_kafka_error_t *problem = rd_kafka_ConsumerGroupDescription_error(group);
    if (problem)
        return rd_kafka_error_code(problem) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND ? GROUP_ABSENT : GROUP_UNKNOWN;
    switch (rd_kafka_ConsumerGroupDescription_state(group)) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY:
        return GROUP_EMPTY;
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD:
        return GROUP_ABSENT;
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE:
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE:
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE:
        return GROUP_ACTIVE;
    default:
        return GROUP_UNKNOWN;
    }
}

int groups_conditions(rd_kafka_t *admin, char *const *groups, size_t count, int64_t timeout_ms, struct stop_check stop,
                      enum group_condition *ret_conditions, struct kc_error *err) {
    struct admin_call call;
    size_t answers = 0;
    for (size_t i = 0; i < count; i++)
        ret_conditions[i] = GROUP_UNKNOWN;
    if (!count)
        return 0;
    const char **names = calloc(count, sizeof(char *));
    struct map *places = map_new(NULL); /* group → its entry of ret_conditions */
    if (!names)
        abort();
    for (size_t i = 0; i < count; i++) {
        names[i] = groups[i];
        map_put(places, groups[i], &ret_conditions[i]);
    }
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout_ms, stop);
    rd_kafka_DescribeConsumerGroups(admin, names, count, call.options, call.queue);
    rd_kafka_event_t *event = admin_call_wait(&call, err);
    const rd_kafka_ConsumerGroupDescription_t **described =
        event ? rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event),
                                                              &answers)
              : NULL;
    for (size_t i = 0; i < answers; i++) {
        enum group_condition *place = map_get(places, rd_kafka_ConsumerGroupDescription_group_id(described[i]));
        if (place)
            *place = condition_of(described[i]);
    }
    admin_call_end(&call);
    free(names);
    map_free(places);
    return event ? 0 : -1;
}

/* ---- Commit ---- */

int group_commit(rd_kafka_t *admin, const char *group, const rd_kafka_topic_partition_list_t *offsets,
                 int64_t timeout_ms, struct stop_check stop, struct kc_error *err) {
    struct admin_call call;
    size_t count = 0;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout_ms, stop);
    rd_kafka_AlterConsumerGroupOffsets_t *ask = rd_kafka_AlterConsumerGroupOffsets_new(group, offsets);
    rd_kafka_AlterConsumerGroupOffsets(admin, &ask, 1, call.options, call.queue);
    rd_kafka_event_t *event = admin_call_wait(&call, err);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (event) {
        const rd_kafka_group_result_t **groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
            rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
        const rd_kafka_error_t *problem = count ? rd_kafka_group_result_error(groups[0]) : NULL;
        const rd_kafka_topic_partition_list_t *parts = count ? rd_kafka_group_result_partitions(groups[0]) : NULL;
        code = problem ? rd_kafka_error_code(problem) : RD_KAFKA_RESP_ERR_NO_ERROR;
        for (int i = 0; parts && !code && i < parts->cnt; i++)
            code = parts->elems[i].err;
    }
    rd_kafka_AlterConsumerGroupOffsets_destroy(ask);
    admin_call_end(&call);
    if (!event)
        return -1;
    return code ? client_error(err, code, "%s", rd_kafka_err2str(code)) : 0;
}
