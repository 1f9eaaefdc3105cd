/* See compatibility.h. */
#include "connectors/s3/compatibility.h"

#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/data/project.h"
#include "connect/data/schema.h"

static const char *const names[] = {"NONE", "BACKWARD", "FORWARD", "FULL"};

enum compatibility compatibility_parse(const char *text) {
    for (size_t i = 1; i < COUNT_OF(names); i++)
        if (text && !strcmp(text, names[i]))
            return (enum compatibility)i;
    return COMPATIBILITY_NONE;
}

/* ---- Structure --------------------------------------------------------------------------------------------------- */

/* INT8 < INT16 < INT32 < INT64 < FLOAT32 < FLOAT64, which is the order of the types. */
static bool promotes(enum kc_type from, enum kc_type to) {
    return from <= KC_FLOAT64 && to <= KC_FLOAT64 && from <= to;
}

/* Parameters that only document. */
static bool documents(const char *name) {
    static const char *const ignored[] = {"connect.record.doc", "connect.record.aliases", "connect.record.namespace"};
    for (size_t i = 0; i < COUNT_OF(ignored); i++)
        if (!strcmp(ignored[i], name))
            return true;
    return !strncmp(name, "io.confluent.connect.avro.field.doc.", 36);
}

/* Every parameter of `a` is one of `b`. */
static bool parameters_in(const struct kc_schema *a, const struct kc_schema *b) {
    for (uint32_t i = 0; i < a->parameter_count; i++) {
        const char *other = schema_parameter(b, a->parameters[i].name);
        if (!documents(a->parameters[i].name) && (!other || strcmp(other, a->parameters[i].value) != 0))
            return false;
    }
    return true;
}

/* A record with fewer symbols fits a file with more. */
static bool both_enums(const struct kc_schema *a, const struct kc_schema *b) {
    static const char *const markers[] = {"io.confluent.connect.avro.Enum", "org.apache.kafka.connect.data.Enum",
                                          "io.confluent.connect.protobuf.Enum"};
    for (size_t i = 0; i < COUNT_OF(markers); i++)
        if (schema_parameter(a, markers[i]) && schema_parameter(b, markers[i]))
            return true;
    return false;
}

static bool same_name(const struct kc_schema *a, const struct kc_schema *b) {
    return a->name && b->name ? !strcmp(a->name, b->name) : !a->name && !b->name;
}

static bool fits(const struct kc_schema *record, const struct kc_schema *file);

static bool fields_fit(const struct kc_schema *record, const struct kc_schema *file) {
    for (uint32_t i = 0; i < file->field_count; i++) {
        const struct kc_field *wanted = &file->fields[i], *given = kc_schema_field(record, wanted->name);
        if (given ? !fits(given->schema, wanted->schema) : !wanted->schema->optional && !wanted->schema->has_default)
            return false;
    }
    return true;
}

static bool fits(const struct kc_schema *record, const struct kc_schema *file) {
    if (record == file)
        return true;
    if (!record || !file || (record->type != file->type && !promotes(record->type, file->type)) ||
        !same_name(record, file))
        return false;
    if (!parameters_in(record, file) || (!both_enums(record, file) && !parameters_in(file, record)))
        return false;
    if (record->optional && !file->optional && !file->has_default)
        return false;
    if (file->type == KC_STRUCT)
        return fields_fit(record, file);
    if (file->type == KC_ARRAY || file->type == KC_MAP)
        return fits(record->value_schema, file->value_schema) && fits(record->key_schema, file->key_schema);
    return true;
}

/* ---- Modes ------------------------------------------------------------------------------------------------------- */

int compatibility_ends_file(enum compatibility mode, const struct kc_schema *file, const struct kc_schema *record,
                            struct kc_error *err) {
    if (file == record)
        return 0;
    if (!file || !record)
        return 1;
    if (mode == COMPATIBILITY_NONE)
        return !kc_schema_equal(file, record);
    if (!file->has_version || !record->has_version)
        return kc_fail(err, SCHEMA_PROJECTOR_EXCEPTION, "Schema version required for %s compatibility", names[mode]);
    if (!fits(record, file))
        return 1;
    return mode == COMPATIBILITY_FORWARD ? record->version < file->version : record->version > file->version;
}
