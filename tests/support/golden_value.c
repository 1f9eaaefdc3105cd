/* Golden notation to values and back to judgements. */
#include "tests/support/golden_value.h"

#include <math.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"

const cJSON *golden_member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* ---- scalars ---- */

int64_t golden_integer(const cJSON *n) {
    return n->valuestring ? strtoll(n->valuestring, NULL, 10) : (int64_t)n->valuedouble;
}

static double fraction(const cJSON *n, bool single) {
    if (!n->valuestring)
        return single ? (double)(float)n->valuedouble : n->valuedouble;
    if (strcmp(n->valuestring, "NaN") == 0)
        return NAN;
    return single ? (double)strtof(n->valuestring, NULL) : strtod(n->valuestring, NULL);
}

/* A string, GOLDEN_NUL turned into NUL. */
static struct kc_value text(struct kc_arena *arena, const char *s) {
    size_t len = strlen(s), n = 0;
    char *copy = kc_arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        if (strncmp(s + i, GOLDEN_NUL, 3) == 0) {
            copy[n++] = '\0';
            i += 2;
        } else {
            copy[n++] = s[i];
        }
    }
    return kc_text(copy, n);
}

static struct kc_value from_base64(struct kc_arena *arena, const char *s) {
    struct kc_value bytes;
    struct kc_error err = {0};
    ck_assert_msg(base64_read(arena, s, strlen(s), &bytes, &err) == 0, "%s: %s", s, err.text);
    return bytes;
}

struct kc_value golden_bytes(struct kc_arena *arena, const cJSON *bytes) {
    const char *s = json_get_text(bytes, "bytes");
    return s ? from_base64(arena, s) : kc_null();
}

static struct kc_value decimal(struct kc_arena *arena, const cJSON *d) {
    struct kc_decimal dec;
    const char *digits = json_get_text(d, "unscaled");
    ck_assert(decimal_parse(arena, digits, strlen(digits), &dec) == 0);
    dec.scale = (int32_t)golden_integer(golden_member(d, "scale"));
    return decimal_value(arena, dec);
}

/* ---- schemas ---- */

static enum kc_type type_of(const char *name) {
    for (int t = KC_INT8; t <= KC_STRUCT; t++)
        if (strcmp(name, schema_type_lower((enum kc_type)t)) == 0)
            return (enum kc_type)t;
    return strcmp(name, "float") == 0 ? KC_FLOAT32 : KC_FLOAT64;
}

static void add_fields(struct kc_arena *arena, struct kc_schema_builder *b, const cJSON *fields) {
    const cJSON *field;
    struct kc_error err = {0};
    cJSON_ArrayForEach(field, fields) {
        const struct kc_schema *schema = golden_schema(arena, field);
        ck_assert_msg(kc_schema_add_field(b, json_get_text(field, "field"), schema, &err) == 0, "%s", err.text);
    }
}

const struct kc_schema *golden_schema(struct kc_arena *arena, const cJSON *s) {
    if (!s || cJSON_IsNull(s))
        return NULL;
    struct kc_schema_builder *b = kc_schema_builder_new(type_of(json_get_text(s, "type")));
    kc_schema_optional(b, json_get_bool(s, "optional"));
    kc_schema_name(b, json_get_text(s, "name"));
    kc_schema_doc(b, json_get_text(s, "doc"));
    if (golden_member(s, "version"))
        kc_schema_version(b, (int32_t)golden_integer(golden_member(s, "version")));
    const cJSON *item;
    cJSON_ArrayForEach(item, golden_member(s, "parameters")) kc_schema_parameter(b, item->string, item->valuestring);
    add_fields(arena, b, golden_member(s, "fields"));
    const struct kc_schema *keys = golden_schema(arena, golden_member(s, "keys"));
    const struct kc_schema *values =
        golden_schema(arena, golden_member(s, golden_member(s, "items") ? "items" : "values"));
    kc_schema_elements(b, keys, values);
    if (golden_member(s, "default")) {
        /* The schema without its default is what the elements of the default are read with. */
        struct kc_value v;
        struct kc_error err = {0};
        const struct kc_schema fake = {.key_schema = keys, .value_schema = values};
        v = golden_value(arena, &fake, golden_member(s, "default"));
        ck_assert_msg(kc_schema_default(b, &v, &err) == 0, "%s\n%s", err.text, err.cause);
    }
    return kc_schema_keep(arena, kc_schema_build(b));
}

