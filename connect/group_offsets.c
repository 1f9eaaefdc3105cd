/* Consumer group offsets by librdkafka's admin calls; see group_offsets.h. */
#include "connect/group_offsets.h"

#include <stdlib.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

/* One admin call: options and a queue of its own, and the event that answers it. */
struct call {
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    int timeout_ms;
};

static void call_begin(struct call *c, rd_kafka_t *rk, rd_kafka_admin_op_t op, int timeout_ms) {
    char problem[256];
    *c = (struct call){
        .options = rd_kafka_AdminOptions_new(rk, op), .queue = rd_kafka_queue_new(rk), .timeout_ms = timeout_ms};
    rd_kafka_AdminOptions_set_request_timeout(c->options, timeout_ms, problem, sizeof(problem));
}

/* Waits for the answer. -1: the call as a whole failed. */
static int call_wait(struct call *c, struct kc_error *err) {
    c->event = rd_kafka_queue_poll(c->queue, c->timeout_ms + 5000);
    if (!c->event)
        return err_set(err, ERR_TIMEOUT, "No answer from the Kafka cluster within %d ms", c->timeout_ms);
    rd_kafka_resp_err_t code = rd_kafka_event_error(c->event);
    return code ? client_error(err, code, "%s", rd_kafka_event_error_string(c->event)) : 0;
}

static void call_end(struct call *c) {
    if (c->event)
        rd_kafka_event_destroy(c->event);
    rd_kafka_queue_destroy(c->queue);
    rd_kafka_AdminOptions_destroy(c->options);
}

static bool means_active(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP || code == RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
}

/* The result of the one group of a call, and of each of its partitions. */
static int check_group(const rd_kafka_group_result_t **groups, size_t count, bool *ret_active, struct kc_error *err) {
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_error_t *problem = rd_kafka_group_result_error(groups[i]);
        const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(groups[i]);
        rd_kafka_resp_err_t code = problem ? rd_kafka_error_code(problem) : RD_KAFKA_RESP_ERR_NO_ERROR;
        for (int p = 0; list && !code && p < list->cnt; p++)
            code = list->elems[p].err;
        if (code) {
            *ret_active = means_active(code);
            return client_error(err, code, "%s", rd_kafka_err2str(code));
        }
    }
    return 0;
}

int group_offsets_list(rd_kafka_t *rk, const char *group, int timeout_ms,
                       void (*f)(void *arg, const char *topic, int32_t partition, int64_t offset), void *arg,
                       struct kc_error *err) {
    struct call c;
    bool active;
    size_t count = 0;
    call_begin(&c, rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms);
    rd_kafka_ListConsumerGroupOffsets_t *ask = rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
    rd_kafka_ListConsumerGroupOffsets(rk, &ask, 1, c.options, c.queue);
    int rc = call_wait(&c, err);
    if (rc == 0) {
        const rd_kafka_ListConsumerGroupOffsets_result_t *result =
            rd_kafka_event_ListConsumerGroupOffsets_result(c.event);
        const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
        rc = check_group(groups, count, &active, err);
        const rd_kafka_topic_partition_list_t *list =
            rc == 0 && count ? rd_kafka_group_result_partitions(groups[0]) : NULL;
        for (int i = 0; list && i < list->cnt; i++) {
            if (list->elems[i].offset >= 0)
                f(arg, list->elems[i].topic, list->elems[i].partition, list->elems[i].offset);
        }
    }
    rd_kafka_ListConsumerGroupOffsets_destroy(ask);
    call_end(&c);
    return rc;
}

static rd_kafka_topic_partition_list_t *select_offsets(const struct kc_topic_offset *offsets, size_t count,
                                                       bool deleted) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        if ((offsets[i].offset < 0) == deleted)
            rd_kafka_topic_partition_list_add(list, offsets[i].topic, offsets[i].partition)->offset = offsets[i].offset;
    }
    return list;
}

static int commit(rd_kafka_t *rk, const char *group, const rd_kafka_topic_partition_list_t *list, int timeout_ms,
                  bool *ret_active, struct kc_error *err) {
    struct call c;
    size_t count = 0;
    call_begin(&c, rk, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout_ms);
    rd_kafka_AlterConsumerGroupOffsets_t *ask = rd_kafka_AlterConsumerGroupOffsets_new(group, list);
    rd_kafka_AlterConsumerGroupOffsets(rk, &ask, 1, c.options, c.queue);
    int rc = call_wait(&c, err);
    if (rc == 0) {
        const rd_kafka_group_result_t **groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
            rd_kafka_event_AlterConsumerGroupOffsets_result(c.event), &count);
        rc = check_group(groups, count, ret_active, err);
    }
    rd_kafka_AlterConsumerGroupOffsets_destroy(ask);
    call_end(&c);
    return rc;
}

static int forget(rd_kafka_t *rk, const char *group, const rd_kafka_topic_partition_list_t *list, int timeout_ms,
                  bool *ret_active, struct kc_error *err) {
    struct call c;
    size_t count = 0;
    call_begin(&c, rk, RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, timeout_ms);
    rd_kafka_DeleteConsumerGroupOffsets_t *ask = rd_kafka_DeleteConsumerGroupOffsets_new(group, list);
    rd_kafka_DeleteConsumerGroupOffsets(rk, &ask, 1, c.options, c.queue);
    int rc = call_wait(&c, err);
    if (rc == 0) {
        const rd_kafka_group_result_t **groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
            rd_kafka_event_DeleteConsumerGroupOffsets_result(c.event), &count);
        rc = check_group(groups, count, ret_active, err);
    }
    rd_kafka_DeleteConsumerGroupOffsets_destroy(ask);
    call_end(&c);
    return rc;
}

int group_offsets_alter(rd_kafka_t *rk, const char *group, const struct kc_topic_offset *offsets, size_t count,
                        int timeout_ms, bool *ret_active, struct kc_error *err) {
    rd_kafka_topic_partition_list_t *kept = select_offsets(offsets, count, false),
                                    *gone = select_offsets(offsets, count, true);
    *ret_active = false;
    int rc = kept->cnt ? commit(rk, group, kept, timeout_ms, ret_active, err) : 0;
    if (rc == 0 && gone->cnt)
        rc = forget(rk, group, gone, timeout_ms, ret_active, err);
    rd_kafka_topic_partition_list_destroy(kept);
    rd_kafka_topic_partition_list_destroy(gone);
    return rc;
}

int group_offsets_reset(rd_kafka_t *rk, const char *group, int timeout_ms, bool *ret_active, struct kc_error *err) {
    struct call c;
    size_t count = 0;
    *ret_active = false;
    call_begin(&c, rk, RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout_ms);
    rd_kafka_DeleteGroup_t *ask = rd_kafka_DeleteGroup_new(group);
    rd_kafka_DeleteGroups(rk, &ask, 1, c.options, c.queue);
    int rc = call_wait(&c, err);
    if (rc == 0) {
        const rd_kafka_group_result_t **groups =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(c.event), &count);
        const rd_kafka_error_t *problem = count ? rd_kafka_group_result_error(groups[0]) : NULL;
        if (!problem || rd_kafka_error_code(problem) != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
            rc = check_group(groups, count, ret_active, err);
    }
    rd_kafka_DeleteGroup_destroy(ask);
    call_end(&c);
    return rc;
}
