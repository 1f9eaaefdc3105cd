/* A Kafka broker for tests; see fake_broker.h. */
#include "tests/support/fake_broker.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/certificate.h"
#include "tests/support/hex.h"

enum { CONNECTIONS_MAX = 256, REQUESTS_MAX = 4096, ANSWERS_MAX = 64, WAIT_MS = 20000 };

struct connection {
    struct fake_broker *broker;
    pthread_t thread;
    int fd;
    bool open, authenticated;
    SSL *ssl;
};

struct fake_broker {
    struct fake_broker_conf conf;
    pthread_mutex_t lock; /* over everything below */
    pthread_cond_t arrived;
    pthread_t acceptor;
    int fd, port, coordinator_port;
    bool down, stopping;
    char address[32];
    SSL_CTX *tls;
    char *ca_pem;
    struct connection connections[CONNECTIONS_MAX];
    size_t connection_count;
    struct fake_request requests[REQUESTS_MAX];
    char *frames[REQUESTS_MAX];
    size_t request_count;
    struct fake_answer answers[ANSWERS_MAX];
    size_t answer_count;
    int32_t generation;
    char *member_id;
};

static const struct wire_api_range usual_versions[] = {
    {WIRE_METADATA, 0, 9},       {WIRE_FIND_COORDINATOR, 0, 3}, {WIRE_JOIN_GROUP, 0, 7},
    {WIRE_HEARTBEAT, 0, 4},      {WIRE_LEAVE_GROUP, 0, 4},      {WIRE_SYNC_GROUP, 0, 5},
    {WIRE_SASL_HANDSHAKE, 0, 1}, {WIRE_API_VERSIONS, 0, 3},     {WIRE_SASL_AUTHENTICATE, 0, 2}};

/* ---- bytes ---- */

