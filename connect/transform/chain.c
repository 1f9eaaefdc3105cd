/* The transforms of one task in order, each perhaps behind a predicate. The task makes the chain before its thread
 * starts and frees it at its end; transforms and predicates are instances of their own per stage. A batch goes through
 * stage by stage: one call per transform and batch, not per record. */
#include "connect/transform/chain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/parse.h"
#include "config/validators.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/plugins.h"

struct unit { /* a transform or a predicate */
    const struct kc_plugin *plugin;
    void *conf;
    void *self;
    bool configured;
};

struct stage {
    const char *alias;
    struct unit transform;
    struct unit predicate; /* plugin NULL: none */
    const char *predicate_alias;
    bool negate;
};

struct chain {
    struct kc_arena *arena; /* names, conf structs */
    struct stage *stages;
    size_t count;
};

/* ---- Building ---- */

static const struct kc_option transforms_row = {.name = "transforms", .type = KC_OPT_T_LIST, .def = ""};
static const struct kc_option predicates_row = {.name = "predicates", .type = KC_OPT_T_LIST, .def = ""};
static const struct kc_option negate_row = {.name = "negate", .type = KC_OPT_T_BOOLEAN, .def = "false"};

/* The aliases of `transforms` or `predicates`; each may appear once. */
static int parse_aliases(struct kc_arena *arena, const struct kc_option *row, const struct kc_config *connector,
                         struct kc_list *ret_list, struct kc_error *err) {
    struct option_parsed v;
    const char *raw = kc_config_get(connector, row->name);
    if (option_parse(row, row->name, raw ? raw : "", arena, &v, err) < 0)
        return -1;
    for (size_t i = 0; i < v.list.count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(v.list.items[i], v.list.items[j]) == 0) {
                AUTO_BUF all;
                buf_init(&all, KC_ERROR_TEXT);
                for (size_t k = 0; k < v.list.count; k++)
                    buf_printf(&all, "%s%s", k ? ", " : "", v.list.items[k]);
                return kc_fail(err, KC_CONFIG_EXCEPTION,
                               "Invalid value [%s] for configuration %s: Duplicate alias provided.", buf_text(&all),
                               row->name);
            }
    *ret_list = v.list;
    return 0;
}

static bool other_kind_exists(const char *name, enum kc_plugin_kind kind, const struct kc_plugin **ret_plugin) {
    for (int k = 0; k < KC_KIND_COUNT; k++)
        if (k != (int)kind && (*ret_plugin = plugins_find(name, (enum kc_plugin_kind)k)))
            return true;
    return false;
}

/* "Cast" alone is the abstract class around Cast$Key and Cast$Value. */
static bool is_abstract(struct kc_arena *arena, const char *name, const struct kc_plugin **ret_key,
                        const struct kc_plugin **ret_value) {
    *ret_key = plugins_find(kc_arena_printf(arena, "%s$Key", name), KC_KIND_TRANSFORMATION);
    *ret_value = plugins_find(kc_arena_printf(arena, "%s$Value", name), KC_KIND_TRANSFORMATION);
    return *ret_key && *ret_value;
}

/* The plugin that <prefix>type names, of a version that <prefix>plugin.version allows. */
static const struct kc_plugin *find_class(struct kc_arena *arena, const struct kc_config *connector, const char *prefix,
                                          enum kc_plugin_kind kind, struct kc_error *err) {
    const char *key = kc_arena_printf(arena, "%stype", prefix);
    const char *version = kc_config_get(connector, kc_arena_printf(arena, "%splugin.version", prefix));
    const char *interface = kind == KC_KIND_PREDICATE ? "Predicate" : "Transformation";
    const char *raw = kc_config_get(connector, key);
    if (!raw) {
        kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value null for configuration %s: Not a %s", key, interface);
        return NULL;
    }
    static const struct kc_option name_row = {.name = "type", .type = KC_OPT_T_STRING};
    struct option_parsed name;
    if (option_parse(&name_row, key, raw, arena, &name, err) < 0) /* trims */
        return NULL;
    const struct kc_plugin *plugin = plugins_find(name.text, kind), *key_class, *value_class;
    if (plugin)
        return plugins_check_version(plugin, version, NULL, err) < 0 ? NULL : plugin;
    if (other_kind_exists(name.text, kind, &plugin))
        kc_fail(err, KC_CONFIG_EXCEPTION, "Class class %s does not implement the %s interface", plugin->class_name,
                interface);
    else if (kind == KC_KIND_TRANSFORMATION && is_abstract(arena, name.text, &key_class, &value_class))
        kc_fail(err, KC_CONFIG_EXCEPTION, "This class is abstract and cannot be created. Did you mean %s, %s?",
                key_class->class_name, value_class->class_name);
    else
        kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: Class %s could not be found.",
                name.text, key, name.text);
    return NULL;
}

/* Parses the options under `prefix` into unit->conf. As in Java a value that is missing or does not parse is known by
 * its full name, one that a validator refuses by its own. */
