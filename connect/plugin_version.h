/* Versions of plugins and the ranges that `connector.plugin.version`, `….plugin.version` and ?version= may ask for.
 * @source org.apache.kafka.connect.runtime.isolation.PluginVersionUtils,
 * org.apache.maven.artifact.versioning.VersionRange */
#ifndef CONNECT_PLUGIN_VERSION_H
#define CONNECT_PLUGIN_VERSION_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* Maven's order: numbers by value, 1.0 = 1, 1.0-rc1 < 1.0. Negative, 0 or positive. */
int version_compare(const char *a, const char *b);

struct version_range;
/* "latest" and NULL allow everything (*ret_range NULL); "1.0" means exactly that version; "[1.0,2.0)" as Maven has it.
 * @errors the parser's text, "Unbounded range: [bad" */
int version_range_parse(const char *spec, struct version_range **ret_range, struct kc_error *err) KC_CHECKED;
struct version_range *version_range_free(struct version_range *range);
bool version_range_has(const struct version_range *range, const char *version);
int version_range_text(const struct version_range *range, struct buf *out); /* "[1.0,1.0]" */

#endif
