/* Replaces the key or value by one of its fields.
 * @source org.apache.kafka.connect.transforms.ExtractField (transforms 4.3) */
#include <stdlib.h>
#include <strings.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/transform/builtin.h"
#include "connect/transform/field_path.h"
#include "connect/transform/operand.h"

#define PURPOSE "field extraction"

struct extract_field_conf {
    const char *field, *syntax;
    bool replace_null;
};

static const char *const syntaxes[] = {"V1", "V2", NULL};

static const struct kc_option extract_field_options[] = {
    OPT_STRING("field", struct extract_field_conf, field, .required = true, .importance = KC_MEDIUM,
               .doc = "Field name to extract."),
    OPT_STRING("field.syntax.version", struct extract_field_conf, syntax, .def = "V1", .importance = KC_HIGH,
               .one_of = syntaxes, .one_of_ignores_case = true,
               .doc = "How field names are read. V1: literally, at the top level only. V2: dots lead into nested "
                      "fields; names that have dots themselves are put between backticks."),
    OPT_BOOLEAN("replace.null.with.default", struct extract_field_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

struct extract_field {
    bool is_key, replace_null;
    struct kc_arena *arena; /* of the path */
    struct field_path path;
    /* The field of the last schema; a schema keeps its address for the length of a batch. */
    const struct kc_schema *last;
    const struct kc_field *last_field;
};

static void extract_field_close(void *self) {
    struct extract_field *t = self;
    arena_free(t->arena);
    free(t);
}

static int extract_field_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                             struct kc_error *err) {
    const struct extract_field_conf *c = conf;
    (void)config;
    struct extract_field *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->replace_null = c->replace_null;
    t->arena = arena_new(512);
    if (field_path_parse(t->arena, c->field, strcasecmp(c->syntax, "V2") == 0, &t->path, err) < 0) {
        extract_field_close(t);
        return -1;
    }
    *ret_self = t;
    return 0;
}

static int find_field(struct extract_field *t, const struct kc_schema *schema, struct kc_error *err) {
    const struct kc_field *field = NULL;
    if (schema == t->last)
        return 0;
    if (field_path_of_schema(&t->path, schema, &field, err) < 0)
        return -1;
    if (!field)
        return kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "Unknown field: %s", t->path.text);
    t->last = schema;
    t->last_field = field;
    return 0;
}

static int extract_field(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct extract_field *t = self;
    struct operand op = operand_of(r, t->is_key);
    struct kc_value v = kc_null();
    bool present = op.value->tag != KC_V_NULL;
    if (!*op.schema) {
        if (present && (operand_require_map(op.value, PURPOSE, err) < 0 ||
                        field_path_of_map(&t->path, arena, op.value, &v, err) < 0))
            return -1;
    } else {
        if ((present && operand_require_struct(op.value, PURPOSE, err) < 0) || find_field(t, *op.schema, err) < 0 ||
            field_path_of_struct(&t->path, op.value, t->replace_null, &v, err) < 0)
            return -1;
        *op.schema = t->last_field->schema;
    }
    *op.value = v;
    return 0;
}

static uint32_t extract_field_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct extract_field *t = self;
    t->last = NULL;
    return transform_each(extract_field, self, batch, from, err);
}

TRANSFORM_KEY_AND_VALUE("ExtractField", extract_field);
