/* AvroConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry client and
 * what it made of schemas. Runs of records with the same schema and topic find everything in two comparisons.
 * @source io.confluent.connect.avro.AvroConverter */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/converters.h"
#include "connect/convert/registry_batch.h"
#include "connect/convert/registry_options.h"
#include "connect/convert/subject_run.h"

struct avro_conf {
    const char *converter_type;
    struct registry_conf registry;
    int32_t schemas_cache_size;
    bool generalized, ignore_default, enhanced, meta_data, scrub_names, optional_map_keys, flatten_singletons;
    bool discard_type_doc_default;
};

/* clang-format off */
static const struct kc_option options[] = {
    CONVERTER_TYPE_OPTION(struct avro_conf),
    REGISTRY_OPTIONS(struct avro_conf, registry),
    OPT_INT("schemas.cache.config", struct avro_conf, schemas_cache_size, .def = "1000", .importance = KC_LOW,
            .doc = "How many schemas that were converted are kept, in each direction."),
    OPT_BOOLEAN("generalized.sum.type.support", struct avro_conf, generalized, .def = "false", .importance = KC_MEDIUM,
                .doc = "Whether unions and enums are described in the way that all of the registry's converters share."),
    OPT_BOOLEAN("ignore.default.for.nullables", struct avro_conf, ignore_default, .def = "false",
                .importance = KC_MEDIUM, .doc = "Whether a null stays null although its schema has a default."),
    OPT_BOOLEAN("enhanced.avro.schema.support", struct avro_conf, enhanced, .def = "false", .importance = KC_MEDIUM,
                .doc = "Whether enums stay enums and types in unions keep their full names."),
    OPT_BOOLEAN("scrub.invalid.names", struct avro_conf, scrub_names, .def = "false", .importance = KC_MEDIUM,
                .doc = "Whether names that Avro does not allow are changed into others instead of failing."),
    OPT_BOOLEAN("connect.meta.data", struct avro_conf, meta_data, .def = "true", .importance = KC_LOW,
                .doc = "Whether the Connect schema's name, version, documentation and parameters go into the Avro schema."),
    OPT_BOOLEAN("discard.type.doc.default", struct avro_conf, discard_type_doc_default, .def = "false",
                .importance = KC_LOW, .doc = "Whether documentation and defaults of Avro types are left out."),
    OPT_BOOLEAN("allow.optional.map.keys", struct avro_conf, optional_map_keys, .def = "false", .importance = KC_LOW,
                .doc = "Whether maps with optional string keys become Avro maps."),
    OPT_BOOLEAN("flatten.singleton.unions", struct avro_conf, flatten_singletons, .def = "true", .importance = KC_LOW,
                .doc = "Whether a union of one type is that type."),
    KC_OPTION_END};
/* clang-format on */

/* What reading with one schema of the registry takes: kept in its `parsed`. */
struct readable {
    struct avro_doc *doc;
    struct readable_version *versions;
};
/* Subjects may number the same schema differently. */
struct readable_version {
    int32_t version;
    const struct kc_schema *schema; /* one reference; NULL: schemaless */
    struct readable_version *next;
};

/* What writing one Connect schema to one subject takes. */
struct writable {
    const struct kc_schema *schema; /* one reference */
    struct avro_doc *own;           /* made of it */
    struct registry_schema *target; /* of the client */
    const struct avro_schema *avro; /* of `own` or of `target` */
};

struct avro_converter {
    struct registry *registry;
    struct avro_options options;
    struct writables written; /* struct writable */
    struct buf out;
    struct subject_run run; /* reading: what the last record had */
    const struct avro_schema *run_avro;
    const struct kc_schema *run_schema; /* borrowed from a readable_version */
};

/* ---- life ---- */

static void free_readable(void *arg) {
    struct readable *r = arg;
    for (struct readable_version *v = r->versions, *next; v; v = next) {
        next = v->next;
        kc_schema_unref(v->schema);
        free(v);
    }
    avro_doc_free(r->doc);
    free(r);
}

static void free_writable(void *arg) {
    struct writable *w = arg;
    kc_schema_unref(w->schema);
    avro_doc_free(w->own);
    free(w);
}

