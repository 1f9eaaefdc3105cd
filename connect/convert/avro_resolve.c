/* Avro bytes that one schema wrote as the bytes that another one would have written of the same value: fields by name
 * or alias, those that nobody wrote with their defaults, those that nobody reads left out, numbers widened, branches of
 * unions found again. For use.latest.version on the reading side, when the latest schema is another one.
 * @source org.apache.avro.io.ResolvingDecoder, org.apache.avro.Resolver */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/avro_wire.h"

struct resolver {
    struct avro_input in;
    struct kc_error *err;
};

static int resolve(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                   struct buf *out);

static const char *name_of(const struct avro_schema *schema) {
    return avro_is_named(schema) ? schema->full_name : avro_type_name(schema->type);
}

static int mismatch(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer) {
    err_set_class(r->err, ERR_BAD_DATA, "org.apache.avro.AvroTypeException", "Found %s, expecting %s", name_of(writer),
                  name_of(reader));
    return err_wrap(r->err, SERIALIZATION_EXCEPTION, "Error deserializing Avro message");
}

/* ---- scalars: copied, or widened ---- */

static int copy_sized(struct resolver *r, struct buf *out) {
    const uint8_t *bytes;
    size_t len;
    if (avro_get_sized(&r->in, &bytes, &len) < 0 || avro_put_long(out, (int64_t)len) < 0)
        return -1;
    return buf_add(out, bytes, len);
}

static int copy_raw(struct resolver *r, size_t len, struct buf *out) {
    const uint8_t *bytes;
    return avro_get_raw(&r->in, len, &bytes) < 0 ? -1 : buf_add(out, bytes, len);
}

static int resolve_integer(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                           struct buf *out) {
    int64_t n;
    if ((writer->type == AVRO_INT ? avro_get_int(&r->in, &n) : avro_get_long(&r->in, &n)) < 0)
        return -1;
    if (reader->type == AVRO_FLOAT || reader->type == AVRO_DOUBLE)
        return avro_put_float(out, (double)n, reader->type == AVRO_DOUBLE);
    return avro_put_long(out, n);
}

static int resolve_float(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                         struct buf *out) {
    double value;
    if (avro_get_float(&r->in, writer->type == AVRO_DOUBLE, &value) < 0)
        return -1;
    return avro_put_float(out, value, reader->type == AVRO_DOUBLE);
}

static int symbol_at(const struct avro_schema *schema, const char *symbol) {
    for (uint32_t i = 0; symbol && i < schema->count; i++)
        if (strcmp(schema->symbols[i], symbol) == 0)
            return (int)i;
    return -1;
}

static int resolve_enum(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                        struct buf *out) {
    int64_t n;
    if (avro_get_int(&r->in, &n) < 0)
        return -1;
    if (n < 0 || n >= writer->count)
        return avro_bad(&r->in, "an enum has no such symbol");
    int at = symbol_at(reader, writer->symbols[n]);
    if (at < 0)
        at = symbol_at(reader, reader->enum_default);
    if (at < 0) {
        err_set_class(r->err, ERR_BAD_DATA, "org.apache.avro.AvroTypeException", "No match for %s in %s",
                      writer->symbols[n], reader->full_name);
        return err_wrap(r->err, SERIALIZATION_EXCEPTION, "Error deserializing Avro message");
    }
    return avro_put_long(out, at);
}

/* ---- containers ---- */

static int resolve_elements(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                            struct buf *out) {
    bool map = writer->type == AVRO_MAP;
    uint32_t count = 0, block;
    for (;;) {
        if (avro_get_block(&r->in, writer->items->min_bytes + map, count, &block) < 0 || avro_put_long(out, block) < 0)
            return -1;
        if (!block)
            return 0;
        count += block;
        for (uint32_t i = 0; i < block; i++)
            if ((map && copy_sized(r, out) < 0) || resolve(r, reader->items, writer->items, out) < 0)
                return -1;
    }
}

/* A field of the reader's record: they come in the writer's order. */
struct part {
    struct buf bytes;
    bool written;
};

static int resolve_fields(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                          struct part *parts) {
    struct buf nowhere;
    for (uint32_t w = 0; w < writer->count; w++) {
        uint32_t at = 0;
        while (at < reader->count && avro_written_field(writer, &reader->fields[at]) != &writer->fields[w])
            at++;
        bool known = at < reader->count;
        buf_init(&nowhere, INT32_MAX);
        int rc = resolve(r, known ? reader->fields[at].schema : writer->fields[w].schema, writer->fields[w].schema,
                         known ? &parts[at].bytes : &nowhere);
        buf_done(&nowhere);
        if (rc < 0)
            return -1;
        if (known)
            parts[at].written = true;
    }
    return 0;
}

