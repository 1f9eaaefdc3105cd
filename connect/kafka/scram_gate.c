/* One gate per client: made with its configuration, known to its broker threads by a thread-local pointer (set by an
 * interceptor when they start), freed with the configuration inside the client. The exchange blocks its broker thread
 * for a round trip or two, at most SETUP_MS.
 * @source Java: SaslClientAuthenticator */
#include "connect/kafka/scram_gate.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/list.h"
#include "connect/kafka/client.h"
#include "connect/kafka/client_log.h"
#include "connect/kafka/wire_messages.h"
#include "connect/kafka/wire_sasl.h"

#define NAME "scram"
enum { SETUP_MS = 10000, CONNECT_MS = 3000, SLICE_MS = 100, MAX_FRAME = 512 << 10, FIRST_FIXED = 0x020601ff };

struct gate {
    struct list link; /* in gates */
    rd_kafka_t *rk;
    struct wire_security *sec;
    atomic_bool closing;
};

static pthread_mutex_t gates_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list gates = {&gates, &gates};
static _Thread_local struct gate *thread_gate; /* of librdkafka's broker threads */

bool scram_gate_needed(void) {
    return rd_kafka_version() < FIRST_FIXED;
}

/* ---- Bytes ---- */

/* A connection: TLS, or else a socket. */
struct io {
    struct gate *gate;
    SSL *ssl;
    int fd;
    int64_t deadline_ms;
};

static int wait_for(const struct io *io, short events, struct kc_error *err) {
    struct pollfd pfd = {.fd = io->fd, .events = events};
    for (;;) {
        int64_t left = io->deadline_ms - clock_ms();
        if (atomic_load(&io->gate->closing) || left <= 0)
            return err_set(err, ERR_TIMEOUT, "the broker did not answer in time");
        if (poll(&pfd, 1, left < SLICE_MS ? (int)left : SLICE_MS) > 0)
            return 0;
    }
}