static void close_converter(void *self) {
    struct avro_converter *c = self;
    writables_done(&c->written);
    subject_run_done(&c->run);
    registry_free(c->registry);
    buf_done(&c->out);
    free(c);
}

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct avro_conf *conf = conf_;
    struct registry *registry;
    if (registry_new(&conf->registry, config, REGISTRY_AVRO, is_key, &registry, err) < 0)
        return -1;
    struct avro_converter *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->registry = registry;
    c->options = (struct avro_options){.enhanced = conf->enhanced,
                                       .meta_data = conf->meta_data,
                                       .scrub_names = conf->scrub_names,
                                       .optional_map_keys = conf->optional_map_keys,
                                       .flatten_singletons = conf->flatten_singletons,
                                       .discard_type_doc_default = conf->discard_type_doc_default,
                                       .generalized = conf->generalized,
                                       .ignore_default = conf->ignore_default};
    writables_init(&c->written, conf->schemas_cache_size, free_writable);
    buf_init(&c->out, INT32_MAX);
    *ret_self = c;
    return 0;
}

/* Between batches: lets go of what the client lets go of. */
static void trim(struct avro_converter *c) {
    if (!registry_trim(c->registry))
        return;
    subject_run_clear(&c->run);
    writables_clear(&c->written);
}

/* ---- reading ---- */

/* The name of a schema's record, for subject names; NULL when it is none. */
static const char *record_name(const struct avro_schema *avro) {
    return avro_is_named(avro) ? avro->full_name : NULL;
}

static int parse(struct registry_schema *schema, struct kc_error *err) {
    if (schema->parsed)
        return 0;
    struct avro_doc *doc;
    if (avro_doc_parse(schema->text, schema->len, schema->dependencies, schema->dependency_count, &doc, err) < 0)
        return err_wrap(err, SERIALIZATION_EXCEPTION, "Could not parse Avro schema %d", schema->id);
    struct readable *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->doc = doc;
    schema->parsed = r;
    schema->free_parsed = free_readable;
    return 0;
}

static const struct avro_schema *parsed_root(const struct registry_schema *schema) {
    return avro_doc_root(((const struct readable *)schema->parsed)->doc);
}

static int readable_schema(struct avro_converter *c, struct kc_arena *arena, const struct registry_schema *schema,
                           int32_t version, const struct kc_schema **ret_schema, struct kc_error *err) {
    struct readable *r = schema->parsed;
    struct readable_version *v = r->versions;
    while (v && v->version != version)
        v = v->next;
    if (!v) {
        const struct kc_schema *made;
        if (avro_to_connect(arena, &c->options, avro_doc_root(r->doc), schema, version, &made, err) < 0)
            return -1;
        v = malloc(sizeof(*v));
        if (!v)
            abort();
        *v = (struct readable_version){version, made, r->versions};
        r->versions = v;
    }
    *ret_schema = v->schema;
    return 0;
}

/* Finds all that records of this topic with this schema id need. */
static int start_run(struct avro_converter *c, struct kc_arena *arena, const char *topic, int32_t id,
                     struct kc_error *err) {
    struct registry_schema *schema;
    const char *subject = NULL;
    int32_t version;
    bool by_record = registry_subject_uses_record(c->registry);
    subject_run_clear(&c->run);
    if (!by_record && registry_subject(c->registry, topic, NULL, &subject, err) < 0)
        return -1;
    if (registry_by_id(c->registry, subject, id, &schema, err) < 0 || parse(schema, err) < 0)
        return -1;
    const struct avro_schema *avro = parsed_root(schema);
    if (by_record && registry_subject(c->registry, topic, record_name(avro), &subject, err) < 0)
        return -1;
    if (registry_version(c->registry, subject, schema, &version, err) < 0 ||
        readable_schema(c, arena, schema, version, &c->run_schema, err) < 0)
        return -1;
    c->run_avro = avro;
    subject_run_set(&c->run, topic, id);
    return 0;
}

