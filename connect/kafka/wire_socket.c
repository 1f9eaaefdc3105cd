/* TCP and TLS; see wire_socket.h. */
#include "connect/kafka/wire_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"

enum { READ_CHUNK = 16 << 10 };
enum phase { TCP, TLS, OPEN };

struct wire_socket {
    const struct wire_security *sec;
    char *host, *name;
    struct addrinfo *addresses, *next; /* the one to try when the present one fails */
    int32_t address_timeout_ms;
    int64_t address_deadline_ms; /* of the present one */
    int fd;
    enum phase phase;
    bool received; /* the peer has said something: later TLS errors are accidents, not refusals */
    SSL *ssl;
    short tls_wants; /* events TLS waits for, whatever we want to do */
};

static int disconnected(struct kc_error *err, const struct wire_socket *s, const char *what, const char *why) {
    return err_set_class(err, ERR_RETRIABLE, "org.apache.kafka.common.errors.DisconnectException", "%s %s: %s", what,
                         s->name, why);
}

/* Starts to connect to the next address that takes a socket. */
static int try_next(struct wire_socket *s, const char *why, struct kc_error *err) {
    while (s->next) {
        const struct addrinfo *a = s->next;
        s->next = a->ai_next;
        if (s->fd >= 0)
            close(s->fd);
        s->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd < 0) {
            why = strerror(errno);
            continue;
        }
        int on = 1;
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        s->address_deadline_ms = s->next ? clock_ms() + s->address_timeout_ms : INT64_MAX;
        if (connect(s->fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS)
            return 0;
        why = strerror(errno);
    }
    return disconnected(err, s, "Cannot connect to", why);
}

static int32_t share_of(const struct addrinfo *addresses, int32_t timeout_ms) {
    int32_t count = 0;
    for (const struct addrinfo *a = addresses; a; a = a->ai_next)
        count++;
    return timeout_ms / (count ? count : 1);
}

struct wire_socket *wire_socket_open(const struct wire_security *sec, const char *host, int port, int32_t timeout_ms,
                                     struct kc_error *err) {
    struct wire_socket *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *s = (struct wire_socket){.sec = sec, .fd = -1, .host = strdup(host)};
    struct buf name, service;
    buf_init(&name, 1024);
    buf_init(&service, 16);
    buf_printf(&name, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    buf_printf(&service, "%d", port);
    s->name = name.failed ? strdup("?") : buf_take(&name);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
    int rc = getaddrinfo(host, buf_text(&service), &hints, &s->addresses);
    if (rc == EAI_NONAME || rc == EAI_ADDRFAMILY) { /* loopback addresses without a configured interface */
        hints.ai_flags = AI_NUMERICSERV;
        rc = getaddrinfo(host, buf_text(&service), &hints, &s->addresses);
    }
    buf_done(&name);
    buf_done(&service);
    if (rc != 0) {
        s->addresses = NULL;
        disconnected(err, s, "Couldn't resolve server", gai_strerror(rc));
        return wire_socket_close(s);
    }
    s->next = s->addresses;
    s->address_timeout_ms = share_of(s->addresses, timeout_ms);
    return try_next(s, "no address", err) < 0 ? wire_socket_close(s) : s;
}

struct wire_socket *wire_socket_close(struct wire_socket *s) {
    if (!s)
        return NULL;
    if (s->ssl) {
        if (s->phase == OPEN)
            SSL_shutdown(s->ssl); /* says good-bye; nobody waits for the answer */
        ERR_clear_error();
        SSL_free(s->ssl);
    }
    if (s->fd >= 0)
        close(s->fd);
    if (s->addresses)
        freeaddrinfo(s->addresses);
    free(s->host);
    free(s->name);
    free(s);
    return NULL;
}

/* ---- TLS ---- */

/* The meaning of a failed OpenSSL call: 0: wait, -2: the peer closed, -1: error in err. */
static int tls_result(struct wire_socket *s, int rc, struct kc_error *err) {
    int saved = errno;
    int code = SSL_get_error(s->ssl, rc);
    s->tls_wants = 0;
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
        s->tls_wants = code == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        return 0;
    }
    unsigned long detail = ERR_peek_last_error();
    bool eof = code == SSL_ERROR_ZERO_RETURN || (code == SSL_ERROR_SYSCALL && saved == 0) ||
               (code == SSL_ERROR_SSL && ERR_GET_REASON(detail) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    ERR_clear_error();
    if (eof)
        return -2;
    if (code == SSL_ERROR_SYSCALL)
        return disconnected(err, s, "Lost the connection to", strerror(saved));
    const char *why = ERR_reason_error_string(detail);
    long verify = SSL_get_verify_result(s->ssl);
    if (verify != X509_V_OK)
        why = X509_verify_cert_error_string(verify);
    if (s->received)
        return disconnected(err, s, "Lost the connection to", why ? why : "TLS failed");
    return err_set_class(err, ERR_AUTH, "org.apache.kafka.common.errors.SslAuthenticationException",
                         "SSL handshake with %s failed: %s", s->name, why ? why : "unknown reason");
}

static int tls_start(struct wire_socket *s, struct kc_error *err) {
    s->ssl = SSL_new(s->sec->ssl_ctx);
    if (!s->ssl || !SSL_set_fd(s->ssl, s->fd))
        return err_set(err, ERR_INTERNAL, "OpenSSL cannot start a connection to %s", s->name);
    SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_connect_state(s->ssl);
    unsigned char address[sizeof(struct in6_addr)];
    bool numeric = inet_pton(AF_INET, s->host, address) == 1 || inet_pton(AF_INET6, s->host, address) == 1;
    if (!numeric)
        SSL_set_tlsext_host_name(s->ssl, s->host);
    if (s->sec->ssl_skip_hostname_check)
        return 0;
    int ok = numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), s->host) : SSL_set1_host(s->ssl, s->host);
    return ok ? 0 : err_set(err, ERR_INTERNAL, "OpenSSL refuses the host name %s", s->host);
}

