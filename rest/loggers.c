/* /admin/loggers. @source LoggingResource (rest-api 5.18) */
#include "connect/base/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/auto.h"
#include "rest/body.h"
#include "rest/reply.h"
#include "rest/routes.h"

struct logger {
    char *name;
    enum kc_level level;
    bool off;
    int64_t changed_ms;
};

struct loggers {
    struct logger *items;
    size_t count;
};

static void add(void *arg, const char *name, enum kc_level level, int64_t changed_ms) {
    struct loggers *all = arg;
    struct logger *grown = reallocarray(all->items, all->count + 1, sizeof *grown);
    if (!grown)
        return;
    all->items = grown;
    grown[all->count++] =
        (struct logger){.name = strdup(name), .level = level, .off = level > KC_FATAL, .changed_ms = changed_ms};
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct logger *)a)->name, ((const struct logger *)b)->name);
}

static struct loggers collect(void) {
    struct loggers all = {0};
    log_each(add, &all);
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, compare);
    return all;
}

static void loggers_done(struct loggers *all) {
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].name);
    free(all->items);
}

static void add_level(struct buf *json, const struct logger *l) {
    (void)buf_printf(json, "{\"level\":\"%s\",\"last_modified\":", log_level_name(l->level));
    if (l->changed_ms >= 0)
        (void)buf_printf(json, "%lld}", (long long)l->changed_ms);
    else
        (void)buf_add_text(json, "null}");
}

void handle_loggers(struct rest_exchange *ex) {
    struct loggers all = collect();
    bool first = true;
    AUTO_BUF json;
    buf_init(&json, 8 << 20);
    (void)buf_add_char(&json, '{');
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i].off)
            continue;
        if (!first)
            (void)buf_add_char(&json, ',');
        first = false;
        (void)buf_add_json(&json, all.items[i].name, strlen(all.items[i].name));
        (void)buf_add_char(&json, ':');
        add_level(&json, &all.items[i]);
    }
    (void)buf_add_char(&json, '}');
    loggers_done(&all);
    reply_json(ex, 200, buf_text(&json), json.len);
}

static const char *canonical(const char *name) {
    return strcasecmp(name, "root") == 0 ? "root" : name;
}

void handle_logger(struct rest_exchange *ex) {
    const char *name = canonical(ex->segments[2]);
    struct loggers all = collect();
    const struct logger *found = NULL;
    for (size_t i = 0; i < all.count && !found; i++) {
        if (strcmp(all.items[i].name, name) == 0)
            found = &all.items[i];
    }
    AUTO_BUF json;
    buf_init(&json, 4096);
    if (found) {
        add_level(&json, found);
        reply_json(ex, 200, buf_text(&json), json.len);
    } else {
        reply_message(ex, 404, "Logger %s not found.", ex->segments[2]);
    }
    loggers_done(&all);
}

/* Sets the level here and answers the names of the loggers that changed. */
static void set_here(struct rest_exchange *ex, const char *name, enum kc_level level) {
    (void)log_level(name); /* there is such a logger from now on, with the level of those above it */
    struct loggers before = collect();
    log_set_level(name, level);
    struct loggers after = collect();
    AUTO_BUF json;
    buf_init(&json, 8 << 20);
    (void)buf_add_char(&json, '[');
    for (size_t i = 0; i < after.count; i++) {
        const struct logger *l = &after.items[i];
        const struct logger *old =
            before.count ? bsearch(l, before.items, before.count, sizeof *before.items, compare) : NULL;
        if (!old || old->level == l->level)
            continue;
        if (json.len > 1)
            (void)buf_add_char(&json, ',');
        (void)buf_add_json(&json, l->name, strlen(l->name));
    }
    (void)buf_add_char(&json, ']');
    loggers_done(&before);
    loggers_done(&after);
    reply_json(ex, 200, buf_text(&json), json.len);
}

void handle_set_logger(struct rest_exchange *ex) {
    const char *name = canonical(ex->segments[2]);
    struct kc_error err = {0};
    struct kc_config *body = NULL;
    enum kc_level level;
    char scope[32];
    if (body_string_map(buf_text(&ex->body), ex->body.len, &body, &err) < 0) {
        reply_error(ex, &err);
        return;
    }
    const char *text = body ? kc_config_get(body, "level") : NULL;
    if (!body) {
        reply_message(ex, 500, "Cannot invoke \"java.util.Map.get(Object)\" because \"levelMap\" is null");
    } else if (!text) {
        reply_message(ex, 400, "Desired 'level' parameter was not specified in request.");
    } else if (!*text) {
        reply_message(ex, 500, "Index 0 out of bounds for length 0");
    } else if (log_level_parse(text, &level) < 0) {
        reply_message(ex, 404, "invalid log level '%s'.", text);
    } else if (rest_query(ex, "scope", scope, sizeof scope) && strcasecmp(scope, "cluster") == 0) {
        struct herder_request *req = herder_request_new(HERDER_SET_LOGGER, NULL);
        req->logger = strdup(name);
        req->level = strdup(log_level_name(level));
        rest_submit(ex, req, REST_TIMEOUT_MS);
    } else {
        set_here(ex, name, level);
    }
    kc_config_free(body);
}
