/* Topic administration over librdkafka's admin and metadata requests. Keeps nothing; every call has its own event
 * queue. */
#include "connect/kafka/admin.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

#define LOGGER "org.apache.kafka.connect.util.TopicAdmin"
enum { SLICE_MS = 250 };

rd_kafka_t *admin_open(const struct kc_config *java, struct kc_error *err) {
    rd_kafka_conf_t *conf = client_conf(CLIENT_ADMIN, java, err);
    if (conf && client_set(conf, "allow.auto.create.topics", "false", err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf ? client_new(CLIENT_ADMIN, conf, err) : NULL;
}

/* ---- Requests ---- */

/* In slices of a second, so that refused credentials are noticed. `rkt` NULL: all topics. */
static int get_metadata(rd_kafka_t *rk, bool all, rd_kafka_topic_t *rkt, int timeout_ms,
                        const struct rd_kafka_metadata **ret_md, struct kc_error *err) {
    int64_t deadline = clock_ms() + timeout_ms;
    for (;;) {
        int64_t left = deadline - clock_ms();
        rd_kafka_resp_err_t code = rd_kafka_metadata(rk, all, rkt, ret_md,
                                                     left < 1      ? 1
                                                     : left > 1000 ? 1000
                                                                   : (int)left);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        rd_kafka_poll(rk, 0);
        if (client_refused(rk, err) < 0)
            return -1;
        bool passing = code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
        left = deadline - clock_ms();
        if (!passing || left <= 0)
            return client_error(err, passing ? RD_KAFKA_RESP_ERR__TIMED_OUT : code, "Failed to read topic metadata");
        if (left > 50) /* _TRANSPORT comes at once when no broker is known */
            clock_sleep_ms(50);
    }
}

static rd_kafka_AdminOptions_t *options_new(rd_kafka_t *rk, rd_kafka_admin_op_t op, int timeout_ms) {
    char why[128];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, op);
    int limit = timeout_ms < 3600 * 1000 ? timeout_ms : 3600 * 1000;
    rd_kafka_AdminOptions_set_request_timeout(options, limit, why, sizeof(why));
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(options, limit, why, sizeof(why));
    return options;
}

/* Waits for the answer. NULL: the time is over or the broker refused us; *ret_code tells. */
static rd_kafka_event_t *wait_event(rd_kafka_t *rk, rd_kafka_queue_t *queue, int timeout_ms, struct kc_error *err) {
    int64_t deadline = clock_ms() + timeout_ms;
    for (;;) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, SLICE_MS);
        if (event)
            return event;
        rd_kafka_poll(rk, 0);
        if (client_refused(rk, err) < 0)
            return NULL;
        if (clock_ms() >= deadline + SLICE_MS) {
            client_error(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "No answer from the brokers");
            return NULL;
        }
    }
}

/* ---- Create ---- */

static rd_kafka_NewTopic_t *new_topic(const struct topic_spec *spec, struct kc_error *err) {
    char why[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(spec->name, spec->partitions, spec->replication_factor, why, sizeof(why));
    if (!topic) {
        err_set(err, ERR_BAD_CONFIG, "Topic '%s' cannot be created: %s", spec->name, why);
        return NULL;
    }
    for (size_t i = 0; spec->configs && i < kc_config_count(spec->configs); i++)
        rd_kafka_NewTopic_set_config(topic, kc_config_key(spec->configs, i), kc_config_value(spec->configs, i));
    return topic;
}

/* @source TopicAdmin.createOrFindTopics */
static int create_result(const char *topic, rd_kafka_resp_err_t code, const char *text, enum admin_topic *ret_outcome,
                         struct kc_error *err) {
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        *ret_outcome = ADMIN_TOPIC_CREATED;
        return 0;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        *ret_outcome = ADMIN_TOPIC_EXISTS;
        return 0;
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        kc_log(KC_DEBUG, LOGGER,
               "Unable to create topic '%s' (%s). Falling back to assume topic(s) exist or will be auto-created by the "
               "broker.",
               topic, rd_kafka_err2str(code));
        *ret_outcome = ADMIN_TOPIC_UNKNOWN;
        return 0;
    default:
        client_error(err, code, "%s", text);
        if (*text && err) /* says it all */
            snprintf(err->text, sizeof(err->text), "%s", text);
        if (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR && err)
            err->retriable = true; /* brokers may still be joining */
        if (code > 0)              /* the broker's word */
            return err_wrap(err, NULL, "Unable to create topic(s) '%s': %s", topic, text);
        return err_wrap(err, NULL, "Error while attempting to create/find topic(s) '%s'", topic);
    }
}

static int create_answer(rd_kafka_event_t *event, const char *topic, enum admin_topic *ret_outcome,
                         struct kc_error *err) {
    size_t count = 0;
    if (rd_kafka_event_error(event))
        return create_result(topic, rd_kafka_event_error(event), rd_kafka_event_error_string(event), ret_outcome, err);
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    if (count != 1)
        return err_set(err, ERR_KAFKA, "The broker's answer to the creation of topic '%s' is empty", topic);
    const char *text = rd_kafka_topic_result_error_string(topics[0]);
    return create_result(topic, rd_kafka_topic_result_error(topics[0]), text ? text : "", ret_outcome, err);
}

