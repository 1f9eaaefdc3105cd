/* Listeners and the life of a request inside libmicrohttpd. See server.h. */
#include "rest/server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"
#include "rest/cors.h"
#include "rest/reply.h"
#include "rest/routes.h"
#include "rest/server_state.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers */
    IDLE_SECONDS = 90,
    MAX_CONNECTIONS = 1000,
    STOP_WAIT_MS = 5000,
    REPLY_MAX = 64 << 20
};

/* ---- one request ---- */

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection) {
    struct listener *l = arg;
    struct rest_exchange *ex = calloc(1, sizeof *ex);
    if (!ex)
        return NULL;
    ex->server = l->server;
    ex->admin = l->admin;
    ex->connection = connection;
    ex->target = strdup(uri);
    ex->begin_ms = clock_ms();
    buf_init(&ex->body, l->server->max_body_bytes);
    buf_init(&ex->reply, REPLY_MAX);
    return ex;
}

static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text) {
    (void)arg;
    (void)connection;
    return strlen(text); /* the path is decoded segment by segment in routes.c */
}

/* Before the herder exists: /health says what is waited for, everything else 503. */
static void answer_starting(struct rest_exchange *ex) {
    struct rest_server *s = ex->server;
    AUTO_BUF text;
    buf_init(&text, 4096);
    pthread_mutex_lock(&s->lock);
    (void)buf_printf(&text, "Worker is still starting up.%s%s", s->reason[0] ? " " : "", s->reason);
    pthread_mutex_unlock(&s->lock);
    if (ex->route->handle != handle_health) {
        reply_message(ex, 503, "%s", buf_text(&text));
        return;
    }
    AUTO_BUF json;
    buf_init(&json, 8192);
    (void)buf_add_text(&json, "{\"status\":\"starting\",\"message\":");
    (void)buf_add_json(&json, buf_text(&text), text.len);
    (void)buf_add_char(&json, '}');
    reply_json(ex, 503, buf_text(&json), json.len);
}

static void dispatch(struct rest_exchange *ex) {
    struct rest_server *s = ex->server;
    ex->dispatched = true;
    if (ex->too_large) {
        reply_message(ex, 413, "Request body is larger than %zu bytes (kconnect.rest.body.max.bytes)",
                      s->max_body_bytes);
        return;
    }
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping, ready = s->herder != NULL;
    pthread_mutex_unlock(&s->lock);
    if (stopping)
        reply_message(ex, 500, "Worker is shutting down");
    else if (!ready)
        answer_starting(ex);
    else
        ex->route->handle(ex);
}

static bool body_announced_too_large(const struct rest_exchange *ex) {
    const char *length = rest_header(ex, "Content-Length");
    return length && strtoull(length, NULL, 10) > ex->server->max_body_bytes;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **state) {
    struct rest_exchange *ex = *state;
    (void)arg;
    (void)connection;
    (void)url;
    (void)version;
    if (!ex || !ex->target)
        return MHD_NO;
    if (!ex->method) { /* headers are complete */
        ex->method = strdup(method);
        ex->head = strcmp(method, "HEAD") == 0;
        routes_match(ex);
        if (!ex->answered && body_announced_too_large(ex)) {
            ex->too_large = true;
            dispatch(ex);
            return reply_send(ex);
        }
        return MHD_YES;
    }
    if (*data_size > 0) {
        if (buf_add(&ex->body, data, *data_size) < 0)
            ex->too_large = true;
        *data_size = 0;
        return MHD_YES;
    }
    if (!ex->answered && !ex->dispatched) {
        dispatch(ex);
        if (!ex->answered && ex->dispatched) {
            /* Suspended, or already resumed by a quick answer: libmicrohttpd calls again. */
            return MHD_YES;
        }
    }
    return ex->answered ? reply_send(ex) : MHD_YES;
}

