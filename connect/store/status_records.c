/* Encoding and parsing of status topic records; keeps nothing. */
#include "connect/store/status_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/json.h"

#define CONNECTOR_PREFIX "status-connector-"
#define TASK_PREFIX      "status-task-"
#define TOPIC_PREFIX     "status-topic-"
#define TOPIC_SEPARATOR  ":connector-"

static const char *const state_names[] = {"UNASSIGNED", "RUNNING",    "PAUSED", "FAILED",
                                          "DESTROYED",  "RESTARTING", "STOPPED"};

const char *state_name(enum state s) {
    return state_names[s];
}

/* ---- Keys ---- */

static int parse_number(const char *s, size_t len, int *ret) {
    char text[16], *end;
    if (len == 0 || len >= sizeof(text) || (s[0] != '+' && (s[0] < '0' || s[0] > '9')))
        return -1;
    memcpy(text, s, len);
    text[len] = 0;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*end || end == text || errno || n > INT32_MAX)
        return -1;
    *ret = (int)n;
    return 0;
}

/* "<connector>-<task>"; dashes at the end are not there, as for String.split. */
static int parse_task(const char *rest, size_t len, struct status_record *r) {
    while (len > 0 && rest[len - 1] == '-')
        len--;
    const char *dash = memrchr(rest, '-', len);
    if (!dash || parse_number(dash + 1, (size_t)(rest + len - dash - 1), &r->status.task) < 0)
        return -1;
    r->connector = strndup(rest, (size_t)(dash - rest));
    return 0;
}

/* "<topic>:connector-<connector>": the separator is found by its colon and skipped unread. */
static int parse_topic(const char *rest, size_t len, struct status_record *r) {
    const char *colon = memchr(rest, ':', len);
    size_t skip = strlen(TOPIC_SEPARATOR);
    if (!colon || colon == rest || (size_t)(rest + len - colon) <= skip)
        return -1;
    r->topic = strndup(rest, (size_t)(colon - rest));
    r->connector = strndup(colon + skip, (size_t)(rest + len - colon) - skip);
    return 0;
}

static bool after_prefix(const char *key, size_t len, const char *prefix, const char **ret_rest, size_t *ret_len) {
    size_t n = strlen(prefix);
    if (len < n || memcmp(key, prefix, n) != 0)
        return false;
    *ret_rest = key + n;
    *ret_len = len - n;
    return true;
}

static int parse_key(const char *key, size_t len, struct status_record *r) {
    const char *rest;
    size_t n;
    r->status.task = -1;
    if (after_prefix(key, len, CONNECTOR_PREFIX, &rest, &n)) {
        r->kind = STATUS_CONNECTOR;
        r->connector = n > 0 ? strndup(rest, n) : NULL;
    } else if (after_prefix(key, len, TASK_PREFIX, &rest, &n)) {
        r->kind = STATUS_TASK;
        if (parse_task(rest, n, r) < 0)
            return -1;
    } else if (after_prefix(key, len, TOPIC_PREFIX, &rest, &n)) {
        r->kind = STATUS_TOPIC;
        if (parse_topic(rest, n, r) < 0)
            return -1;
    }
    return r->connector && r->connector[0] ? 0 : -1;
}

/* ---- Values ---- */

static char *copy(const char *text) {
    return text ? strdup(text) : NULL;
}

static int parse_status(const cJSON *json, struct status *s, struct kc_error *err) {
    const char *state = json_get_text(json, "state");
    int64_t generation = 0;
    bool known = false;
    for (size_t i = 0; state && i < COUNT_OF(state_names); i++) {
        if (strcmp(state, state_names[i]) == 0) {
            s->state = (enum state)i;
            known = true;
        }
    }
    if (!known)
        return err_set(err, ERR_BAD_DATA, "unknown state '%.40s'", state ? state : "");
    if (json_get_int(json, "generation", &generation) < 0)
        return err_set(err, ERR_BAD_DATA, "no generation");
    s->generation = (int32_t)generation;
    s->trace = copy(json_get_text(json, "trace"));
    s->worker_id = copy(json_get_text(json, "worker_id"));
    s->version = copy(json_get_text(json, "version"));
    return 0;
}

