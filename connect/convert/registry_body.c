/* The JSON of requests to the registry and of its answers, and the schema objects made of them. */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/registry_parts.h"

const char *registry_type_name(enum registry_type type) {
    static const char *const names[] = {"Avro", "JSON", "Protobuf"};
    return names[type];
}

const char *registry_type_word(enum registry_type type) {
    static const char *const words[] = {"AVRO", "JSON", "PROTOBUF"};
    return words[type];
}

static void add_references(struct buf *out, const struct registry_reference *references, uint32_t count) {
    (void)buf_add_text(out, "\"references\":[");
    for (uint32_t i = 0; i < count; i++) {
        (void)buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
        (void)buf_add_json(out, references[i].name, strlen(references[i].name));
        (void)buf_add_text(out, ",\"subject\":");
        (void)buf_add_json(out, references[i].subject, strlen(references[i].subject));
        (void)buf_printf(out, ",\"version\":%d}", references[i].version);
    }
    (void)buf_add_text(out, "],");
}

int registry_body_schema(struct buf *out, enum registry_type type, const char *text, size_t len,
                         const struct registry_reference *references, uint32_t count) {
    (void)buf_add_char(out, '{');
    if (type != REGISTRY_AVRO)
        (void)buf_printf(out, "\"schemaType\":\"%s\",", registry_type_word(type));
    if (count)
        add_references(out, references, count);
    (void)buf_add_text(out, "\"schema\":");
    (void)buf_add_json(out, text, len);
    return buf_add_char(out, '}');
}

/* ---- schemas ---- */

static int nonsense(struct kc_error *err, const char *what) {
    return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                         "The answer of the schema registry has no usable %s", what);
}

static int read_references(const cJSON *answer, struct registry_schema *schema, struct kc_error *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "references"), *item;
    if (!list || cJSON_IsNull(list))
        return 0;
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (count < 0 || count > REGISTRY_MAX_REFERENCES)
        return nonsense(err, "\"references\"");
    struct registry_reference *references = calloc((size_t)count + 1, sizeof(*references));
    if (!references)
        abort();
    schema->references = references;
    cJSON_ArrayForEach(item, list) {
        const char *name = json_get_text(item, "name"), *subject = json_get_text(item, "subject");
        int64_t version = -1;
        if (!name || !subject || json_get_int(item, "version", &version) < 0 || version > INT32_MAX || version < -1)
            return nonsense(err, "\"references\"");
        references[schema->reference_count++] =
            (struct registry_reference){strdup(name), strdup(subject), (int32_t)version};
    }
    return 0;
}

struct registry_schema *registry_schema_new(const cJSON *answer, int32_t id, enum registry_type type,
                                            struct kc_error *err) {
    const char *text = json_get_text(answer, "schema"), *word = json_get_text(answer, "schemaType");
    if (!text) {
        nonsense(err, "\"schema\"");
        return NULL;
    }
    if (strcmp(word ? word : "AVRO", registry_type_word(type)) != 0) {
        err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION, "Schema %d is a schema of type %s and not %s", id,
                      word ? word : "AVRO", registry_type_word(type));
        return NULL;
    }
    struct registry_schema *schema = calloc(1, sizeof(*schema));
    if (!schema)
        abort();
    schema->id = id;
    schema->type = type;
    schema->text = strdup(text);
    schema->len = strlen(text);
    if (read_references(answer, schema, err) < 0) {
        registry_schema_free(schema);
        return NULL;
    }
    return schema;
}

static void free_dependencies(struct registry_schema *schema) {
    for (uint32_t i = 0; i < schema->dependency_count; i++) {
        free((void *)(uintptr_t)schema->dependencies[i].name);
        free((void *)(uintptr_t)schema->dependencies[i].text);
    }
    free((void *)(uintptr_t)schema->dependencies);
}

void registry_schema_free(void *arg) {
    struct registry_schema *schema = arg;
    if (!schema)
        return;
    if (schema->parsed && schema->free_parsed)
        schema->free_parsed(schema->parsed);
    for (uint32_t i = 0; i < schema->reference_count; i++) {
        free((void *)(uintptr_t)schema->references[i].name);
        free((void *)(uintptr_t)schema->references[i].subject);
    }
    free((void *)(uintptr_t)schema->references);
    free_dependencies(schema);
    free((void *)(uintptr_t)schema->text);
    free(schema);
}

void registry_schema_depend(struct registry_schema *schema, struct registry_dependency *dependencies, uint32_t count) {
    free_dependencies(schema);
    schema->dependencies = dependencies;
    schema->dependency_count = count;
}
