/* Text configuration → typed struct by option rows; all errors are collected, not the first.
 * @source org.apache.kafka.common.config.ConfigDef (parse, validateAll) */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/def.h"
#include "connect/base/auto.h"

/* What validateAll knows of one option. */
struct option_value {
    const char *name;
    const struct kc_option *row; /* NULL: reported by a plugin for an unknown name */
    char *value;                 /* parsed value as text, NULL when null or unparsable */
    char **errors;
    size_t error_count;
    bool visible;
    const char *const *recommended;
};

struct kc_problems; /* a list of option_value in row order; plugin.h adds to it */
struct kc_problems *problems_new(void);
struct kc_problems *problems_free(struct kc_problems *p);
size_t problems_count(const struct kc_problems *p);       /* options */
size_t problems_error_count(const struct kc_problems *p); /* errors over all options */
struct option_value *problems_at(struct kc_problems *p, size_t i);
struct option_value *problems_value(struct kc_problems *p, const char *name); /* found or added */
AUTO_FREE(problems, struct kc_problems, problems_free)

/* Parses and validates every row into `conf` (zeroed by the callee, `conf_size` bytes; may be NULL) and notes values and
 * errors per option in `problems`. Strings in `conf` live in `arena`. Never fails: see problems_error_count. */
void config_validate(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                     size_t conf_size, struct kc_problems *problems);
/* The same for users that want the first error as an exception: ConfigException with Java's text. */
int config_parse(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                 size_t conf_size, struct kc_error *err) KC_CHECKED;
/* Logs the values (secrets masked) and warns about keys that no row and no `known_prefixes` (NULL-terminated) cover. */
void config_log_unknown(const char *logger, const struct kc_option *rows, const struct kc_config *config,
                        const char *const *known_prefixes);

#endif
