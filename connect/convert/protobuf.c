/* ProtobufConverter as a plugin. One instance per task and record part, used by one thread; it owns its registry client
 * and what it made of schemas. Runs of records with the same schema and topic find everything in a few comparisons.
 * @source io.confluent.connect.protobuf.ProtobufConverter, AbstractKafkaProtobufDeserializer,
 * AbstractKafkaProtobufSerializer */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/protobuf_options.h"
#include "connect/convert/registry_batch.h"
#include "connect/convert/registry_options.h"
#include "connect/convert/subject_run.h"

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
struct readable {
    struct protobuf_schema *schema;
    struct readable_message *messages;
};
/* One message of it. Subjects may number the same schema differently. */
struct readable_message {
    const struct protobuf_message *type;
    int32_t version;
    const struct kc_schema *schema; /* one reference */
    struct readable_message *next;
};

/* What writing one Connect schema to one subject takes. */
struct writable {
    const struct kc_schema *schema; /* one reference */
    struct protobuf_target *own;    /* made of it */
    struct buf prefix;              /* zero byte, id, message indexes */
};

struct protobuf_converter {
    const struct protobuf_conf *conf; /* of the framework, outlives the instance */
    struct registry *registry;
    struct writables written; /* struct writable */
    struct buf out;
    struct subject_run run; /* reading: what the last record had */
    struct registry_schema *run_source;
    const struct protobuf_message *run_type; /* NULL: not known yet */
    const struct kc_schema *run_schema;      /* borrowed from a readable_message */
};

/* ---- life ---- */

static void free_readable(void *arg) {
    struct readable *r = arg;
    for (struct readable_message *m = r->messages, *next; m; m = next) {
        next = m->next;
        kc_schema_unref(m->schema);
        free(m);
    }
    protobuf_schema_free(r->schema);
    free(r);
}

static void free_writable(void *arg) {
    struct writable *w = arg;
    kc_schema_unref(w->schema);
    protobuf_target_free(w->own);
    buf_done(&w->prefix);
    free(w);
}

static void close_converter(void *self) {
    struct protobuf_converter *c = self;
    writables_done(&c->written);
    subject_run_done(&c->run);
    registry_free(c->registry);
    buf_done(&c->out);
    free(c);
}

static int configure(const struct kc_config *config, const void *conf_, bool is_key, void **ret_self,
                     struct kc_error *err) {
    const struct protobuf_conf *conf = conf_;
    struct registry *registry;
    if (registry_new(&conf->registry, config, REGISTRY_PROTOBUF, is_key, &registry, err) < 0)
        return -1;
    struct protobuf_converter *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->conf = conf;
    c->registry = registry;
    writables_init(&c->written, conf->data.cache_size, free_writable);
    buf_init(&c->out, INT32_MAX);
    *ret_self = c;
    return 0;
}

/* Between batches: lets go of what the client lets go of. */
static void trim(struct protobuf_converter *c) {
    if (!registry_trim(c->registry))
        return;
    subject_run_clear(&c->run);
    writables_clear(&c->written);
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
    struct readable *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->schema = parsed;
    schema->parsed = r;
    schema->free_parsed = free_readable;
    return 0;
}

static const struct protobuf_schema *parsed_schema(const struct registry_schema *schema) {
    return ((const struct readable *)schema->parsed)->schema;
}

static int readable_schema(struct protobuf_converter *c, struct registry_schema *source,
                           const struct protobuf_message *type, int32_t version, const struct kc_schema **ret_schema,
                           struct kc_error *err) {
    struct readable *r = source->parsed;
    struct readable_message *m = r->messages;
    while (m && (m->type != type || m->version != version))
        m = m->next;
    if (!m) {
        const struct kc_schema *made;
        if (protobuf_to_schema(&c->conf->data, r->schema, type, &version, &made, err) < 0)
            return -1;
        m = malloc(sizeof(*m));
        if (!m)
            abort();
        *m = (struct readable_message){type, version, made, r->messages};
        r->messages = m;
    }
    *ret_schema = m->schema;
    return 0;
}

/* Finds the schema that records of this topic with this id were written with. */
static int start_run(struct protobuf_converter *c, const char *topic, int32_t id, struct kc_error *err) {
    const char *subject = NULL;
    bool by_record = registry_subject_uses_record(c->registry);
    subject_run_clear(&c->run);
    c->run_type = NULL;
    if (!by_record && registry_subject(c->registry, topic, NULL, &subject, err) < 0)
        return -1;
    if (registry_by_id(c->registry, subject, id, &c->run_source, err) < 0 || parse(c->run_source, err) < 0)
        return -1;
    subject_run_set(&c->run, topic, id);
    return 0;
}

