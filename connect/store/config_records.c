/* Encoding and parsing of config topic records; keeps nothing. */
#include "connect/store/config_records.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/json.h"

static const struct {
    const char *prefix;
    enum config_kind kind;
} prefixes[] = {
    {"target-state-", CONFIG_TARGET_STATE},
    {"connector-", CONFIG_CONNECTOR},
    {"task-", CONFIG_TASK},
    {"commit-", CONFIG_COMMIT},
    {"restart-connector-", CONFIG_RESTART},
    {"tasks-fencing-", CONFIG_TASKS_FENCING},
};

const char *target_state_name(enum target_state s) {
    static const char *const names[] = {"STARTED", "PAUSED", "STOPPED"};
    return names[s];
}

/* ---- Keys ---- */

/* Integer.parseInt */
static int parse_int(const char *s, size_t len, int *ret) {
    long n = 0;
    size_t i = len > 0 && (s[0] == '-' || s[0] == '+');
    if (i == len || len > 20)
        return -1;
    for (; i < len; i++) {
        if (s[i] < '0' || s[i] > '9' || n > INT32_MAX)
            return -1;
        n = n * 10 + (s[i] - '0');
    }
    if (s[0] == '-')
        n = -n;
    if (n > INT32_MAX || n < INT32_MIN)
        return -1;
    *ret = (int)n;
    return 0;
}

/* "task-a-b-0" → connector a-b, task 0. As String.split does, dashes at the end are not there. */
static int parse_task_key(const char *key, size_t len, struct config_record *r) {
    while (len > 0 && key[len - 1] == '-')
        len--;
    const char *first = memchr(key, '-', len), *last = memrchr(key, '-', len);
    if (!first || first == last)
        return -1;
    if (parse_int(last + 1, (size_t)(key + len - last - 1), &r->task) < 0)
        return -1;
    r->name = strndup(first + 1, (size_t)(last - first - 1));
    return 0;
}

static bool has_prefix(const char *key, size_t len, const char *prefix) {
    return len >= strlen(prefix) && memcmp(key, prefix, strlen(prefix)) == 0;
}

static void parse_key(const char *key, size_t len, struct config_record *r) {
    r->kind = CONFIG_OTHER;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (!has_prefix(key, len, prefixes[i].prefix))
            continue;
        size_t skip = strlen(prefixes[i].prefix);
        if (prefixes[i].kind == CONFIG_TASK ? parse_task_key(key, len, r) < 0
                                            : !(r->name = strndup(key + skip, len - skip)))
            return;
        r->kind = prefixes[i].kind;
        return;
    }
    if (len == 11 && memcmp(key, "session-key", 11) == 0) {
        r->kind = CONFIG_SESSION_KEY;
    } else if (has_prefix(key, len, "logger-cluster-")) {
        r->kind = CONFIG_LOGGER;
        r->name = strndup(key + 15, len - 15);
    }
}

/* ---- Values ---- */

static void malformed(struct config_record *r, const char *fmt, ...) KC_PRINTF(2, 3);
static void malformed(struct config_record *r, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->why, sizeof(r->why), fmt, ap);
    va_end(ap);
    r->malformed = true;
}

static void parse_properties(const cJSON *value, struct config_record *r) {
    struct kc_error err = {0};
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(value, "properties");
    if (!cJSON_IsObject(properties)) {
        malformed(r, "its member 'properties' is not an object");
        return;
    }
    r->properties = json_to_config(properties, &err);
    if (!r->properties)
        malformed(r, "%.140s", err.text);
}

/* state.v2 counts, state is for workers that do not know STOPPED */
static void parse_target(const cJSON *value, struct config_record *r) {
    const char *state = json_get_text(value, "state.v2");
    if (!state)
        state = json_get_text(value, "state");
    for (int s = TARGET_STARTED; state && s <= TARGET_STOPPED; s++) {
        if (strcmp(state, target_state_name((enum target_state)s)) == 0) {
            r->target = (enum target_state)s;
            return;
        }
    }
    malformed(r, "its state is not one of STARTED, PAUSED, STOPPED");
}

static void parse_count(const cJSON *value, const char *member, struct config_record *r) {
    int64_t n = 0;
    if (json_get_int(value, member, &n) < 0 || n > INT32_MAX)
        malformed(r, "its member '%s' is not an int", member);
    r->count = n < 0 ? 0 : (int)n;
}

static int decode_key(const char *text, struct session_key *key) {
    size_t len = strlen(text);
    unsigned char out[256];
    if (len == 0 || len % 4 || len / 4 * 3 > sizeof(out))
        return -1;
    int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    size_t padding = (text[len - 1] == '=') + (size_t)(len > 1 && text[len - 2] == '=');
    if (n < 0 || (size_t)n - padding > sizeof(key->key))
        return -1;
    key->len = (size_t)n - padding;
    memcpy(key->key, out, key->len);
    explicit_bzero(out, sizeof(out));
    return 0;
}

