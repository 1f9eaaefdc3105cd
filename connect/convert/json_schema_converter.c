/* JsonSchemaConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry
 * client and what it made of schemas.
 * @source io.confluent.connect.json.JsonSchemaConverter */
#include <string.h>
#include <strings.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/json_schema_data.h"
#include "connect/convert/registry_batch.h"
#include "connect/convert/registry_options.h"
#include "connect/convert/subject_run.h"
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

/* What reading with one schema of the registry takes: kept in its `parsed`. Subjects may number it differently. */
struct readable {
    int32_t version;
    const struct kc_schema *schema; /* one reference */
    struct readable *next;
};

/* What writing one Connect schema to one subject takes. */
struct writable {
    const struct kc_schema *schema; /* one reference */
    struct registry_schema *target; /* of the client */
};

struct json_schema_converter {
    struct registry *registry;
    struct json_schema_options options;
    struct writables written; /* struct writable */
    struct buf out;
    struct subject_run run; /* reading: what the last record had */
    const struct kc_schema *run_schema;
};

/* ---- life ---- */

static void free_readable(void *arg) {
    for (struct readable *r = arg, *next; r; r = next) {
        next = r->next;
        kc_schema_unref(r->schema);
        free(r);
    }
}

static void free_writable(void *arg) {
    struct writable *w = arg;
    kc_schema_unref(w->schema);
    free(w);
}

static void close_converter(void *self) {
    struct json_schema_converter *c = self;
    writables_done(&c->written);
    subject_run_done(&c->run);
    registry_free(c->registry);
    buf_done(&c->out);
    free(c);
}

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct json_schema_conf *conf = conf_;
    struct registry *registry;
    if (registry_new(&conf->registry, config, REGISTRY_JSON, is_key, &registry, err) < 0)
        return -1;
    struct json_schema_converter *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->registry = registry;
    c->options = (struct json_schema_options){.additional_properties = conf->additional_properties,
                                              .optional_for_nonrequired = conf->optional_for_nonrequired,
                                              .decimal_numeric = strcasecmp(conf->decimal_format, "NUMERIC") == 0,
                                              .flatten_singletons = conf->flatten_singletons,
                                              .generalized = conf->generalized,
                                              .ignore_default = conf->ignore_default};
    writables_init(&c->written, conf->schemas_cache_size, free_writable);
    buf_init(&c->out, INT32_MAX);
    *ret_self = c;
    return 0;
}

/* Between batches: lets go of what the client lets go of. */
static void trim(struct json_schema_converter *c) {
    if (!registry_trim(c->registry))
        return;
    subject_run_clear(&c->run);
    writables_clear(&c->written);
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
    struct readable *r = schema->parsed;
    while (r && r->version != version)
        r = r->next;
    if (!r) {
        const struct kc_schema *made;
        if (json_schema_to_connect(arena, &c->options, schema, version, &made, err) < 0)
            return -1;
        r = malloc(sizeof(*r));
        if (!r)
            abort();
        *r = (struct readable){version, made, schema->parsed};
        schema->parsed = r;
        schema->free_parsed = free_readable;
    }
    c->run_schema = r->schema;
    return 0;
}

/* Finds all that records of this topic with this schema id need. */
static int start_run(struct json_schema_converter *c, struct kc_arena *arena, const char *topic, int32_t id,
                     struct kc_error *err) {
    struct registry_schema *schema;
    const char *subject = NULL;
    int32_t version;
    bool by_title = registry_subject_uses_record(c->registry);
    subject_run_clear(&c->run);
    if (!by_title && registry_subject(c->registry, topic, NULL, &subject, err) < 0)
        return -1;
    if (registry_by_id(c->registry, subject, id, &schema, err) < 0)
        return -1;
    if (by_title && registry_subject(c->registry, topic, title_of(arena, schema->text, schema->len), &subject, err) < 0)
        return -1;
    if (registry_version(c->registry, subject, schema, &version, err) < 0 ||
        readable_schema(c, arena, schema, version, err) < 0)
        return -1;
    subject_run_set(&c->run, topic, id);
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
    if (!subject_run_is(&c->run, topic, id) && start_run(c, arena, topic, id, err) < 0)
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

static uint32_t to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct json_schema_converter *c = self;
    trim(c);
    return registry_read_batch(c->registry, read_one, c, batch, from, is_key, err);
}

/* ---- writing ---- */

/* Another schema of the subject must describe the same values: that it allows more cannot be told from here. */
static int check_other(struct json_schema_converter *c, struct kc_arena *arena, const struct writable *w,
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
    return fits ? 0 : registry_incompatible(c->registry, w->target, "its fields are other ones", err);
}

static int make_writable(struct json_schema_converter *c, struct kc_arena *arena, const char *topic, struct writable *w,
                         struct kc_error *err) {
    const char *subject;
    bool other, strict;
    AUTO_BUF text;
    buf_init(&text, INT32_MAX);
    if (json_schema_from_connect(&text, &c->options, w->schema, err) < 0 ||
        registry_subject(c->registry, topic, w->schema->name, &subject, err) < 0 ||
        registry_for_writing(c->registry, subject, buf_text(&text), text.len, NULL, 0, &w->target, &other, &strict,
                             err) < 0)
        return -1;
    return other && strict ? check_other(c, arena, w, err) : 0;
}

static struct writable *find_writable(struct json_schema_converter *c, struct kc_arena *arena, const char *topic,
                                      const struct kc_schema *schema, struct kc_error *err) {
    struct writable *w = writables_get(&c->written, schema, topic);
    if (w)
        return w;
    w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->schema = kc_schema_ref(schema);
    if (make_writable(c, arena, topic, w, err) < 0) {
        free_writable(w);
        return NULL;
    }
    writables_put(&c->written, schema, topic, w);
    return w;
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
    if (v->tag == KC_V_NULL && !schema->has_default && !schema->optional)
        return 0; /* as Java: nothing to write */
    struct writable *w = find_writable(c, arena, topic, schema, err);
    if (!w)
        return -1;
    buf_clear(&c->out);
    int rc = registry_add_prefix(&c->out, w->target);
    if (rc == 0)
        rc = json_schema_write_value(&c->out, &c->options, schema, v, err);
    if (rc == 0)
        *v = kc_bytes(kc_arena_copy(arena, c->out.data, c->out.len), c->out.len);
    return rc;
}

static uint32_t from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct json_schema_converter *c = self;
    trim(c);
    return registry_write_batch(c->registry, write_one, c, batch, from, is_key, err);
}

static const struct kc_converter_ops converter = {
    .configure = configure, .to_connect = to_connect, .from_connect = from_connect, .close = close_converter};

const struct kc_plugin json_schema_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.json.JsonSchemaConverter",
    .options = options,
    .conf_size = sizeof(struct json_schema_conf),
    .converter = &converter,
};