/* Finds what a message of this type becomes. */
static int start_type(struct protobuf_converter *c, const char *topic, const struct protobuf_message *type,
                      struct kc_error *err) {
    const char *subject;
    int32_t version;
    c->run_type = NULL;
    if (registry_subject(c->registry, topic, type->full_name, &subject, err) < 0 ||
        registry_version(c->registry, subject, c->run_source, &version, err) < 0 ||
        readable_schema(c, c->run_source, type, version, &c->run_schema, err) < 0)
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
    if (!subject_run_is(&c->run, topic, id) && start_run(c, topic, id, err) < 0)
        return -1;
    const uint8_t *payload = v->bytes + REGISTRY_PREFIX_BYTES;
    size_t len = v->len - REGISTRY_PREFIX_BYTES, used;
    const struct protobuf_message *type;
    struct protobuf_node *node;
    if (protobuf_read_indexes(parsed_schema(c->run_source), payload, len, &used, &type, err) < 0)
        return bad_message(err, id);
    if (type != c->run_type && start_type(c, topic, type, err) < 0)
        return -1;
    if (protobuf_decode(arena, type, payload + used, len - used, &node, err) < 0)
        return bad_message(err, id);
    struct kc_value result;
    if (protobuf_to_value(&c->conf->data, arena, c->run_schema, node, &result, err) < 0)
        return -1;
    *v = result;
    *ret_schema = c->run_schema;
    return 0;
}

static uint32_t to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct protobuf_converter *c = self;
    trim(c);
    return registry_read_batch(c->registry, read_one, c, batch, from, is_key, err);
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
        return registry_incompatible(c->registry, other, why, err);
    return 0;
}

static int make_writable(struct protobuf_converter *c, const char *topic, struct writable *w, struct kc_error *err) {
    const char *subject;
    bool other, strict;
    struct registry_schema *target;
    if (protobuf_from_schema(&c->conf->data, w->schema, &w->own, err) < 0)
        return -1;
    const char *name = w->own->root->full_name, *text = buf_text(&w->own->text);
    if (registry_subject(c->registry, topic, name, &subject, err) < 0 ||
        registry_for_writing(c->registry, subject, text, w->own->text.len, NULL, 0, &target, &other, &strict, err) < 0)
        return -1;
    if (other && take_other(c, w, target, strict, err) < 0)
        return -1;
    const struct protobuf_schema *schema = other ? parsed_schema(target) : w->own->schema;
    if (registry_add_prefix(&w->prefix, target) < 0)
        return -1;
    return protobuf_add_indexes(&w->prefix, schema, name, c->conf->registry.normalize);
}

static struct writable *find_writable(struct protobuf_converter *c, const char *topic, const struct kc_schema *schema,
                                      struct kc_error *err) {
    struct writable *w = writables_get(&c->written, schema, topic);
    if (w)
        return w;
    w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    buf_init(&w->prefix, 1 << 10);
    w->schema = kc_schema_ref(schema);
    if (make_writable(c, topic, w, err) < 0) {
        free_writable(w);
        return NULL;
    }
    writables_put(&c->written, schema, topic, w);
    return w;
}

static int encode(struct protobuf_converter *c, struct kc_arena *arena, const struct writable *w, struct kc_value *v,
                  struct kc_error *err) {
    struct protobuf_node *node;
    buf_clear(&c->out);
    if (protobuf_from_value(&c->conf->data, arena, w->own, w->schema, v, &node, err) < 0)
        return -1;
    if (buf_add(&c->out, w->prefix.data, w->prefix.len) < 0 || protobuf_encode(&c->out, node) < 0)
        return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                             "Error serializing Protobuf message: it has more than %d bytes", INT32_MAX);
    *v = kc_bytes(kc_arena_copy(arena, c->out.data, c->out.len), c->out.len);
    return 0;
}

static int write_one(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                     struct kc_value *v, struct kc_error *err) {
    struct protobuf_converter *c = self;
    if (v->tag == KC_V_NULL)
        return 0;
    struct writable *w = find_writable(c, topic, schema, err);
    return w ? encode(c, arena, w, v, err) : -1;
}

static uint32_t from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    struct protobuf_converter *c = self;
    trim(c);
    return registry_write_batch(c->registry, write_one, c, batch, from, is_key, err);
}

static const struct kc_converter_ops converter = {
    .configure = configure, .to_connect = to_connect, .from_connect = from_connect, .close = close_converter};

const struct kc_plugin protobuf_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "io.confluent.connect.protobuf.ProtobufConverter",
    .options = options,
    .conf_size = sizeof(struct protobuf_conf),
    .converter = &converter,
};
