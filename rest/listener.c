/* See listener.h. */
#include "rest/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "rest/tls.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers */
    IDLE_SECONDS = 90,
    MAX_CONNECTIONS = 20000, /* of all listeners */
    OTHER_FILES = 1024       /* kept free for everything that is no connection */
};

static const char *scheme(const struct listener *l) {
    return l->tls ? "https" : "http";
}

/* ---- addresses ---- */

/* "http://host:port" → host, port, and whether it is https. */
static int parse(const char *text, const char *option, struct listener *l, bool *ret_https, struct kc_error *err) {
    bool http = strncasecmp(text, "http://", 7) == 0, https = strncasecmp(text, "https://", 8) == 0;
    const char *host = http ? text + 7 : https ? text + 8 : NULL;
    const char *colon = host ? strrchr(host, ':') : NULL;
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!host || !colon || end == colon + 1 || *end || port < 0 || port > 65535)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value %s for configuration %s: each listener must be like http://host:port "
                       "or https://host:port",
                       text, option);
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
    *ret_https = https;
    return 0;
}

/* A bound, listening socket; every address when the host is empty. */
static int open_socket(const struct listener *l, struct kc_error *err) {
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
        return err_set(err, ERR_IO, "Unable to bind REST listener %s://%s:%d: %s", scheme(l), l->host, l->port,
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
        return err_set(err, ERR_IO, "Unable to bind REST listener %s://%s:%d: %s", scheme(l), l->host, l->port,
                       strerror(last));
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

/* ---- connections ---- */

static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text) {
    (void)arg;
    (void)connection;
    return strlen(text); /* the path is decoded segment by segment in routes.c */
}

static void on_mhd_log(void *arg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_mhd_log(void *arg, const char *fmt, va_list ap) {
    char line[512];
    (void)arg;
    vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    kc_log(KC_DEBUG, LOG_REST, "%s", line);
}

struct connection {
    struct list link; /* in the server's connections */
    int fd;
    bool asked;  /* a request line has come */
    bool nudged; /* see listener_nudge */
    int64_t begin_ms;
};

void listener_note_request(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *c = info ? info->socket_context : NULL;
    if (c)
        c->asked = true;
}

/* libmicrohttpd closes a connection without a word when what came first is no request line; Java's server answers 400.
 * Newer versions have answered by themselves then, and nobody reads what comes after their answer. */
static void answer_garbage(struct MHD_Connection *connection) {
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;
    if (!info || recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) /* it was the client that closed */
        return;
    (void)!send(info->connect_fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static struct connection *connection_new(struct rest_server *s, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = info ? info->connect_fd : -1;
    c->begin_ms = clock_ms();
    pthread_mutex_lock(&s->lock);
    list_append(&s->connections, &c->link);
    if (s->connection_count++ == 0)
        pthread_cond_broadcast(&s->changed); /* the deadline thread looks after them */
    pthread_mutex_unlock(&s->lock);
    return c;
}

void listener_nudge(struct rest_server *s) {
    struct pollfd *fds = calloc(s->connection_count + 1, sizeof *fds);
    struct connection **of = calloc(s->connection_count + 1, sizeof *of);
    nfds_t count = 0;
    for (struct list *l = s->connections.next; fds && of && l != &s->connections; l = l->next) {
        struct connection *c = CONTAINER_OF(l, struct connection, link);
        if (!c->nudged) {
            of[count] = c;
            fds[count++] = (struct pollfd){.fd = c->fd, .events = POLLRDHUP};
        }
    }
    if (count > 0 && poll(fds, count, 0) > 0) {
        for (nfds_t i = 0; i < count; i++) {
            if (fds[i].revents & POLLRDHUP) {
                shutdown(fds[i].fd, SHUT_RD);
                of[i]->nudged = true;
            }
        }
    }
    free(of);
    free(fds);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    struct listener *l = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_new(l->server, connection);
        if (l->tls)
            listener_tls_begin(l->tls, connection);
        return;
    }
    struct connection *c = *context;
    pthread_mutex_lock(&l->server->lock);
    bool stopping = l->server->stopping;
    if (c) {
        list_remove(&c->link);
        l->server->connection_count--;
    }
    pthread_mutex_unlock(&l->server->lock);
    bool idle = c && clock_ms() - c->begin_ms >= IDLE_SECONDS * 1000;
    if (c && !c->asked && !idle && !stopping && !l->tls)
        answer_garbage(connection);
    free(c);
    *context = NULL;
}

/* ---- life ---- */

/* As many as there may be open files, which a worker has raised to what it is allowed; shared among the listeners. */
static unsigned max_connections(const struct worker_conf *conf) {
    size_t listeners = conf->listeners.count + conf->admin_listeners.count;
    struct rlimit files = {.rlim_cur = 2 * OTHER_FILES};
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t reserve = files.rlim_cur / 2 < OTHER_FILES ? files.rlim_cur / 2 : OTHER_FILES;
    rlim_t all = files.rlim_cur - reserve < MAX_CONNECTIONS ? files.rlim_cur - reserve : MAX_CONNECTIONS;
    return (unsigned)(all / (listeners ? listeners : 1));
}

static int start_daemon(struct listener *l, int fd, struct kc_error *err) {
    struct MHD_OptionItem tls[LISTENER_TLS_OPTIONS] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (l->tls)
        listener_tls_options(l->tls, tls);
    /* Turbo: sockets are not shut down before on_connection hears of their end, see answer_garbage. */
    flags |= l->tls ? (unsigned)MHD_USE_TLS : (unsigned)MHD_USE_TURBO;
    l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, request_part, l, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, request_begin, l,
                                 MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
                                 request_end, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
                                 max_connections(l->server->conf), MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!l->daemon)
        return err_set(err, ERR_IO, "Unable to start the REST server on %s://%s:%d", scheme(l), l->host, l->port);
    if (l->tls)
        listener_tls_started(l->tls);
    return 0;
}

int listener_open(struct rest_server *s, const char *text, bool admin, struct kc_error *err) {
    const char *option = admin ? "admin.listeners" : "listeners";
    bool https = false;
    if (s->listener_count == REST_MAX_LISTENERS)
        return err_set(err, ERR_BAD_CONFIG, "%s: at most %d listeners are supported", option, REST_MAX_LISTENERS);
    struct listener *l = &s->listeners[s->listener_count];
    *l = (struct listener){.server = s, .admin = admin};
    if (parse(text, option, l, &https, err) < 0)
        return -1;
    if (https && !(l->tls = listener_tls_new(s->conf->text, admin, err)))
        return -1;
    int fd = open_socket(l, err);
    if (fd >= 0) {
        note_bound_port(l, fd);
        if (start_daemon(l, fd, err) == 0) {
            s->listener_count++;
            return 0;
        }
        close(fd);
    }
    l->tls = listener_tls_free(l->tls);
    return -1;
}

void listener_close(struct listener *l) {
    MHD_stop_daemon(l->daemon);
    l->tls = listener_tls_free(l->tls);
}

/* ---- the advertised one ---- */

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

/* rest.advertised.listener, else http as soon as the text of one listener has it (Java looks at the small letters). */
static bool advertises_https(const struct worker_conf *conf) {
    bool https = false;
    if (conf->advertised_listener && *conf->advertised_listener)
        return strcasecmp(conf->advertised_listener, "https") == 0;
    for (size_t i = 0; i < conf->listeners.count; i++) {
        if (strstr(conf->listeners.items[i], "http://"))
            return false;
        https |= strstr(conf->listeners.items[i], "https://") != NULL;
    }
    return https;
}

void listener_advertise(struct rest_server *s) {
    const struct worker_conf *conf = s->conf;
    bool https = advertises_https(conf);
    const struct listener *chosen = &s->listeners[0];
    char host[300];
    for (size_t i = s->listener_count; i-- > 0;) {
        if (!s->listeners[i].admin && (s->listeners[i].tls != NULL) == https)
            chosen = &s->listeners[i];
    }
    if (conf->advertised_host && *conf->advertised_host)
        snprintf(host, sizeof host, "%s", conf->advertised_host);
    else if (chosen->host[0])
        snprintf(host, sizeof host, strchr(chosen->host, ':') ? "[%.250s]" : "%s", chosen->host);
    else
        own_address(host, sizeof host);
    int port = conf->advertised_port > 0 ? conf->advertised_port : chosen->port;
    snprintf(s->url, sizeof s->url, "%s://%s:%d/", https ? "https" : "http", host, port);
    snprintf(s->worker_id, sizeof s->worker_id, "%s:%d", host, port);
}