static int parse_value(const cJSON *json, struct status_record *r, struct kc_error *err) {
    if (!cJSON_IsObject(json))
        return err_set(err, ERR_BAD_DATA, "not an object");
    if (r->kind != STATUS_TOPIC)
        return parse_status(json, &r->status, err);
    const cJSON *topic = cJSON_GetObjectItemCaseSensitive(json, "topic");
    int64_t task = 0;
    if (!cJSON_IsObject(topic) || !json_get_text(topic, "name") || !json_get_text(topic, "connector") ||
        json_get_int(topic, "task", &task) < 0 || json_get_int(topic, "discoverTimestamp", &r->discovered_ms) < 0)
        return err_set(err, ERR_BAD_DATA, "name, connector, task or discoverTimestamp are missing");
    r->status.task = (int)task;
    return 0;
}

int status_record_parse(const void *key, size_t key_len, const void *value, size_t value_len,
                        struct status_record *ret_record, struct kc_error *err) {
    struct status_record r = {0};
    if (!key || parse_key(key, key_len, &r) < 0) {
        status_record_done(&r);
        return err_set(err, ERR_BAD_DATA, "invalid key");
    }
    AUTO(json) json = NULL;
    if (value && value_len > 0 && !(json = json_parse(value, value_len, err))) {
        status_record_done(&r);
        return -1;
    }
    r.tombstone = !json || cJSON_IsNull(json);
    if (!r.tombstone && parse_value(json, &r, err) < 0) {
        status_record_done(&r);
        return -1;
    }
    r.status.connector = copy(r.connector);
    *ret_record = r;
    return 0;
}

void status_done(struct status *status) {
    free((char *)status->connector);
    free((char *)status->trace);
    free((char *)status->worker_id);
    free((char *)status->version);
    *status = (struct status){0};
}

void status_record_done(struct status_record *record) {
    free(record->connector);
    free(record->topic);
    status_done(&record->status);
    *record = (struct status_record){0};
}

/* ---- Encoding ---- */

int status_encode_key(struct buf *out, const char *connector, int task) {
    if (task < 0)
        return buf_printf(out, CONNECTOR_PREFIX "%s", connector);
    return buf_printf(out, TASK_PREFIX "%s-%d", connector, task);
}

int status_encode_topic_key(struct buf *out, const char *topic, const char *connector) {
    return buf_printf(out, TOPIC_PREFIX "%s" TOPIC_SEPARATOR "%s", topic, connector);
}

static void add_member(struct buf *out, const char *name, const char *text) {
    buf_printf(out, "\"%s\":", name);
    if (text)
        json_write_text(out, text, strlen(text), true);
    else
        buf_add_text(out, "null");
}

int status_encode(struct buf *out, const struct status *status) {
    buf_add_char(out, '{');
    add_member(out, "state", state_name(status->state));
    buf_add_char(out, ',');
    add_member(out, "trace", status->trace);
    buf_add_char(out, ',');
    add_member(out, "worker_id", status->worker_id);
    buf_printf(out, ",\"generation\":%d,", (int)status->generation);
    add_member(out, "version", status->version);
    buf_add_char(out, '}');
    return out->failed ? -1 : 0;
}

int status_encode_topic(struct buf *out, const char *topic, const char *connector, int task, int64_t discovered_ms) {
    buf_add_text(out, "{\"topic\":{");
    add_member(out, "name", topic);
    buf_add_char(out, ',');
    add_member(out, "connector", connector);
    buf_printf(out, ",\"task\":%d,\"discoverTimestamp\":%lld}}", task, (long long)discovered_ms);
    return out->failed ? -1 : 0;
}