/* ---- values ---- */

static struct kc_value array(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *items) {
    struct kc_value v = value_array_new(arena, (uint32_t)cJSON_GetArraySize(items));
    uint32_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, items) v.items[i++] = golden_value(arena, schema ? schema->value_schema : NULL, item);
    return v;
}

static struct kc_value map(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *pairs) {
    struct kc_value v = kc_map_new(arena, (uint32_t)cJSON_GetArraySize(pairs));
    const cJSON *pair;
    cJSON_ArrayForEach(pair, pairs) {
        struct kc_entry *e = &v.entries[v.len++];
        e->key = golden_value(arena, schema ? schema->key_schema : NULL, cJSON_GetArrayItem(pair, 0));
        e->value = golden_value(arena, schema ? schema->value_schema : NULL, cJSON_GetArrayItem(pair, 1));
    }
    return v;
}

static struct kc_value structure(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *v) {
    if (golden_member(v, "schema"))
        schema = golden_schema(arena, golden_member(v, "schema"));
    ck_assert_msg(schema != NULL, "a struct without a schema");
    struct kc_struct *st = kc_arena_alloc(arena, sizeof(*st));
    st->schema = schema;
    st->fields = value_array_new(arena, schema->field_count).items;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const cJSON *field = golden_member(golden_member(v, "struct"), schema->fields[i].name);
        st->fields[i] = golden_value(arena, schema->fields[i].schema, field);
    }
    return (struct kc_value){.tag = KC_V_STRUCT, .st = st};
}

static struct kc_value tagged(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *v) {
    const cJSON *x = v->child;
    const char *tag = x->string;
    for (int t = KC_INT8; t <= KC_INT64; t++)
        if (strcmp(tag, schema_type_lower((enum kc_type)t)) == 0)
            return kc_int((enum kc_type)t, golden_integer(x));
    if (strcmp(tag, "float32") == 0)
        return kc_float((float)fraction(x, true));
    if (strcmp(tag, "float64") == 0)
        return kc_double(fraction(x, false));
    if (strcmp(tag, "bytes") == 0)
        return from_base64(arena, x->valuestring);
    if (strcmp(tag, "decimal") == 0)
        return decimal(arena, x);
    if (strcmp(tag, "millis") == 0)
        return kc_date(golden_integer(x));
    if (strcmp(tag, "array") == 0)
        return array(arena, schema, x);
    if (strcmp(tag, "map") == 0)
        return map(arena, schema, x);
    ck_assert_msg(strcmp(tag, "struct") == 0 || strcmp(tag, "schema") == 0, "a value of kind %s", tag);
    return structure(arena, schema, v);
}

struct kc_value golden_value(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *v) {
    if (!v || cJSON_IsNull(v))
        return kc_null();
    if (cJSON_IsBool(v))
        return kc_bool(cJSON_IsTrue(v));
    return cJSON_IsString(v) ? text(arena, v->valuestring) : tagged(arena, schema, v);
}

void golden_pair(struct kc_arena *arena, const cJSON *pair, const struct kc_schema **ret_schema,
                 struct kc_value *ret_value) {
    *ret_schema = golden_schema(arena, golden_member(pair, "schema"));
    *ret_value = golden_value(arena, *ret_schema, golden_member(pair, "value"));
}

/* ---- the vector around ---- */

struct kc_config *golden_config(const cJSON *cfg) {
    struct kc_config *config = kc_config_new();
    const cJSON *item;
    cJSON_ArrayForEach(item, cfg) kc_config_set(config, item->string, cJSON_IsNull(item) ? NULL : item->valuestring);
    return config;
}

bool golden_has_utf16(const cJSON *item) {
    if (!item)
        return false;
    if (item->string && strcmp(item->string, "utf16") == 0)
        return true;
    for (const cJSON *child = item->child; child; child = child->next)
        if (golden_has_utf16(child))
            return true;
    return false;
}