static int add_default(struct resolver *r, const struct avro_schema *reader, const struct avro_field *field,
                       struct buf *out) {
    if (field->default_value)
        return avro_encode_default(out, field->schema, field->default_value, r->err);
    err_set_class(r->err, ERR_BAD_DATA, "org.apache.avro.AvroTypeException",
                  "Found %s, expecting %s, missing required field %s", reader->full_name, reader->full_name,
                  field->name);
    return err_wrap(r->err, SERIALIZATION_EXCEPTION, "Error deserializing Avro message");
}

static int join_fields(struct resolver *r, const struct avro_schema *reader, struct part *parts, struct buf *out) {
    for (uint32_t i = 0; i < reader->count; i++) {
        if (!parts[i].written && add_default(r, reader, &reader->fields[i], &parts[i].bytes) < 0)
            return -1;
        if (buf_add(out, parts[i].bytes.data, parts[i].bytes.len) < 0)
            return -1;
    }
    return 0;
}

static int resolve_record(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                          struct buf *out) {
    struct part *parts = calloc(reader->count + 1, sizeof(*parts));
    if (!parts)
        abort();
    for (uint32_t i = 0; i < reader->count; i++)
        buf_init(&parts[i].bytes, INT32_MAX);
    int rc = avro_count_empty(&r->in, writer->empty_fields);
    if (rc == 0)
        rc = resolve_fields(r, reader, writer, parts);
    if (rc == 0)
        rc = join_fields(r, reader, parts, out);
    for (uint32_t i = 0; i < reader->count; i++)
        buf_done(&parts[i].bytes);
    free(parts);
    return rc;
}

/* ---- unions ---- */

static int resolve_written_branch(struct resolver *r, const struct avro_schema *reader,
                                  const struct avro_schema *writer, struct buf *out) {
    int64_t branch;
    if (avro_get_int(&r->in, &branch) < 0)
        return -1;
    if (branch < 0 || branch >= writer->count)
        return avro_bad(&r->in, "a union has no such branch");
    return resolve(r, reader, writer->branches[branch], out);
}

/* The branch of the same type and name, else one that can hold the value. */
static int branch_for(const struct avro_schema *reader, const struct avro_schema *writer) {
    char why[64];
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_schema *branch = reader->branches[i];
        bool same = branch->type == writer->type &&
                    (!avro_is_named(branch) || strcmp(branch->full_name, writer->full_name) == 0);
        if (same)
            return (int)i;
    }
    for (uint32_t i = 0; i < reader->count; i++)
        if (!avro_incompatible(reader->branches[i], writer, why, sizeof(why)))
            return (int)i;
    return -1;
}

static int resolve_read_branch(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                               struct buf *out) {
    int branch = branch_for(reader, writer);
    if (branch < 0)
        return mismatch(r, reader, writer);
    return avro_put_long(out, branch) < 0 ? -1 : resolve(r, reader->branches[branch], writer, out);
}

/* ---- by type ---- */

static int resolve_by_type(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                           struct buf *out) {
    if (writer->type == AVRO_UNION)
        return resolve_written_branch(r, reader, writer, out);
    if (reader->type == AVRO_UNION)
        return resolve_read_branch(r, reader, writer, out);
    if (reader->type != writer->type && !avro_promotable(writer->type, reader->type))
        return mismatch(r, reader, writer);
    switch (writer->type) {
    case AVRO_BOOLEAN:
        return copy_raw(r, 1, out);
    case AVRO_INT:
    case AVRO_LONG:
        return resolve_integer(r, reader, writer, out);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return resolve_float(r, reader, writer, out);
    case AVRO_BYTES:
    case AVRO_STRING:
        return copy_sized(r, out);
    case AVRO_FIXED:
        return reader->size == writer->size ? copy_raw(r, writer->size, out) : mismatch(r, reader, writer);
    case AVRO_ENUM:
        return resolve_enum(r, reader, writer, out);
    case AVRO_ARRAY:
    case AVRO_MAP:
        return resolve_elements(r, reader, writer, out);
    case AVRO_RECORD:
        return resolve_record(r, reader, writer, out);
    default:
        return 0;
    }
}

static int resolve(struct resolver *r, const struct avro_schema *reader, const struct avro_schema *writer,
                   struct buf *out) {
    if (r->in.depth >= AVRO_MAX_DEPTH)
        return avro_bad(&r->in, "the value is nested too deeply");
    r->in.depth++;
    int rc = resolve_by_type(r, reader, writer, out);
    r->in.depth--;
    return rc;
}

int avro_resolve(struct buf *out, const struct avro_schema *reader, const struct avro_schema *writer, const void *data,
                 size_t len, struct kc_error *err) {
    struct resolver r = {avro_input_of(data, len, err), err};
    if (resolve(&r, reader, writer, out) < 0)
        return out->failed ? avro_bad(&r.in, "the value is too large") : -1;
    return 0;
}
