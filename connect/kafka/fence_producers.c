/* See fence_producers.h. A call keeps its connections, one per broker, until all ids are fenced: most ids share their
 * coordinators. */
#include "connect/kafka/fence_producers.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/bootstrap.h"
#include "connect/kafka/client.h"
#include "connect/kafka/wire_messages.h"

enum { SETUP_MS = 10000, RETRY_MS = 100, LOOK_MS = 100, BODY_MAX = 64 * 1024, LINKS_MAX = 16 };

struct link {
    char *host;
    int32_t port;
    struct wire_conn *conn;
};

struct fencer {
    struct wire_conn_conf conf;
    struct wire_broker *brokers; /* of bootstrap.servers */
    size_t broker_count;
    struct link links[LINKS_MAX]; /* the first link_count are in use */
    size_t link_count;
    int64_t deadline_ms;
    int32_t timeout_ms; /* of transactions of the producers that are made here only to end others */
    int64_t request_ms; /* patience with one answer */
    const atomic_bool *stop;
};

static void drop_link(struct fencer *f, size_t i) {
    wire_conn_close(f->links[i].conn);
    free(f->links[i].host);
    f->links[i] = f->links[--f->link_count];
}

static int64_t left_ms(const struct fencer *f) {
    int64_t left = f->deadline_ms - clock_ms();
    return left > 0 ? left : 0;
}

/* The open connection to a broker. NULL with err: none can be had. */
static struct wire_conn *connect_to(struct fencer *f, const char *host, int32_t port, struct kc_error *err) {
    for (size_t i = 0; i < f->link_count; i++) {
        if (f->links[i].port == port && strcmp(f->links[i].host, host) == 0)
            return f->links[i].conn;
    }
    AUTO(wire_conn) conn = wire_conn_open(&f->conf, host, port, err);
    int64_t left = left_ms(f);
    if (!conn || wire_conn_wait_ready(conn, left < SETUP_MS ? left : SETUP_MS, err) < 0)
        return NULL;
    if (f->link_count == LINKS_MAX)
        drop_link(f, 0);
    struct link *link = &f->links[f->link_count++];
    *link = (struct link){.host = strdup(host), .port = port, .conn = TAKE(conn)};
    if (!link->host)
        abort();
    return link->conn;
}

static int stopped(const struct fencer *f, struct kc_error *err) {
    return f->stop && atomic_load(f->stop) ? err_set(err, ERR_STOPPING, "Worker is shutting down") : 0;
}

/* Waits for the answer to what was sent, but not for a broker that has fallen silent, which another may have replaced.
 */