static int parse_options(struct kc_arena *arena, struct unit *unit, const struct kc_config *connector,
                         const char *prefix, struct kc_error *err) {
    if (unit->plugin->conf_size)
        unit->conf = kc_arena_zalloc(arena, unit->plugin->conf_size);
    for (const struct kc_option *row = unit->plugin->options; row && row->name; row++) {
        const char *key = kc_arena_printf(arena, "%s%s", prefix, row->name);
        bool given = kc_config_has(connector, key);
        if (!given && row->required)
            return kc_fail(err, KC_CONFIG_EXCEPTION,
                           "Missing required configuration \"%s\" which has no default value.", key);
        struct option_parsed v;
        if (option_parse(row, key, given ? kc_config_get(connector, key) : row->def, arena, &v, err) < 0)
            return -1;
        if (!v.null && option_is_valid_list(row)) /* only validation of a configuration refuses these */
            option_drop_repeated(&v.list, arena);
        if (option_check(row, row->name, &v, err) < 0)
            return -1;
        if (unit->conf)
            option_store(row, &v, unit->conf);
    }
    return 0;
}

/* Java wraps what configure() throws: ConnectException with the text of its cause. */
static int wrap_as_text(struct kc_error *err) {
    AUTO_TEXT text = NULL;
    AUTO_BUF b;
    buf_init(&b, KC_ERROR_TEXT + KC_ERROR_CLASS + 2);
    buf_printf(&b, "%s: %s", err->exception, err->text);
    text = buf_take(&b);
    return err_wrap(err, KC_CONNECT_EXCEPTION, "%s", text ? text : "configuration failed");
}

static int configure(struct unit *unit, const struct kc_config *connector, const char *prefix, struct kc_error *err) {
    struct kc_config *config = kc_config_with_prefix(connector, prefix);
    kc_config_remove(config, "predicate");
    kc_config_remove(config, "negate");
    int (*ops)(const struct kc_config *, const void *, void **, struct kc_error *) =
        unit->plugin->kind == KC_KIND_PREDICATE ? unit->plugin->predicate->configure
                                                : unit->plugin->transformation->configure;
    int rc = ops ? ops(config, unit->conf, &unit->self, err) : 0;
    kc_config_free(config);
    if (rc < 0)
        return wrap_as_text(err);
    unit->configured = true;
    return 0;
}

static int parse_predicate_use(struct kc_arena *arena, struct stage *stage, const struct kc_config *connector,
                               struct kc_error *err) {
    const char *predicate_key = kc_arena_printf(arena, "transforms.%s.predicate", stage->alias);
    const char *negate_key = kc_arena_printf(arena, "transforms.%s.negate", stage->alias);
    stage->predicate_alias = kc_config_get(connector, predicate_key);
    if (!kc_config_has(connector, negate_key))
        return 0;
    if (!stage->predicate_alias)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Config '%s' was provided but there is no config '%s' defining a predicate to be negated.",
                       negate_key, predicate_key);
    struct option_parsed v;
    if (option_parse(&negate_row, negate_key, kc_config_get(connector, negate_key), arena, &v, err) < 0)
        return -1;
    stage->negate = !v.null && v.b;
    return 0;
}

static bool list_has(const struct kc_list *list, const char *item) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

/* Finds all classes first, then parses all options, then configures: the order in which Java finds mistakes. */
static int find_classes(struct chain *chain, const struct kc_config *connector, const struct kc_list *predicates,
                        struct kc_error *err) {
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        const char *prefix = kc_arena_printf(chain->arena, "transforms.%s.", stage->alias);
        stage->transform.plugin = find_class(chain->arena, connector, prefix, KC_KIND_TRANSFORMATION, err);
        if (!stage->transform.plugin || parse_predicate_use(chain->arena, stage, connector, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < predicates->count; i++) { /* also those that nobody uses */
        const char *prefix = kc_arena_printf(chain->arena, "predicates.%s.", predicates->items[i]);
        struct unit unit = {.plugin = find_class(chain->arena, connector, prefix, KC_KIND_PREDICATE, err)};
        if (!unit.plugin || parse_options(chain->arena, &unit, connector, prefix, err) < 0)
            return -1;
        for (size_t s = 0; s < chain->count; s++) {
            const char *alias = chain->stages[s].predicate_alias;
            if (alias && strcmp(alias, predicates->items[i]) == 0)
                chain->stages[s].predicate = unit;
        }
    }
    return 0;
}

static int parse_stages(struct chain *chain, const struct kc_config *connector, struct kc_error *err) {
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        const char *prefix = kc_arena_printf(chain->arena, "transforms.%s.", stage->alias);
        if (parse_options(chain->arena, &stage->transform, connector, prefix, err) < 0)
            return -1;
    }
    return 0;
}