static void log_access(const struct rest_exchange *ex) {
    if (!kc_log_on(KC_INFO, LOG_REST) || !ex->method)
        return;
    kc_log(KC_INFO, LOG_REST, "\"%s %.300s HTTP/1.1\" %u %zu %lld ms", ex->method, ex->target, ex->status,
           ex->reply.len, (long long)(clock_ms() - ex->begin_ms));
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    struct rest_exchange *ex = *state;
    (void)arg;
    (void)connection;
    (void)code;
    if (!ex)
        return;
    log_access(ex);
    exchange_free(ex);
    *state = NULL;
}

static void on_mhd_log(void *arg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_mhd_log(void *arg, const char *fmt, va_list ap) {
    char line[512];
    (void)arg;
    vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    kc_log(KC_DEBUG, LOG_REST, "%s", line);
}

/* ---- listeners ---- */

/* "http://host:port" → host, port. */
static int parse_listener(const char *text, const char *option, struct listener *l, struct kc_error *err) {
    const char *host = strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
    const char *colon = host ? strrchr(host, ':') : NULL;
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!host || !colon || end == colon + 1 || *end || port < 0 || port > 65535)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value %s for configuration %s: each listener must be like http://host:port", text,
                       option);
    size_t len = (size_t)(colon - host);
    if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len >= sizeof l->host)
        return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s: the host is too long", text,
                       option);
    memcpy(l->host, host, len);
    l->host[len] = '\0';
    l->port = (int)port;
    return 0;
}

/* A bound, listening socket; every address when the host is empty. */
static int open_socket(struct listener *l, struct kc_error *err) {
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char port[16];
    int fd = -1, last = 0;
    snprintf(port, sizeof port, "%d", l->port);
    if (!l->host[0]) {
        hints.ai_family = AF_INET6;
        hints.ai_flags = AI_PASSIVE;
    }
    int rc = getaddrinfo(l->host[0] ? l->host : NULL, port, &hints, &found);
    if (rc != 0)
        return err_set(err, ERR_IO, "Unable to bind REST listener http://%s:%d: %s", l->host, l->port,
                       gai_strerror(rc));
    for (int round = 0; fd < 0 && round < 2; round++) {
        for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
            int one = 1, zero = 0;
            fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            if (fd < 0) {
                last = errno;
                continue;
            }
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
            if (a->ai_family == AF_INET6 && !l->host[0])
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
            if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, 128) < 0) {
                last = errno;
                close(fd);
                fd = -1;
            }
        }
        if (fd >= 0 || l->host[0] || last == EADDRINUSE)
            break;
        freeaddrinfo(found); /* no IPv6 on this machine: every IPv4 address */
        hints.ai_family = AF_INET;
        found = NULL;
        if (getaddrinfo(NULL, port, &hints, &found) != 0)
            break;
    }
    if (found)
        freeaddrinfo(found);
    if (fd < 0)
        return err_set(err, ERR_IO, "Unable to bind REST listener http://%s:%d: %s", l->host, l->port, strerror(last));
    return fd;
}

static void note_bound_port(struct listener *l, int fd) {
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
        return;
    l->port = ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                               : ((struct sockaddr_in *)&addr)->sin_port);
}

static int open_listener(struct rest_server *s, const char *text, bool admin, struct kc_error *err) {
    const char *option = admin ? "admin.listeners" : "listeners";
    if (s->listener_count == REST_MAX_LISTENERS)
        return err_set(err, ERR_BAD_CONFIG, "%s: at most %d listeners are supported", option, REST_MAX_LISTENERS);
    struct listener *l = &s->listeners[s->listener_count];
    *l = (struct listener){.server = s, .admin = admin};
    if (parse_listener(text, option, l, err) < 0)
        return -1;
    int fd = open_socket(l, err);
    if (fd < 0)
        return -1;
    note_bound_port(l, fd);
    l->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, l,
        MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        l, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_END);
    if (!l->daemon) {
        close(fd);
        return err_set(err, ERR_IO, "Unable to start the REST server on http://%s:%d", l->host, l->port);
    }
    s->listener_count++;
    return 0;
}

