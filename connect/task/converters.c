/* Finds and configures the converters of a task; see converters.h. */
#include "connect/task/converters.h"

#include <ctype.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/plugins.h"

/* The class name without blanks around it, as ConfigDef reads it. NULL stays NULL. */
static const char *trimmed(struct kc_arena *arena, const char *name) {
    if (!name)
        return NULL;
    while (isspace((unsigned char)*name))
        name++;
    size_t len = strlen(name);
    while (len && isspace((unsigned char)name[len - 1]))
        len--;
    return kc_arena_copy(arena, name, len);
}

/* "x.converter" names the class and "x.converter." the options: both of the connector or, without the class, both of
 * the worker. */
static int init_one(struct converters *c, struct converter *conv, const char *key, enum kc_plugin_kind kind,
                    const struct kc_config *connector, const struct worker_conf *worker, const char *worker_class,
                    struct kc_error *err) {
    const struct kc_config *source = kc_config_has(connector, key) ? connector : worker->text;
    const char *class_name = trimmed(c->arena, source == connector ? kc_config_get(connector, key) : worker_class);
    if (!class_name)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value null for configuration %s: a class name is needed",
                       key);
    const struct kc_plugin *plugin = plugins_find(class_name, kind);
    if (!plugin)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: Class %s could not be found.",
                       class_name, key, class_name);
    const char *version = kc_config_get(source, kc_arena_printf(c->arena, "%s.plugin.version", key));
    if (plugins_check_version(plugin, version, NULL, err) < 0)
        return -1;
    AUTO(props) config = kc_config_with_prefix(source, kc_arena_printf(c->arena, "%s.", key));
    kc_config_set(config, "converter.type",
                  kind == KC_KIND_HEADER_CONVERTER ? "header" : (conv == &c->key ? "key" : "value"));
    void *conf = plugin->conf_size ? kc_arena_zalloc(c->arena, plugin->conf_size) : NULL;
    if (plugin->options && config_parse(plugin->options, config, c->arena, conf, plugin->conf_size, err) < 0)
        return -1;
    const struct kc_header_converter_ops *header = kind == KC_KIND_HEADER_CONVERTER ? plugin->header_converter : NULL;
    if (header && header->configure && header->configure(config, conf, &conv->self, err) < 0)
        return -1;
    if (!header && plugin->converter->configure &&
        plugin->converter->configure(config, conf, conv == &c->key, &conv->self, err) < 0)
        return -1;
    conv->plugin = plugin;
    conv->configured = true;
    return 0;
}

int converters_init(struct converters *c, const struct kc_config *connector, const struct worker_conf *worker,
                    struct kc_error *err) {
    c->arena = arena_new(1024);
    if (init_one(c, &c->key, "key.converter", KC_KIND_CONVERTER, connector, worker, worker->key_converter, err) < 0 ||
        init_one(c, &c->value, "value.converter", KC_KIND_CONVERTER, connector, worker, worker->value_converter, err) <
            0 ||
        init_one(c, &c->header, "header.converter", KC_KIND_HEADER_CONVERTER, connector, worker,
                 worker->header_converter, err) < 0)
        return -1;
    return 0;
}

void converters_done(struct converters *c) {
    if (c->key.configured && c->key.plugin->converter->close)
        c->key.plugin->converter->close(c->key.self);
    if (c->value.configured && c->value.plugin->converter->close)
        c->value.plugin->converter->close(c->value.self);
    if (c->header.configured && c->header.plugin->header_converter->close)
        c->header.plugin->header_converter->close(c->header.self);
    arena_free(c->arena);
    memset(c, 0, sizeof(*c));
}