static int tls_step(struct wire_socket *s, struct kc_error *err) {
    errno = 0;
    ERR_clear_error();
    int rc = SSL_do_handshake(s->ssl);
    if (rc == 1) {
        s->phase = OPEN;
        s->tls_wants = 0;
        return 1;
    }
    rc = tls_result(s, rc, err);
    if (rc == -2)
        return disconnected(err, s, "Lost the connection to", "closed during the SSL handshake");
    return rc;
}

/* ---- connecting ---- */

/* 1: connected; 0: not yet; -1: no address answers. */
static int tcp_step(struct wire_socket *s, struct kc_error *err) {
    for (;;) {
        struct pollfd pfd = {.fd = s->fd, .events = POLLOUT};
        if (poll(&pfd, 1, 0) <= 0) {
            if (clock_ms() < s->address_deadline_ms)
                return 0;
            if (try_next(s, strerror(ETIMEDOUT), err) < 0)
                return -1;
            continue;
        }
        int error = 0;
        socklen_t len = sizeof error;
        if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
            error = errno;
        if (error == 0)
            return 1;
        if (try_next(s, strerror(error), err) < 0)
            return -1;
    }
}

int wire_socket_connect(struct wire_socket *s, struct kc_error *err) {
    if (s->phase == TCP) {
        int rc = tcp_step(s, err);
        if (rc <= 0)
            return rc;
        bool tls = s->sec->protocol == WIRE_SSL || s->sec->protocol == WIRE_SASL_SSL;
        s->phase = tls ? TLS : OPEN;
        if (tls && tls_start(s, err) < 0)
            return -1;
    }
    return s->phase == TLS ? tls_step(s, err) : 1;
}

/* ---- bytes ---- */

/* Like read(2), but 0: nothing now, -2: closed. */
static ssize_t read_some(struct wire_socket *s, void *data, size_t len, struct kc_error *err) {
    errno = 0;
    if (s->ssl) {
        ERR_clear_error();
        int n = SSL_read(s->ssl, data, (int)len);
        return n > 0 ? n : tls_result(s, n, err);
    }
    ssize_t n = read(s->fd, data, len);
    if (n > 0)
        return n;
    if (n == 0)
        return -2;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    return disconnected(err, s, "Lost the connection to", strerror(errno));
}

int wire_socket_read(struct wire_socket *s, struct buf *in, size_t enough, struct kc_error *err) {
    while (in->len < enough) {
        if (buf_reserve(in, READ_CHUNK) < 0)
            return err_set(err, ERR_KAFKA, "%s sends more than it was asked for", s->name);
        ssize_t n = read_some(s, in->data + in->len, READ_CHUNK, err);
        if (n == -2)
            return 0;
        if (n <= 0)
            return n == 0 ? 1 : -1;
        s->received = true;
        in->len += (size_t)n;
    }
    return 1;
}

int wire_socket_write(struct wire_socket *s, const void *data, size_t len, size_t *ret_written, struct kc_error *err) {
    const char *at = data;
    size_t written = 0;
    while (written < len) {
        errno = 0;
        ssize_t n;
        if (s->ssl) {
            size_t part = len - written < INT32_MAX ? len - written : INT32_MAX;
            ERR_clear_error();
            n = SSL_write(s->ssl, at + written, (int)part);
            if (n <= 0) {
                int rc = tls_result(s, (int)n, err);
                if (rc == -2)
                    return disconnected(err, s, "Lost the connection to", "closed by the broker");
                if (rc < 0)
                    return -1;
                break;
            }
        } else {
            n = send(s->fd, at + written, len - written, MSG_NOSIGNAL);
            if (n < 0) {
                if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
                    break;
                return disconnected(err, s, "Lost the connection to", strerror(errno));
            }
        }
        written += (size_t)n;
    }
    *ret_written = written;
    return 0;
}

int64_t wire_socket_due_ms(const struct wire_socket *s) {
    return s->phase == TCP ? s->address_deadline_ms : INT64_MAX;
}

int wire_socket_fd(const struct wire_socket *s) {
    return s->fd;
}

short wire_socket_events(const struct wire_socket *s, bool writing) {
    if (s->phase == TCP)
        return POLLOUT;
    if (s->phase == TLS)
        return s->tls_wants ? s->tls_wants : POLLIN | POLLOUT;
    short events = (short)(POLLIN | (writing ? POLLOUT : 0));
    return (short)(events | s->tls_wants);
}

const char *wire_socket_name(const struct wire_socket *s) {
    return s->name;
}
