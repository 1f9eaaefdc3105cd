/* Connection state machine: frames in and out over a wire_socket; see wire.h. */
#include "connect/kafka/wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/wire_internal.h"

enum { FRAME_HEAD = 4, RESPONSE_HEAD = 4 };

struct wire_conn *wire_conn_open(const struct wire_conn_conf *conf, const char *host, int port, struct kc_error *err) {
    struct wire_socket *socket = wire_socket_open(conf->security, host, port, conf->setup_timeout_ms, err);
    if (!socket)
        return NULL;
    struct wire_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        abort();
    conn->sec = conf->security;
    conn->client_id = conf->client_id ? strdup(conf->client_id) : NULL;
    conn->socket = socket;
    conn->setup_timeout_ms = conf->setup_timeout_ms;
    conn->setup_deadline_ms = clock_ms() + conf->setup_timeout_ms;
    conn->reauthenticate_at_ms = INT64_MAX;
    buf_init(&conn->out, WIRE_FRAME_MAX);
    buf_init(&conn->held, WIRE_FRAME_MAX);
    buf_init(&conn->in, 2 * (size_t)WIRE_FRAME_MAX);
    return conn;
}

struct wire_conn *wire_conn_close(struct wire_conn *conn) {
    if (!conn)
        return NULL;
    wire_socket_close(conn->socket);
    wire_sasl_free(conn->sasl);
    buf_done(&conn->out);
    buf_done(&conn->held);
    buf_done(&conn->in);
    free(conn->requests);
    free(conn->client_id);
    free(conn);
    return NULL;
}

/* ---- reading ---- */

/* Looks for a whole frame in the bytes at hand. 1: there is one, 0: not yet, -1: its length makes no sense. */
static int find_frame(const struct wire_conn *conn, const uint8_t **ret_frame, size_t *ret_len, struct kc_error *err) {
    struct wire_reader r =
        wire_reader(conn->in.len ? conn->in.data + conn->in_taken : NULL, conn->in.len - conn->in_taken);
    if (wire_left(&r) < FRAME_HEAD)
        return 0;
    int32_t len = wire_read_i32(&r);
    if (len < RESPONSE_HEAD || len > (conn->was_ready ? WIRE_FRAME_MAX : WIRE_SETUP_FRAME_MAX))
        return err_set(
            err, ERR_KAFKA,
            "%s sent a frame of %d bytes: it is not a Kafka broker, or security.protocol is not the one of this "
            "listener",
            wire_conn_name(conn), len);
    if (wire_left(&r) < (size_t)len)
        return 0;
    *ret_frame = r.at;
    *ret_len = (size_t)len;
    return 1;
}

/* Takes the frame found off the input and checks that it answers `request`. */
static int take_frame(struct wire_conn *conn, const uint8_t *frame, size_t len, const struct wire_request *request,
                      struct wire_response *ret_response, struct kc_error *err) {
    struct wire_reader r = wire_reader(frame, len);
    int32_t correlation_id = wire_read_i32(&r);
    conn->in_taken += FRAME_HEAD + len;
    if (correlation_id != request->correlation_id)
        return err_set(err, ERR_KAFKA, "%s answered request %d while %d (%s) was the oldest", wire_conn_name(conn),
                       correlation_id, request->correlation_id, wire_api_name(request->api));
    *ret_response = (struct wire_response){.api = request->api,
                                           .version = request->version,
                                           .correlation_id = correlation_id,
                                           .body = r.at,
                                           .len = wire_left(&r)};
    return 0;
}

static void drop_taken(struct wire_conn *conn) {
    if (!conn->in_taken)
        return;
    size_t rest = conn->in.len - conn->in_taken;
    memmove(conn->in.data, conn->in.data + conn->in_taken, rest);
    conn->in.len = rest;
    conn->in_taken = 0;
    if (rest == 0 && conn->in.cap > WIRE_SETUP_FRAME_MAX)
        buf_done(&conn->in);
}

static int read_bytes(struct wire_conn *conn, struct kc_error *err) {
    if (conn->closed)
        return 0;
    size_t enough = (conn->was_ready ? WIRE_FRAME_MAX : WIRE_SETUP_FRAME_MAX) + FRAME_HEAD;
    int rc = wire_socket_read(conn->socket, &conn->in, enough, err);
    if (rc == 0)
        conn->closed = true;
    return rc < 0 ? -1 : 0;
}

/* ---- writing ---- */

