/* /connector-plugins. */
#include "connect/plugins.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/validation.h"
#include "rest/body.h"
#include "rest/reply.h"
#include "rest/routes.h"

/* One line of the list: a plugin under one of its kinds. */
struct listed {
    const struct kc_plugin *plugin;
    enum kc_plugin_kind kind;
};

static const enum kc_plugin_kind kind_order[] = {KC_KIND_SINK,      KC_KIND_SOURCE,    KC_KIND_TRANSFORMATION,
                                                 KC_KIND_PREDICATE, KC_KIND_CONVERTER, KC_KIND_HEADER_CONVERTER};

static int compare(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    if (x->kind != y->kind) {
        size_t i = 0, j = 0;
        while (kind_order[i] != x->kind)
            i++;
        while (kind_order[j] != y->kind)
            j++;
        return i < j ? -1 : 1;
    }
    int rc = strcmp(x->plugin->class_name, y->plugin->class_name);
    return rc ? rc : strcmp(plugins_version(x->plugin), plugins_version(y->plugin));
}

static bool is_of_kind(const struct kc_plugin *p, enum kc_plugin_kind kind) {
    return p->kind == kind || (kind == KC_KIND_HEADER_CONVERTER && p->kind == KC_KIND_CONVERTER && p->header_converter);
}

void handle_plugins(struct rest_exchange *ex) {
    bool connectors_only = rest_query_bool(ex, "connectorsOnly", true);
    size_t kinds = connectors_only ? 2 : COUNT_OF(kind_order), count = 0;
    struct listed *list = calloc(plugins_count() * COUNT_OF(kind_order) + 1, sizeof *list);
    AUTO_BUF json;
    buf_init(&json, 8 << 20);
    for (size_t i = 0; list && i < plugins_count(); i++) {
        for (size_t k = 0; k < kinds; k++) {
            if (is_of_kind(plugins_at(i), kind_order[k]))
                list[count++] = (struct listed){plugins_at(i), kind_order[k]};
        }
    }
    if (count > 1)
        qsort(list, count, sizeof *list, compare);
    (void)buf_add_char(&json, '[');
    for (size_t i = 0; i < count; i++) {
        const char *version = plugins_version(list[i].plugin);
        if (i > 0 && compare(&list[i - 1], &list[i]) == 0)
            continue;
        (void)buf_add_text(&json, i > 0 ? ",{\"class\":" : "{\"class\":");
        (void)buf_add_json(&json, list[i].plugin->class_name, strlen(list[i].plugin->class_name));
        (void)buf_printf(&json, ",\"type\":\"%s\"", plugins_kind_name(list[i].kind));
        if (version && strcmp(version, "undefined") != 0) {
            (void)buf_add_text(&json, ",\"version\":");
            (void)buf_add_json(&json, version, strlen(version));
        }
        (void)buf_add_char(&json, '}');
    }
    (void)buf_add_char(&json, ']');
    free(list);
    reply_json(ex, 200, buf_text(&json), json.len);
}

void handle_plugin_config(struct rest_exchange *ex) {
    const char *name = ex->segments[1];
    const struct kc_plugin *plugin = NULL;
    struct kc_error err = {0};
    for (size_t k = 0; k < COUNT_OF(kind_order) && !plugin; k++)
        plugin = plugins_find(name, kind_order[k]);
    if (!plugin) {
        if (plugins_find(name, KC_KIND_CONFIG_PROVIDER))
            reply_message(ex, 400,
                          "Invalid plugin class %s. Valid types are sink, source, converter, header_converter, "
                          "transformation, predicate.",
                          name);
        else
            reply_message(ex, 404, "Unknown plugin %s.", name);
        return;
    }
    char version[256];
    bool malformed = false;
    if (rest_query(ex, "version", version, sizeof version) &&
        plugins_check_version(plugin, version, &malformed, &err) < 0) {
        if (malformed)
            reply_message(ex, 400, "Invalid version specification: %s", version);
        else
            reply_message(ex, 400, "%s", err.text);
        return;
    }
    AUTO_BUF json;
    buf_init(&json, 16 << 20);
    if (plugin_config_json(plugin, &json, &err) < 0)
        reply_error(ex, &err);
    else
        reply_json(ex, 200, buf_text(&json), json.len);
}

static size_t without_suffix(const char *name) {
    static const char suffix[] = "Connector";
    size_t len = strlen(name), cut = sizeof suffix - 1;
    return len > cut && strcmp(name + len - cut, suffix) == 0 ? len - cut : len;
}

void handle_validate(struct rest_exchange *ex) {
    struct kc_error err = {0};
    struct kc_config *config = NULL;
    const char *wanted = ex->segments[1];
    if (body_string_map(buf_text(&ex->body), ex->body.len, &config, &err) < 0) {
        reply_error(ex, &err);
        return;
    }
    if (!config) {
        reply_message(ex, 500, "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null");
        return;
    }
    const char *class_name = kc_config_get(config, "connector.class");
    if (class_name) {
        size_t have = without_suffix(class_name), want = without_suffix(wanted);
        if (have < want || memcmp(class_name + have - want, wanted, want) != 0) {
            reply_message(ex, 400, "Included connector type %s does not match request type %s", class_name, wanted);
            kc_config_free(config);
            return;
        }
    }
    struct herder_request *req = herder_request_new(HERDER_VALIDATE, NULL);
    req->plugin = strdup(wanted);
    req->config = config;
    rest_submit(ex, req, REST_TIMEOUT_MS);
}
