/* Filters and renames fields. @source org.apache.kafka.connect.transforms.ReplaceField (transforms 4.12) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/map.h"
#include "connect/data/java_hash.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/mapping.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "field replacement"

struct replace_field_conf {
    struct kc_list exclude, include, renames;
    bool replace_null;
};

static int check_renames(const char *name, const char *text, struct kc_error *err) {
    struct mapping_part item, parts[2];
    (void)name;
    for (const char *rest = text; mapping_next(&rest, &item);)
        if (mapping_split(item.s, item.len, parts) != 2)
            return mapping_invalid(text, item, err);
    return 0;
}

static const struct kc_option replace_field_options[] = {
    OPT_LIST("exclude", struct replace_field_conf, exclude, .def = "", .importance = KC_MEDIUM, .list_unique = true,
             .doc = "Fields to exclude. This takes precedence over the fields to include."),
    OPT_LIST("include", struct replace_field_conf, include, .def = "", .importance = KC_MEDIUM, .list_unique = true,
             .doc = "Fields to include. If specified, only these fields will be used."),
    OPT_LIST("renames", struct replace_field_conf, renames, .def = "", .importance = KC_MEDIUM, .check = check_renames,
             .range_text = "list of colon-delimited pairs, e.g. foo:bar,abc:xyz", .doc = "Field rename mappings."),
    OPT_BOOLEAN("replace.null.with.default", struct replace_field_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

/* What is said about one field name. */
struct rule {
    bool excluded, included;
    const char *renamed; /* NULL: keeps its name */
    const char *before;  /* as a new name: the old one, NULL: none */
};

struct replace_field {
    bool is_key;
    bool merging; /* two fields are renamed to one */
    const struct replace_field_conf *conf;
    struct kc_arena *arena;  /* of the rules */
    struct map *rules;       /* name → struct rule */
    uint64_t traits;         /* a bit for each rule: most names without one are told by it */
    struct schema_memo memo; /* the plan: int32_t per new field, its index in the old struct */
};

/* ---- Rules ------------------------------------------------------------------------------------------------------- */

/* One of 64 bits, by length, first and last byte. */
static inline uint64_t trait_of(const char *name, size_t len) {
    size_t ends = len ? (size_t)(unsigned char)name[0] * 5 + (size_t)(unsigned char)name[len - 1] * 3 : 0;
    return UINT64_C(1) << ((ends + len) & 63);
}

static struct rule *rule_of(struct replace_field *t, const char *name) {
    struct rule *rule = map_get(t->rules, name);
    if (!rule) {
        rule = kc_arena_zalloc(t->arena, sizeof *rule);
        map_put(t->rules, name, rule);
        t->traits |= trait_of(name, strlen(name));
    }
    return rule;
}

/* Of several old names for one new name Java's inverse has the one that comes last in the order of its HashMap. */
static void add_renames(struct replace_field *t) {
    const struct kc_list *renames = &t->conf->renames;
    struct kc_value map = kc_map_new(t->arena, (uint32_t)renames->count);
    struct mapping_part parts[2];
    for (size_t i = 0; i < renames->count; i++) {
        mapping_split(renames->items[i], strlen(renames->items[i]), parts);
        const char *from = kc_arena_copy(t->arena, parts[0].s, parts[0].len);
        const char *to = kc_arena_copy(t->arena, parts[1].s, parts[1].len);
        kc_map_put(&map, from, kc_string(to));
    }
    java_map_last_wins(&map);
    const struct kc_entry **order = java_hash_map_order(t->arena, &map);
    for (uint32_t i = 0; i < map.len; i++) {
        rule_of(t, order[i]->key.s)->renamed = order[i]->value.s;
        struct rule *target = rule_of(t, order[i]->value.s);
        t->merging |= target->before != NULL;
        target->before = order[i]->key.s;
    }
}

static void add_rules(struct replace_field *t) {
    const struct replace_field_conf *c = t->conf;
    for (size_t i = 0; i < c->exclude.count; i++)
        rule_of(t, c->exclude.items[i])->excluded = true;
    for (size_t i = 0; i < c->include.count; i++)
        rule_of(t, c->include.items[i])->included = true;
    add_renames(t);
}

static bool is_kept(const struct replace_field *t, const struct rule *rule) {
    if (!rule)
        return t->conf->include.count == 0;
    return !rule->excluded && (rule->included || t->conf->include.count == 0);
}