static int write_bytes(struct wire_conn *conn, struct kc_error *err) {
    size_t written = 0;
    if (conn->out_sent == conn->out.len)
        return 0;
    if (wire_socket_write(conn->socket, conn->out.data + conn->out_sent, conn->out.len - conn->out_sent, &written,
                          err) < 0)
        return -1;
    conn->out_sent += written;
    if (conn->out_sent == conn->out.len) {
        explicit_bzero(conn->out.data, conn->out.len); /* passwords may have been among them */
        buf_clear(&conn->out);
        conn->out_sent = 0;
    }
    return 0;
}

/* ---- steps ---- */

/* Goes through the set-up as far as answers are at hand. 0 or -1. */
static int step_setup(struct wire_conn *conn, struct kc_error *err) {
    while (conn->phase != WIRE_READY) {
        const uint8_t *frame = NULL;
        size_t len = 0;
        struct wire_response resp;
        int rc = find_frame(conn, &frame, &len, err);
        if (rc <= 0)
            return rc;
        if (take_frame(conn, frame, len, &conn->setup_request, &resp, err) < 0 ||
            wire_setup_answer(conn, &resp, err) < 0)
            return -1;
    }
    return 0;
}

static int check_time(const struct wire_conn *conn, struct kc_error *err) {
    if (conn->phase == WIRE_READY || clock_ms() < conn->setup_deadline_ms)
        return 0;
    return err_set(err, ERR_TIMEOUT, "%s did not complete the connection set-up within %d ms", wire_conn_name(conn),
                   conn->setup_timeout_ms);
}

/* A closed connection is good as long as whole answers wait in it. */
static int check_closed(const struct wire_conn *conn, struct kc_error *err) {
    const uint8_t *frame;
    size_t len;
    int rc = find_frame(conn, &frame, &len, err);
    if (rc < 0 || !conn->closed || (rc > 0 && conn->phase == WIRE_READY))
        return rc < 0 ? -1 : 0;
    return err_set_class(err, ERR_RETRIABLE, "org.apache.kafka.common.errors.DisconnectException",
                         "%s closed the connection%s", wire_conn_name(conn),
                         conn->phase == WIRE_READY ? "" : " during its set-up");
}

