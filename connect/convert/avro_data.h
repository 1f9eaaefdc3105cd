/* Between Connect and Avro: schemas both ways, values both ways. The parts: avro_from_connect.c (Connect schema →
 * text), avro_to_connect.c (tree → Connect schema), avro_default.c (default values in schemas), avro_encode.c and
 * avro_decode.c (values ↔ bytes), avro_resolve.c (bytes of one schema → bytes of another one). All run on the task's
 * thread.
 * @source io.confluent.connect.avro.AvroData */
#ifndef CONNECT_CONVERT_AVRO_DATA_H
#define CONNECT_CONVERT_AVRO_DATA_H

#include "connect/base/buf.h"
#include "connect/convert/avro_schema.h"
#include "connect/data/schema.h"

#define LOG_AVRO       "io.confluent.connect.avro.AvroData"
#define AVRO_NAMESPACE "io.confluent.connect.avro"

struct avro_options {
    bool enhanced, meta_data, scrub_names, optional_map_keys, flatten_singletons, discard_type_doc_default;
    bool generalized, ignore_default;
    uint32_t union_index; /* generalized: unions named so far */
};

/* ---- schemas ---- */

/* The Connect schema as Avro text, byte for byte as Java's; NULL is `Anything`.
 * @errors DataException, SchemaParseException */
int avro_from_connect(struct buf *out, const struct avro_options *options, const struct kc_schema *schema,
                      struct kc_error *err) KC_CHECKED;
/* The schema of values that are read by `avro`; NULL when it is `Anything`. `version` < 0: the registry says none. The
 * caller owns one reference. Recursive schemas live as long as the process, one for each `text`. `arena`: scratch.
 * @errors DataException */
int avro_to_connect(struct kc_arena *arena, struct avro_options *options, const struct avro_schema *avro,
                    const struct registry_schema *text, int32_t version, const struct kc_schema **ret_schema,
                    struct kc_error *err) KC_CHECKED;

/* What kind of special struct or string a Connect schema is. */
bool avro_is_union(const struct kc_schema *schema);
bool avro_is_fixed(const struct kc_schema *schema, uint32_t *ret_size); /* size may be NULL */
bool avro_is_enum(const struct avro_options *options, const struct kc_schema *schema);
/* Whether a MAP becomes a map, and not an array of entries. */
bool avro_has_plain_keys(const struct avro_options *options, const struct kc_schema *map);
/* The parameter that holds the name of an enum, and its prefix of symbols. */
const char *avro_enum_parameter(const struct avro_options *options);
/* A name as it may stand in Avro: itself, or with scrub.invalid.names what is left of it; in `arena`. */
const char *avro_scrub(struct kc_arena *arena, const struct avro_options *options, const char *name);
/* The same for every part of a dotted name. */
const char *avro_scrub_full(struct kc_arena *arena, const struct avro_options *options, const char *name);
/* Name of the field of a union struct for a branch. */
const char *avro_branch_field(struct kc_arena *arena, const struct avro_options *options,
                              const struct avro_schema *branch, uint32_t index);

/* ---- default values ---- */

/* Appends a value of `schema` as JSON. *ret_fits: whether it is valid as the default of a field. */
int avro_default_write(struct buf *out, const struct avro_options *options, const struct kc_schema *schema,
                       const struct kc_value *v, bool *ret_fits, struct kc_error *err) KC_CHECKED;
/* JSON → value of `schema`, which comes from `avro`. @errors DataException: does not fit */
int avro_default_read(struct kc_arena *arena, const struct avro_options *options, const struct kc_schema *schema,
                      const struct avro_schema *avro, const cJSON *json, struct kc_value *ret_value,
                      struct kc_error *err) KC_CHECKED;

/* ---- values ---- */

/* The value as Avro bytes by `avro`, which is what avro_from_connect made of `schema` or something like it: fields are
 * found by name. @errors DataException */
int avro_encode(struct buf *out, const struct avro_options *options, const struct avro_schema *avro,
                const struct kc_schema *schema, const struct kc_value *v, struct kc_arena *arena,
                struct kc_error *err) KC_CHECKED;
/* The JSON of a field's default as Avro bytes. @errors DataException: does not fit */
int avro_encode_default(struct buf *out, const struct avro_schema *avro, const cJSON *json,
                        struct kc_error *err) KC_CHECKED;
int avro_put_long(struct buf *out, int64_t value);
int avro_put_float(struct buf *out, double value, bool wide); /* 4 or 8 bytes */
/* Avro bytes → value of `schema`, which is what avro_to_connect made of `avro`. Strings and bytes point into `data`.
 * @errors SerializationException: the bytes are not such a value; DataException: the value does not fit its type */
int avro_decode(struct kc_arena *arena, const struct avro_options *options, const struct avro_schema *avro,
                const struct kc_schema *schema, const void *data, size_t len, struct kc_value *ret_value,
                struct kc_error *err) KC_CHECKED;
/* Avro bytes of `writer` as the bytes that `reader` stands for. @errors SerializationException: the bytes are not such
 * a value, or `reader` cannot read it */
int avro_resolve(struct buf *out, const struct avro_schema *reader, const struct avro_schema *writer, const void *data,
                 size_t len, struct kc_error *err) KC_CHECKED;

#endif