const cJSON *golden_answer(const cJSON *vector) {
    const cJSON *newer = golden_member(vector, "jdk21");
    return newer ? newer : vector;
}

const char *golden_id(const cJSON *vector) {
    return json_get_text(vector, "id");
}

/* ---- comparing ---- */

/* A value for a message: as JSON, with its class in front. */
static const char *shown(struct kc_arena *arena, const struct kc_value *v) {
    if (v->tag == KC_V_BYTES)
        return kc_arena_printf(arena, "bytes '%.*s'", (int)v->len, v->len ? v->s : "");
    return kc_arena_printf(arena, "%s %s", kc_value_java_class(v), kc_value_to_json(arena, v, NULL));
}

static void expect_equal(struct kc_arena *arena, const char *id, const struct kc_value *expected,
                         const struct kc_value *actual) {
    ck_assert_msg(kc_value_equal(expected, actual), "%s: expected %s, got %s", id, shown(arena, expected),
                  shown(arena, actual));
}

void golden_expect_value(const char *id, const struct kc_schema *schema, const cJSON *expected,
                         const struct kc_value *actual) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value wanted = golden_value(arena, schema, expected);
    expect_equal(arena, id, &wanted, actual);
}

void golden_expect_bytes(const char *id, const cJSON *expected, const struct kc_value *actual) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value wanted = golden_bytes(arena, expected);
    expect_equal(arena, id, &wanted, actual);
}

void golden_expect_pair(const char *id, const cJSON *expected, const struct kc_schema *schema,
                        const struct kc_value *value) {
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *wanted = golden_schema(arena, golden_member(expected, "schema"));
    AUTO_BUF names;
    buf_init(&names, 4096);
    schema_text(&names, wanted);
    buf_add_text(&names, ", got ");
    schema_text(&names, schema);
    ck_assert_msg(kc_schema_equal(wanted, schema), "%s: expected schema %s", id, buf_text(&names));
    golden_expect_value(id, wanted, golden_member(expected, "value"), value);
}

bool golden_same_message(const char *expected, const char *actual, bool prefix) {
    static const char regex[] = "Invalid regex: ";
    const char *free_text = strstr(expected, regex);
    if (free_text)
        return strncmp(expected, actual, (size_t)(free_text - expected) + sizeof(regex) - 1) == 0;
    while (*expected) {
        if (strncmp(expected, "@HASH", 5) == 0 && *actual == '@') {
            expected += 5;
            actual += 1 + strspn(actual + 1, "0123456789abcdef");
        } else if (*expected++ != *actual++) {
            return false;
        }
    }
    return prefix || !*actual;
}

static bool is_kafka(const char *class_name) {
    return strncmp(class_name, "org.apache.kafka.", 17) == 0;
}

static void expect_cause(const char *id, const cJSON *causes, const struct kc_error *err) {
    const cJSON *cause;
    cJSON_ArrayForEach(cause, causes) {
        const char *class_name = json_get_text(cause, "class");
        if (!is_kafka(class_name))
            continue;
        ck_assert_msg(strstr(err->cause, class_name) != NULL, "%s: expected a cause %s, got '%s'", id, class_name,
                      err->cause);
        return;
    }
}

bool golden_expect_error(const cJSON *vector, bool failed, const struct kc_error *err) {
    const char *id = golden_id(vector);
    const cJSON *error = golden_member(golden_answer(vector), "error");
    if (!error) {
        ck_assert_msg(!failed, "%s: %s: %s\n%s", id, err->exception, err->text, err->cause);
        return false;
    }
    const char *class_name = json_get_text(error, "class"), *message = json_get_text(error, "message");
    ck_assert_msg(failed, "%s: expected %s: %s", id, class_name, message ? message : "null");
    ck_assert_msg(strcmp(err->exception, class_name) == 0, "%s: expected %s: %s, got %s: %s", id, class_name,
                  message ? message : "null", err->exception, err->text);
    if (is_kafka(class_name))
        ck_assert_msg(golden_same_message(message ? message : "", err->text, json_get_bool(error, "prefix")),
                      "%s: expected '%s', got '%s'", id, message ? message : "null", err->text);
    expect_cause(id, golden_member(error, "causes"), err);
    return true;
}
