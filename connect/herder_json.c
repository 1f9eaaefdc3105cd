/* Answers of the herder as JSON text; see herder_json.h. */
#include "connect/herder_json.h"

#include <string.h>

#include "connect/base/json.h"
#include "connect/base/version.h"
#include "connect/plugins.h"

static void text(struct buf *out, const char *s) {
    if (s)
        json_write_text(out, s, strlen(s), true);
    else
        buf_add_text(out, "null");
}

static void member(struct buf *out, const char *before, const char *value) {
    buf_add_text(out, before);
    text(out, value);
}

const char *herder_json_type(const struct kc_config *config) {
    const char *class_name = config ? kc_config_get(config, "connector.class") : NULL;
    const struct kc_plugin *plugin = class_name ? plugins_connector(class_name, NULL) : NULL;
    if (!plugin)
        return "unknown";
    return plugin->kind == KC_KIND_SOURCE ? "source" : "sink";
}

void herder_json_server(struct buf *out, const char *cluster_id) {
    member(out, "{\"version\":", KAFKA_VERSION);
    member(out, ",\"commit\":", KAFKA_COMMIT);
    member(out, ",\"kafka_cluster_id\":", cluster_id);
    buf_add_char(out, '}');
}

void herder_json_health(struct buf *out, const char *status, const char *message) {
    member(out, "{\"status\":", status);
    member(out, ",\"message\":", message);
    buf_add_char(out, '}');
}

void herder_json_config(struct buf *out, const struct kc_config *config) {
    if (!config) {
        buf_add_text(out, "null");
        return;
    }
    buf_add_char(out, '{');
    for (size_t i = 0; i < kc_config_count(config); i++) {
        if (i)
            buf_add_char(out, ',');
        text(out, kc_config_key(config, i));
        member(out, ":", kc_config_value(config, i));
    }
    buf_add_char(out, '}');
}

static void task_id(struct buf *out, const char *connector, int task) {
    member(out, "{\"connector\":", connector);
    buf_printf(out, ",\"task\":%d}", task);
}

void herder_json_info(struct buf *out, const char *name, const struct kc_config *config, int task_count) {
    member(out, "{\"name\":", name);
    buf_add_text(out, ",\"config\":");
    herder_json_config(out, config);
    buf_add_text(out, ",\"tasks\":[");
    for (int i = 0; i < task_count; i++) {
        if (i)
            buf_add_char(out, ',');
        task_id(out, name, i);
    }
    member(out, "],\"type\":", herder_json_type(config));
    buf_add_char(out, '}');
}

void herder_json_tasks(struct buf *out, const struct snapshot_connector *connector) {
    buf_add_char(out, '[');
    for (int i = 0; i < connector->task_count; i++) {
        buf_add_text(out, i ? ",{\"id\":" : "{\"id\":");
        task_id(out, connector->name, i);
        buf_add_text(out, ",\"config\":");
        herder_json_config(out, snapshot_task_config(connector, i));
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

void herder_json_tasks_config(struct buf *out, const struct snapshot_connector *connector) {
    buf_add_char(out, '{');
    for (int i = 0; i < connector->task_count; i++) {
        AUTO_BUF key;
        buf_init(&key, 1 << 20);
        buf_printf(&key, "%s-%d", connector->name, i);
        if (i)
            buf_add_char(out, ',');
        text(out, buf_text(&key));
        buf_add_char(out, ':');
        herder_json_config(out, snapshot_task_config(connector, i));
    }
    buf_add_char(out, '}');
}

/* "state":…[,"trace":…] of a connector or task, the opening brace is written already */
static void state_members(struct buf *out, const struct status *status, const char *state) {
    member(out, "\"state\":", state);
    member(out, ",\"worker_id\":", status->worker_id);
    if (!status->version || strcmp(status->version, "undefined") != 0)
        member(out, ",\"version\":", status->version);
    if (status->trace && status->trace[0])
        member(out, ",\"trace\":", status->trace);
    buf_add_char(out, '}');
}

static void task_state(struct buf *out, const struct status *status, const char *state) {
    buf_printf(out, "{\"id\":%d,", status->task);
    state_members(out, status, state);
}

void herder_json_task_state(struct buf *out, const struct status *status) {
    task_state(out, status, state_name(status->state));
}

void herder_json_state(struct buf *out, const struct restart_plan *plan, const char *type, bool restarting) {
    const char *again = state_name(STATE_RESTARTING);
    member(out, "{\"name\":", plan->connector.connector);
    buf_add_text(out, ",\"connector\":{");
    state_members(out, &plan->connector,
                  restarting && plan->restart_connector ? again : state_name(plan->connector.state));
    buf_add_text(out, ",\"tasks\":[");
    for (size_t i = 0; i < plan->task_count; i++) {
        const struct status *task = &plan->tasks[i];
        if (i)
            buf_add_char(out, ',');
        task_state(out, task, restarting && plan->restart_task[i] ? again : state_name(task->state));
    }
    member(out, "],\"type\":", type);
    buf_add_char(out, '}');
}

void herder_json_names(struct buf *out, const struct config_snapshot *snap) {
    buf_add_char(out, '[');
    for (size_t i = 0; i < snap->count; i++)
        member(out, i ? "," : "", snap->connectors[i].name);
    buf_add_char(out, ']');
}

void herder_json_topics(struct buf *out, const char *connector, char *const *topics, size_t count) {
    member(out, "{", connector);
    buf_add_text(out, ":{\"topics\":[");
    for (size_t i = 0; i < count; i++)
        member(out, i ? "," : "", topics[i]);
    buf_add_text(out, "]}}");
}
