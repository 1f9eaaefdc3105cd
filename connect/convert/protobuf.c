/* ProtobufConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry client
 * and what it made of schemas. Runs of records with the same schema and topic find everything in a few comparisons.
 * @source io.confluent.connect.protobuf.ProtobufConverter, AbstractKafkaProtobufDeserializer,
 * AbstractKafkaProtobufSerializer */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/protobuf_options.h"
#include "connect/convert/registry_converter.h"
#include "connect/convert/registry_options.h"

struct protobuf_conf {
    const char *converter_type;
    struct registry_conf registry;
    struct protobuf_data_conf data;
};

/* clang-format off */
static const struct kc_option options[] = {
    CONVERTER_TYPE_OPTION(struct protobuf_conf),
    REGISTRY_OPTIONS(struct protobuf_conf, registry),
    PROTOBUF_DATA_OPTIONS(struct protobuf_conf, data),
    KC_OPTION_END};
/* clang-format on */

/* What reading with one schema of the registry takes: kept in its `parsed`. */
struct parsed {
    struct protobuf_schema *schema;
    struct readable *readables; /* by message */
};

/* What writing one Connect schema to one topic takes. */
struct writable {
    struct registry_writable base;
    struct protobuf_target *own; /* made of the schema */
    struct buf prefix;           /* zero byte, id, message indexes */
};

struct protobuf_converter {
    struct registry_converter base;
    const struct protobuf_conf *conf;          /* of the framework, outlives the instance */
    struct registry_schema *run_source;        /* reading: what the last record had */
    const struct protobuf_message *run_type;   /* NULL: not known yet */
    const struct protobuf_message *run_reader; /* by which it is read: the same, or the latest schema's */
    const struct kc_schema *run_schema;        /* borrowed from a readable */
};

/* ---- life ---- */

static const struct registry_format format;

static void free_parsed(void *arg) {
    struct parsed *p = arg;
    readable_free(p->readables);
    protobuf_schema_free(p->schema);
    free(p);
}

static void done_writable(void *arg) {
    struct writable *w = arg;
    protobuf_target_free(w->own);
    buf_done(&w->prefix);
}

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct protobuf_conf *conf = conf_;
    if (registry_converter_new(&format, &conf->registry, config, conf->data.cache_size, is_key, ret_self, err) < 0)
        return -1;
    ((struct protobuf_converter *)*ret_self)->conf = conf;
    return 0;
}

/* ---- reading ---- */

static const char *import_text(void *arg, const char *path) {
    const struct registry_schema *schema = arg;
    for (uint32_t i = 0; i < schema->dependency_count; i++)
        if (strcmp(schema->dependencies[i].name, path) == 0)
            return schema->dependencies[i].text;
    return NULL;
}

static int parse(struct registry_schema *schema, struct kc_error *err) {
    struct protobuf_schema *parsed;
    if (schema->parsed)
        return 0;
    if (protobuf_schema_new(schema->text, schema->len, import_text, schema, &parsed, err) < 0)
        return err_wrap(err, SERIALIZATION_EXCEPTION, "Could not parse Protobuf schema %d", schema->id);
    struct parsed *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->schema = parsed;
    schema->parsed = p;
    schema->free_parsed = free_parsed;
    return 0;
}

static const struct protobuf_schema *parsed_schema(const struct registry_schema *schema) {
    return ((const struct parsed *)schema->parsed)->schema;
}

static int readable_schema(struct protobuf_converter *c, struct registry_schema *source,
                           const struct protobuf_message *type, int32_t version, const struct kc_schema **ret_schema,
                           struct kc_error *err) {
    struct parsed *p = source->parsed;
    const struct readable *r = readable_find(p->readables, type, version);
    const struct kc_schema *made;
    if (!r) {
        if (protobuf_to_schema(&c->conf->data, p->schema, type, &version, &made, err) < 0)
            return -1;
        r = readable_add(&p->readables, type, version, made);
    }
    *ret_schema = r->schema;
    return 0;
}

/* Finds the schema that records of this topic with this id were written with. */
static int start_run(struct protobuf_converter *c, const char *topic, int32_t id, struct kc_error *err) {
    const char *subject;
    c->run_type = NULL;
    if (registry_converter_find(&c->base, topic, id, &c->run_source, &subject, err) < 0 ||
        parse(c->run_source, err) < 0)
        return -1;
    subject_run_set(&c->base.run, topic, id);
    return 0;
}

/* Finds what a message of this type becomes: by another schema's message of that name, when the latest one is to be
 * read with. */
static int start_type(struct protobuf_converter *c, const char *topic, const struct protobuf_message *type,
                      struct kc_error *err) {
    const char *subject;
    struct registry_schema *reader;
    int32_t version;
    c->run_type = NULL;
    if (registry_subject(c->base.registry, topic, type->full_name, &subject, err) < 0 ||
        registry_for_reading(c->base.registry, subject, c->run_source, &reader, err) < 0 ||
        registry_version(c->base.registry, subject, reader, &version, err) < 0 || parse(reader, err) < 0)
        return -1;
    c->run_reader = reader == c->run_source ? type : protobuf_message_named(parsed_schema(reader), type->full_name);
    if (!c->run_reader)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "The latest schema of subject %s (id %d) has no message %s",
                       subject, reader->id, type->full_name);
    if (readable_schema(c, reader, c->run_reader, version, &c->run_schema, err) < 0)
        return -1;
    c->run_type = type;
    return 0;
}

