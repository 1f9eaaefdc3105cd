/* The life of the server, and of a request inside libmicrohttpd. See server.h. */
#include "rest/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"
#include "rest/auth.h"
#include "rest/cors.h"
#include "rest/listener.h"
#include "rest/reply.h"
#include "rest/routes.h"
#include "rest/server_state.h"

enum { STOP_WAIT_MS = 5000, REPLY_MAX = 64 << 20, HELD_BODIES = 4, HELD_MIN = 64 << 20, HEAD_BYTES = 8192 };

/* ---- one request ---- */

void *request_begin(void *arg, const char *uri, struct MHD_Connection *connection) {
    struct listener *l = arg;
    struct rest_exchange *ex = calloc(1, sizeof *ex);
    if (!ex)
        return NULL;
    ex->server = l->server;
    ex->admin = l->admin;
    ex->tls = l->tls != NULL;
    ex->connection = connection;
    ex->target = strdup(uri);
    ex->begin_ms = clock_ms();
    listener_note_request(connection);
    buf_init(&ex->body, l->server->max_body_bytes);
    buf_init(&ex->reply, REPLY_MAX);
    return ex;
}

/* Before the herder exists: /health says what is waited for, everything else is not there yet. Clients of Java's worker
 * try again at 404, and take any other answer for one of a worker that is up. */
static void answer_starting(struct rest_exchange *ex) {
    struct rest_server *s = ex->server;
    AUTO_BUF text;
    buf_init(&text, 4096);
    pthread_mutex_lock(&s->lock);
    (void)buf_printf(&text, "Worker is still starting up.%s%s", s->reason[0] ? " " : "", s->reason);
    pthread_mutex_unlock(&s->lock);
    if (ex->route->handle != handle_health) {
        reply_message(ex, 404, "%s", buf_text(&text));
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
    if (ex->too_many || atomic_load(&s->held) > s->max_held) {
        reply_message(ex, 503, "Requests and answers under way take more than %zu bytes of memory", s->max_held);
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

/* What is to be known of all headers together. */
struct head {
    size_t bytes; /* of request line and headers */
    int lengths;  /* headers that tell how long the body is */
    int hosts;
};

static enum MHD_Result add_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct head *head = arg;
    (void)kind;
    head->bytes += strlen(name) + strlen(": \r\n") + (value ? strlen(value) : 0);
    head->lengths += strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Transfer-Encoding") == 0;
    head->hosts += strcasecmp(name, "Host") == 0;
    return MHD_YES;
}

/* "host", "host:port", "[v6]:port", and an IPv6 address without brackets. */
static bool is_host(const char *text) {
    const char *colon = strchr(text, ':'), *end = colon ? colon : text + strlen(text);
    if (*text == '[')
        end = strchr(text, ']') ? strchr(text, ']') + 1 : text;
    else if (colon && strchr(colon + 1, ':'))
        return text[strspn(text, "0123456789abcdefABCDEF:.")] == '\0';
    for (const char *p = text; p < end; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("/?#@", *p))
            return false;
    if (end == text || !*end)
        return end > text;
    const char *port = end + 1;
    long number = strtol(port, NULL, 10);
    return *end == ':' && *port && port[strspn(port, "0123456789")] == '\0' && number > 0 && number <= 65535;
}

/* Whether nobody can tell where the body ends. */
static bool is_endless(const struct rest_exchange *ex) {
    const char *encoding = rest_header(ex, "Transfer-Encoding");
    return encoding && strcasecmp(encoding, "chunked") != 0;
}

/* What is wrong with single headers, NULL: nothing. */
static const char *header_problem(const struct rest_exchange *ex, const struct head *head, const char *version) {
    const char *host = rest_header(ex, "Host");
    if (!host && strcmp(version, "HTTP/1.1") == 0)
        return "no Host header";
    if (head->hosts > 1 || (host && !is_host(host)))
        return "no usable Host header";
    if (head->lengths > 1) /* a proxy in front might believe the other one, and take its rest for the next request */
        return "more than one length of the body";
    return is_endless(ex) ? "the body is encoded in an unknown way" : NULL;
}

/* Refuses what Java's container would not let through, else finds the route. */
static void look_at_head(struct rest_exchange *ex, const char *version) {
    static const char too_long[] = "request line and headers are longer than 8192 bytes";
    struct head head = {.bytes = strlen(ex->method) + strlen(ex->target) + strlen("  ")};
    if (head.bytes > HEAD_BYTES) {
        reply_refused(ex, MHD_HTTP_URI_TOO_LONG, too_long);
        return;
    }
    head.bytes += strlen(version) + strlen("\r\n\r\n");
    MHD_get_connection_values(ex->connection, MHD_HEADER_KIND, add_header, &head);
    const char *problem = header_problem(ex, &head, version), *expect = rest_header(ex, "Expect");
    if (head.bytes > HEAD_BYTES)
        reply_refused(ex, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, too_long);
    else if (problem)
        reply_malformed(ex, problem);
    else if (expect && *expect && strcasecmp(expect, "100-continue") != 0)
        reply_refused(ex, MHD_HTTP_EXPECTATION_FAILED, "only 100-continue is known");
    else
        routes_match(ex);
}

static bool body_announced_too_large(const struct rest_exchange *ex) {
    const char *length = rest_header(ex, "Content-Length");
    return length && strtoull(length, NULL, 10) > ex->server->max_body_bytes;
}

/* Of a body that is refused nothing is kept, but it is read to its end, so that the client comes to see the answer. */
static void take_body(struct rest_exchange *ex, const char *data, size_t size) {
    if (ex->answered || ex->too_large || ex->too_many)
        return;
    if (!exchange_hold(ex, size))
        ex->too_many = true;
    else if (buf_add(&ex->body, data, size) < 0)
        ex->too_large = true;
    if (ex->too_many || ex->too_large) {
        buf_done(&ex->body);
        exchange_release(ex);
    }
}

enum MHD_Result request_part(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_size, void **state) {
    struct rest_exchange *ex = *state;
    (void)arg;
    (void)connection;
    (void)url;
    if (!ex || !ex->target)
        return MHD_NO;
    if (!ex->method) { /* headers are complete */
        ex->method = strdup(method);
        ex->head = strcmp(method, "HEAD") == 0;
        look_at_head(ex, version);
        if (!ex->answered && body_announced_too_large(ex)) {
            ex->too_large = true;
            dispatch(ex);
            return reply_send(ex);
        }
        if (ex->answered && (rest_header(ex, "Expect") || is_endless(ex)))
            return reply_send(ex); /* instead of "100 Continue", or of waiting for an end */
        return MHD_YES;
    }
    if (*data_size > 0) {
        take_body(ex, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (!ex->submitted && !ex->answered && !ex->dispatched) {
        dispatch(ex);
        if (ex->submitted)
            return MHD_YES; /* suspended, or already resumed by a quick answer: libmicrohttpd calls again */
    }
    return exchange_answered(ex) ? reply_send(ex) : MHD_YES;
}

/* The client's address as Java writes it: IPv4 ones plainly on a socket of both kinds, IPv6 ones in brackets. */
static void client_address(struct MHD_Connection *connection, char *out, size_t size) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    if (info && info->client_addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)info->client_addr)->sin_addr, text, sizeof text);
    } else if (info && info->client_addr->sa_family == AF_INET6) {
        struct in6_addr *addr = &((struct sockaddr_in6 *)info->client_addr)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(addr))
            inet_ntop(AF_INET, addr->s6_addr + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, addr, text, sizeof text);
    }
    snprintf(out, size, strchr(text, ':') ? "[%s]" : "%s", text[0] ? text : "-");
}

