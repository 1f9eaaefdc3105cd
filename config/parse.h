/* Text configuration → typed struct by option rows; all errors are collected, not the first.
 * @source org.apache.kafka.common.config.ConfigDef (parse, validateAll) */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/def.h"
#include "connect/base/auto.h"

/* What validateAll knows of one option. */
struct option_value {
    const char *name;
    const struct kc_option *row; /* its definition; NULL: reported by a plugin, maybe for an unknown name */
    const char *value;           /* parsed value as text, NULL when null or unparsable; lives as long as the list */
    const char **errors;
    size_t error_count;
    bool visible;
    const char *const *recommended;
};

struct kc_problems; /* a list of option_value in row order; plugin.h adds to it */
struct kc_problems *problems_new(void);
struct kc_problems *problems_new_in(struct kc_arena *arena); /* keeps all texts there: to be freed first */
struct kc_problems *problems_free(struct kc_problems *p);
size_t problems_count(const struct kc_problems *p); /* options */
/* Valid until the next option is added. */
struct option_value *problems_at(struct kc_problems *p, size_t i);
struct option_value *problems_value(struct kc_problems *p, const char *name);      /* found or added */
struct option_value *problems_find(const struct kc_problems *p, const char *name); /* NULL when there is none */
/* The same for a name that lives as long as the list; `hash`: its name_hash (base/name_index.h). */
struct option_value *problems_row(struct kc_problems *p, const char *name, uint32_t hash);
/* Both copy; a value of NULL is null. */
void problems_set_value(struct kc_problems *p, struct option_value *v, const char *value);
void problems_set_error(struct kc_problems *p, struct option_value *v, size_t i, const char *text);
AUTO_FREE(problems, struct kc_problems, problems_free)

/* Parses and validates every row into `conf` (zeroed by the callee, `conf_size` bytes; may be NULL) and notes values
 * and errors per option in `problems`. Strings in `conf` and values in `problems` live in `arena`. Never fails: what is
 * wrong is in `problems`.
 */
void config_validate(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                     size_t conf_size, struct kc_problems *problems);
/* The same for users that want the first error as an exception: ConfigException with Java's text. */
int config_parse(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                 size_t conf_size, struct kc_error *err) KC_CHECKED;
/* Logs the values (secrets masked) and warns about keys that no row and no `known_prefixes` (NULL-terminated) cover. */
void config_log_unknown(const char *logger, const struct kc_option *rows, const struct kc_config *config,
                        const char *const *known_prefixes);

/* ---- One option -------------------------------------------------------------------------------------------------- */

struct option_parsed {
    bool null;
    bool b;           /* BOOLEAN */
    int64_t i;        /* INT, SHORT, LONG */
    double d;         /* DOUBLE */
    const char *text; /* STRING, CLASS (the name as resolved), PASSWORD (the secret itself) */
    struct kc_list list;
};

/* Text (NULL: null) → value; memory in `arena`. `name` is what an error calls the option (rows of transforms are known
 * by their full name here). @errors ConfigException "Invalid value … for configuration …: …" */
int option_parse(const struct kc_option *row, const char *name, const char *raw, struct kc_arena *arena,
                 struct option_parsed *ret_value, struct kc_error *err) KC_CHECKED;
/* What `config` says under the key `name`, else the row's default. @errors as option_parse, and a required key is
 * missing */
int option_read(const struct kc_option *row, const char *name, const struct kc_config *config, struct kc_arena *arena,
                struct option_parsed *ret_value, struct kc_error *err) KC_CHECKED;
/* Runs the validators of the row; the error carries Java's whole message. */
int option_check(const struct kc_option *row, const char *name, const struct option_parsed *value,
                 struct kc_error *err) KC_CHECKED;
/* ConfigDef.convertToString: lists joined by ",", secrets "[hidden]"; NULL for null. malloc'ed. */
char *option_text(const struct kc_option *row, const struct option_parsed *value);
/* The same text, which lives as long as the value, the row and `arena`. */
const char *option_shown(const struct kc_option *row, const struct option_parsed *value, struct kc_arena *arena);
/* The default as `option_text` shows it; NULL when there is none or it is null. malloc'ed. */
char *option_default_text(const struct kc_option *row);
/* The same as `option_shown`. */
const char *option_default_shown(const struct kc_option *row, struct kc_arena *arena);
/* Writes the value into the field of the row, if it has one. */
void option_store(const struct kc_option *row, const struct option_parsed *value, void *conf);

/* "Invalid value V for configuration NAME: detail", for `check` callbacks of rows. Returns -1. */
int option_invalid(struct kc_error *err, const char *name, const char *value, const char *fmt, ...) KC_PRINTF(4, 5);

/* More transforms, predicates or topic groups than this are refused. */
enum { OPTION_ALIASES_MAX = 1000 };

/* Checks of rows that several tables use (kc_option.check). */
int option_check_regex(const char *name, const char *text, struct kc_error *err);    /* ConfigDef RegexValidator */
int option_check_non_null(const char *name, const char *text, struct kc_error *err); /* NonNullValidator */
int option_check_printable(const char *name, const char *text,
                           struct kc_error *err); /* NonEmptyStringWithoutControlChars */
int option_check_aliases(const char *name, const char *text, struct kc_error *err); /* no alias twice */

/* How CLASS options find classes: the registry of plugins (connect/plugins.c) registers itself, so that this folder
 * does not see it. Set once before any parsing. */
struct option_classes {
    /* The full name of the class called `name`, of whatever kind; NULL when there is none. */
    const char *(*find)(const char *name);
    /* Whether the class is a concrete plugin of `kind`; else Java's whole message in `err`. */
    int (*check)(const char *class_name, int kind, struct kc_error *err);
};
void option_classes_set(const struct option_classes *classes); /* NULL: no class is known */

#endif
