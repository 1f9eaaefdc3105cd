/* Definitions of the keys of one validation: the base rows, transforms and predicates taken apart, prefixes.
 * @source ConnectorConfig.enrich, EnrichablePlugin, ConfigDef.embed, ConfigDef.sortedConfigs */
#include <stdlib.h>
#include <string.h>

#include "config/connector_options.h"
#include "connect/base/arena.h"
#include "connect/base/config_map.h"
#include "connect/base/map.h"
#include "connect/base/name_index.h"
#include "connect/plugins.h"
#include "connect/validation_parts.h"

/* ---- Lists of definitions ---------------------------------------------------------------------------------------- */

static struct key_def *add_named(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *row,
                                 const char *name, uint32_t hash) {
    if (defs->count == defs->capacity) {
        size_t capacity = defs->capacity ? 2 * defs->capacity : 32;
        struct key_def *items = kc_arena_zalloc(arena, capacity * sizeof(*items));
        if (defs->count)
            memcpy(items, defs->items, defs->count * sizeof(*items));
        defs->items = items;
        defs->capacity = capacity;
    }
    struct key_def *def = &defs->items[defs->count++];
    *def = (struct key_def){.name = name,
                            .hash = hash,
                            .row = *row,
                            .group = row->group,
                            .order = row->group ? row->order_in_group : -1,
                            .visible = true,
                            .recommended = row->recommended};
    return def;
}

struct key_def *key_defs_add(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *row,
                             const char *name) {
    return add_named(defs, arena, row, name, name_hash(name));
}

/* The same with what is known of the row. */
static struct key_def *add_with_memo(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *row,
                                     const struct row_memo *memo) {
    struct key_def *def = add_named(defs, arena, row, memo->name, memo->hash);
    def->order = memo->order;
    def->memo = def->entry = memo;
    return def;
}

const struct key_def *key_defs_find(const struct key_defs *defs, const char *name) {
    for (size_t i = 0; i < defs->count; i++)
        if (strcmp(defs->items[i].name, name) == 0)
            return &defs->items[i];
    return NULL;
}

void key_defs_add_rows(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *rows, const char *prefix,
                       const struct kc_config *config) {
    const struct row_memo *memos = rows ? row_memos(rows, prefix) : NULL;
    for (const struct kc_option *row = rows; row && row->name; row++)
        if (!row->addition || (config && kc_config_has(config, row->name)))
            add_with_memo(defs, arena, row, &memos[row - rows]);
}

/* ---- Base rows --------------------------------------------------------------------------------------------------- */

static const char *const *one_text(struct kc_arena *arena, const char *text) {
    const char **list = kc_arena_zalloc(arena, 2 * sizeof(*list));
    list[0] = text;
    return list;
}

/* A *.plugin.version key: the version that is there is its default; without the plugin it is hidden. */
static void set_version(struct key_def *def, struct kc_arena *arena, const struct kc_plugin *plugin) {
    def->visible = plugin != NULL;
    def->row.def = plugin ? plugins_version(plugin) : NULL;
    def->recommended = plugin ? one_text(arena, plugins_version(plugin)) : NULL;
}

/* <key|value|header>.converter and its version, `def` being the first of the two. */
static void set_converter(struct key_def *def, struct kc_arena *arena, const char *workers,
                          const struct kc_config *config) {
    enum kc_plugin_kind kind = (enum kc_plugin_kind)def->row.kind;
    const char *set = config ? kc_config_get(config, def->name) : NULL;
    struct option_parsed v;
    def->row.def = workers;
    def->recommended = plugins_class_names(kind);
    if (!set && !workers)
        return;
    if (set && (option_parse(&def->row, def->name, set, arena, &v, /* err= */ NULL) < 0 || v.null))
        v.text = "";
    else if (!set)
        v.text = workers;
    set_version(def + 1, arena, plugins_find(v.text, kind));
}

static bool is_of_dead_letters(const char *key) {
    static const char prefix[] = OPTION_DEAD_LETTERS;
    return strncmp(key, prefix, sizeof prefix - 1) == 0;
}

/* Sources that use no dead letter queue are described as Java does, without its rows. */
static bool has_dead_letters(const struct kc_option *rows, const struct kc_config *config) {
    for (size_t i = 0; config && i < kc_config_count(config); i++)
        if (is_of_dead_letters(kc_config_key(config, i)))
            return true;
    return rows != connector_source_options;
}

static void add_base(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *rows,
                     const struct kc_plugin *plugin, const struct worker_conf *worker, const struct kc_config *config) {
    const struct row_memo *memos = row_memos(rows, "");
    bool dead_letters = has_dead_letters(rows, config);
    for (const struct kc_option *row = rows; row->name; row++)
        if (dead_letters || !is_of_dead_letters(row->name))
            add_with_memo(defs, arena, row, &memos[row - rows]);
    for (size_t i = 0; i < defs->count; i++) {
        struct key_def *def = &defs->items[i];
        if (strcmp(def->name, "connector.plugin.version") == 0)
            set_version(def, arena, plugin);
        else if (strcmp(def->name, "key.converter") == 0)
            set_converter(def, arena, worker ? worker->key_converter : NULL, config);
        else if (strcmp(def->name, "value.converter") == 0)
            set_converter(def, arena, worker ? worker->value_converter : NULL, config);
        else if (strcmp(def->name, "header.converter") == 0)
            set_converter(def, arena, worker ? worker->header_converter : NULL, config);
    }
}

