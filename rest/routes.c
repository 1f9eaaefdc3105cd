/* The table of endpoints and how a request finds its row: path → method → Content-Type → Accept → user, in this
 * order.
 * @source rest-api 1, 2.1, 2.2 */
#include "rest/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/auto.h"
#include "connect/base/url_text.h"
#include "connect/base/utf8.h"
#include "rest/accept.h"
#include "rest/auth.h"
#include "rest/reply.h"
#include "rest/server_state.h"

enum { ACCEPT_MAX = 64 * 1024 };

/* method, path, handler; B takes a body, T has no Content-Type rule, X no Accept rule, A belongs to the admin listener
 */
#define B .body = true
#define T .any_type = true
#define A .admin = true
#define X .text = true
#define ROUTE(m, p, h, ...) \
    { .method = (m), .path = (p), .handle = (h), __VA_ARGS__ }
const struct route routes[] = {
    ROUTE("GET", "", handle_root, T),
    ROUTE("GET", "health", handle_health, T),
    ROUTE("GET", "connectors", handle_list),
    ROUTE("POST", "connectors", handle_create, B),
    ROUTE("GET", "connectors/{c}", handle_info),
    ROUTE("DELETE", "connectors/{c}", handle_delete),
    ROUTE("GET", "connectors/{c}/config", handle_get_config),
    ROUTE("PUT", "connectors/{c}/config", handle_put_config, B),
    ROUTE("PATCH", "connectors/{c}/config", handle_patch_config, B),
    ROUTE("GET", "connectors/{c}/status", handle_status),
    ROUTE("POST", "connectors/{c}/restart", handle_restart),
    ROUTE("PUT", "connectors/{c}/pause", handle_pause),
    ROUTE("PUT", "connectors/{c}/resume", handle_resume),
    ROUTE("PUT", "connectors/{c}/stop", handle_stop),
    ROUTE("GET", "connectors/{c}/tasks", handle_tasks),
    ROUTE("POST", "connectors/{c}/tasks", handle_put_tasks, T),
    ROUTE("PUT", "connectors/{c}/fence", handle_fence, T),
    ROUTE("GET", "connectors/{c}/tasks/{t}/status", handle_task_status),
    ROUTE("POST", "connectors/{c}/tasks/{t}/restart", handle_task_restart),
    ROUTE("GET", "connectors/{c}/topics", handle_topics),
    ROUTE("PUT", "connectors/{c}/topics/reset", handle_topics_reset),
    ROUTE("GET", "connectors/{c}/offsets", handle_offsets),
    ROUTE("PATCH", "connectors/{c}/offsets", handle_alter_offsets, B),
    ROUTE("DELETE", "connectors/{c}/offsets", handle_reset_offsets),
    ROUTE("GET", "connector-plugins", handle_plugins),
    ROUTE("GET", "connector-plugins/{p}/config", handle_plugin_config),
    ROUTE("PUT", "connector-plugins/{p}/config/validate", handle_validate, B),
    ROUTE("GET", "admin/loggers", handle_loggers, A),
    ROUTE("GET", "admin/loggers/{l}", handle_logger, A),
    ROUTE("PUT", "admin/loggers/{l}", handle_set_logger, B, A),
    ROUTE("GET", "kconnect/metrics", handle_metrics, T, X), /* ours; such paths can never be Java's */
    ROUTE("POST", "kconnect/leaving", handle_leaving, T),
    ROUTE(NULL, NULL, NULL),
};
#undef B
#undef T
#undef A
#undef X

/* One path segment without its ;parameters, decoded. NULL: refused as the Java worker's container does. */
static char *decode_segment(const char *p, const char *end) {
    const char *semicolon = memchr(p, ';', (size_t)(end - p)), *begin = p;
    if (semicolon)
        end = semicolon;
    char *out = malloc((size_t)(end - p) + 1), *o = out;
    while (out && p < end) {
        char c = *p++;
        if (c == '%') {
            int high = end - p >= 2 ? hex_digit(p[0]) : -1, low = high >= 0 ? hex_digit(p[1]) : -1;
            c = high >= 0 && low >= 0 ? (char)(high * 16 + low) : '\0';
            p += 2;
            if (c == '/' || c == '%' || c == '\\' || (unsigned char)c < 0x20 || c == 0x7f) {
                free(out);
                return NULL;
            }
        } else if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f || strchr("\"<>[\\]^`{|}", c)) {
            free(out);
            return NULL;
        }
        *o++ = c;
    }
    if (!out)
        return NULL;
    *o = '\0';
    bool dots = strcmp(out, ".") == 0 || strcmp(out, "..") == 0;
    if ((dots && memchr(begin, '%', (size_t)(end - begin))) ||
        utf8_valid_prefix(out, (size_t)(o - out)) != (size_t)(o - out)) {
        free(out);
        return NULL;
    }
    return out;
}

/* Fills the segments; false when the path is malformed (400). Too many segments leave count above the maximum of any
 * route. */
