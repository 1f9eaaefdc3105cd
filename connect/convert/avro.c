/* AvroConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry client and
 * what it made of schemas. Runs of records with the same schema and topic find everything in two comparisons.
 * @source io.confluent.connect.avro.AvroConverter */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/converters.h"
#include "connect/convert/registry_converter.h"
#include "connect/convert/registry_options.h"

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
struct parsed {
    struct avro_doc *doc;
    struct readable *readables;
};

/* What writing one Connect schema to one topic takes. */
struct writable {
    struct registry_writable base;
    struct avro_doc *own;           /* made of the schema */
    const struct avro_schema *avro; /* of `own` or of the registry's schema */
};

struct avro_converter {
    struct registry_converter base;
    struct avro_options options;
    const struct avro_schema *run_avro;   /* reading: by what the last record was read */
    const struct avro_schema *run_writer; /* what wrote it, when that is another schema; else NULL */
    const struct kc_schema *run_schema;   /* borrowed from a readable */
};

/* ---- life ---- */

static const struct registry_format format;

static void free_parsed(void *arg) {
    struct parsed *p = arg;
    readable_free(p->readables);
    avro_doc_free(p->doc);
    free(p);
}

static void done_writable(void *arg) {
    avro_doc_free(((struct writable *)arg)->own);
}

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct avro_conf *conf = conf_;
    if (registry_converter_new(&format, &conf->registry, config, conf->schemas_cache_size, is_key, ret_self, err) < 0)
        return -1;
    struct avro_converter *c = *ret_self;
    c->options = (struct avro_options){.enhanced = conf->enhanced,
                                       .meta_data = conf->meta_data,
                                       .scrub_names = conf->scrub_names,
                                       .optional_map_keys = conf->optional_map_keys,
                                       .flatten_singletons = conf->flatten_singletons,
                                       .discard_type_doc_default = conf->discard_type_doc_default,
                                       .generalized = conf->generalized,
                                       .ignore_default = conf->ignore_default};
    return 0;
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
    struct parsed *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->doc = doc;
    schema->parsed = p;
    schema->free_parsed = free_parsed;
    return 0;
}

static const struct avro_schema *parsed_root(const struct registry_schema *schema) {
    return avro_doc_root(((const struct parsed *)schema->parsed)->doc);
}

static int readable_schema(struct avro_converter *c, struct kc_arena *arena, const struct registry_schema *schema,
                           int32_t version, const struct kc_schema **ret_schema, struct kc_error *err) {
    struct parsed *p = schema->parsed;
    const struct readable *r = readable_find(p->readables, NULL, version);
    const struct kc_schema *made;
    if (!r) {
        if (avro_to_connect(arena, &c->options, avro_doc_root(p->doc), schema, version, &made, err) < 0)
            return -1;
        r = readable_add(&p->readables, NULL, version, made);
    }
    *ret_schema = r->schema;
    return 0;
}

/* Finds all that records of this topic with this schema id need. */
static int start_run(struct avro_converter *c, struct kc_arena *arena, const char *topic, int32_t id,
                     struct kc_error *err) {
    struct registry_schema *written, *reader;
    const char *subject;
    int32_t version;
    if (registry_converter_find(&c->base, topic, id, &written, &subject, err) < 0 || parse(written, err) < 0)
        return -1;
    const struct avro_schema *writer = parsed_root(written);
    if (!subject && registry_subject(c->base.registry, topic, record_name(writer), &subject, err) < 0)
        return -1;
    if (registry_version(c->base.registry, subject, written, &version, err) < 0 ||
        registry_for_reading(c->base.registry, subject, written, &reader, err) < 0 || parse(reader, err) < 0 ||
        readable_schema(c, arena, reader, version, &c->run_schema, err) < 0)
        return -1;
    c->run_avro = parsed_root(reader);
    c->run_writer = reader == written ? NULL : writer;
    subject_run_set(&c->base.run, topic, id);
    return 0;
}

/* The payload as the reader's schema would have it, in `arena`. */
static int resolve(struct avro_converter *c, struct kc_arena *arena, const uint8_t **payload, size_t *len,
                   struct kc_error *err) {
    struct buf *out = &c->base.out;
    buf_clear(out);
    if (avro_resolve(out, c->run_avro, c->run_writer, *payload, *len, err) < 0)
        return -1;
    *payload = (const uint8_t *)kc_arena_copy(arena, buf_text(out), out->len);
    *len = out->len;
    return 0;
}