static bool read_all(struct connection *c, void *data, size_t len) {
    for (size_t at = 0; at < len;) {
        ssize_t n =
            c->ssl ? SSL_read(c->ssl, (char *)data + at, (int)(len - at)) : read(c->fd, (char *)data + at, len - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool write_all(struct connection *c, const void *data, size_t len) {
    for (size_t at = 0; at < len;) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, (const char *)data + at, (int)(len - at))
                           : send(c->fd, (const char *)data + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* ---- bodies; the lock is held ---- */

static void versions_body(struct fake_broker *b, struct buf *out, int16_t error) {
    buf_add_i16(out, error);
    buf_add_i32(out, (int32_t)b->conf.version_count);
    for (size_t i = 0; i < b->conf.version_count; i++) {
        buf_add_i16(out, b->conf.versions[i].api);
        buf_add_i16(out, b->conf.versions[i].min);
        buf_add_i16(out, b->conf.versions[i].max);
    }
}

static void metadata_body(struct fake_broker *b, int16_t version, struct buf *out) {
    if (version >= 3)
        buf_add_i32(out, 0);
    buf_add_i32(out, 1);
    buf_add_i32(out, 1);
    wire_add_string(out, "127.0.0.1");
    buf_add_i32(out, b->port);
    buf_add_i16(out, -1);
    if (version >= 2)
        wire_add_string(out, "cluster");
    buf_add_i32(out, 1);
    buf_add_i32(out, 0);
}

static void coordinator_body(struct fake_broker *b, struct buf *out, int16_t error) {
    buf_add_i32(out, 0);
    buf_add_i16(out, error);
    buf_add_i16(out, -1);
    buf_add_i32(out, error ? -1 : 1);
    wire_add_string(out, error ? "" : "127.0.0.1");
    buf_add_i32(out, error ? -1 : b->coordinator_port);
}

static void copy_string(struct buf *out, struct wire_bytes s) {
    buf_add_i16(out, (int16_t)s.len);
    buf_add(out, s.data, s.len);
}

/* Everybody who joins gets an id, leads, and sees itself as the only member, with its first protocol. */
static void join_body(struct fake_broker *b, const struct fake_request *req, struct buf *out,
                      const struct fake_answer *answer) {
    struct wire_reader r = wire_reader(req->body.data, req->body.len);
    wire_read_string(&r);
    wire_read_i32(&r);
    wire_read_i32(&r);
    struct wire_bytes member = wire_read_string(&r);
    if (req->version >= 5)
        wire_read_nullable_string(&r);
    wire_read_string(&r);
    wire_read_i32(&r);
    struct wire_bytes protocol = wire_read_string(&r), metadata = wire_read_bytes(&r);
    ck_assert(!r.failed);
    int16_t error = answer ? answer->error : 0;
    struct wire_bytes given = {(const uint8_t *)"member-1", 8};
    if (member.len == 0)
        member = given;
    free(b->member_id);
    b->member_id = wire_text(member);
    if (!error)
        b->generation = answer && answer->generation ? answer->generation : b->generation + 1;
    struct wire_bytes leader = member;
    if (answer && answer->leader)
        leader = (struct wire_bytes){(const uint8_t *)answer->leader, strlen(answer->leader)};
    bool leads = leader.data == member.data && !error;
    buf_add_i32(out, 0);
    buf_add_i16(out, error);
    buf_add_i32(out, error ? -1 : b->generation);
    copy_string(out, error ? (struct wire_bytes){(const uint8_t *)"", 0} : protocol);
    copy_string(out, error ? (struct wire_bytes){(const uint8_t *)"", 0} : leader);
    copy_string(out, member);
    buf_add_i32(out, leads);
    if (leads) {
        copy_string(out, member);
        if (req->version >= 5)
            buf_add_i16(out, -1);
        wire_add_bytes(out, metadata.data, metadata.len);
    }
}

/* Hands the leader's first assignment back. */
static void sync_body(const struct fake_request *req, struct buf *out, int16_t error) {
    struct wire_reader r = wire_reader(req->body.data, req->body.len);
    wire_read_string(&r);
    wire_read_i32(&r);
    wire_read_string(&r);
    if (req->version >= 3)
        wire_read_nullable_string(&r);
    struct wire_bytes assignment = {(const uint8_t *)"", 0};
    if (wire_read_array(&r, 6, false) > 0) {
        wire_read_string(&r);
        assignment = wire_read_bytes(&r);
    }
    ck_assert(!r.failed);
    buf_add_i32(out, 0);
    buf_add_i16(out, error);
    wire_add_bytes(out, assignment.data, error ? 0 : assignment.len);
}

static void leave_body(const struct fake_request *req, struct buf *out, int16_t error) {
    buf_add_i32(out, 0);
    buf_add_i16(out, error);
    if (req->version >= 3)
        buf_add_i32(out, 0);
}

static void authenticate_body(struct connection *c, const struct fake_request *req, struct buf *out, int16_t error) {
    struct wire_reader r = wire_reader(req->body.data, req->body.len);
    struct wire_bytes token = wire_read_bytes(&r);
    AUTO_BUF wanted;
    buf_init(&wanted, 1024);
    buf_add_char(&wanted, 0);
    buf_add_text(&wanted, c->broker->conf.user);
    buf_add_char(&wanted, 0);
    buf_add_text(&wanted, c->broker->conf.password);
    if (!error && (token.len != wanted.len || memcmp(token.data, wanted.data, wanted.len) != 0))
        error = WIRE_ERROR_SASL_AUTHENTICATION_FAILED;
    c->authenticated = !error;
    buf_add_i16(out, error);
    wire_add_nullable_string(out, error ? "Authentication failed: Invalid username or password" : NULL);
    buf_add_i32(out, 0);
    if (req->version >= 1)
        buf_add_i64(out, c->broker->conf.session_lifetime_ms);
}

static void usual_body(struct connection *c, const struct fake_request *req, struct buf *out,
                       const struct fake_answer *answer) {
    int16_t error = answer ? answer->error : 0;
    switch (req->api) {
    case WIRE_API_VERSIONS:
        versions_body(c->broker, out, error);
        break;
    case WIRE_METADATA:
        metadata_body(c->broker, req->version, out);
        break;
    case WIRE_FIND_COORDINATOR:
        coordinator_body(c->broker, out, error);
        break;
    case WIRE_JOIN_GROUP:
        join_body(c->broker, req, out, answer);
        break;
    case WIRE_SYNC_GROUP:
        sync_body(req, out, error);
        break;
    case WIRE_HEARTBEAT:
        buf_add_i32(out, 0);
        buf_add_i16(out, error);
        break;
    case WIRE_LEAVE_GROUP:
        leave_body(req, out, error);
        break;
    case WIRE_SASL_HANDSHAKE:
        buf_add_i16(out, error);
        buf_add_i32(out, 1);
        wire_add_string(out, "PLAIN");
        break;
    case WIRE_SASL_AUTHENTICATE:
        authenticate_body(c, req, out, error);
        break;
    default:
        ck_abort_msg("fake broker: api %d", req->api);
    }
}

/* ---- connections ---- */

/* The request is kept until the end. The lock is held. */
static struct fake_request *keep(struct fake_broker *b, char *frame, size_t len) {
    if (b->request_count == REQUESTS_MAX)
        abort();
    struct wire_reader r = wire_reader(frame, len);
    struct fake_request *req = &b->requests[b->request_count];
    b->frames[b->request_count++] = frame;
    *req = (struct fake_request){.api = wire_read_i16(&r)};
    req->version = wire_read_i16(&r);
    req->correlation_id = wire_read_i32(&r);
    req->client_id = wire_read_nullable_string(&r);
    req->body = (struct wire_bytes){r.at, wire_left(&r)};
    pthread_cond_broadcast(&b->arrived);
    return req;
}

static bool take_answer(struct fake_broker *b, int16_t api, struct fake_answer *ret) {
    for (size_t i = 0; i < b->answer_count; i++)
        if (b->answers[i].api == api) {
            *ret = b->answers[i];
            memmove(&b->answers[i], &b->answers[i + 1], (b->answer_count - i - 1) * sizeof *b->answers);
            b->answer_count--;
            return true;
        }
    return false;
}

/* Decides on one request. false: close the connection. */
static bool decide(struct connection *c, char *frame, size_t len, struct buf *out, int32_t *ret_delay_ms) {
    struct fake_broker *b = c->broker;
    const struct fake_request *req = keep(b, frame, len);
    struct fake_answer answer;
    bool queued = take_answer(b, req->api, &answer);
    *ret_delay_ms = queued ? answer.delay_ms : 0;
    bool set_up =
        req->api == WIRE_API_VERSIONS || req->api == WIRE_SASL_HANDSHAKE || req->api == WIRE_SASL_AUTHENTICATE;
    if (b->conf.sasl && !c->authenticated && !set_up)
        return false;
    if (queued && answer.action == FAKE_CLOSE)
        return false;
    if (queued && answer.action == FAKE_HOLD)
        return true;
    if (queued && answer.action == FAKE_RAW) {
        hex_add(out, answer.hex);
        return true;
    }
    AUTO_BUF body;
    buf_init(&body, 1 << 20);
    if (queued && answer.hex)
        hex_add(&body, answer.hex);
    else
        usual_body(c, req, &body, queued ? &answer : NULL);
    buf_add_i32(out, (int32_t)body.len + 4);
    buf_add_i32(out, req->correlation_id);
    buf_add(out, buf_text(&body), body.len);
    return true;
}

static bool serve_one(struct connection *c) {
    unsigned char head[4];
    if (!read_all(c, head, sizeof head))
        return false;
    struct wire_reader r = wire_reader(head, sizeof head);
    int32_t len = wire_read_i32(&r);
    if (len < 8 || len > 1 << 20)
        return false;
    char *frame = malloc((size_t)len);
    if (!frame || !read_all(c, frame, (size_t)len)) {
        free(frame);
        return false;
    }
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    int32_t delay_ms;
    pthread_mutex_lock(&c->broker->lock);
    bool go_on = decide(c, frame, (size_t)len, &out, &delay_ms);
    pthread_mutex_unlock(&c->broker->lock);
    if (delay_ms)
        clock_sleep_ms(delay_ms);
    return go_on && (!out.len || write_all(c, out.data, out.len));
}

static void *serve(void *arg) {
    struct connection *c = arg;
    bool fine = true;
    if (c->broker->tls) {
        c->ssl = SSL_new(c->broker->tls);
        SSL_set_fd(c->ssl, c->fd);
        fine = SSL_accept(c->ssl) == 1;
    }
    while (fine && serve_one(c))
        ;
    SSL_free(c->ssl);
    pthread_mutex_lock(&c->broker->lock);
    shutdown(c->fd, SHUT_RDWR);
    c->open = false; /* the descriptor is closed when the thread is joined: nobody can shut down a stranger's */
    pthread_mutex_unlock(&c->broker->lock);
    return NULL;
}

static void *accept_all(void *arg) {
    struct fake_broker *b = arg;
    for (;;) {
        int fd = accept(b->fd, NULL, NULL);
        pthread_mutex_lock(&b->lock);
        if (b->stopping || fd < 0 || b->connection_count == CONNECTIONS_MAX) {
            pthread_mutex_unlock(&b->lock);
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        if (b->down) {
            close(fd);
        } else {
            struct connection *c = &b->connections[b->connection_count++];
            *c = (struct connection){.broker = b, .fd = fd, .open = true};
            pthread_create(&c->thread, NULL, serve, c);
        }
        pthread_mutex_unlock(&b->lock);
    }
}

/* ---- certificate ---- */

static void make_certificate(struct fake_broker *b) {
    EVP_PKEY *key;
    X509 *cert;
    certificate_make("fake broker", b->conf.tls_names ? b->conf.tls_names : "DNS:localhost,IP:127.0.0.1", &cert, &key);
    b->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(b->tls, cert);
    SSL_CTX_use_PrivateKey(b->tls, key);
    b->ca_pem = certificate_pem(cert);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* ---- the test's side ---- */

struct fake_broker *fake_broker_start(const struct fake_broker_conf *conf) {
    struct fake_broker *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    if (conf)
        b->conf = *conf;
    if (!b->conf.versions) {
        b->conf.versions = usual_versions;
        b->conf.version_count = COUNT_OF(usual_versions);
    }
    if (b->conf.tls)
        make_certificate(b);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->arrived, NULL);
    b->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (bind(b->fd, (struct sockaddr *)&address, len) < 0 || listen(b->fd, 64) < 0 ||
        getsockname(b->fd, (struct sockaddr *)&address, &len) < 0)
        ck_abort_msg("fake broker: no port");
    b->port = b->coordinator_port = ntohs(address.sin_port);
    snprintf(b->address, sizeof b->address, "127.0.0.1:%d", b->port);
    pthread_create(&b->acceptor, NULL, accept_all, b);
    return b;
}

struct fake_broker *fake_broker_stop(struct fake_broker *b) {
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    pthread_mutex_unlock(&b->lock);
    shutdown(b->fd, SHUT_RDWR);
    pthread_join(b->acceptor, NULL);
    fake_broker_drop(b);
    for (size_t i = 0; i < b->connection_count; i++) {
        pthread_join(b->connections[i].thread, NULL);
        close(b->connections[i].fd);
    }
    close(b->fd);
    for (size_t i = 0; i < b->request_count; i++)
        free(b->frames[i]);
    SSL_CTX_free(b->tls);
    free(b->ca_pem);
    free(b->member_id);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->arrived);
    free(b);
    return NULL;
}

int fake_broker_port(const struct fake_broker *b) {
    return b->port;
}

const char *fake_broker_address(const struct fake_broker *b) {
    return b->address;
}

const char *fake_broker_ca_pem(const struct fake_broker *b) {
    return b->ca_pem;
}

void fake_broker_coordinator(struct fake_broker *b, int port) {
    pthread_mutex_lock(&b->lock);
    b->coordinator_port = port;
    pthread_mutex_unlock(&b->lock);
}

void fake_broker_drop(struct fake_broker *b) {
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->connection_count; i++)
        if (b->connections[i].open)
            shutdown(b->connections[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&b->lock);
}

void fake_broker_down(struct fake_broker *b, bool down) {
    pthread_mutex_lock(&b->lock);
    b->down = down;
    pthread_mutex_unlock(&b->lock);
    if (down)
        fake_broker_drop(b);
}

void fake_broker_queue(struct fake_broker *b, const struct fake_answer *answer) {
    pthread_mutex_lock(&b->lock);
    if (b->answer_count == ANSWERS_MAX)
        abort();
    b->answers[b->answer_count++] = *answer;
    pthread_mutex_unlock(&b->lock);
}

/* The lock is held. */
static size_t count_requests(const struct fake_broker *b, int16_t api, const struct fake_request **ret_last) {
    size_t count = 0;
    for (size_t i = 0; i < b->request_count; i++)
        if (b->requests[i].api == api) {
            count++;
            *ret_last = &b->requests[i];
        }
    return count;
}

size_t fake_broker_count(struct fake_broker *b, int16_t api) {
    const struct fake_request *last;
    pthread_mutex_lock(&b->lock);
    size_t count = count_requests(b, api, &last);
    pthread_mutex_unlock(&b->lock);
    return count;
}

struct fake_request fake_broker_wait(struct fake_broker *b, int16_t api, size_t count) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    const struct fake_request *last = NULL;
    pthread_mutex_lock(&b->lock);
    size_t seen;
    while ((seen = count_requests(b, api, &last)) < count)
        if (pthread_cond_timedwait(&b->arrived, &b->lock, &until) != 0)
            break;
    struct fake_request req = {0};
    size_t at = 0;
    for (size_t i = 0; i < b->request_count; i++)
        if (b->requests[i].api == api && ++at == count)
            req = b->requests[i];
    pthread_mutex_unlock(&b->lock);
    ck_assert_msg(seen >= count, "%zu %s requests came, %zu were expected", seen, wire_api_name(api), count);
    return req;
}
