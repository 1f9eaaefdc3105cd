/* Registry of plugins: the built-in tables plus shared objects from plugin.path. Filled once at start, then read only.
 * Names: class name, aliases, simple name ("S3SinkConnector"), simple name without its suffix ("S3Sink") where unique.
 * @source org.apache.kafka.connect.runtime.isolation.Plugins, PluginUtils (data-model 7) */
#ifndef CONNECT_PLUGINS_H
#define CONNECT_PLUGINS_H

#include "connect/plugin.h"

/* Adds the built-ins and loads every *.so in the comma list of folders or files `plugin_path` (may be NULL). A shared
 * object that cannot be loaded or has another KC_ABI is logged with its file name and left out. @thread main, once */
int plugins_init(const char *plugin_path, struct kc_error *err) KC_CHECKED;
void plugins_done(void);
size_t plugins_count(void);
const struct kc_plugin *plugins_at(size_t i);
/* By any of its names; NULL when there is none. A converter that is also a header converter is found under both kinds.
 */
const struct kc_plugin *plugins_find(const char *name, enum kc_plugin_kind kind);
/* A connector (sink or source) by name; Java's error text for unknown classes lists what is there:
 * "Failed to find any class that implements Connector and which name matches X, available connectors are: …". */
const struct kc_plugin *plugins_connector(const char *name, struct kc_error *err);
const char *plugins_version(const struct kc_plugin *plugin);
/* Whether the plugin's version lies in what `range` asks for (connector.plugin.version, ?version=; NULL and "latest":
 * any).
 * @errors "Plugin C not found that matches the version range [1.0,1.0], available versions: [4.3.1]"; a bad range: the
 * parser's text ("Unbounded range: [bad"), then *ret_malformed (may be NULL) is true */
int plugins_check_version(const struct kc_plugin *plugin, const char *range, bool *ret_malformed,
                          struct kc_error *err) KC_CHECKED;
/* Class names of all plugins of a kind in alphabetical order, NULL-terminated: recommended values. Live as long as the
 * registry. */
const char *const *plugins_class_names(enum kc_plugin_kind kind);
const char *plugins_kind_name(enum kc_plugin_kind kind); /* "sink", …, as in /connector-plugins */

#endif
