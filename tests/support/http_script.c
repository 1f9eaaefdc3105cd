/* See http_script.h. */
#include "tests/support/http_script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/buf.h"

#define MAX_CONNECTIONS 32
#define MAX_REQUESTS    256

struct connection {
    int fd;
    SSL *ssl; /* NULL: plain */
    struct buf in;
    bool continued; /* "100 Continue" was sent */
};

struct http_script {
    const struct http_step *steps;
    size_t count;
    SSL_CTX *tls; /* NULL: plain */
    int listener, wake[2];
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    struct connection connections[MAX_CONNECTIONS];
    size_t connection_count;
    char *requests[MAX_REQUESTS];
    atomic_int request_count;
};

static void send_text(struct connection *c, const char *text) {
    size_t len = strlen(text);
    while (len) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, text, (int)len) : send(c->fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static void drop(struct http_script *s, size_t i) {
    SSL_free(s->connections[i].ssl);
    close(s->connections[i].fd);
    buf_done(&s->connections[i].in);
    s->connections[i] = s->connections[--s->connection_count];
}

/* Length of the whole request in `in`, 0 while it is incomplete. */
static size_t whole_request(struct connection *c) {
    const char *head_end = c->in.len ? strstr(c->in.data, "\r\n\r\n") : NULL;
    if (!head_end)
        return 0;
    size_t head = (size_t)(head_end - c->in.data) + 4;
    const char *length = strcasestr(c->in.data, "\r\ncontent-length:");
    size_t body = length && length < head_end ? strtoul(length + 17, NULL, 10) : 0;
    if (c->in.len < head + body && !c->continued && strcasestr(c->in.data, "100-continue")) {
        c->continued = true;
        send_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    return c->in.len < head + body ? 0 : head + body;
}

/* The answer with a Content-Length when it has a whole head without one. */
static void send_answer(struct connection *c, const char *text) {
    const char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    if (!body || (length && length < body)) {
        send_text(c, text);
        return;
    }
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    buf_add(&out, text, (size_t)(body - text));
    buf_printf(&out, "\r\nContent-Length: %zu", strlen(body + 4));
    buf_add_text(&out, body);
    send_text(c, buf_text(&out));
}

/* False when the connection is to be closed. */
static bool answer(struct http_script *s, struct connection *c, size_t len) {
    int n = atomic_load(&s->request_count);
    const struct http_step *step = &s->steps[(size_t)n < s->count ? (size_t)n : s->count - 1];
    if (n < MAX_REQUESTS) {
        pthread_mutex_lock(&s->lock);
        s->requests[n] = strndup(c->in.data, len);
        pthread_mutex_unlock(&s->lock);
        atomic_store(&s->request_count, n + 1);
    }
    memmove(c->in.data, c->in.data + len, c->in.len - len);
    c->in.len -= len;
    c->in.data[c->in.len] = '\0';
    c->continued = false;
    if (step->answer)
        send_answer(c, step->answer);
    return !step->hang_up;
}

static bool serve(struct http_script *s, struct connection *c) {
    char chunk[65536];
    do {
        ssize_t n = c->ssl ? SSL_read(c->ssl, chunk, sizeof(chunk)) : recv(c->fd, chunk, sizeof(chunk), 0);
        if (n <= 0)
            return false;
        buf_add(&c->in, chunk, (size_t)n);
    } while (c->ssl && SSL_pending(c->ssl));
    for (size_t len; (len = whole_request(c));)
        if (!answer(s, c, len))
            return false;
    return true;
}

/* A new connection; dropped at once when the client does not agree to TLS. */
static void take_connection(struct http_script *s) {
    struct connection *c = &s->connections[s->connection_count++];
    *c = (struct connection){.fd = accept(s->listener, NULL, NULL)};
    buf_init(&c->in, 64 << 20);
    if (!s->tls)
        return;
    c->ssl = SSL_new(s->tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_accept(c->ssl) != 1)
        drop(s, s->connection_count - 1);
}

static void *run(void *arg) {
    struct http_script *s = arg;
    for (;;) {
        struct pollfd fds[MAX_CONNECTIONS + 2] = {{s->listener, POLLIN, 0}, {s->wake[0], POLLIN, 0}};
        size_t count = s->connection_count;
        for (size_t i = 0; i < count; i++)
            fds[i + 2] = (struct pollfd){s->connections[i].fd, POLLIN, 0};
        poll(fds, count + 2, -1);
        if (fds[1].revents)
            return NULL;
        for (size_t i = count; i-- > 0;)
            if (fds[i + 2].revents && !serve(s, &s->connections[i]))
                drop(s, i);
        if (fds[0].revents && s->connection_count < MAX_CONNECTIONS)
            take_connection(s);
    }
}

struct http_script *http_script_start(const struct http_step *steps, size_t count) {
    return http_script_start_tls(steps, count, NULL);
}

struct http_script *http_script_start_tls(const struct http_step *steps, size_t count, SSL_CTX *context) {
    struct http_script *s = calloc(1, sizeof(*s));
    s->steps = steps;
    s->count = count;
    s->tls = context;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, len) < 0 || listen(s->listener, 16) < 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &len) < 0 || pipe(s->wake) < 0)
        abort();
    snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%d", context ? "https" : "http", ntohs(address.sin_port));
    pthread_mutex_init(&s->lock, NULL);
    if (pthread_create(&s->thread, NULL, run, s) != 0)
        abort();
    return s;
}

struct http_script *http_script_stop(struct http_script *s) {
    if (!s)
        return NULL;
    if (write(s->wake[1], "x", 1) != 1)
        abort();
    pthread_join(s->thread, NULL);
    while (s->connection_count)
        drop(s, 0);
    close(s->listener);
    close(s->wake[0]);
    close(s->wake[1]);
    for (int i = 0; i < atomic_load(&s->request_count); i++)
        free(s->requests[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

const char *http_script_url(const struct http_script *s) {
    return s->url;
}

int http_script_count(struct http_script *s) {
    return atomic_load(&s->request_count);
}

const char *http_script_request(struct http_script *s, int i) {
    pthread_mutex_lock(&s->lock);
    const char *text = i < atomic_load(&s->request_count) ? s->requests[i] : "";
    pthread_mutex_unlock(&s->lock);
    return text;
}