/* What went wrong with the bytes of a message. */
static int bad_message(struct kc_error *err, int32_t id) {
    return err_wrap(err, SERIALIZATION_EXCEPTION, "Error deserializing Protobuf message for id %d", id);
}

static int read_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema **ret_schema,
                    struct kc_value *v, struct kc_error *err) {
    struct protobuf_converter *c = self;
    int32_t id = -1;
    if (registry_message_id(v->bytes, v->len, &id, err) < 0)
        return bad_message(err, id);
    if (!subject_run_is(&c->base.run, topic, id) && start_run(c, topic, id, err) < 0)
        return -1;
    const uint8_t *payload = v->bytes + REGISTRY_PREFIX_BYTES;
    size_t len = v->len - REGISTRY_PREFIX_BYTES, used;
    const struct protobuf_message *type;
    struct protobuf_node *node;
    if (protobuf_read_indexes(parsed_schema(c->run_source), payload, len, &used, &type, err) < 0)
        return bad_message(err, id);
    if (type != c->run_type && start_type(c, topic, type, err) < 0)
        return -1;
    if (protobuf_decode(arena, c->run_reader, payload + used, len - used, &node, err) < 0)
        return bad_message(err, id);
    struct kc_value result;
    if (protobuf_to_value(&c->conf->data, arena, c->run_schema, node, &result, err) < 0)
        return -1;
    *v = result;
    *ret_schema = c->run_schema;
    return 0;
}

/* ---- writing ---- */

/* The registry chose another schema than the value's: it must be able to read what is written. The bytes are those of
 * the value's own schema all the same, only the indexes are those of the other one. */
static int take_other(struct protobuf_converter *c, const struct writable *w, struct registry_schema *other,
                      bool strict, struct kc_error *err) {
    char why[512];
    if (parse(other, err) < 0)
        return -1;
    if (strict && protobuf_incompatible(parsed_schema(other), w->own->schema, why, sizeof(why)))
        return registry_incompatible(c->base.registry, other, why, err);
    return 0;
}

static int make_writable(void *self, struct kc_arena *arena, const char *topic, void *writable, struct kc_error *err) {
    struct protobuf_converter *c = self;
    struct writable *w = writable;
    struct registry_schema *target;
    (void)arena;
    buf_init(&w->prefix, 1 << 10);
    const char *subject;
    bool other, strict;
    if (protobuf_from_schema(&c->conf->data, w->base.schema, &w->own, err) < 0)
        return -1;
    const char *name = w->own->root->full_name, *text = buf_text(&w->own->text);
    if (registry_subject(c->base.registry, topic, name, &subject, err) < 0 ||
        registry_for_writing(c->base.registry, subject, text, w->own->text.len, NULL, 0, &target, &other, &strict,
                             err) < 0)
        return -1;
    w->base.target = target;
    if (other && take_other(c, w, target, strict, err) < 0)
        return -1;
    const struct protobuf_schema *schema = other ? parsed_schema(target) : w->own->schema;
    if (registry_add_prefix(&w->prefix, target) < 0)
        return -1;
    return protobuf_add_indexes(&w->prefix, schema, name, c->conf->registry.normalize);
}

static int encode(struct protobuf_converter *c, struct kc_arena *arena, const struct writable *w, struct kc_value *v,
                  struct kc_error *err) {
    struct protobuf_node *node;
    struct buf *out = &c->base.out;
    buf_clear(out);
    if (protobuf_from_value(&c->conf->data, arena, w->own, w->base.schema, v, &node, err) < 0)
        return -1;
    if (buf_add(out, w->prefix.data, w->prefix.len) < 0 || protobuf_encode(out, node) < 0)
        return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                             "Error serializing Protobuf message: it has more than %d bytes", INT32_MAX);
    *v = registry_converter_message(&c->base, arena);
    return 0;
}

static int write_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                     struct kc_value *v, struct kc_error *err) {
    struct protobuf_converter *c = self;
    if (v->tag == KC_V_NULL)
        return 0;
    struct writable *w = registry_converter_writable(&c->base, arena, topic, schema, err);
    return w ? encode(c, arena, w, v, err) : -1;
}

static const struct registry_format format = {.type = REGISTRY_PROTOBUF,
                                              .instance_size = sizeof(struct protobuf_converter),
                                              .writable_size = sizeof(struct writable),
                                              .read = read_one,
                                              .write = write_one,
                                              .make_writable = make_writable,
                                              .done_writable = done_writable};

static const struct kc_converter_ops converter = REGISTRY_CONVERTER_OPS(configure);

const struct kc_plugin protobuf_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.protobuf.ProtobufConverter",
    .options = options,
    .conf_size = sizeof(struct protobuf_conf),
    .converter = &converter,
};