int wire_conn_step(struct wire_conn *conn, struct kc_error *err) {
    drop_taken(conn);
    if (conn->phase == WIRE_CONNECTING) {
        int rc = wire_socket_connect(conn->socket, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return check_time(conn, err);
        conn->phase = WIRE_VERSIONS;
        if (wire_setup_begin(conn, err) < 0)
            return -1;
    }
    if (write_bytes(conn, err) < 0 || read_bytes(conn, err) < 0 || step_setup(conn, err) < 0 ||
        write_bytes(conn, err) < 0 || check_closed(conn, err) < 0)
        return -1;
    return check_time(conn, err);
}

int wire_conn_fd(const struct wire_conn *conn) {
    return wire_socket_fd(conn->socket);
}

short wire_conn_events(const struct wire_conn *conn) {
    return wire_socket_events(conn->socket, conn->out_sent < conn->out.len);
}

int64_t wire_conn_deadline_ms(const struct wire_conn *conn) {
    if (conn->phase == WIRE_READY)
        return INT64_MAX;
    int64_t due = wire_socket_due_ms(conn->socket);
    return due < conn->setup_deadline_ms ? due : conn->setup_deadline_ms;
}

bool wire_conn_ready(const struct wire_conn *conn) {
    return conn->was_ready;
}

const char *wire_conn_name(const struct wire_conn *conn) {
    return wire_socket_name(conn->socket);
}

/* ---- requests ---- */

int wire_conn_version(const struct wire_conn *conn, enum wire_api api, int16_t min, int16_t max, struct kc_error *err) {
    for (size_t i = 0; i < conn->versions.count; i++) {
        const struct wire_api_range *range = &conn->versions.ranges[i];
        if (range->api != (int16_t)api)
            continue;
        if (range->min <= max && range->max >= min)
            return range->max < max ? range->max : max;
        return err_set_class(err, ERR_KAFKA, "org.apache.kafka.common.errors.UnsupportedVersionException",
                             "%s supports %s in versions %d to %d, this worker needs one of %d to %d",
                             wire_conn_name(conn), wire_api_name((int16_t)api), range->min, range->max, min, max);
    }
    return err_set_class(err, ERR_KAFKA, "org.apache.kafka.common.errors.UnsupportedVersionException",
                         "%s does not support %s", wire_conn_name(conn), wire_api_name((int16_t)api));
}

static void remember_request(struct wire_conn *conn, const struct wire_request *request) {
    if (conn->request_count == conn->request_room) {
        size_t room = conn->request_room ? conn->request_room * 2 : 8;
        struct wire_request *more = reallocarray(NULL, room, sizeof *more);
        if (!more)
            abort();
        for (size_t i = 0; i < conn->request_count; i++)
            more[i] = conn->requests[(conn->first_request + i) % conn->request_room];
        free(conn->requests);
        conn->requests = more;
        conn->request_room = room;
        conn->first_request = 0;
    }
    conn->requests[(conn->first_request + conn->request_count++) % conn->request_room] = *request;
}

int32_t wire_conn_send(struct wire_conn *conn, enum wire_api api, int16_t version, const void *body, size_t len) {
    assert(conn->was_ready);
    struct kc_error ignored; /* shows up again in the next step, as the set-up never completes */
    if (conn->phase == WIRE_READY && conn->request_count == 0 && clock_ms() >= conn->reauthenticate_at_ms &&
        wire_setup_reauthenticate(conn, &ignored) < 0)
        return -1;
    struct buf *out = conn->phase == WIRE_READY ? &conn->out : &conn->held;
    struct wire_request request = {
        .correlation_id = conn->next_correlation_id, .api = (int16_t)api, .version = version};
    if (wire_encode_frame(out, (int16_t)api, version, request.correlation_id, conn->client_id, body, len) < 0)
        return -1;
    conn->next_correlation_id = (conn->next_correlation_id + 1) & INT32_MAX;
    remember_request(conn, &request);
    return request.correlation_id;
}

size_t wire_conn_in_flight(const struct wire_conn *conn) {
    return conn->request_count;
}

int wire_conn_receive(struct wire_conn *conn, struct wire_response *ret_response, struct kc_error *err) {
    const uint8_t *frame = NULL;
    size_t len = 0;
    if (conn->phase != WIRE_READY)
        return 0;
    int rc = find_frame(conn, &frame, &len, err);
    if (rc <= 0)
        return rc;
    if (conn->request_count == 0)
        return err_set(err, ERR_KAFKA, "%s sent an answer that nobody waits for", wire_conn_name(conn));
    struct wire_request request = conn->requests[conn->first_request];
    if (take_frame(conn, frame, len, &request, ret_response, err) < 0)
        return -1;
    conn->first_request = (conn->first_request + 1) % conn->request_room;
    conn->request_count--;
    return 1;
}

/* ---- blocking use ---- */

/* Waits for the next event of the connection, then steps. 0, or -1. */
static int wait_step(struct wire_conn *conn, int64_t deadline_ms, struct kc_error *err) {
    int64_t left = deadline_ms - clock_ms();
    if (left <= 0)
        return err_set(err, ERR_TIMEOUT, "%s did not answer in time", wire_conn_name(conn));
    struct pollfd pfd = {.fd = wire_conn_fd(conn), .events = wire_conn_events(conn)};
    int64_t setup_left = wire_conn_deadline_ms(conn) - clock_ms();
    int64_t wait = left < setup_left ? left : setup_left;
    if (poll(&pfd, 1, wait > INT32_MAX ? INT32_MAX : wait < 0 ? 0 : (int)wait) < 0 && errno != EINTR)
        return err_set(err, ERR_IO, "poll: %s", strerror(errno));
    return wire_conn_step(conn, err);
}

int wire_conn_wait_ready(struct wire_conn *conn, int64_t timeout_ms, struct kc_error *err) {
    int64_t deadline_ms = clock_ms() + timeout_ms;
    if (wire_conn_step(conn, err) < 0)
        return -1;
    while (!wire_conn_ready(conn))
        if (wait_step(conn, deadline_ms, err) < 0)
            return -1;
    return 0;
}

int wire_conn_call(struct wire_conn *conn, enum wire_api api, int16_t version, const void *body, size_t len,
                   int64_t timeout_ms, struct wire_response *ret_response, struct kc_error *err) {
    int64_t deadline_ms = clock_ms() + timeout_ms;
    if (wire_conn_send(conn, api, version, body, len) < 0)
        return err_set(err, ERR_LIMIT, "%s request is too large for %s", wire_api_name((int16_t)api),
                       wire_conn_name(conn));
    if (wire_conn_step(conn, err) < 0)
        return -1;
    for (;;) {
        int rc = wire_conn_receive(conn, ret_response, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        if (wait_step(conn, deadline_ms, err) < 0)
            return -1;
    }
}
