/* JsonSchemaConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry
 * client and what it made of schemas.
 * @source io.confluent.connect.json.JsonSchemaConverter */
#include <string.h>
#include <strings.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/json_schema_data.h"
#include "connect/convert/registry_converter.h"
#include "connect/convert/registry_options.h"
#include "connect/data/json_scan.h"

struct json_schema_conf {
    const char *converter_type;
    struct registry_conf registry;
    int32_t schemas_cache_size;
    bool generalized, ignore_default, additional_properties, optional_for_nonrequired, flatten_singletons;
    const char *decimal_format;
};

static const char *const decimal_formats[] = {"BASE64", "NUMERIC", NULL};

/* clang-format off */
static const struct kc_option options[] = {
    CONVERTER_TYPE_OPTION(struct json_schema_conf),
    REGISTRY_OPTIONS(struct json_schema_conf, registry),
    OPT_INT("schemas.cache.config", struct json_schema_conf, schemas_cache_size, .def = "1000", .importance = KC_LOW,
            .doc = "How many schemas that were converted are kept for writing."),
    OPT_BOOLEAN("generalized.sum.type.support", struct json_schema_conf, generalized, .def = "false",
                .importance = KC_MEDIUM,
                .doc = "Whether unions and enums are described in the way that all of the registry's converters share."),
    OPT_BOOLEAN("ignore.default.for.nullables", struct json_schema_conf, ignore_default, .def = "false",
                .importance = KC_MEDIUM, .doc = "Whether a null stays null although its schema has a default."),
    OPT_BOOLEAN("object.additional.properties", struct json_schema_conf, additional_properties, .def = "true",
                .importance = KC_MEDIUM, .doc = "Whether objects may have more properties than their schema names."),
    OPT_BOOLEAN("use.optional.for.nonrequired", struct json_schema_conf, optional_for_nonrequired, .def = "false",
                .importance = KC_MEDIUM, .doc = "Whether properties that are not required become optional fields."),
    OPT_STRING("decimal.format", struct json_schema_conf, decimal_format, .def = "BASE64", .one_of = decimal_formats,
               .one_of_ignores_case = true, .importance = KC_LOW,
               .doc = "How decimals are written: BASE64 of their bytes, or NUMERIC as JSON numbers. Both are read."),
    OPT_BOOLEAN("flatten.singleton.unions", struct json_schema_conf, flatten_singletons, .def = "true",
                .importance = KC_LOW, .doc = "Whether a union of one type is that type."),
    KC_OPTION_END};
/* clang-format on */

struct json_schema_converter {
    struct registry_converter base;
    struct json_schema_options options;
    const struct kc_schema *run_schema; /* reading: what the last record had; of a struct readable in `parsed` */
};

/* ---- life ---- */

static const struct registry_format format;

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct json_schema_conf *conf = conf_;
    if (registry_converter_new(&format, &conf->registry, config, conf->schemas_cache_size, is_key, ret_self, err) < 0)
        return -1;
    struct json_schema_converter *c = *ret_self;
    c->options = (struct json_schema_options){.additional_properties = conf->additional_properties,
                                              .optional_for_nonrequired = conf->optional_for_nonrequired,
                                              .decimal_numeric = strcasecmp(conf->decimal_format, "NUMERIC") == 0,
                                              .flatten_singletons = conf->flatten_singletons,
                                              .generalized = conf->generalized,
                                              .ignore_default = conf->ignore_default};
    return 0;
}

/* ---- reading ---- */

/* The title of a document, for subject names; in `arena`, NULL when it has none. */
static const char *title_of(struct kc_arena *arena, const char *text, size_t len) {
    AUTO(json) json = json_parse(text, len, NULL);
    const char *title = json ? json_get_text(json, "title") : NULL;
    return title ? kc_arena_strdup(arena, title) : NULL;
}

static int readable_schema(struct json_schema_converter *c, struct kc_arena *arena, struct registry_schema *schema,
                           int32_t version, struct kc_error *err) {
    struct readable *list = schema->parsed;
    const struct readable *r = readable_find(list, NULL, version);
    const struct kc_schema *made;
    if (!r) {
        if (json_schema_to_connect(arena, &c->options, schema, version, &made, err) < 0)
            return -1;
        r = readable_add(&list, NULL, version, made);
        schema->parsed = list;
        schema->free_parsed = readable_free;
    }
    c->run_schema = r->schema;
    return 0;
}