static int read_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema **ret_schema,
                    struct kc_value *v, struct kc_error *err) {
    struct avro_converter *c = self;
    int32_t id;
    struct kc_value result;
    if (registry_message_id(v->bytes, v->len, &id, err) < 0)
        return -1;
    if (!subject_run_is(&c->base.run, topic, id) && start_run(c, arena, topic, id, err) < 0)
        return -1;
    const uint8_t *payload = v->bytes + REGISTRY_PREFIX_BYTES;
    size_t len = v->len - REGISTRY_PREFIX_BYTES;
    bool bare = c->run_avro->type == AVRO_BYTES && c->run_schema && !schema_logical(c->run_schema);
    if (c->run_writer && !(bare && c->run_writer->type == AVRO_BYTES) && resolve(c, arena, &payload, &len, err) < 0)
        return -1;
    if (bare &&
        (!c->run_writer || c->run_writer->type == AVRO_BYTES)) /* bytes alone are written without their length */
        result = kc_bytes(payload, len);
    else if (avro_decode(arena, &c->options, c->run_avro, c->run_schema, payload, len, &result, err) < 0)
        return -1;
    *v = result;
    *ret_schema = c->run_schema;
    return 0;
}

/* ---- writing ---- */

/* The registry chose another schema than the value's: it is parsed and checked. */
static int take_other(struct avro_converter *c, struct writable *w, bool strict, struct kc_error *err) {
    char why[256];
    if (parse(w->base.target, err) < 0)
        return -1;
    w->avro = parsed_root(w->base.target);
    if (strict && avro_incompatible(w->avro, avro_doc_root(w->own), why, sizeof(why)))
        return registry_incompatible(c->base.registry, w->base.target, why, err);
    return 0;
}

static int make_writable(void *self, struct kc_arena *arena, const char *topic, void *writable, struct kc_error *err) {
    struct avro_converter *c = self;
    struct writable *w = writable;
    (void)arena;
    const char *subject;
    bool other, strict;
    AUTO_BUF text;
    buf_init(&text, INT32_MAX);
    if (avro_from_connect(&text, &c->options, w->base.schema, err) < 0 ||
        avro_doc_parse(buf_text(&text), text.len, NULL, 0, &w->own, err) < 0)
        return -1;
    w->avro = avro_doc_root(w->own);
    if (registry_subject(c->base.registry, topic, record_name(w->avro), &subject, err) < 0 ||
        registry_for_writing(c->base.registry, subject, buf_text(&text), text.len, NULL, 0, &w->base.target, &other,
                             &strict, err) < 0)
        return -1;
    return other ? take_other(c, w, strict, err) : 0;
}

static int encode(struct avro_converter *c, struct kc_arena *arena, const struct writable *w, struct kc_value *v,
                  struct kc_error *err) {
    struct buf *out = &c->base.out;
    buf_clear(out);
    if (registry_add_prefix(out, w->base.target) < 0)
        return -1;
    bool bare = w->avro->type == AVRO_BYTES && v->tag == KC_V_BYTES;
    if (bare ? buf_add(out, v->bytes, v->len) < 0
             : avro_encode(out, &c->options, w->avro, w->base.schema, v, arena, err) < 0)
        return -1;
    *v = registry_converter_message(&c->base, arena);
    return 0;
}

static int write_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                     struct kc_value *v, struct kc_error *err) {
    struct avro_converter *c = self;
    if (v->tag == KC_V_NULL)
        return !schema || schema->optional ? 0 : err_set(err, ERR_BAD_DATA, "Found null value for non-optional schema");
    struct writable *w = registry_converter_writable(&c->base, arena, topic, schema, err);
    return w ? encode(c, arena, w, v, err) : -1;
}

static const struct registry_format format = {.type = REGISTRY_AVRO,
                                              .instance_size = sizeof(struct avro_converter),
                                              .writable_size = sizeof(struct writable),
                                              .read = read_one,
                                              .write = write_one,
                                              .make_writable = make_writable,
                                              .done_writable = done_writable};

static const struct kc_converter_ops converter = REGISTRY_CONVERTER_OPS(configure);

const struct kc_plugin avro_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.avro.AvroConverter",
    .options = options,
    .conf_size = sizeof(struct avro_conf),
    .converter = &converter,
};