static bool split_path(struct rest_exchange *ex) {
    const char *p = ex->target, *end = p + strcspn(p, "?#");
    ex->query = *end == '?' ? end + 1 : NULL;
    bool http = strncasecmp(p, "http://", 7) == 0, https = strncasecmp(p, "https://", 8) == 0;
    if (http || https) { /* absolute form */
        p += http ? 7 : 8;
        while (p < end && *p != '/')
            p++;
    }
    if (p < end && *p != '/')
        return false;
    while (p < end) {
        p++;
        const char *stop = memchr(p, '/', (size_t)(end - p));
        if (!stop)
            stop = end;
        if (stop == p || *p == ';') {
            if (stop < end)
                return false; /* "//" */
            break;            /* a trailing slash */
        }
        if (ex->segment_count == REST_MAX_SEGMENTS) {
            ex->segment_count = 0;
            for (size_t i = 0; i < REST_MAX_SEGMENTS; i++)
                free(ex->segments[i]);
            ex->segments[0] = strdup("?"); /* no route is that deep */
            ex->segment_count = 1;
            return true;
        }
        char *segment = decode_segment(p, stop);
        if (!segment)
            return false;
        ex->segments[ex->segment_count++] = segment;
        p = stop;
    }
    return true;
}

static bool path_matches(const struct route *r, const struct rest_exchange *ex) {
    const char *p = r->path;
    for (size_t i = 0; i < ex->segment_count; i++) {
        size_t n = strcspn(p, "/");
        if (n == 0)
            return false;
        if (p[0] != '{' && (strlen(ex->segments[i]) != n || memcmp(p, ex->segments[i], n) != 0))
            return false;
        if (p[0] == '{' && !*ex->segments[i])
            return false;
        p += n;
        if (*p == '/')
            p++;
    }
    return *p == '\0';
}

static bool lives_here(const struct route *r, const struct rest_exchange *ex) {
    if (ex->admin)
        return r->admin;
    return !r->admin || !ex->server->separate_admin;
}

static void answer_options(struct rest_exchange *ex, const char *methods) {
    const char *accept = rest_header(ex, "Accept");
    AUTO_BUF text;
    buf_init(&text, 256);
    for (const char *p = methods; *p; p++)
        (void)buf_add_text(&text, *p == ',' ? ", " : (char[]){*p, 0});
    bool plain = !accept || strstr(accept, "text/plain") || strstr(accept, "*/*");
    reply_json(ex, 200, plain ? buf_text(&text) : "", plain ? text.len : 0);
    ex->content_type = plain ? "text/plain" : "application/json";
    ex->allow = strdup(methods);
}

/* 0 no rule broken, else the status. */
static unsigned content_type_problem(const struct rest_exchange *ex) {
    const char *type = rest_header(ex, "Content-Type");
    const char *length = rest_header(ex, "Content-Length");
    bool has_body = rest_header(ex, "Transfer-Encoding") || (length && strtoull(length, NULL, 10) > 0);
    if (ex->route->any_type)
        return 0;
    if (!type)
        return ex->route->body && has_body ? 415 : 0;
    while (*type == ' ')
        type++;
    size_t n = strcspn(type, "; ");
    if (!memchr(type, '/', n))
        return 400;
    if (n == strlen("application/json") && strncasecmp(type, "application/json", n) == 0)
        return 0;
    if (n == 3 && memcmp(type, "*/*", 3) == 0 && !ex->route->body)
        return 0;
    return 415;
}

static enum MHD_Result add_accept(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct buf *all = arg;
    (void)kind;
    if (strcasecmp(name, "Accept") == 0 && value)
        (void)buf_printf(all, "%s%s", all->len ? "," : "", value);
    return MHD_YES;
}

/* What the client accepts; the answer's type is noted. */
static enum accept_answer read_accept(struct rest_exchange *ex) {
    if (!rest_header(ex, "Accept"))
        return ACCEPT_JSON;
    AUTO_BUF all;
    buf_init(&all, ACCEPT_MAX);
    MHD_get_connection_values(ex->connection, MHD_HEADER_KIND, add_accept, &all);
    return all.failed ? ACCEPT_MALFORMED : accept_json(buf_text(&all), &ex->accepted_type);
}

/* Adds the method of a route to "GET,HEAD,…". */
static void add_method(char *methods, size_t size, const char *method) {
    size_t used = strlen(methods);
    snprintf(methods + used, size - used, "%s%s", used ? "," : "", strcmp(method, "GET") == 0 ? "HEAD,GET" : method);
}

static void find_route(struct rest_exchange *ex) {
    char methods[64] = "";
    const char *wanted = ex->head ? "GET" : ex->method;
    for (const struct route *r = routes; r->method; r++) {
        if (!path_matches(r, ex) || !lives_here(r, ex))
            continue;
        add_method(methods, sizeof methods, r->method);
        if (strcmp(r->method, wanted) == 0)
            ex->route = r;
    }
    if (!*methods) {
        reply_http_error(ex, 404);
        return;
    }
    if (ex->route)
        return;
    add_method(methods, sizeof methods, "OPTIONS");
    if (strcmp(ex->method, "OPTIONS") != 0) {
        reply_http_error(ex, 405);
        ex->allow = strdup(methods); /* unlike Java's, whose error answers lose it */
        return;
    }
    auth_check(ex);
    if (!ex->answered)
        answer_options(ex, methods);
}

void routes_match(struct rest_exchange *ex) {
    if (!split_path(ex)) {
        reply_malformed(ex, "the path is malformed or ambiguous");
        return;
    }
    find_route(ex);
    if (ex->answered)
        return;
    unsigned problem = content_type_problem(ex);
    if (problem == 400) {
        reply_malformed(ex, "the Content-Type is no media type");
        return;
    }
    if (problem) {
        reply_http_error(ex, problem);
        return;
    }
    switch (ex->route->text ? ACCEPT_JSON : read_accept(ex)) {
    case ACCEPT_MALFORMED:
        reply_malformed(ex, "the Accept header is no list of media types");
        break;
    case ACCEPT_OTHER:
        reply_http_error(ex, 406);
        break;
    case ACCEPT_JSON:
        auth_check(ex);
    }
}