static int receive(struct fencer *f, struct wire_conn *conn, struct wire_response *ret_response, struct kc_error *err) {
    int64_t left = left_ms(f), deadline = clock_ms() + (left < f->request_ms ? left : f->request_ms);
    for (;;) {
        int rc = wire_conn_step(conn, err) < 0 ? -1 : wire_conn_receive(conn, ret_response, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        if (stopped(f, err) < 0)
            return -1;
        left = deadline - clock_ms();
        if (left <= 0)
            return err_set(err, ERR_TIMEOUT, "%s does not answer", wire_conn_name(conn));
        struct pollfd fd = {.fd = wire_conn_fd(conn), .events = wire_conn_events(conn)};
        poll(&fd, 1, (int)(left < LOOK_MS ? left : LOOK_MS));
    }
}

/* One request to one broker; a connection that fails is closed. */
static int call(struct fencer *f, struct wire_conn *conn, enum wire_api api, int16_t min, int16_t max,
                const struct buf *body, struct wire_response *ret_response, struct kc_error *err) {
    int version = wire_conn_version(conn, api, min, max, err);
    if (version < 0)
        return -1;
    if (wire_conn_send(conn, api, (int16_t)version, body->data, body->len) < 0)
        err_set(err, ERR_LIMIT, "%s request is too large for %s", wire_api_name((int16_t)api), wire_conn_name(conn));
    else if (receive(f, conn, ret_response, err) == 0)
        return 0;
    for (size_t i = 0; i < f->link_count; i++) {
        if (f->links[i].conn == conn) {
            drop_link(f, i);
            break;
        }
    }
    return -1;
}

/* What a broker's error code says about one id; 0 for none. */
static int judge(int16_t code, const char *id, struct kc_error *err) {
    enum { CONCURRENT_TRANSACTIONS = 51 };
    if (code == WIRE_ERROR_NONE)
        return 0;
    client_error(err, (rd_kafka_resp_err_t)code, "Failed to fence producer for transactional ID `%s`", id);
    err->retriable = wire_error_retriable(code) || code == CONCURRENT_TRANSACTIONS;
    return -1;
}

static int ask_coordinator(struct fencer *f, struct wire_conn *any, const char *id, struct wire_conn **ret_conn,
                           struct kc_error *err) {
    AUTO_BUF body;
    struct wire_response resp;
    struct wire_find_coordinator found;
    buf_init(&body, BODY_MAX);
    if (wire_encode_find_coordinator(&body, id, WIRE_OF_TRANSACTION) < 0)
        return err_set(err, ERR_LIMIT, "The transactional id %.100s... is too long", id);
    if (call(f, any, WIRE_FIND_COORDINATOR, WIRE_FIND_COORDINATOR_MIN, WIRE_FIND_COORDINATOR_MAX, &body, &resp, err) <
            0 ||
        wire_decode_find_coordinator(&resp, &found, err) < 0 || judge(found.error, id, err) < 0)
        return -1;
    AUTO_TEXT host = wire_text(found.host);
    *ret_conn = connect_to(f, host ? host : "", found.port, err);
    return *ret_conn ? 0 : -1;
}

static int find_coordinator(struct fencer *f, const char *id, struct wire_conn **ret_conn, struct kc_error *err) {
    if (f->link_count > 0) {
        if (ask_coordinator(f, f->links[0].conn, id, ret_conn, err) == 0)
            return 0;
        if (!err->retriable)
            return -1;
    }
    int rc = -1;
    for (size_t i = 0; i < f->broker_count && rc < 0 && left_ms(f) > 0; i++) {
        struct wire_conn *any = connect_to(f, f->brokers[i].host, f->brokers[i].port, err);
        if (any)
            rc = ask_coordinator(f, any, id, ret_conn, err);
        if (rc < 0 && !err->retriable)
            return -1;
    }
    return rc;
}

static int fence_once(struct fencer *f, const char *id, struct kc_error *err) {
    struct wire_conn *conn;
    struct wire_response resp;
    struct wire_init_producer_id got;
    AUTO_BUF body;
    buf_init(&body, BODY_MAX);
    if (find_coordinator(f, id, &conn, err) < 0)
        return -1;
    if (wire_encode_init_producer_id(&body, id, f->timeout_ms) < 0)
        return err_set(err, ERR_LIMIT, "The transactional id %.100s... is too long", id);
    if (call(f, conn, WIRE_INIT_PRODUCER_ID, WIRE_INIT_PRODUCER_ID_MIN, WIRE_INIT_PRODUCER_ID_MAX, &body, &resp, err) <
            0 ||
        wire_decode_init_producer_id(&resp, &got, err) < 0)
        return -1;
    return judge(got.error, id, err);
}

static int fence(struct fencer *f, const char *id, struct kc_error *err) {
    for (;;) {
        if (fence_once(f, id, err) == 0)
            return 0;
        if (!err->retriable)
            return -1;
        if (stopped(f, err) < 0)
            return -1;
        if (left_ms(f) <= RETRY_MS)
            return err_prefix(err, "Timed out");
        clock_sleep_ms(RETRY_MS);
    }
}

int fence_producers(const struct kc_config *java, const char *const *transactional_ids, size_t count,
                    int64_t timeout_ms, const atomic_bool *stop, struct kc_error *err) {
    const char *servers = kc_config_get(java, "bootstrap.servers"), *client_id = kc_config_get(java, "client.id");
    struct fencer f = {.deadline_ms = clock_ms() + timeout_ms,
                       .timeout_ms = timeout_ms > INT32_MAX ? INT32_MAX : (int32_t)timeout_ms,
                       .request_ms = client_number(CLIENT_ADMIN, java, "request.timeout.ms"),
                       .stop = stop};
    struct wire_security *given = client_security(java, err);
    AUTO(wire_security) security = given ? wire_security_copy(given, err) : NULL;
    int rc = security ? bootstrap_parse(servers ? servers : "", &f.brokers, &f.broker_count, err) : -1;
    f.conf = (struct wire_conn_conf){
        .client_id = client_id ? client_id : "", .security = security, .setup_timeout_ms = SETUP_MS};
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = fence(&f, transactional_ids[i], err);
    while (f.link_count > 0)
        drop_link(&f, f.link_count - 1);
    wire_brokers_free(f.brokers, f.broker_count);
    client_security_free(given);
    return rc;
}
