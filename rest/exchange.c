/* Suspension, deadlines and answers of requests that are with the herder or another worker. See exchange.h. */
#include "rest/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/thread.h"
#include "connect/base/url_text.h"
#include "rest/body.h"
#include "rest/listener.h"
#include "rest/reply.h"
#include "rest/routes.h"
#include "rest/server_state.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { NUDGE_MS = 1000 };

/* Between a suspended exchange and who works on it. Freed by the one who answers last: `ex` is NULL once the exchange
 * has been answered by the deadline or the shutdown. */
struct pending {
    struct list link; /* in server->waiting while ex is set */
    struct rest_server *server;
    struct rest_exchange *ex;
    int64_t deadline_ms;
    enum herder_op op;
    char *connector; /* for the Location of one that another worker created */
};

/* Lock held: the exchange is answered, let its connection go on. */
static void resume(struct pending *p) {
    struct rest_exchange *ex = p->ex;
    list_remove(&p->link);
    p->ex = NULL;
    ex->pending = NULL;
    MHD_resume_connection(ex->connection);
}

static void pending_free(struct pending *p) {
    p->server->outstanding--;
    if (p->server->stopping)
        pthread_cond_broadcast(&p->server->changed);
    free(p->connector);
    free(p);
}

/* The other worker's URL for the exchange's request: its path re-encoded, `forward` first. */
static char *forward_target(const struct rest_exchange *ex, const struct herder_request *req) {
    struct buf b;
    char forward[8];
    size_t base = strlen(req->forward_url);
    buf_init(&b, 1 << 16);
    while (base > 0 && req->forward_url[base - 1] == '/')
        base--;
    (void)buf_add(&b, req->forward_url, base);
    for (size_t i = 0; i < ex->segment_count; i++) {
        (void)buf_add_char(&b, '/');
        (void)url_encode(&b, ex->segments[i], URL_SEGMENT);
    }
    bool second = rest_query(ex, "forward", forward, sizeof forward) && *forward;
    (void)buf_printf(&b, "?forward=%s", second ? "false" : "true");
    if (req->op == HERDER_RESTART_PLAN)
        (void)buf_printf(&b, "&includeTasks=%s&onlyFailed=%s", req->include_tasks ? "true" : "false",
                         req->only_failed ? "true" : "false");
    return buf_take(&b);
}

/* An error whose body is not the JSON that workers send. */
static void reply_unreadable(struct rest_exchange *ex, const struct forward_request *f) {
    struct kc_error err = {0};
    struct kc_config *map = NULL;
    if (f->reply.len == 0)
        err_set(&err, ERR_INTERNAL,
                "No content to map due to end-of-input\n at [Source: REDACTED "
                "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1]");
    else if (body_string_map(f->reply.data, f->reply.len, &map, &err) == 0)
        err_set(&err, ERR_INTERNAL, "unexpected answer of status %ld", f->status);
    kc_config_free(map);
    reply_message(ex, 500, "IO Error trying to forward REST request: %s", err.text);
}

static void on_forwarded(struct forward_request *f, void *arg) {
    struct pending *p = arg;
    struct rest_server *s = p->server;
    pthread_mutex_lock(&s->lock);
    struct rest_exchange *ex = p->ex;
    if (ex) {
        if (f->status == 0) {
            reply_error(ex, &f->err);
        } else if (f->status >= 200 && f->status < 300) {
            bool created = p->op == HERDER_CREATE || (p->op == HERDER_PUT_CONFIG && f->status == 201);
            unsigned status = p->op == HERDER_CREATE       ? 201
                              : p->op == HERDER_PUT_CONFIG ? (created ? 201 : 200)
                                                           : (unsigned)f->status;
            if (created)
                ex->location = TAKE(p->connector);
            if (f->reply.len)
                reply_take(ex, status, &f->reply);
            else
                reply_empty(ex, status);
        } else if (f->status >= 400 && f->reply.len && f->reply.data[0] == '{') {
            reply_json(ex, (unsigned)f->status, f->reply.data, f->reply.len);
        } else if (f->status >= 400) {
            reply_unreadable(ex, f);
        } else {
            reply_message(ex, 500, "Unexpected status code when handling forwarded request: %ld", f->status);
        }
        resume(p);
    }
    pending_free(p);
    pthread_mutex_unlock(&s->lock);
}

/* Lock held. Returns true when the request went on to another worker: the pending lives on. */
static bool relay(struct pending *p, struct herder_request *req) {
    struct rest_exchange *ex = p->ex;
    char forward[8];
    if (rest_query(ex, "forward", forward, sizeof forward) && *forward && strcasecmp(forward, "true") != 0) {
        reply_message(ex, 409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)");
        return false;
    }
    if (!req->forward_url[0]) {
        reply_message(ex, 409,
                      "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was "
                      "underway.");
        return false;
    }
    struct forward_request *f = calloc(1, sizeof *f);
    const char *authorization = rest_header(ex, "Authorization");
    f->url = forward_target(ex, req);
    f->method = strdup(ex->method);
    f->authorization = authorization ? strdup(authorization) : NULL;
    if (ex->body.len) {
        f->body_len = ex->body.len;
        f->body = malloc(ex->body.len + 1);
        if (f->body)
            memcpy(f->body, buf_text(&ex->body), ex->body.len + 1);
    }
    p->connector = req->connector ? strdup(req->connector) : NULL;
    f->done = on_forwarded;
    f->arg = p;
    forwarder_submit(ex->server->forwarder, f);
    return true;
}