/* This machine's first address that is not a loopback one, as Java's InetAddress.getLocalHost would often give. */
static void own_address(char *out, size_t size) {
    struct ifaddrs *all = NULL;
    snprintf(out, size, "127.0.0.1");
    if (getifaddrs(&all) < 0)
        return;
    for (struct ifaddrs *a = all; a; a = a->ifa_next) {
        if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET && !(a->ifa_flags & IFF_LOOPBACK) &&
            (a->ifa_flags & IFF_UP)) {
            inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, out, (socklen_t)size);
            break;
        }
    }
    freeifaddrs(all);
}

static void set_advertised(struct rest_server *s) {
    const struct worker_conf *conf = s->conf;
    const struct listener *main = &s->listeners[0];
    char host[256];
    if (conf->advertised_host && *conf->advertised_host)
        snprintf(host, sizeof host, "%s", conf->advertised_host);
    else if (main->host[0])
        snprintf(host, sizeof host, strchr(main->host, ':') ? "[%.250s]" : "%s", main->host);
    else
        own_address(host, sizeof host);
    int port = conf->advertised_port > 0 ? conf->advertised_port : main->port;
    const char *scheme =
        conf->advertised_listener && strcasecmp(conf->advertised_listener, "https") == 0 ? "https" : "http";
    snprintf(s->url, sizeof s->url, "%s://%s:%d/", scheme, host, port);
    snprintf(s->worker_id, sizeof s->worker_id, "%s:%d", host, port);
}

/* ---- life ---- */

struct rest_server *rest_server_new(const struct worker_conf *conf, struct kc_error *err) {
    struct rest_server *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    if (!s) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    list_init(&s->waiting);
    s->conf = conf;
    s->max_body_bytes = (size_t)conf->rest_body_max_bytes;
    s->separate_admin = kc_config_has(conf->text, "admin.listeners");
    s->cors = cors_new(conf, err);
    if (!s->cors)
        return rest_server_free(s);
    for (size_t i = 0; i < conf->listeners.count; i++) {
        if (open_listener(s, conf->listeners.items[i], false, err) < 0)
            return rest_server_free(s);
    }
    for (size_t i = 0; s->separate_admin && i < conf->admin_listeners.count; i++) {
        if (open_listener(s, conf->admin_listeners.items[i], true, err) < 0)
            return rest_server_free(s);
    }
    set_advertised(s);
    kc_log(KC_INFO, LOG_REST, "Advertised URI: %s", s->url);
    return s;
}

void rest_server_waiting(struct rest_server *s, const char *reason) {
    pthread_mutex_lock(&s->lock);
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    pthread_mutex_unlock(&s->lock);
}

int rest_server_start(struct rest_server *s, struct herder *herder, struct kc_error *err) {
    s->forwarder = forwarder_new(err);
    if (!s->forwarder || thread_start(&s->deadline_thread, "rest-deadline", exchange_deadlines, s, err) < 0)
        return -1;
    s->deadline_started = true;
    pthread_mutex_lock(&s->lock);
    s->herder = herder;
    pthread_mutex_unlock(&s->lock);
    kc_log(KC_INFO, LOG_REST, "REST server listening at %s", s->url);
    return 0;
}

const char *rest_server_url(const struct rest_server *s) {
    return s->url;
}

const char *rest_server_worker_id(const struct rest_server *s) {
    return s->worker_id;
}

void rest_server_stop(struct rest_server *s) {
    exchange_stop_all(s, 0);
    if (s->deadline_started)
        pthread_join(s->deadline_thread, NULL);
    s->deadline_started = false;
    s->forwarder = forwarder_free(s->forwarder);
}

struct rest_server *rest_server_free(struct rest_server *s) {
    if (!s)
        return NULL;
    exchange_stop_all(s, STOP_WAIT_MS);
    for (size_t i = 0; i < s->listener_count; i++)
        MHD_stop_daemon(s->listeners[i].daemon);
    if (s->deadline_started)
        pthread_join(s->deadline_thread, NULL);
    forwarder_free(s->forwarder);
    cors_free(s->cors);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    free(s);
    return NULL;
}
