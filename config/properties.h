/* Java .properties files. @source java.util.Properties.load (data-model 9) */
#ifndef CONFIG_PROPERTIES_H
#define CONFIG_PROPERTIES_H

#include "connect/plugin.h"

/* Parses text (ISO-8859-1 escapes as Java; input may be UTF-8, see the README) into `config`; errors name file and line. */
int properties_parse(const char *text, size_t len, const char *file, struct kc_config *config, struct kc_error *err)
    KC_CHECKED;
/* Reads at most 16 MiB. */
int properties_load(const char *file, struct kc_config *config, struct kc_error *err) KC_CHECKED;

#endif
