/* Whether one Avro schema can read what another one wrote: for *.compatibility.strict of the converter.
 * @source org.apache.avro.SchemaCompatibility */
#include <stdio.h>
#include <string.h>

#include "connect/convert/avro_schema.h"

/* Below this depth and after so many steps (records may hold themselves in many ways) the rest counts as compatible. */
enum { MAX_COMPARED = 64, MAX_STEPS = 100000 };

struct comparison {
    unsigned depth, steps;
    char *why;
    size_t size;
};

static bool differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer);

static bool say(struct comparison *c, const char *what, const char *name) {
    snprintf(c->why, c->size, "%s %s", what, name);
    return true;
}

bool avro_promotable(enum avro_type from, enum avro_type to) {
    switch (from) {
    case AVRO_INT:
        return to == AVRO_LONG || to == AVRO_FLOAT || to == AVRO_DOUBLE;
    case AVRO_LONG:
        return to == AVRO_FLOAT || to == AVRO_DOUBLE;
    case AVRO_FLOAT:
        return to == AVRO_DOUBLE;
    case AVRO_STRING:
        return to == AVRO_BYTES;
    case AVRO_BYTES:
        return to == AVRO_STRING;
    default:
        return false;
    }
}

static bool has_alias(const cJSON *json, const char *name, const char *full_name) {
    const cJSON *alias;
    const cJSON *aliases = json ? cJSON_GetObjectItemCaseSensitive(json, "aliases") : NULL;
    cJSON_ArrayForEach(alias, aliases) {
        if (cJSON_IsString(alias) &&
            (strcmp(alias->valuestring, name) == 0 || strcmp(alias->valuestring, full_name) == 0))
            return true;
    }
    return false;
}

static bool names_differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (strcmp(reader->name, writer->name) == 0 || has_alias(reader->json, writer->name, writer->full_name))
        return false;
    return say(c, "there is another name than", writer->full_name);
}

const struct avro_field *avro_written_field(const struct avro_schema *writer, const struct avro_field *field) {
    const struct avro_field *found = avro_field(writer, field->name, strlen(field->name));
    for (uint32_t i = 0; !found && i < writer->count; i++)
        if (has_alias(field->json, writer->fields[i].name, writer->fields[i].name))
            found = &writer->fields[i];
    return found;
}

static bool records_differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (names_differ(c, reader, writer))
        return true;
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_field *field = &reader->fields[i], *written = avro_written_field(writer, field);
        if (!written && !field->default_value)
            return say(c, "nothing is written for the field without default", field->name);
        if (written && differ(c, field->schema, written->schema))
            return true;
    }
    return false;
}

static bool enums_differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (names_differ(c, reader, writer))
        return true;
    for (uint32_t i = 0; i < writer->count && !reader->enum_default; i++) {
        uint32_t at = 0;
        while (at < reader->count && strcmp(reader->symbols[at], writer->symbols[i]) != 0)
            at++;
        if (at == reader->count)
            return say(c, "there is no symbol", writer->symbols[i]);
    }
    return false;
}

/* Every branch that may be written must be read by some branch. */
static bool unions_differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (writer->type == AVRO_UNION) {
        for (uint32_t i = 0; i < writer->count; i++)
            if (differ(c, reader, writer->branches[i]))
                return true;
        return false;
    }
    for (uint32_t i = 0; i < reader->count; i++)
        if (!differ(c, reader->branches[i], writer))
            return false;
    return say(c, "no branch of the union reads",
               avro_is_named(writer) ? writer->full_name : avro_type_name(writer->type));
}

static bool types_differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (reader->type == AVRO_UNION || writer->type == AVRO_UNION)
        return unions_differ(c, reader, writer);
    if (reader->type != writer->type) {
        if (avro_promotable(writer->type, reader->type))
            return false;
        snprintf(c->why, c->size, "%s cannot be read as %s", avro_type_name(writer->type),
                 avro_type_name(reader->type));
        return true;
    }
    switch (reader->type) {
    case AVRO_RECORD:
        return records_differ(c, reader, writer);
    case AVRO_ENUM:
        return enums_differ(c, reader, writer);
    case AVRO_FIXED:
        return names_differ(c, reader, writer) ||
               (reader->size != writer->size && say(c, "the size differs of", reader->name));
    case AVRO_ARRAY:
    case AVRO_MAP:
        return differ(c, reader->items, writer->items);
    default:
        return false;
    }
}

static bool differ(struct comparison *c, const struct avro_schema *reader, const struct avro_schema *writer) {
    if (reader == writer || c->depth >= MAX_COMPARED || c->steps++ >= MAX_STEPS)
        return false;
    c->depth++;
    bool result = types_differ(c, reader, writer);
    c->depth--;
    return result;
}

bool avro_incompatible(const struct avro_schema *reader, const struct avro_schema *writer, char *why, size_t size) {
    struct comparison c = {.why = why, .size = size};
    return differ(&c, reader, writer);
}