/* What a client has sent, for a log: cut, and without anything that a terminal would obey or that would end a quote. */
static const char *loggable(const char *text, char out[256]) {
    size_t n = 0;
    for (; text[n] && n < 255; n++)
        out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f || text[n] == '"' ? '?' : text[n];
    out[n] = '\0';
    return out;
}

/* "30/Nov/2026:19:08:28 +0000" of now. */
static const char *access_date(void) {
    static _Thread_local time_t known;
    static _Thread_local char text[40];
    time_t now = (time_t)(clock_wall_ms() / 1000);
    if (now != known) {
        struct tm tm;
        strftime(text, sizeof text, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&now, &tm));
        known = now;
    }
    return text;
}

/* One line per request, in the NCSA format of Java's log: client, time, request, status, bytes, referer, agent, ms. */
static void log_access(const struct rest_exchange *ex) {
    char client[64], target[256], referer_text[256], agent_text[256];
    if (!kc_log_on(KC_INFO, LOG_REST) || !ex->method)
        return;
    const char *referer = rest_header(ex, "Referer"), *agent = rest_header(ex, "User-Agent");
    client_address(ex->connection, client, sizeof client);
    kc_log(KC_INFO, LOG_REST, "%s - - [%s] \"%.20s %s HTTP/1.1\" %u %zu \"%s\" \"%s\" %lld", client, access_date(),
           ex->method, loggable(ex->target, target), ex->status, ex->reply.len,
           loggable(referer ? referer : "-", referer_text), loggable(agent ? agent : "-", agent_text),
           (long long)(clock_ms() - ex->begin_ms));
}

void request_end(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
    struct rest_exchange *ex = *state;
    (void)arg;
    (void)connection;
    (void)code;
    if (!ex)
        return;
    exchange_end(ex);
    log_access(ex);
    exchange_free(ex);
    *state = NULL;
}

/* ---- life ---- */

struct rest_server *rest_server_new(const struct worker_conf *conf, struct kc_error *err) {
    struct rest_server *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    list_init(&s->waiting);
    list_init(&s->connections);
    s->next_deadline_ms = INT64_MAX;
    s->conf = conf;
    s->max_body_bytes = (size_t)conf->rest_body_max_bytes;
    s->max_held = HELD_BODIES * s->max_body_bytes;
    if (s->max_held < HELD_MIN)
        s->max_held = HELD_MIN;
    s->separate_admin = kc_config_has(conf->text, "admin.listeners");
    s->cors = cors_new(conf, err);
    if (!s->cors || auth_new(conf, &s->auth, err) < 0)
        return rest_server_free(s);
    for (size_t i = 0; i < conf->listeners.count; i++) {
        if (listener_open(s, conf->listeners.items[i], false, err) < 0)
            return rest_server_free(s);
    }
    for (size_t i = 0; s->separate_admin && i < conf->admin_listeners.count; i++) {
        if (listener_open(s, conf->admin_listeners.items[i], true, err) < 0)
            return rest_server_free(s);
    }
    listener_advertise(s);
    kc_log(KC_INFO, LOG_REST, "Advertised URI: %s", s->url);
    return s;
}

void rest_server_waiting(struct rest_server *s, const char *reason) {
    pthread_mutex_lock(&s->lock);
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    pthread_mutex_unlock(&s->lock);
}

int rest_server_start(struct rest_server *s, struct herder *herder, struct kc_error *err) {
    s->forwarder = forwarder_new(s->conf->text, err);
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
        listener_close(&s->listeners[i]);
    if (s->deadline_started)
        pthread_join(s->deadline_thread, NULL);
    forwarder_free(s->forwarder);
    cors_free(s->cors);
    auth_free(s->auth);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    free(s);
    return NULL;
}