static void parse_session_key(const cJSON *value, struct config_record *r) {
    const char *key = json_get_text(value, "key"), *algorithm = json_get_text(value, "algorithm");
    struct session_key *s = &r->session_key;
    if (!key || !algorithm || json_get_int(value, "creation-timestamp", &s->created_ms) < 0)
        malformed(r, "key, algorithm or creation-timestamp are missing or of another type");
    else if (decode_key(key, s) < 0)
        malformed(r, "the key is not base64 of at most %zu bytes", sizeof(s->key));
    else if ((size_t)snprintf(s->algorithm, sizeof(s->algorithm), "%s", algorithm) >= sizeof(s->algorithm))
        malformed(r, "the name of the algorithm is too long");
}

static void parse_value(const cJSON *value, struct config_record *r) {
    if (r->kind == CONFIG_OTHER)
        return;
    if (!cJSON_IsObject(value)) {
        malformed(r, "it is not an object");
        return;
    }
    switch (r->kind) {
    case CONFIG_TARGET_STATE:
        parse_target(value, r);
        break;
    case CONFIG_CONNECTOR:
    case CONFIG_TASK:
        parse_properties(value, r);
        break;
    case CONFIG_COMMIT:
        parse_count(value, "tasks", r);
        break;
    case CONFIG_TASKS_FENCING:
        parse_count(value, "task-count", r);
        break;
    case CONFIG_RESTART:
        r->only_failed = json_get_bool(value, "only-failed");
        r->include_tasks = json_get_bool(value, "include-tasks");
        break;
    case CONFIG_SESSION_KEY:
        parse_session_key(value, r);
        break;
    case CONFIG_LOGGER:
        if (json_get_text(value, "level"))
            r->level = strdup(json_get_text(value, "level"));
        else
            malformed(r, "its level is not a text");
        break;
    case CONFIG_OTHER:
        break;
    }
}

int config_record_parse(const void *key, size_t key_len, const void *value, size_t value_len,
                        struct config_record *ret_record, struct kc_error *err) {
    struct config_record r = {.kind = CONFIG_OTHER};
    AUTO(json) json = NULL;
    if (value && value_len > 0 && !(json = json_parse(value, value_len, err)))
        return -1;
    if (key)
        parse_key(key, key_len, &r);
    r.tombstone = !json || cJSON_IsNull(json);
    if (!r.tombstone)
        parse_value(json, &r);
    *ret_record = r;
    return 0;
}

void config_record_done(struct config_record *record) {
    free(record->name);
    free(record->level);
    kc_config_free(record->properties);
    explicit_bzero(&record->session_key, sizeof(record->session_key));
    *record = (struct config_record){.kind = CONFIG_OTHER};
}

/* ---- Encoding ---- */

static int status_of(const struct buf *out) {
    return out->failed ? -1 : 0;
}

int config_encode_properties(struct buf *out, const struct kc_config *properties) {
    buf_add_text(out, "{\"properties\":{");
    for (size_t i = 0; i < kc_config_count(properties); i++) {
        const char *key = kc_config_key(properties, i), *value = kc_config_value(properties, i);
        if (i)
            buf_add_char(out, ',');
        json_write_text(out, key, strlen(key), true);
        buf_add_char(out, ':');
        if (value)
            json_write_text(out, value, strlen(value), true);
        else
            buf_add_text(out, "null");
    }
    buf_add_text(out, "}}");
    return status_of(out);
}

int config_encode_commit(struct buf *out, int tasks) {
    return buf_printf(out, "{\"tasks\":%d}", tasks);
}

int config_encode_task_count(struct buf *out, int tasks) {
    return buf_printf(out, "{\"task-count\":%d}", tasks);
}

int config_encode_target(struct buf *out, enum target_state target) {
    return buf_printf(out, "{\"state\":\"%s\",\"state.v2\":\"%s\"}",
                      target_state_name(target == TARGET_STOPPED ? TARGET_PAUSED : target), target_state_name(target));
}

int config_encode_session_key(struct buf *out, const struct session_key *key) {
    unsigned char text[4 * (sizeof(key->key) / 3 + 1) + 1];
    EVP_EncodeBlock(text, key->key, (int)key->len);
    buf_printf(out, "{\"key\":\"%s\",\"algorithm\":", (const char *)text);
    json_write_text(out, key->algorithm, strlen(key->algorithm), true);
    buf_printf(out, ",\"creation-timestamp\":%lld}", (long long)key->created_ms);
    explicit_bzero(text, sizeof(text));
    return status_of(out);
}

int config_encode_restart(struct buf *out, bool only_failed, bool include_tasks) {
    return buf_printf(out, "{\"include-tasks\":%s,\"only-failed\":%s}", include_tasks ? "true" : "false",
                      only_failed ? "true" : "false");
}

int config_encode_level(struct buf *out, const char *level) {
    buf_add_text(out, "{\"level\":");
    json_write_text(out, level, strlen(level), true);
    buf_add_char(out, '}');
    return status_of(out);
}