/* Bytes moved, 0: try again after waiting for *ret_events, -1: broken. */
static ssize_t move(const struct io *io, void *data, size_t len, bool out, short *ret_events) {
    if (!io->ssl) {
        ssize_t n = out ? send(io->fd, data, len, MSG_NOSIGNAL) : recv(io->fd, data, len, 0);
        *ret_events = out ? POLLOUT : POLLIN;
        return n > 0 ? n : n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
    }
    int n = out ? SSL_write(io->ssl, data, (int)len) : SSL_read(io->ssl, data, (int)len);
    int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(io->ssl, n);
    *ret_events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    return n > 0 ? n : why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static int move_all(const struct io *io, void *data, size_t len, bool out, struct kc_error *err) {
    for (size_t done = 0; done < len;) {
        short events;
        ssize_t n = move(io, (char *)data + done, len - done, out, &events);
        if (n < 0)
            return err_set(err, ERR_RETRIABLE, "the broker closed the connection during SASL authentication");
        if (n == 0 && wait_for(io, events, err) < 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

/* ---- The exchange ---- */

static void secret_done(struct buf *b) {
    if (b->data)
        OPENSSL_cleanse(b->data, b->cap);
    buf_done(b);
}
#define SECRET_BUF __attribute__((cleanup(secret_done))) struct buf

/* Sends one request and reads its answer into `answer`. */
static int call(const struct io *io, int16_t api, int16_t version, int32_t id, const struct buf *body,
                struct buf *answer, struct wire_response *ret, struct kc_error *err) {
    SECRET_BUF frame;
    uint8_t size[4];
    buf_init(&frame, MAX_FRAME);
    if (wire_encode_frame(&frame, api, version, id, "kconnectd", buf_text(body), body->len) < 0)
        return err_set(err, ERR_INTERNAL, "the SASL token is too long");
    if (move_all(io, frame.data, frame.len, true, err) < 0 || move_all(io, size, sizeof(size), false, err) < 0)
        return -1;
    uint32_t len = (uint32_t)size[0] << 24 | (uint32_t)size[1] << 16 | (uint32_t)size[2] << 8 | size[3];
    buf_clear(answer);
    if (len < 4 || len > MAX_FRAME || buf_reserve(answer, len) < 0)
        return err_set(err, ERR_KAFKA, "the broker answered the SASL request with %u bytes", len);
    if (move_all(io, answer->data, len, false, err) < 0)
        return -1;
    answer->len = len;
    *ret = (struct wire_response){
        .api = api, .version = version, .correlation_id = id, .body = (uint8_t *)answer->data + 4, .len = len - 4};
    return 0;
}

static int handshake(const struct io *io, struct buf *answer, struct kc_error *err) {
    AUTO_BUF body;
    struct wire_response resp;
    int16_t error;
    char mechanisms[256];
    buf_init(&body, 256);
    wire_encode_sasl_handshake(&body, wire_mechanism_name(io->gate->sec->mechanism));
    if (call(io, WIRE_SASL_HANDSHAKE, 1, 0, &body, answer, &resp, err) < 0 ||
        wire_decode_sasl_handshake(&resp, &error, mechanisms, sizeof(mechanisms), err) < 0)
        return -1;
    if (error)
        return err_set(err, ERR_AUTH,
                       "Client SASL mechanism '%s' not enabled in the server, enabled mechanisms are [%s]",
                       wire_mechanism_name(io->gate->sec->mechanism), mechanisms);
    return 0;
}

/* Sends `token`; its place is taken by the next one. 1: complete. */
static int authenticate_step(const struct io *io, struct wire_sasl *sasl, int32_t id, struct buf *token,
                             struct buf *answer, struct kc_error *err) {
    SECRET_BUF body;
    struct wire_response resp;
    struct wire_sasl_authenticate auth;
    buf_init(&body, MAX_FRAME);
    wire_encode_sasl_authenticate(&body, buf_text(token), token->len);
    if (call(io, WIRE_SASL_AUTHENTICATE, 0, id, &body, answer, &resp, err) < 0 ||
        wire_decode_sasl_authenticate(&resp, &auth, err) < 0)
        return -1;
    if (auth.error)
        return err_set(err, ERR_AUTH, "%.*s", auth.message.len < 400 ? (int)auth.message.len : 400,
                       auth.message.len ? (const char *)auth.message.data : wire_error_text(auth.error));
    buf_clear(token);
    return wire_sasl_next(sasl, auth.token.data, auth.token.len, token, err);
}

static int authenticate(const struct io *io, struct kc_error *err) {
    SECRET_BUF token, answer;
    buf_init(&token, MAX_FRAME);
    buf_init(&answer, MAX_FRAME);
    AUTO(wire_sasl) sasl = wire_sasl_new(io->gate->sec, /* nonce= */ NULL, err);
    if (!sasl || handshake(io, &answer, err) < 0 || wire_sasl_first(sasl, &token, err) < 0)
        return -1;
    int rc = 0;
    for (int32_t id = 1; rc == 0; id++)
        rc = authenticate_step(io, sasl, id, &token, &answer, err);
    return rc < 0 ? -1 : 0;
}

/* 0, or -1 after telling the log and client_refused. */
static int pass_gate(const struct io *io) {
    struct kc_error err = {0};
    if (authenticate(io, &err) == 0)
        return 0;
    if (!atomic_load(&io->gate->closing))
        client_log_refusal(io->gate->rk, err.code == ERR_AUTH, err.text);
    return -1;
}

/* ---- Without TLS ---- */

static int on_connect(int fd, const struct sockaddr *address, int address_len, const char *id, void *opaque) {
    struct gate *gate = thread_gate;
    struct kc_error err = {0};
    (void)id;
    (void)opaque;
    if (connect(fd, address, (socklen_t)address_len) < 0 && errno != EINPROGRESS)
        return errno;
    if (!gate)
        return 0;
    /* The connection is made here: nothing may be sent before it stands. */
    struct io io = {.gate = gate, .fd = fd, .deadline_ms = clock_ms() + CONNECT_MS};
    int error = 0;
    socklen_t size = sizeof(error);
    if (wait_for(&io, POLLOUT, &err) < 0)
        return ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
        return error ? error : errno;
    io.deadline_ms = clock_ms() + SETUP_MS;
    return pass_gate(&io) < 0 ? EACCES : 0;
}

/* ---- With TLS ---- */

/* `rc` is the result of the handshake; when it has just been completed the exchange follows. */
static int after_handshake(SSL *ssl, int rc) {
    struct gate *gate = thread_gate;
    if (rc != 1 || !gate)
        return rc;
    struct io io = {.gate = gate, .ssl = ssl, .fd = SSL_get_fd(ssl), .deadline_ms = clock_ms() + SETUP_MS};
    if (pass_gate(&io) == 0)
        return 1;
    ERR_clear_error();
    ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "SASL authentication failed"); /* for SSL_get_error */
    return -1;
}

typedef int (*ssl_function)(SSL *ssl);
static ssl_function next_connect, next_do_handshake;

static void find_next(void) {
    next_connect = (ssl_function)dlsym(RTLD_NEXT, "SSL_connect");
    next_do_handshake = (ssl_function)dlsym(RTLD_NEXT, "SSL_do_handshake");
    if (!next_connect || !next_do_handshake)
        abort(); /* we are linked with libssl */
}

static void find_next_once(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_next);
}

int SSL_connect(SSL *ssl) {
    find_next_once();
    return after_handshake(ssl, next_connect(ssl));
}

/* SSL_connect calls this inside libssl, which does not come by here. */
int SSL_do_handshake(SSL *ssl) {
    find_next_once();
    return after_handshake(ssl, next_do_handshake(ssl));
}

/* ---- Life ---- */

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *gate) {
    (void)rk;
    (void)name;
    if (type == RD_KAFKA_THREAD_BROKER)
        thread_gate = gate;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why, size_t size) {
    struct gate *gate = arg;
    (void)conf;
    (void)why;
    (void)size;
    gate->rk = rk;
    return rd_kafka_interceptor_add_on_thread_start(rk, NAME, on_thread_start, gate);
}

static rd_kafka_resp_err_t on_conf_destroy(void *arg) {
    struct gate *gate = arg;
    pthread_mutex_lock(&gates_lock);
    list_remove(&gate->link);
    pthread_mutex_unlock(&gates_lock);
    client_security_free(gate->sec);
    free(gate);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int scram_gate_install(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    struct gate *gate = calloc(1, sizeof(*gate));
    if (!gate)
        abort();
    gate->sec = client_security(java, err);
    if (!gate->sec) {
        free(gate);
        return -1;
    }
    pthread_mutex_lock(&gates_lock);
    list_append(&gates, &gate->link);
    pthread_mutex_unlock(&gates_lock);
    rd_kafka_conf_interceptor_add_on_conf_destroy(conf, NAME, on_conf_destroy, gate);
    rd_kafka_conf_interceptor_add_on_new(conf, NAME, on_new, gate);
    if (gate->sec->protocol == WIRE_SASL_PLAINTEXT)
        rd_kafka_conf_set_connect_cb(conf, on_connect);
    return 0;
}

void scram_gate_close(rd_kafka_t *rk) {
    pthread_mutex_lock(&gates_lock);
    for (struct list *l = gates.next; l != &gates; l = l->next) {
        struct gate *gate = CONTAINER_OF(l, struct gate, link);
        if (gate->rk == rk)
            atomic_store(&gate->closing, true);
    }
    pthread_mutex_unlock(&gates_lock);
}
