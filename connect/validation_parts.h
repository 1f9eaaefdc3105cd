/* What the files of the validation share: definitions of keys, sections of the answer. Internal to validation*.c. */
#ifndef CONNECT_VALIDATION_PARTS_H
#define CONNECT_VALIDATION_PARTS_H

#include "config/parse.h"
#include "connect/validation.h"

/* What is known of a row before any configuration comes; see validation_memo.c. */
struct row_memo {
    const struct kc_option *row;
    const char *name;        /* in full */
    uint32_t hash, row_hash; /* name_hash of it and of the row's name */
    int order;
    const char *unset;  /* the value when it is not set */
    bool unset_is_good; /* then it has no errors */
    /* The entry of the answer then, NULL when there is none; in it the text of the default, the end of the definition
     * and the beginning of the value's text. */
    const char *json;
    size_t json_len, default_at, default_end, definition_end, value_at;
};

/* The definition of one key of the answer, made for one validation: rows with their prefix and their present default.
 */
struct key_def {
    const char *name;     /* in full */
    uint32_t hash;        /* name_hash of it */
    struct kc_option row; /* row.name: as its validator knows it, without the prefix */
    const char *group;
    int order;
    bool visible;
    const char *const *recommended;
    const struct row_memo *memo;  /* of the row, NULL: none */
    const struct row_memo *entry; /* the same if its JSON is of this key, too, but for the default */
    /* Transforms: the prefix "transforms.a." of a `type`, whose validator looks at the keys beside it. */
    const char *type_prefix;
};

struct key_defs {
    struct key_def *items;
    size_t count, capacity;
};

/* One line of the answer. */
struct entry {
    const struct key_def *def; /* NULL: no definition has the key */
    const struct option_value *value;
};

struct entries {
    struct entry *items;
    size_t count, capacity;
};

struct validation {
    struct kc_arena *arena;
    const struct worker_conf *worker;
    const struct kc_config *raw; /* borrowed during validation_run */
    struct kc_config *resolved;  /* the same when it has no references, else the validation's own */
    const struct kc_plugin *plugin;
    char *class_name; /* connector.class as submitted */
    struct key_defs framework, own;
    struct kc_problems *framework_values, *own_values, *override_values;
    struct kc_problems *converter_values[3];
    struct entries entries;
    const char **groups;
    size_t group_count;
    int error_count;
};

/* ---- Definitions (validation_def.c) ---- */

struct key_def *key_defs_add(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *row,
                             const char *name);
const struct key_def *key_defs_find(const struct key_defs *defs, const char *name);
/* The rows of any table: `prefix` goes before the names. Additions to Java's rows only when `config` (NULL: none),
 * whose keys have no prefix, sets them. */
void key_defs_add_rows(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *rows, const char *prefix,
                       const struct kc_config *config);
/* Framework keys of a connector: the base rows with the defaults of this worker (NULL: none), then those of its
 * transforms and predicates (`config` NULL: without these). */
void key_defs_framework(struct key_defs *defs, struct kc_arena *arena, const struct kc_plugin *plugin,
                        const struct worker_conf *worker, const struct kc_config *config);
/* Only the keys that sinks and sources share, for a connector of the wrong version. */
void key_defs_common(struct key_defs *defs, struct kc_arena *arena, const struct kc_plugin *plugin,
                     const struct worker_conf *worker, const struct kc_config *config);
/* Parses and checks every key of `config` by the definitions. `without_prefix`: the keys of `config`, and the names in
 * errors of the parser, are those of the rows. */
void key_defs_validate(const struct key_defs *defs, const struct kc_config *config, bool without_prefix,
                       struct kc_arena *arena, struct kc_problems *values);

/* ---- What is known before (validation_memo.c) ---- */

/* The memos of a whole table, in the order of its rows, as long as the plugins are there; `prefix` goes before the
 * names. @thread any */
const struct row_memo *row_memos(const struct kc_option *rows, const char *prefix);

/* ---- The answer (validation_json.c) ---- */

/* ConfigKeyInfo; the places of the default's text in `out` into *ret_default_at and *ret_default_end. */
void validation_add_definition(const struct key_def *def, struct buf *out, struct kc_arena *arena,
                               size_t *ret_default_at, size_t *ret_default_end);
/* The rest of a ConfigValueInfo from its value on. */
void validation_add_value(const struct option_value *o, struct buf *out);

/* ---- Client overrides (validation_overrides.c) ---- */

/* Values of producer.override.* and so on that count for this connector, in the order of the answer, into
 * v->override_values; their definitions into `defs`. @errors a value that does not parse */
int validate_overrides(struct validation *v, struct key_defs *defs, struct kc_error *err) KC_CHECKED;

#endif