int admin_create_topic(rd_kafka_t *rk, const struct topic_spec *spec, int timeout_ms, enum admin_topic *ret_outcome,
                       struct kc_error *err) {
    rd_kafka_NewTopic_t *topic = new_topic(spec, err);
    if (!topic)
        return -1;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = options_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
    rd_kafka_event_t *event = wait_event(rk, queue, timeout_ms, err);
    int rc = event ? create_answer(event, spec->name, ret_outcome, err)
                   : err_wrap(err, NULL, "Error while attempting to create/find topic(s) '%s'", spec->name);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    return rc;
}

/* ---- Describe ---- */

static char *find_entry(const rd_kafka_ConfigResource_t *resource, const char *key) {
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), key) == 0)
            return value ? strdup(value) : NULL;
    }
    return NULL;
}

/* Only trouble on the way is an error: what the broker refuses to tell is just not known. */
static int describe_answer(rd_kafka_event_t *event, const char *topic, const char *key, char **ret_value,
                           struct kc_error *err) {
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    size_t count = 0;
    *ret_value = NULL;
    if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE || code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
        return 0;
    if (code)
        return client_error(err, code, "Error while attempting to describe topic '%s'", topic);
    const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(event);
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1)
        return 0;
    code = rd_kafka_ConfigResource_error(resources[0]);
    if (code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT)
        return client_error(err, code, "Error while attempting to describe topic '%s'", topic);
    if (code)
        kc_log(KC_DEBUG, LOGGER, "The configuration of topic '%s' cannot be read: %s", topic, rd_kafka_err2str(code));
    else
        *ret_value = find_entry(resources[0], key);
    return 0;
}

/* Any broker can answer; librdkafka would insist on the controller. */
static int choose_broker(rd_kafka_t *rk, rd_kafka_AdminOptions_t *options, int timeout_ms, struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    char why[128];
    if (get_metadata(rk, false, NULL, timeout_ms, &md, err) < 0)
        return -1;
    int32_t id = md->orig_broker_id >= 0 ? md->orig_broker_id : md->broker_cnt > 0 ? md->brokers[0].id : -1;
    rd_kafka_metadata_destroy(md);
    if (id >= 0)
        rd_kafka_AdminOptions_set_broker(options, id, why, sizeof(why));
    return 0;
}

int admin_topic_config(rd_kafka_t *rk, const char *topic, const char *key, int timeout_ms, char **ret_value,
                       struct kc_error *err) {
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = options_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_event_t *event = NULL;
    if (choose_broker(rk, options, timeout_ms, err) == 0) {
        rd_kafka_DescribeConfigs(rk, &resource, 1, options, queue);
        event = wait_event(rk, queue, timeout_ms, err);
    }
    int rc = event ? describe_answer(event, topic, key, ret_value, err) : -1;
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
    return rc;
}

/* ---- Metadata ---- */

int admin_ping(rd_kafka_t *rk, int timeout_ms, struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    if (get_metadata(rk, false, NULL, timeout_ms, &md, err) < 0)
        return -1;
    rd_kafka_metadata_destroy(md);
    return 0;
}

int admin_partition_count(rd_kafka_t *rk, const char *topic, int timeout_ms, int32_t *ret_count, struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    if (!rkt)
        return client_error(err, rd_kafka_last_error(), "Topic '%s'", topic);
    int rc = get_metadata(rk, false, rkt, timeout_ms, &md, err);
    rd_kafka_topic_destroy(rkt);
    if (rc < 0)
        return -1;
    int32_t count = 0;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < md->topic_cnt; i++) {
        if (strcmp(md->topics[i].topic, topic) == 0) {
            code = md->topics[i].err;
            count = md->topics[i].partition_cnt;
        }
    }
    rd_kafka_metadata_destroy(md);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        count = 0;
    else if (code)
        return client_error(err, code, "Failed to read the metadata of topic '%s'", topic);
    *ret_count = count;
    return 0;
}

int admin_cluster_id(rd_kafka_t *rk, int timeout_ms, char **ret_id, struct kc_error *err) {
    if (admin_ping(rk, timeout_ms, err) < 0)
        return -1;
    char *id = rd_kafka_clusterid(rk, timeout_ms);
    if (!id)
        return client_error(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "Timed out while looking up the Kafka cluster id");
    *ret_id = strdup(id);
    rd_kafka_mem_free(rk, id);
    return 0;
}

int admin_list_topics(rd_kafka_t *rk, int timeout_ms, char ***ret_names, size_t *ret_count, struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    if (get_metadata(rk, true, NULL, timeout_ms, &md, err) < 0)
        return -1;
    char **names = calloc((size_t)md->topic_cnt + 1, sizeof(*names));
    size_t count = 0;
    for (int i = 0; names && i < md->topic_cnt; i++) {
        if (md->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            names[count++] = strdup(md->topics[i].topic);
    }
    rd_kafka_metadata_destroy(md);
    *ret_names = names;
    *ret_count = count;
    return 0;
}

void admin_free_names(char **names, size_t count) {
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}