static void take_answer(struct rest_exchange *ex, struct herder_request *req) {
    if (req->err.code && req->http >= 400) {
        reply_message(ex, (unsigned)req->http, "%s", req->message ? req->message : req->err.text);
        return;
    }
    if (req->err.code) {
        reply_error(ex, &req->err);
        return;
    }
    unsigned status = req->http ? (unsigned)req->http : 200;
    if (req->op == HERDER_CREATE || (req->op == HERDER_PUT_CONFIG && req->created)) {
        status = 201;
        ex->location = req->connector ? strdup(req->connector) : NULL;
    }
    if (req->json.len)
        reply_take(ex, status, &req->json);
    else
        reply_empty(ex, status);
    if (req->op == HERDER_METRICS)
        ex->content_type = METRICS_TYPE;
}

static void on_done(struct herder_request *req, void *arg) {
    struct pending *p = arg;
    struct rest_server *s = p->server;
    bool relayed = false;
    pthread_mutex_lock(&s->lock);
    if (p->ex) {
        if (req->forward_url)
            relayed = relay(p, req);
        else
            take_answer(p->ex, req);
        if (!relayed)
            resume(p);
    }
    if (!relayed)
        pending_free(p);
    pthread_mutex_unlock(&s->lock);
    herder_request_free(req);
}

/* The herder's memory outlives the server, so that it can be asked without the lock. */
static bool read_at_once(struct rest_exchange *ex, struct herder_request *req) {
    struct rest_server *s = ex->server;
    pthread_mutex_lock(&s->lock);
    struct herder *herder = s->stopping ? NULL : s->herder;
    pthread_mutex_unlock(&s->lock);
    if (!herder || !herder_read(herder, req))
        return false;
    take_answer(ex, req);
    herder_request_free(req);
    return true;
}

void rest_submit(struct rest_exchange *ex, struct herder_request *req, int64_t timeout_ms) {
    struct rest_server *s = ex->server;
    if (read_at_once(ex, req))
        return;
    struct pending *p = calloc(1, sizeof *p);
    if (!p) {
        herder_request_free(req);
        reply_message(ex, 500, "out of memory");
        return;
    }
    *p = (struct pending){.server = s, .ex = ex, .deadline_ms = clock_ms() + timeout_ms, .op = req->op};
    req->deadline_ms = p->deadline_ms;
    req->done = on_done;
    req->arg = p;
    pthread_mutex_lock(&s->lock);
    if (s->stopping || !s->herder) {
        reply_message(ex, 500, "Worker is shutting down");
        pthread_mutex_unlock(&s->lock);
        herder_request_free(req);
        free(p);
        return;
    }
    ex->pending = p;
    ex->submitted = true;
    s->outstanding++;
    list_append(&s->waiting, &p->link);
    if (p->deadline_ms < s->next_deadline_ms) {
        s->next_deadline_ms = p->deadline_ms;
        pthread_cond_broadcast(&s->changed);
    }
    MHD_suspend_connection(ex->connection);
    struct herder *herder = s->herder;
    pthread_mutex_unlock(&s->lock);
    herder_submit(herder, req);
}

/* WorkerStatus of a worker whose herder did not answer in time; `stage` tells what it is busy with. */
static void reply_unhealthy(struct rest_exchange *ex, bool was_ready, const char *stage) {
    AUTO_BUF json, text;
    buf_init(&json, 1 << 14);
    buf_init(&text, 1 << 13);
    (void)buf_printf(&text, "%s%s%s",
                     was_ready ? "Worker was unable to handle this request and may be unable to handle other requests."
                               : "Worker is still starting up.",
                     *stage ? " " : "", stage);
    (void)buf_printf(&json, "{\"status\":\"%s\",\"message\":", was_ready ? "unhealthy" : "starting");
    (void)buf_add_json(&json, buf_text(&text), text.len);
    (void)buf_add_char(&json, '}');
    reply_json(ex, was_ready ? 500 : 503, buf_text(&json), json.len);
}

