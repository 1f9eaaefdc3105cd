/* Vectors of Values, SchemaProjector, validation and Struct. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/logical.h"
#include "connect/data/project.h"
#include "connect/data/schema.h"
#include "connect/data/validate.h"
#include "connect/data/values_convert.h"
#include "connect/data/values_parse.h"
#include "connect/data/values_text.h"
#include "tests/support/golden_run.h"

static const char surrogates[] = "strings hold UTF-8, which has no unpaired surrogates";

const char *golden_parse_string(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    AUTO(arena) arena = arena_new(0);
    struct kc_value in = golden_value(arena, NULL, golden_member(vector, "in"));
    const struct kc_schema *schema = NULL;
    struct kc_value value = kc_null(), text = kc_null();
    struct kc_error err = {0};
    const cJSON *answer = golden_answer(vector), *out = golden_member(answer, "out");
    if (in.tag != KC_V_NULL)
        values_parse(arena, in.s, in.len, &schema, &value);
    golden_expect_pair(golden_id(vector), out, schema, &value);
    int rc = values_to_string(arena, &value, &text, &err);
    const cJSON *error = golden_member(out, "string_error");
    ck_assert_msg((rc < 0) == (error != NULL), "%s: convertToString: expected %s, got %s", golden_id(vector),
                  error ? "an error" : "a text", rc < 0 ? err.text : "a text");
    if (!error)
        golden_expect_value(golden_id(vector), NULL, golden_member(out, "string"), &text);
    return NULL;
}

/* ---- Values.convertTo… ---- */

static const struct target {
    const char *op;
    enum kc_type type;
    enum logical logical;
} targets[] = {
    {"convertToBoolean", KC_BOOLEAN, LOGICAL_NONE},  {"convertToByte", KC_INT8, LOGICAL_NONE},
    {"convertToShort", KC_INT16, LOGICAL_NONE},      {"convertToInteger", KC_INT32, LOGICAL_NONE},
    {"convertToLong", KC_INT64, LOGICAL_NONE},       {"convertToFloat", KC_FLOAT32, LOGICAL_NONE},
    {"convertToDouble", KC_FLOAT64, LOGICAL_NONE},   {"convertToString", KC_STRING, LOGICAL_NONE},
    {"convertToList", KC_ARRAY, LOGICAL_NONE},       {"convertToMap", KC_MAP, LOGICAL_NONE},
    {"convertToStruct", KC_STRUCT, LOGICAL_NONE},    {"convertToDate", KC_INT32, LOGICAL_DATE},
    {"convertToTime", KC_INT32, LOGICAL_TIME},       {"convertToTimestamp", KC_INT64, LOGICAL_TIMESTAMP},
    {"convertToDecimal", KC_BYTES, LOGICAL_DECIMAL},
};

static const struct kc_schema *target_schema(struct kc_arena *arena, const struct target *target, int32_t scale) {
    if (target->logical != LOGICAL_NONE)
        return kc_schema_keep(arena, schema_of_logical(target->logical, scale, false));
    if (target->type < KC_ARRAY)
        return kc_schema_of(target->type, true);
    const struct kc_schema *string = kc_schema_of(KC_STRING, false);
    struct kc_schema_builder *b = kc_schema_builder_new(target->type);
    if (target->type != KC_STRUCT)
        kc_schema_elements(b, target->type == KC_MAP ? string : NULL, string);
    return kc_schema_keep(arena, kc_schema_build(b));
}

const char *golden_convert(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    const struct target *target = NULL;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].op, json_get_text(vector, "op")) == 0)
            target = &targets[i];
    ck_assert_msg(target != NULL, "%s: unknown operation %s", golden_id(vector), json_get_text(vector, "op"));
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *from;
    struct kc_value in, out = kc_null();
    int64_t scale = 0;
    struct kc_error err = {0};
    json_get_int(vector, "scale", &scale);
    golden_pair(arena, golden_member(vector, "in"), &from, &in);
    int rc = values_convert(arena, target_schema(arena, target, (int32_t)scale), from, &in, &out, &err);
    if (!golden_expect_error(vector, rc < 0, &err))
        golden_expect_value(golden_id(vector), target->type == KC_STRUCT ? from : NULL,
                            golden_member(golden_answer(vector), "out"), &out);
    return NULL;
}

const char *golden_infer_schema(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    AUTO(arena) arena = arena_new(0);
    struct kc_value in = golden_value(arena, NULL, golden_member(vector, "in")), null = kc_null();
    const struct kc_schema *schema = NULL;
    struct kc_error err = {0};
    int rc = values_infer_schema(arena, &in, &schema, &err);
    if (golden_expect_error(vector, rc < 0, &err))
        return NULL;
    AUTO(json) pair = cJSON_CreateObject();
    cJSON_AddItemToObject(pair, "schema", cJSON_Duplicate(golden_member(golden_answer(vector), "out"), true));
    cJSON_AddNullToObject(pair, "value");
    golden_expect_pair(golden_id(vector), pair, schema, &null);
    return NULL;
}

/* ---- schemas ---- */

const char *golden_project(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    if (golden_member(vector, "quirk"))
        return "structs have no default values";
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *source, *target = golden_schema(arena, golden_member(vector, "target"));
    struct kc_value v, projected;
    struct kc_error err = {0};
    golden_pair(arena, golden_member(vector, "in"), &source, &v);
    int rc = project_value(arena, source, &v, target, &projected, &err);
    if (!golden_expect_error(vector, rc < 0, &err))
        golden_expect_pair(golden_id(vector), golden_member(golden_answer(vector), "out"), target, &projected);
    return NULL;
}

const char *golden_validate(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *schema;
    struct kc_value v;
    struct kc_error err = {0};
    golden_pair(arena, golden_member(vector, "in"), &schema, &v);
    golden_expect_error(vector, validate_value(schema, &v, "value", &err) < 0, &err);
    return NULL;
}

const char *golden_struct_put(const cJSON *vector) {
    if (golden_has_utf16(vector))
        return surrogates;
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *schema = golden_schema(arena, golden_member(vector, "schema"));
    const char *name = json_get_text(vector, "field");
    const struct kc_field *field = kc_schema_field(schema, name);
    struct kc_value st = kc_struct_new(arena, schema);
    struct kc_value v = golden_value(arena, field ? field->schema : NULL, golden_member(vector, "value"));
    struct kc_error err = {0};
    if (!golden_expect_error(vector, kc_struct_put(&st, name, v, &err) < 0, &err))
        golden_expect_value(golden_id(vector), field->schema, golden_member(golden_answer(vector), "out"),
                            kc_struct_get(&st, name));
    return NULL;
}