/* ---- Transforms and predicates ----------------------------------------------------------------------------------- */

struct stage_kind {
    const char *list, *title, *word; /* "transforms", "Transforms", "Transformation" */
    enum kc_plugin_kind kind;
};

static const struct stage_kind transforms = {"transforms", "Transforms", "Transformation", KC_KIND_TRANSFORMATION};
static const struct stage_kind predicates = {"predicates", "Predicates", "Predicate", KC_KIND_PREDICATE};

static const struct kc_option transform_extras[] = {
    {.name = "predicate",
     .type = KC_OPT_T_STRING,
     .offset = KC_NO_FIELD,
     .importance = KC_MEDIUM,
     .doc = "Alias of a predicate; the transformation is applied to the records that it matches."},
    {.name = "negate",
     .type = KC_OPT_T_BOOLEAN,
     .offset = KC_NO_FIELD,
     .def = "false",
     .importance = KC_MEDIUM,
     .doc = "Whether the transformation is applied to the records that the predicate does not match."},
};

struct sorted {
    const struct kc_option *row;
    const struct row_memo *memo; /* NULL: none */
    int group, order;            /* group: place of the row's group among the groups, -1 none */
};

static int compare_rows(const void *a, const void *b) {
    const struct sorted *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->row->required != y->row->required)
        return x->row->required ? -1 : 1;
    if (x->row->importance != y->row->importance)
        return x->row->importance < y->row->importance ? -1 : 1;
    return strcmp(x->row->name, y->row->name);
}

static int group_place(const struct kc_option *rows, const struct kc_option *row) {
    if (!row->group)
        return -1;
    for (const struct kc_option *r = rows;; r++)
        if (r->group && strcmp(r->group, row->group) == 0)
            return (int)(r - rows);
}

/* The plugin's rows as ConfigDef sorts them, with `predicate` and `negate` among those of a transform. */
static size_t sort_rows(struct kc_arena *arena, const struct kc_option *rows, bool with_extras, struct sorted **ret) {
    const struct row_memo *memos = rows ? row_memos(rows, "") : NULL;
    size_t count = 0;
    struct sorted *list = kc_arena_zalloc(arena, (option_count(rows) + COUNT_OF(transform_extras)) * sizeof(*list));
    for (size_t i = 0; with_extras && i < COUNT_OF(transform_extras); i++)
        list[count++] = (struct sorted){.row = &transform_extras[i], .group = -1, .order = -1};
    for (const struct kc_option *row = rows; row && row->name; row++)
        if (!with_extras || (strcmp(row->name, "predicate") != 0 && strcmp(row->name, "negate") != 0))
            list[count++] = (struct sorted){.row = row,
                                            .memo = &memos[row - rows],
                                            .group = group_place(rows, row),
                                            .order = memos[row - rows].order};
    qsort(list, count, sizeof(*list), compare_rows);
    *ret = list;
    return count;
}

static void embed(struct key_defs *defs, struct kc_arena *arena, const struct kc_option *rows, bool with_extras,
                  const char *prefix, const char *group, const struct kc_config *config) {
    struct sorted *list;
    size_t count = sort_rows(arena, rows, with_extras, &list);
    AUTO(props) scope = kc_config_with_prefix(config, prefix);
    for (size_t i = 0; i < count; i++) {
        const struct kc_option *row = list[i].row;
        struct key_def *def = key_defs_add(defs, arena, row, kc_arena_printf(arena, "%s%s", prefix, row->name));
        def->memo = list[i].memo;
        def->group = row->group ? kc_arena_printf(arena, "%s: %s", group, row->group) : group;
        def->order = (int)i + 2;
        def->visible = !row->visible || row->visible(row->name, scope);
    }
}