/* Lock held. */
static void time_out(struct rest_server *s, struct pending *p) {
    static const char prefix[] = "Request timed out. ";
    AUTO_TEXT text = herder_stage_text(s->herder);
    struct rest_exchange *ex = p->ex;
    if (p->op == HERDER_HEALTH) {
        bool has_prefix = strncmp(text, prefix, sizeof prefix - 1) == 0;
        reply_unhealthy(ex, herder_was_ready(s->herder), has_prefix ? text + sizeof prefix - 1 : "");
    } else {
        size_t len = strlen(text);
        if (p->op == HERDER_VALIDATE && len > 0 && text[len - 1] == '.')
            len--;
        reply_message(ex, 500, "%.*s", (int)len, text);
    }
    resume(p);
}

/* Lock held: answers what is over and returns when the next one is, INT64_MAX: nothing waits. */
static int64_t end_overdue(struct rest_server *s) {
    int64_t now = clock_ms(), next_ms = INT64_MAX;
    for (struct list *l = s->waiting.next, *next; l != &s->waiting; l = next) {
        struct pending *p = CONTAINER_OF(l, struct pending, link);
        next = l->next;
        if (p->deadline_ms <= now)
            time_out(s, p);
        else if (p->deadline_ms < next_ms)
            next_ms = p->deadline_ms;
    }
    return next_ms;
}

void *exchange_deadlines(void *server) {
    struct rest_server *s = server;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        s->next_deadline_ms = end_overdue(s);
        if (s->connection_count > 0) {
            listener_nudge(s);
            if (s->next_deadline_ms > clock_ms() + NUDGE_MS)
                s->next_deadline_ms = clock_ms() + NUDGE_MS;
        }
        cond_wait_until(&s->changed, &s->lock, s->next_deadline_ms);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void exchange_stop_all(struct rest_server *s, int64_t timeout_ms) {
    int64_t until_ms = clock_after_ms(timeout_ms);
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    while (!list_empty(&s->waiting)) {
        struct pending *p = CONTAINER_OF(s->waiting.next, struct pending, link);
        reply_message(p->ex, 500, "Worker is shutting down");
        resume(p);
    }
    while (s->outstanding > 0 && cond_wait_until(&s->changed, &s->lock, until_ms))
        ;
    pthread_mutex_unlock(&s->lock);
}

bool exchange_answered(struct rest_exchange *ex) {
    if (!ex->submitted)
        return ex->answered;
    pthread_mutex_lock(&ex->server->lock);
    bool answered = ex->answered;
    pthread_mutex_unlock(&ex->server->lock);
    return answered;
}

void exchange_end(struct rest_exchange *ex) {
    if (!ex->submitted)
        return;
    pthread_mutex_lock(&ex->server->lock);
    if (ex->pending) {
        list_remove(&ex->pending->link);
        ex->pending->ex = NULL;
        ex->pending = NULL;
    }
    pthread_mutex_unlock(&ex->server->lock);
}

bool exchange_hold(struct rest_exchange *ex, size_t bytes) {
    ex->held += bytes;
    return atomic_fetch_add(&ex->server->held, bytes) + bytes <= ex->server->max_held;
}

void exchange_release(struct rest_exchange *ex) {
    atomic_fetch_sub(&ex->server->held, ex->held);
    ex->held = 0;
}

void exchange_free(struct rest_exchange *ex) {
    if (!ex)
        return;
    exchange_release(ex);
    for (size_t i = 0; i < ex->segment_count; i++)
        free(ex->segments[i]);
    buf_done(&ex->body);
    buf_done(&ex->reply);
    free(ex->target);
    free(ex->method);
    free(ex->allow);
    free(ex->location);
    free(ex->accepted_type);
    free(ex);
}

const char *rest_header(const struct rest_exchange *ex, const char *name) {
    return MHD_lookup_connection_value(ex->connection, MHD_HEADER_KIND, name);
}

/* The next parameter from *pos on; false at the end. */
static bool next_parameter(const char **pos, char *name, size_t name_size, char *value, size_t value_size) {
    const char *p = *pos;
    if (!p || !*p)
        return false;
    const char *end = strchrnul(p, '&');
    const char *eq = memchr(p, '=', (size_t)(end - p));
    url_decode_form(name, name_size, p, eq ? eq : end);
    url_decode_form(value, value_size, eq ? eq + 1 : end, end);
    *pos = *end ? end + 1 : end;
    return true;
}

bool rest_query(const struct rest_exchange *ex, const char *name, char *out, size_t out_size) {
    char key[64];
    for (const char *p = ex->query; next_parameter(&p, key, sizeof key, out, out_size);) {
        if (strcmp(key, name) == 0)
            return true;
    }
    return false;
}

bool rest_query_bool(const struct rest_exchange *ex, const char *name, bool absent) {
    char value[16];
    if (!rest_query(ex, name, value, sizeof value) || !*value)
        return absent;
    return strcasecmp(value, "true") == 0;
}

bool rest_query_has(const struct rest_exchange *ex, const char *name, const char *value) {
    char key[64], text[64];
    for (const char *p = ex->query; next_parameter(&p, key, sizeof key, text, sizeof text);) {
        if (strcmp(key, name) == 0 && strcmp(text, value) == 0)
            return true;
    }
    return false;
}
