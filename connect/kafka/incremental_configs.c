/* See incremental_configs.h. One connection per call, as calls are minutes apart. */
#include "connect/kafka/incremental_configs.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/bootstrap.h"
#include "connect/kafka/client.h"
#include "connect/kafka/wire_codec.h"
#include "connect/kafka/wire_messages.h"

enum { RESOURCE_TOPIC = 2, REQUEST_MAX_BYTES = 32 * 1024 * 1024, SETUP_MS = 10000 };

int incremental_configs_encode(struct buf *out, const struct topic_changes *topics, size_t count) {
    buf_add_i32(out, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        buf_add_i8(out, RESOURCE_TOPIC);
        wire_add_string(out, topics[i].topic);
        buf_add_i32(out, (int32_t)topics[i].count);
        for (size_t j = 0; j < topics[i].count; j++) {
            const struct config_change *change = &topics[i].changes[j];
            wire_add_string(out, change->name);
            buf_add_i8(out, (int8_t)change->op);
            wire_add_nullable_string(out, change->op == CONFIG_DELETE ? NULL : change->value);
        }
    }
    buf_add_i8(out, 0); /* validate only: no */
    return out->failed ? -1 : 0;
}

/* What the broker says of one topic. */
static void tell(int16_t code, struct wire_bytes topic, struct wire_bytes message,
                 void (*result)(void *arg, const char *topic, const struct kc_error *err), void *arg) {
    AUTO_TEXT name = wire_text(topic);
    AUTO_TEXT text = wire_text(message);
    struct kc_error err = {0};
    if (code)
        client_error(&err, (rd_kafka_resp_err_t)code, "%s", text ? text : rd_kafka_err2str((rd_kafka_resp_err_t)code));
    result(arg, name ? name : "", code ? &err : NULL);
}

int incremental_configs_decode(const struct wire_response *resp,
                               void (*result)(void *arg, const char *topic, const struct kc_error *err), void *arg,
                               struct kc_error *err) {
    struct wire_reader r = wire_reader(resp->body, resp->len);
    wire_read_i32(&r); /* throttle time */
    int32_t count = wire_read_array(&r, 7, false);
    for (int32_t i = 0; i < count && !r.failed; i++) {
        int16_t code = wire_read_i16(&r);
        struct wire_bytes message = wire_read_nullable_string(&r);
        wire_read_i8(&r);
        struct wire_bytes topic = wire_read_string(&r);
        if (!r.failed)
            tell(code, topic, message, result, arg);
    }
    return r.failed ? err_set(err, ERR_KAFKA, "The answer to IncrementalAlterConfigs is malformed") : 0;
}

struct call {
    struct wire_conn_conf conn;
    struct buf body;
    int64_t deadline_ms;
    const atomic_bool *stop;
    void (*result)(void *arg, const char *topic, const struct kc_error *err);
    void *arg;
};

static int ask(const struct call *c, const struct wire_broker *broker, struct kc_error *err) {
    int64_t left = c->deadline_ms - clock_ms();
    struct wire_response resp;
    AUTO(wire_conn) conn = wire_conn_open(&c->conn, broker->host, broker->port, err);
    if (!conn || wire_conn_wait_ready(conn, left < SETUP_MS ? left : SETUP_MS, err) < 0)
        return -1;
    int version = wire_conn_version(conn, WIRE_INCREMENTAL_ALTER_CONFIGS, 0, 0, err);
    if (version < 0)
        return -1;
    left = c->deadline_ms - clock_ms();
    if (wire_conn_call(conn, WIRE_INCREMENTAL_ALTER_CONFIGS, (int16_t)version, c->body.data, c->body.len, left, &resp,
                       err) < 0)
        return -1;
    return incremental_configs_decode(&resp, c->result, c->arg, err);
}

static int ask_any(const struct call *c, const char *servers, struct kc_error *err) {
    struct wire_broker *brokers;
    size_t count;
    if (bootstrap_parse(servers, &brokers, &count, err) < 0)
        return -1;
    int rc = -1;
    for (size_t i = 0; i < count && rc < 0; i++) {
        if (i > 0 && (!err->retriable || clock_ms() >= c->deadline_ms || (c->stop && atomic_load(c->stop))))
            break;
        rc = ask(c, &brokers[i], err);
    }
    wire_brokers_free(brokers, count);
    return rc;
}

int incremental_configs(const struct kc_config *java, const struct topic_changes *topics, size_t count,
                        int64_t timeout_ms, const atomic_bool *stop,
                        void (*result)(void *arg, const char *topic, const struct kc_error *err), void *arg,
                        struct kc_error *err) {
    const char *servers = kc_config_get(java, "bootstrap.servers"), *id = kc_config_get(java, "client.id");
    struct call c = {.deadline_ms = clock_ms() + timeout_ms, .stop = stop, .result = result, .arg = arg};
    struct wire_security *given = client_security(java, err);
    AUTO(wire_security) security = given ? wire_security_copy(given, err) : NULL;
    int rc = -1;
    buf_init(&c.body, REQUEST_MAX_BYTES);
    c.conn = (struct wire_conn_conf){.client_id = id ? id : "", .security = security, .setup_timeout_ms = SETUP_MS};
    if (security && incremental_configs_encode(&c.body, topics, count) < 0)
        err_set(err, ERR_LIMIT, "The changes of %zu topics do not fit into one request", count);
    else if (security)
        rc = ask_any(&c, servers ? servers : "", err);
    buf_done(&c.body);
    client_security_free(given);
    return rc;
}