static int configure_stages(struct chain *chain, const struct kc_config *connector, const struct kc_list *predicates,
                            struct kc_error *err) {
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        const char *prefix = kc_arena_printf(chain->arena, "transforms.%s.", stage->alias);
        if (configure(&stage->transform, connector, prefix, err) < 0)
            return -1;
        if (!stage->predicate_alias)
            continue;
        if (!list_has(predicates, stage->predicate_alias)) {
            kc_fail(err, KC_CONFIG_EXCEPTION, "Unknown configuration 'predicates.%s.plugin.version'",
                    stage->predicate_alias);
            wrap_as_text(err);
            return wrap_as_text(err);
        }
        prefix = kc_arena_printf(chain->arena, "predicates.%s.", stage->predicate_alias);
        if (configure(&stage->predicate, connector, prefix, err) < 0)
            return -1;
    }
    return 0;
}

static int parse(struct chain *chain, const struct kc_config *connector, struct kc_list *ret_predicates,
                 struct kc_error *err) {
    struct kc_list transforms = {0};
    if (parse_aliases(chain->arena, &transforms_row, connector, &transforms, err) < 0 ||
        parse_aliases(chain->arena, &predicates_row, connector, ret_predicates, err) < 0)
        return -1;
    chain->stages = kc_arena_zalloc(chain->arena, sizeof(struct stage) * (transforms.count + 1));
    chain->count = transforms.count;
    for (size_t i = 0; i < chain->count; i++)
        chain->stages[i].alias = kc_arena_strdup(chain->arena, transforms.items[i]);
    if (find_classes(chain, connector, ret_predicates, err) < 0)
        return -1;
    return parse_stages(chain, connector, err);
}

static struct chain *chain_alloc(void) {
    struct chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        abort();
    chain->arena = arena_new(0);
    return chain;
}

int chain_check(const struct kc_config *connector, struct kc_error *err) {
    AUTO(chain) chain = chain_alloc();
    struct kc_list predicates = {0};
    return parse(chain, connector, &predicates, err);
}

struct chain *chain_new(const struct kc_config *connector, struct kc_error *err) {
    struct chain *chain = chain_alloc();
    struct kc_list predicates = {0};
    if (parse(chain, connector, &predicates, err) < 0 || configure_stages(chain, connector, &predicates, err) < 0)
        return chain_free(chain);
    return chain;
}

struct chain *chain_free(struct chain *chain) {
    if (!chain)
        return NULL;
    for (size_t i = 0; i < chain->count; i++) {
        struct stage *stage = &chain->stages[i];
        if (stage->transform.configured && stage->transform.plugin->transformation->close)
            stage->transform.plugin->transformation->close(stage->transform.self);
        if (stage->predicate.configured && stage->predicate.plugin->predicate->close)
            stage->predicate.plugin->predicate->close(stage->predicate.self);
    }
    arena_free(chain->arena);
    free(chain);
    return NULL;
}

size_t chain_length(const struct chain *chain) {
    return chain->count;
}

const char *chain_class(const struct chain *chain, size_t stage) {
    return chain->stages[stage].transform.plugin->class_name;
}

const char *chain_alias(const struct chain *chain, size_t stage) {
    return chain->stages[stage].alias;
}

/* ---- Applying ---- */

static uint32_t transform(struct stage *stage, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    return stage->transform.plugin->transformation->apply(stage->transform.self, batch, from, err);
}

/* Marks the live records from `from` on that the predicate leaves out; returns the first that could not be tested. */
static uint32_t mark_skipped(struct stage *stage, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    const struct kc_predicate_ops *ops = stage->predicate.plugin->predicate;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        int match = ops->test(stage->predicate.self, r, err);
        if (match < 0)
            return i;
        r->skipped = (match != 0) == stage->negate;
    }
    return batch->count;
}

static uint32_t transform_matching(struct stage *stage, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    uint32_t count = batch->count;
    struct kc_error test_err;
    test_err.code = 0;
    test_err.exception[0] = test_err.text[0] = test_err.cause[0] = '\0';
    test_err.retriable = test_err.fatal = false;
    uint32_t tested = mark_skipped(stage, batch, from, &test_err);
    batch->count = tested; /* what could not be tested is not transformed */
    uint32_t done = transform(stage, batch, from, err);
    batch->count = count;
    for (uint32_t i = from; i < tested; i++)
        batch->records[i].skipped = false;
    if (done == tested && tested < count)
        *err = test_err;
    return done;
}

bool chain_apply(struct chain *chain, struct kc_batch *batch, struct chain_pos *pos, struct kc_error *err) {
    for (; pos->stage < chain->count; pos->stage++, pos->index = 0) {
        if (pos->index >= batch->count)
            continue;
        struct stage *stage = &chain->stages[pos->stage];
        pos->index = stage->predicate.plugin ? transform_matching(stage, batch, pos->index, err)
                                             : transform(stage, batch, pos->index, err);
        if (pos->index < batch->count)
            return false;
    }
    return true;
}