/* The keys of one alias. */
static void add_stage(struct key_defs *defs, struct kc_arena *arena, const struct stage_kind *kind, const char *alias,
                      const struct kc_config *config) {
    const char *prefix = kc_arena_printf(arena, "%s.%s.", kind->list, alias);
    const char *group = kc_arena_printf(arena, "%s: %s", kind->title, alias);
    const struct kc_option type = {
        .name = kc_arena_printf(arena, "%stype", prefix),
        .type = KC_OPT_T_CLASS,
        .offset = KC_NO_FIELD,
        .required = true,
        .width = KC_LONG,
        .group = group,
        .kind = (int)kind->kind,
        .display_name = kc_arena_printf(arena, "%s type for %s", kind->word, alias),
        .doc = kc_arena_printf(arena, "Class of the %s.",
                               kind->kind == KC_KIND_PREDICATE ? "predicate" : "transformation")};
    const struct kc_option version = {.name = kc_arena_printf(arena, "%splugin.version", prefix),
                                      .type = KC_OPT_T_STRING,
                                      .offset = KC_NO_FIELD,
                                      .width = KC_LONG,
                                      .group = group,
                                      .order_in_group = 1,
                                      .display_name = kc_arena_printf(arena, "%s version for %s", kind->word, alias),
                                      .doc = "Version or range of versions that the class must have."};
    struct option_parsed v = {.null = true};
    struct key_def *def = key_defs_add(defs, arena, &type, type.name);
    def->recommended = plugins_class_names(kind->kind);
    def->type_prefix = kind->kind == KC_KIND_TRANSFORMATION ? prefix : NULL;
    if (option_parse(&type, type.name, kc_config_get(config, type.name), arena, &v, /* err= */ NULL) < 0)
        v.null = true;
    const struct kc_plugin *plugin = v.null ? NULL : plugins_find(v.text, kind->kind);
    set_version(key_defs_add(defs, arena, &version, version.name), arena, plugin);
    if (plugin)
        embed(defs, arena, plugin->options, kind->kind == KC_KIND_TRANSFORMATION, prefix, group, config);
}

static void add_stages(struct key_defs *defs, struct kc_arena *arena, const struct stage_kind *kind,
                       const struct kc_config *config) {
    const struct kc_option row = {.name = kind->list, .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    struct option_parsed v;
    if (option_parse(&row, row.name, kc_config_get(config, row.name), arena, &v, /* err= */ NULL) < 0)
        return;
    struct map *seen = map_new(/* free_value= */ NULL);
    for (size_t i = 0; i < v.list.count && i < OPTION_ALIASES_MAX; i++) {
        if (map_has(seen, v.list.items[i]))
            continue;
        map_put(seen, v.list.items[i], seen);
        add_stage(defs, arena, kind, v.list.items[i], config);
    }
    map_free(seen);
}

/* ---- All keys of the framework ----------------------------------------------------------------------------------- */

void key_defs_framework(struct key_defs *defs, struct kc_arena *arena, const struct kc_plugin *plugin,
                        const struct worker_conf *worker, const struct kc_config *config) {
    bool sink = plugin->kind == KC_KIND_SINK;
    add_base(defs, arena, sink ? connector_sink_options : connector_source_options, plugin, worker, config);
    if (config) {
        add_stages(defs, arena, &transforms, config);
        add_stages(defs, arena, &predicates, config);
    }
}

void key_defs_common(struct key_defs *defs, struct kc_arena *arena, const struct kc_plugin *plugin,
                     const struct worker_conf *worker, const struct kc_config *config) {
    add_base(defs, arena, connector_source_options, plugin, worker, config);
    while (defs->count && strcmp(defs->items[defs->count - 1].name, "errors.log.include.messages") != 0)
        defs->count--;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* The validator of a key. That of a transform's type first sees to `negate`. */
static int check(const struct key_def *def, const struct kc_config *config, const struct option_parsed *value,
                 struct kc_arena *arena, struct kc_error *err) {
    if (def->type_prefix) {
        const char *negate = kc_arena_printf(arena, "%snegate", def->type_prefix);
        const char *predicate = kc_arena_printf(arena, "%spredicate", def->type_prefix);
        if (kc_config_has(config, negate) && !kc_config_has(config, predicate))
            return kc_fail(err, KC_CONFIG_EXCEPTION,
                           "Config '%s' was provided but there is no config '%s' defining a predicate to be negated.",
                           negate, predicate);
    }
    return option_check(&def->row, def->row.name, value, err);
}

/* Whether the row has the value that it is known to have when it is not set. */
static bool is_known(const struct key_def *def) {
    const struct row_memo *memo = def->memo;
    return memo && memo->unset_is_good && memo->row->def == def->row.def;
}

void key_defs_validate(const struct key_defs *defs, const struct kc_config *config, bool without_prefix,
                       struct kc_arena *arena, struct kc_problems *values) {
    struct kc_error err = {0};
    for (size_t i = 0; i < defs->count; i++) {
        const struct key_def *def = &defs->items[i];
        struct option_parsed v = {.null = true};
        const char *name = without_prefix ? def->row.name : def->name, *text;
        uint32_t hash = !without_prefix ? def->hash : def->memo ? def->memo->row_hash : name_hash(name);
        struct option_value *o = problems_row(values, def->name, def->hash);
        o->row = &def->row;
        o->visible = def->visible;
        o->recommended = def->recommended;
        if (is_known(def) && !config_find(config, name, hash, &text)) {
            o->value = def->memo->unset;
            continue;
        }
        o->value = NULL;
        if (option_read(&def->row, name, config, arena, &v, &err) < 0)
            kc_problem(values, def->name, "%s", err.text);
        else
            o->value = option_shown(&def->row, &v, arena);
        if (check(def, config, &v, arena, &err) < 0)
            kc_problem(values, def->name, "%s", err.text);
    }
}
