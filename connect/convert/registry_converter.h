/* What the Avro, JSON Schema and Protobuf converters are besides their formats: an instance per task and record part
 * with its registry client, what it made of schemas, and the way through a batch. A format is a row of functions
 * (struct registry_format); its instance begins with struct registry_converter, its struct for writing with struct
 * registry_writable. Used by one thread. */
#ifndef CONNECT_CONVERT_REGISTRY_CONVERTER_H
#define CONNECT_CONVERT_REGISTRY_CONVERTER_H

#include "connect/convert/registry_batch.h"
#include "connect/convert/subject_run.h"

struct registry_format {
    enum registry_type type;
    size_t instance_size, writable_size;
    registry_read_fn *read;   /* `self` is the instance */
    registry_write_fn *write; /* the same */
    /* Fills a zeroed writable that has its schema. On failure it is freed all the same. @blocks on the registry */
    int (*make_writable)(void *self, struct kc_arena *arena, const char *topic, void *writable, struct kc_error *err);
    void (*done_writable)(void *writable); /* frees what the format added; NULL: nothing */
};

/* What writing one Connect schema to one topic takes; a format adds its own after it. */
struct registry_writable {
    const struct registry_format *format;
    const struct kc_schema *schema; /* one reference; NULL: schemaless */
    struct registry_schema *target; /* of the client, filled by make_writable */
};

struct registry_converter {
    const struct registry_format *format;
    struct registry *registry;
    struct writables written;
    struct buf out;         /* the message that is being written */
    struct subject_run run; /* reading: what the last record had */
    int64_t good_until_ms;  /* monotonic: what was made with latest schemas, when they are looked for again */
};

/* A zeroed instance of format->instance_size, but for its beginning. @errors those of registry_new */
int registry_converter_new(const struct registry_format *format, const struct registry_conf *conf,
                           const struct kc_config *config, int cache_size, bool is_key, void **ret_self,
                           struct kc_error *err) KC_CHECKED;

/* For struct kc_converter_ops. */
void registry_converter_close(void *self);
uint32_t registry_converter_to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key,
                                       struct kc_error *err);
uint32_t registry_converter_from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key,
                                         struct kc_error *err);

#define REGISTRY_CONVERTER_OPS(configure_)                                                  \
    {                                                                                       \
        .configure = configure_, .to_connect = registry_converter_to_connect,               \
        .from_connect = registry_converter_from_connect, .close = registry_converter_close, \
    }

/* The struct of the format for this schema, made when it is not known; valid until the next call. NULL: failed.
 * @blocks on the first time */
void *registry_converter_writable(struct registry_converter *c, struct kc_arena *arena, const char *topic,
                                  const struct kc_schema *schema, struct kc_error *err);

/* The schema with this id as records of the topic have it: *ret_subject is NULL as long as it takes the name of the
 * record, which only the schema tells (registry_subject); else it is valid until the next subject.
 * @blocks on the first time */
int registry_converter_find(struct registry_converter *c, const char *topic, int32_t id,
                            struct registry_schema **ret_schema, const char **ret_subject,
                            struct kc_error *err) KC_CHECKED;

/* The bytes of c->out, in `arena`. */
struct kc_value registry_converter_message(const struct registry_converter *c, struct kc_arena *arena);

/* ---- Connect schemas of one schema of the registry ---- */

/* Subjects may number the same schema differently, and a Protobuf schema has several messages. */
struct readable {
    const void *part; /* the message; NULL where a schema has one part only */
    int32_t version;
    const struct kc_schema *schema; /* one reference; NULL: schemaless */
    struct readable *next;
};

const struct readable *readable_find(const struct readable *list, const void *part, int32_t version);
/* Takes the reference over. */
const struct readable *readable_add(struct readable **list, const void *part, int32_t version,
                                    const struct kc_schema *schema);
void readable_free(void *list);

#endif
