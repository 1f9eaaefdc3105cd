/* See cors.h. */
#include "rest/cors.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"
#include "rest/server_state.h"

enum { MAX_RULES = 64 };

struct header_rule {
    char *name, *value;
    bool set;  /* replace instead of add */
    bool date; /* value is an offset in ms from now */
    int64_t offset_ms;
};

struct cors {
    bool enabled, any_origin;
    struct regex *origins[MAX_RULES];
    size_t origin_count;
    char *methods;
    struct header_rule rules[MAX_RULES];
    size_t rule_count;
};

/* Trims blanks at both ends in place. */
static char *trim(char *s) {
    while (isspace((unsigned char)*s))
        s++;
    for (char *end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return s;
}

static int add_origins(struct cors *c, const char *text, struct kc_error *err) {
    AUTO_TEXT copy = strdup(text);
    char *state = NULL;
    for (char *part = strtok_r(copy, ",", &state); part; part = strtok_r(NULL, ",", &state)) {
        char pattern[512];
        part = trim(part);
        if (strcmp(part, "*") == 0) {
            c->any_origin = true;
            continue;
        }
        if (c->origin_count == MAX_RULES)
            return err_set(err, ERR_BAD_CONFIG, "access.control.allow.origin has more than %d origins", MAX_RULES);
        snprintf(pattern, sizeof pattern, "(?i)%s", part);
        struct regex *re = regex_new(pattern, err);
        if (!re)
            return err_prefix(err, "access.control.allow.origin");
        c->origins[c->origin_count++] = re;
    }
    return 0;
}

#define HEADERS_OPTION "response.http.headers.config"

/* One rule: [action] [name]:[value]. */
static int add_rule(struct cors *c, char *text, struct kc_error *err) {
    static const char *const actions[] = {"set", "add", "setDate", "addDate"};
    char *rule = trim(text);
    size_t word = strcspn(rule, " \t");
    size_t action = 0;
    while (action < COUNT_OF(actions) &&
           (strlen(actions[action]) != word || strncasecmp(rule, actions[action], word) != 0))
        action++;
    if (rule[word] == '\0')
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid format of header config '%s' in " HEADERS_OPTION
                       ". Expected: '[action] [header name]:[header value]'",
                       rule);
    if (action == COUNT_OF(actions))
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid header config '%s' in " HEADERS_OPTION
                       ": the action must be one of set, add, setDate, addDate",
                       rule);
    char *name = trim(rule + word), *colon = strchr(name, ':');
    if (!colon || strchr(colon + 1, ':'))
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid format of header name and header value '%s' in " HEADERS_OPTION
                       ". Expected: '[header name]:[header value]'",
                       name);
    *colon = '\0';
    name = trim(name);
    if (!*name || strpbrk(name, " \t"))
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid header name '%s' in " HEADERS_OPTION ". The '[header name]' cannot contain whitespace",
                       name);
    if (c->rule_count == MAX_RULES)
        return err_set(err, ERR_BAD_CONFIG, HEADERS_OPTION " has more than %d rules", MAX_RULES);
    struct header_rule r = {
        .set = action % 2 == 0, .date = action >= 2, .name = strdup(name), .value = strdup(trim(colon + 1))};
    if (r.date) {
        char *end;
        r.offset_ms = strtoll(r.value, &end, 10);
        if (end == r.value || *end) {
            err_set(err, ERR_BAD_CONFIG,
                    "Invalid header value '%s' in " HEADERS_OPTION ": a date needs a number of milliseconds", r.value);
            free(r.name);
            free(r.value);
            return -1;
        }
    }
    c->rules[c->rule_count++] = r;
    return 0;
}

/* Rules are separated by commas; a rule that holds a comma stands in double quotes. */
static int add_rules(struct cors *c, const char *text, struct kc_error *err) {
    AUTO_TEXT copy = strdup(text);
    char *p = copy;
    while (*trim(p)) {
        p = trim(p);
        char close = ',';
        if (*p == '"') {
            close = '"';
            p++;
        }
        char *end = strchr(p, close);
        char *next = end ? end + 1 : p + strlen(p);
        if (end)
            *end = '\0';
        else if (close == '"')
            return err_set(err, ERR_BAD_CONFIG, HEADERS_OPTION ": a double quote is not closed");
        if (add_rule(c, p, err) < 0)
            return -1;
        if (close == '"') {
            next = trim(next);
            if (*next == ',')
                next++;
        }
        p = next;
    }
    return 0;
}

static bool given(const char *text) {
    return text && text[strspn(text, " \t")];
}

struct cors *cors_new(const struct worker_conf *conf, struct kc_error *err) {
    struct cors *c = calloc(1, sizeof *c);
    c->enabled = given(conf->cors_origin);
    c->methods = strdup(given(conf->cors_methods) ? conf->cors_methods : "GET,POST,HEAD");
    char *out = c->methods;
    for (const char *p = c->methods; *p; p++) {
        if (!isspace((unsigned char)*p))
            *out++ = *p;
    }
    *out = '\0';
    if ((c->enabled && add_origins(c, conf->cors_origin, err) < 0) ||
        (given(conf->response_headers) && add_rules(c, conf->response_headers, err) < 0))
        return cors_free(c);
    return c;
}

struct cors *cors_free(struct cors *c) {
    if (!c)
        return NULL;
    for (size_t i = 0; i < c->origin_count; i++)
        regex_free(c->origins[i]);
    for (size_t i = 0; i < c->rule_count; i++) {
        free(c->rules[i].name);
        free(c->rules[i].value);
    }
    free(c->methods);
    free(c);
    return NULL;
}

static bool origin_allowed(const struct cors *c, const char *origin) {
    if (c->any_origin)
        return true;
    for (size_t i = 0; i < c->origin_count; i++) {
        if (regex_matches(c->origins[i], origin, strlen(origin)))
            return true;
    }
    return false;
}

static void add_rule_header(const struct header_rule *r, struct MHD_Response *response) {
    char date[64];
    const char *value = r->value;
    if (r->date) {
        time_t t = (time_t)((clock_wall_ms() + r->offset_ms) / 1000);
        struct tm tm;
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
        value = date;
    }
    if (r->set) {
        const char *old;
        while ((old = MHD_get_response_header(response, r->name)))
            if (MHD_del_response_header(response, r->name, old) == MHD_NO)
                break;
    }
    MHD_add_response_header(response, r->name, value);
}

void cors_headers(struct rest_exchange *ex, struct MHD_Response *response) {
    const struct cors *c = ex->server->cors;
    if (ex->admin || !c)
        return;
    for (size_t i = 0; i < c->rule_count; i++)
        add_rule_header(&c->rules[i], response);
    if (!c->enabled)
        return;
    MHD_add_response_header(response, "Vary", "Origin");
    const char *origin = rest_header(ex, "Origin");
    if (!origin || !origin_allowed(c, origin))
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    if (strcmp(ex->method, "OPTIONS") == 0 && rest_header(ex, "Access-Control-Request-Method")) {
        MHD_add_response_header(response, "Access-Control-Allow-Methods", c->methods);
        MHD_add_response_header(response, "Access-Control-Allow-Headers", "Content-Type");
        MHD_add_response_header(response, "Access-Control-Max-Age", "60");
    }
}
