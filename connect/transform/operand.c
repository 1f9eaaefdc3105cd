/* Checks and field access for transforms; see operand.h. */
#include "connect/transform/operand.h"

#include <stdlib.h>
#include <string.h>

#include "connect/data/json_tree.h"
#include "connect/data/json_walk.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

void *transform_alloc(size_t size) {
    void *self = calloc(1, size);
    if (!self)
        abort();
    return self;
}

/* ---- Schemaless maps --------------------------------------------------------------------------------------------- */

bool operand_is_map(const struct kc_value *v) {
    return v->tag == KC_V_MAP || (v->tag == KC_V_JSON && !value_json_is_array(v));
}

int operand_require_map(const struct kc_value *v, const char *purpose, struct kc_error *err) {
    if (operand_is_map(v))
        return 0;
    return kc_fail(err, KC_DATA_EXCEPTION, "Only Map objects supported in absence of schema for [%s], found: %s",
                   purpose, kc_value_java_class(v));
}

/* Of members with the same name the last one counts. */
static struct kc_value json_get(struct kc_arena *arena, const struct kc_value *json, const char *name) {
    struct json_walk walk = json_walk_start((struct json_text){json->s, json->len});
    struct json_text member, value, found = {0};
    size_t len = strlen(name);
    while (json_walk_member(&walk, &member, &value)) {
        if (!json_text_is(member, name, len))
            continue;
        found = value;
        if (json->flags & VALUE_JSON_UNIQUE)
            break;
    }
    return found.s ? json_tree_shallow(arena, found, json->flags) : kc_null();
}

struct kc_value operand_map_get(struct kc_arena *arena, const struct kc_value *map, const char *name) {
    if (map->tag == KC_V_JSON)
        return json_get(arena, map, name);
    const struct kc_value *v = kc_map_get(map, name);
    return v ? *v : kc_null();
}

struct kc_value operand_map_copy(struct kc_arena *arena, const struct kc_value *map, uint32_t more) {
    struct kc_value opened = kc_json_open(arena, *map);
    struct kc_value copy = kc_map_new(arena, opened.len + more);
    if (opened.len)
        memcpy(copy.entries, opened.entries, sizeof(struct kc_entry) * opened.len);
    copy.len = opened.len;
    copy.flags = KC_MAP_UNORDERED;
    return copy;
}

void operand_map_set(struct kc_value *map, const char *name, struct kc_value value) {
    size_t len = strlen(name);
    for (uint32_t i = 0; i < map->len; i++) {
        const struct kc_value *key = &map->entries[i].key;
        if (key->tag == KC_V_STRING && key->len == len && memcmp(key->s, name, len) == 0) {
            map->entries[i].value = value;
            return;
        }
    }
    kc_map_put(map, name, value);
}

int operand_require_text(const struct kc_value *key, struct kc_error *err) {
    if (key->tag == KC_V_STRING || key->tag == KC_V_NULL)
        return 0;
    return kc_fail(err, CLASS_CAST_EXCEPTION, "class %s cannot be cast to class java.lang.String",
                   kc_value_java_class(key));
}

/* ---- Structs ----------------------------------------------------------------------------------------------------- */

int operand_require_struct(const struct kc_value *v, const char *purpose, struct kc_error *err) {
    if (v->tag == KC_V_STRUCT)
        return 0;
    return kc_fail(err, KC_DATA_EXCEPTION, "Only Struct objects supported for [%s], found: %s", purpose,
                   kc_value_java_class(v));
}

int operand_require_struct_of(const struct kc_value *v, const struct kc_schema *schema, const char *purpose,
                              struct kc_error *err) {
    if (operand_require_struct(v, purpose, err) < 0)
        return -1;
    if (v->st->schema == schema || kc_schema_equal(v->st->schema, schema))
        return 0;
    return kc_fail(err, KC_DATA_EXCEPTION, "Struct schemas do not match.");
}

int operand_require_fields(const struct kc_schema *schema, struct kc_error *err) {
    if (schema->type == KC_STRUCT)
        return 0;
    return kc_fail(err, KC_DATA_EXCEPTION, "Cannot list fields on non-struct type");
}

/* As Struct.put; the class alone tells about what has no elements. */
int operand_struct_set(struct kc_value *st, int32_t index, const struct kc_value *v, struct kc_error *err) {
    const struct kc_field *field = &st->st->schema->fields[index];
    bool container = v->tag == KC_V_ARRAY || v->tag == KC_V_MAP || v->tag == KC_V_STRUCT || v->tag == KC_V_JSON;
    bool fits = v->tag == KC_V_NULL ? field->schema->optional : !container && validate_class(field->schema, v);
    if (!fits && validate_field(field, v, err) < 0)
        return -1;
    st->st->fields[index] = *v;
    return 0;
}