/* The new schema's values are found through the inverse of the renames, as Java does it. */
static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct replace_field *t = self;
    AUTO(schema_builder) b = schema_builder_like(from);
    int32_t *plan = ret->plan = transform_alloc(sizeof(*plan) * (from->field_count + 1));
    for (uint32_t i = 0; i < from->field_count; i++) {
        const struct kc_field *field = &from->fields[i];
        const struct rule *rule = map_get(t->rules, field->name);
        if (!is_kept(t, rule))
            continue;
        const char *name = rule && rule->renamed ? rule->renamed : field->name;
        if (kc_schema_add_field(b, name, field->schema, err) < 0)
            return -1;
        const struct rule *renamed = map_get(t->rules, name);
        const char *before = renamed && renamed->before ? renamed->before : name;
        field = kc_schema_field(from, before);
        if (!field)
            return kc_fail(err, KC_DATA_EXCEPTION, "%s is not a valid field name", before);
        *plan++ = field->index;
    }
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static int replace_field_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                             struct kc_error *err) {
    (void)config, (void)err;
    struct replace_field *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->conf = conf;
    t->arena = arena_new(1024);
    t->rules = map_new(/* free_value= */ NULL);
    add_rules(t);
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static void replace_field_close(void *self) {
    struct replace_field *t = self;
    schema_memo_done(&t->memo);
    map_free(t->rules);
    arena_free(t->arena);
    free(t);
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static const struct rule *rule_of_key(const struct replace_field *t, const struct kc_value *key) {
    bool perhaps = key->tag == KC_V_STRING && t->traits & trait_of(key->s, key->len);
    return perhaps ? map_get_bytes(t->rules, key->s, key->len) : NULL;
}

/* Whether two fields may have the same name afterwards, so that the order in which they are written counts: also where
 * a field that stays has the new name of another. */
static bool may_collide(const struct replace_field *t, const struct kc_value *map) {
    if (t->merging || t->conf->renames.count == 0)
        return t->merging;
    for (uint32_t i = 0; i < map->len; i++) {
        const struct rule *rule = rule_of_key(t, &map->entries[i].key);
        if (rule && rule->before && !rule->renamed && is_kept(t, rule))
            return true;
    }
    return false;
}

static int replace_in_map(struct replace_field *t, struct kc_arena *arena, struct kc_value *value,
                          struct kc_error *err) {
    if (operand_require_map(value, PURPOSE, err) < 0)
        return -1;
    struct kc_value from = kc_json_open(arena, *value), to = kc_map_new(arena, from.len);
    bool collide = may_collide(t, &from);
    const struct kc_entry **order = collide && from.flags & KC_MAP_UNORDERED ? java_hash_map_order(arena, &from) : NULL;
    to.flags = KC_MAP_UNORDERED;
    for (uint32_t i = 0; i < from.len; i++) {
        const struct kc_entry *e = order ? order[i] : &from.entries[i];
        if (operand_require_text(&e->key, err) < 0)
            return -1;
        const struct rule *rule = rule_of_key(t, &e->key);
        if (!is_kept(t, rule))
            continue;
        to.entries[to.len++] = (struct kc_entry){rule && rule->renamed ? kc_string(rule->renamed) : e->key, e->value};
    }
    if (collide)
        java_map_last_wins(&to);
    *value = to;
    return 0;
}

static int replace_in_struct(struct replace_field *t, struct kc_arena *arena, struct operand op, struct kc_error *err) {
    if (operand_require_struct(op.value, PURPOSE, err) < 0)
        return -1;
    const struct kc_struct *from = op.value->st;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, from->schema, err);
    if (!to)
        return -1;
    struct kc_value st = kc_struct_new(arena, to->schema);
    const int32_t *plan = to->plan;
    for (uint32_t i = 0; i < to->schema->field_count; i++)
        if (operand_struct_set(&st, (int32_t)i, operand_field(from, plan[i], t->conf->replace_null), err) < 0)
            return -1;
    *op.schema = to->schema;
    *op.value = st;
    return 0;
}

static int replace_field(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct replace_field *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (op.value->tag == KC_V_NULL)
        return 0;
    return *op.schema ? replace_in_struct(t, arena, op, err) : replace_in_map(t, arena, op.value, err);
}

static uint32_t replace_field_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct replace_field *t = self;
    schema_memo_start(&t->memo);
    return transform_each(replace_field, self, batch, from, err);
}

TRANSFORM_KEY_AND_VALUE("ReplaceField", replace_field);