static int read_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema **ret_schema,
                    struct kc_value *v, struct kc_error *err) {
    struct avro_converter *c = self;
    int32_t id;
    struct kc_value result;
    if (registry_message_id(v->bytes, v->len, &id, err) < 0)
        return -1;
    if (!subject_run_is(&c->run, topic, id) && start_run(c, arena, topic, id, err) < 0)
        return -1;
    const uint8_t *payload = v->bytes + REGISTRY_PREFIX_BYTES;
    size_t len = v->len - REGISTRY_PREFIX_BYTES;
    bool bare = c->run_avro->type == AVRO_BYTES && c->run_schema && !schema_logical(c->run_schema);
    if (bare) /* bytes alone are written without their length */
        result = kc_bytes(payload, len);
    else if (avro_decode(arena, &c->options, c->run_avro, c->run_schema, payload, len, &result, err) < 0)
        return -1;
    *v = result;
    *ret_schema = c->run_schema;
    return 0;
}

static uint32_t to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct avro_converter *c = self;
    trim(c);
    return registry_read_batch(c->registry, read_one, c, batch, from, is_key, err);
}

/* ---- writing ---- */

/* The registry chose another schema than the value's: it is parsed and checked. */
static int take_other(struct avro_converter *c, struct writable *w, bool strict, struct kc_error *err) {
    char why[256];
    if (parse(w->target, err) < 0)
        return -1;
    w->avro = parsed_root(w->target);
    if (strict && avro_incompatible(w->avro, avro_doc_root(w->own), why, sizeof(why)))
        return registry_incompatible(c->registry, w->target, why, err);
    return 0;
}

static int make_writable(struct avro_converter *c, const char *topic, struct writable *w, struct kc_error *err) {
    const char *subject;
    bool other, strict;
    AUTO_BUF text;
    buf_init(&text, INT32_MAX);
    if (avro_from_connect(&text, &c->options, w->schema, err) < 0 ||
        avro_doc_parse(buf_text(&text), text.len, NULL, 0, &w->own, err) < 0)
        return -1;
    w->avro = avro_doc_root(w->own);
    if (registry_subject(c->registry, topic, record_name(w->avro), &subject, err) < 0 ||
        registry_for_writing(c->registry, subject, buf_text(&text), text.len, NULL, 0, &w->target, &other, &strict,
                             err) < 0)
        return -1;
    return other ? take_other(c, w, strict, err) : 0;
}

static struct writable *find_writable(struct avro_converter *c, const char *topic, const struct kc_schema *schema,
                                      struct kc_error *err) {
    struct writable *w = writables_get(&c->written, schema, topic);
    if (w)
        return w;
    w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->schema = kc_schema_ref(schema);
    if (make_writable(c, topic, w, err) < 0) {
        free_writable(w);
        return NULL;
    }
    writables_put(&c->written, schema, topic, w);
    return w;
}

static int encode(struct avro_converter *c, struct kc_arena *arena, const struct writable *w, struct kc_value *v,
                  struct kc_error *err) {
    buf_clear(&c->out);
    if (registry_add_prefix(&c->out, w->target) < 0)
        return -1;
    bool bare = w->avro->type == AVRO_BYTES && v->tag == KC_V_BYTES;
    if (bare ? buf_add(&c->out, v->bytes, v->len) < 0
             : avro_encode(&c->out, &c->options, w->avro, w->schema, v, arena, err) < 0)
        return -1;
    *v = kc_bytes(kc_arena_copy(arena, c->out.data, c->out.len), c->out.len);
    return 0;
}

static int write_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                     struct kc_value *v, struct kc_error *err) {
    struct avro_converter *c = self;
    if (v->tag == KC_V_NULL)
        return !schema || schema->optional ? 0 : err_set(err, ERR_BAD_DATA, "Found null value for non-optional schema");
    struct writable *w = find_writable(c, topic, schema, err);
    return w ? encode(c, arena, w, v, err) : -1;
}

static uint32_t from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct avro_converter *c = self;
    trim(c);
    return registry_write_batch(c->registry, write_one, c, batch, from, is_key, err);
}

static const struct kc_converter_ops converter = {
    .configure = configure, .to_connect = to_connect, .from_connect = from_connect, .close = close_converter};

const struct kc_plugin avro_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.avro.AvroConverter",
    .options = options,
    .conf_size = sizeof(struct avro_conf),
    .converter = &converter,
};