/* Finds all that records of this topic with this schema id need. */
static int start_run(struct json_schema_converter *c, struct kc_arena *arena, const char *topic, int32_t id,
                     struct kc_error *err) {
    struct registry_schema *written, *schema;
    const char *subject;
    int32_t version;
    if (registry_converter_find(&c->base, topic, id, &written, &subject, err) < 0)
        return -1;
    if (!subject &&
        registry_subject(c->base.registry, topic, title_of(arena, written->text, written->len), &subject, err) < 0)
        return -1;
    if (registry_for_reading(c->base.registry, subject, written, &schema, err) < 0 ||
        registry_version(c->base.registry, subject, schema, &version, err) < 0 ||
        readable_schema(c, arena, schema, version, err) < 0)
        return -1;
    subject_run_set(&c->base.run, topic, id);
    return 0;
}

static int read_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema **ret_schema,
                    struct kc_value *v, struct kc_error *err) {
    struct json_schema_converter *c = self;
    int32_t id;
    struct json_scan scan;
    struct kc_value result;
    if (registry_message_id(v->bytes, v->len, &id, err) < 0)
        return -1;
    if (!subject_run_is(&c->base.run, topic, id) && start_run(c, arena, topic, id, err) < 0)
        return -1;
    if (json_check(arena, v->s + REGISTRY_PREFIX_BYTES, v->len - REGISTRY_PREFIX_BYTES, &scan, err) < 0)
        return err_wrap(err, SERIALIZATION_EXCEPTION, "Error deserializing JSON message for id %d", id);
    if (!scan.text.s || *scan.text.s == 'n') { /* as Java: no value and no schema */
        *v = kc_null();
        *ret_schema = NULL;
        return 0;
    }
    if (json_schema_read_value(arena, &c->options, c->run_schema, scan.text, &result, err) < 0)
        return -1;
    *v = result;
    *ret_schema = c->run_schema;
    return 0;
}

/* ---- writing ---- */

/* Another schema of the subject must describe the same values: that it allows more cannot be told from here. */
static int check_other(struct json_schema_converter *c, struct kc_arena *arena, const struct registry_writable *w,
                       struct kc_error *err) {
    AUTO(schema) other = NULL;
    AUTO(schema) own = kc_schema_ref(w->schema);
    if (json_schema_to_connect(arena, &c->options, w->target, -1, &other, err) < 0)
        return -1;
    bool fits = other->type == own->type;
    for (uint32_t i = 0; fits && i < other->field_count; i++) {
        const struct kc_field *field = &other->fields[i], *given = kc_schema_field(own, field->name);
        fits =
            given ? given->schema->type == field->schema->type : field->schema->optional || field->schema->has_default;
    }
    return fits ? 0 : registry_incompatible(c->base.registry, w->target, "its fields are other ones", err);
}

static int make_writable(void *self, struct kc_arena *arena, const char *topic, void *writable, struct kc_error *err) {
    struct json_schema_converter *c = self;
    struct registry_writable *w = writable;
    const char *subject;
    bool other, strict;
    AUTO_BUF text;
    buf_init(&text, INT32_MAX);
    if (json_schema_from_connect(&text, &c->options, w->schema, err) < 0 ||
        registry_subject(c->base.registry, topic, w->schema->name, &subject, err) < 0 ||
        registry_for_writing(c->base.registry, subject, buf_text(&text), text.len, NULL, 0, &w->target, &other, &strict,
                             err) < 0)
        return -1;
    return other && strict ? check_other(c, arena, w, err) : 0;
}

static int write_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                     struct kc_value *v, struct kc_error *err) {
    struct json_schema_converter *c = self;
    if (!schema && v->tag == KC_V_NULL)
        return 0;
    if (!schema)
        return kc_fail(err, KC_DATA_EXCEPTION,
                       "A value without schema cannot be written with a JSON Schema (topic %s); JsonConverter can",
                       topic);
    if (json_schema_is_nothing(&c->options, schema, v))
        return 0; /* as Java: nothing to write */
    const struct registry_writable *w = registry_converter_writable(&c->base, arena, topic, schema, err);
    if (!w)
        return -1;
    struct buf *out = &c->base.out;
    buf_clear(out);
    int rc = registry_add_prefix(out, w->target);
    if (rc == 0)
        rc = json_schema_write_value(out, &c->options, schema, v, err);
    if (rc == 0)
        *v = registry_converter_message(&c->base, arena);
    return rc;
}

static const struct registry_format format = {.type = REGISTRY_JSON,
                                              .instance_size = sizeof(struct json_schema_converter),
                                              .writable_size = sizeof(struct registry_writable),
                                              .read = read_one,
                                              .write = write_one,
                                              .make_writable = make_writable};

static const struct kc_converter_ops converter = REGISTRY_CONVERTER_OPS(configure);

const struct kc_plugin json_schema_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.json.JsonSchemaConverter",
    .options = options,
    .conf_size = sizeof(struct json_schema_conf),
    .converter = &converter,
};
