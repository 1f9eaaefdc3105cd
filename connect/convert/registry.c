/* The cached calls of the registry client; see registry.h. `by_id` owns every schema, the other maps find them by
 * subject. Nothing expires but answers about latest schemas; a subject with too many schemas empties all caches between
 * two batches (registry_trim). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/clock.h"
#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/base/url_text.h"
#include "connect/convert/registry_parts.h"

enum { PATH_MAX_BYTES = 16 << 10 };

/* ---- what is not there ---- */

/* Settings of Java's serializers whose other values would change what is read or written, so that they must not be
 * passed over; of class names the last part counts. Nothing is allowed where no value is named. */
static const struct {
    const char *key;
    const char *allowed[2];
} only[] = {
    {"key.schema.id.serializer", {"PrefixSchemaIdSerializer"}},
    {"value.schema.id.serializer", {"PrefixSchemaIdSerializer"}},
    {"key.schema.id.deserializer", {"PrefixSchemaIdDeserializer", "DualSchemaIdDeserializer"}},
    {"value.schema.id.deserializer", {"PrefixSchemaIdDeserializer", "DualSchemaIdDeserializer"}},
    {"json.fail.invalid.schema", {"false"}},
    {"ignore.modern.dialects", {"false"}},
    {"preserve.additional.properties", {"false"}},
    {"skip.known.types", {"true"}},
    {"json.indent.output", {"false"}},
    {"json.envelope.detection", {"false"}},
    {"avro.fail.on.trailing.data", {"false"}},
    {"avro.use.logical.type.converters", {"false"}},
    {"schema.reflection", {"false"}},
    {"schema.backup.enabled", {"false"}},
    {"propagate.schema.tags", {"false"}},
    {"validation.rules.execution", {"DISABLED"}},
    {"rule.executors", {NULL}},
    {"rule.actions", {NULL}},
    {"schema.format", {NULL}},
    {"use.schema.guid", {NULL}},
};

static int check_absent(const struct kc_config *config, struct kc_error *err) {
    for (size_t i = 0; i < COUNT_OF(only); i++) {
        const char *value = kc_config_get(config, only[i].key), *const *allowed = only[i].allowed;
        const char *dot = value ? strrchr(value, '.') : NULL, *last = dot ? dot + 1 : value;
        if (!value || !*value || (allowed[0] && strcasecmp(last, allowed[0]) == 0) ||
            (allowed[1] && strcasecmp(last, allowed[1]) == 0))
            continue;
        if (!allowed[0])
            return kc_fail(err, KC_CONFIG_EXCEPTION, "The configuration %s is not supported", only[i].key);
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: only %s%s%s is supported",
                       value, only[i].key, allowed[0], allowed[1] ? " or " : "", allowed[1] ? allowed[1] : "");
    }
    return 0;
}

/* ---- life ---- */

static void make_maps(struct registry *reg) {
    reg->by_id = map_new(registry_schema_free);
    reg->versions = map_new(NULL);
    reg->ids = map_new(NULL);
    reg->latest = map_new(free);
    reg->counts = map_new(NULL);
    reg->full = false;
}

static void free_maps(struct registry *reg) {
    map_free(reg->latest);
    map_free(reg->ids);
    map_free(reg->versions);
    map_free(reg->counts);
    map_free(reg->by_id);
}

int registry_new(const struct registry_conf *conf, const struct kc_config *config, enum registry_type type, bool is_key,
                 struct registry **ret_registry, struct kc_error *err) {
    AUTO(registry) reg = calloc(1, sizeof(*reg));
    if (!reg)
        abort();
    reg->conf = conf;
    reg->type = type;
    reg->is_key = is_key;
    buf_init(&reg->subject, PATH_MAX_BYTES / 4);
    buf_init(&reg->key, REGISTRY_MAX_BODY);
    make_maps(reg);
    if (check_absent(config, err) < 0 || registry_subject_check(conf, err) < 0 ||
        registry_http_init(&reg->http, conf, config, err) < 0)
        return -1;
    *ret_registry = TAKE(reg);
    return 0;
}

struct registry *registry_free(struct registry *reg) {
    if (!reg)
        return NULL;
    free_maps(reg);
    registry_http_done(&reg->http);
    buf_done(&reg->subject);
    buf_done(&reg->key);
    free(reg);
    return NULL;
}

bool registry_trim(struct registry *reg) {
    if (!reg->full)
        return false;
    free_maps(reg);
    make_maps(reg);
    return true;
}

/* One more schema of `subject` is in the caches. */
static void count(struct registry *reg, const char *subject) {
    intptr_t known = (intptr_t)map_get(reg->counts, subject) + 1;
    map_put(reg->counts, subject, (void *)known);
    reg->full |= known >= (reg->conf->max_schemas > 0 ? reg->conf->max_schemas : 1);
}

/* ---- asking ---- */

static const char *boolean(bool b) {
    return b ? "true" : "false";
}

/* Appends "/subjects/NAME". */
static int add_subject(struct buf *path, const char *subject) {
    return buf_add_text(path, "/subjects/") < 0 ? -1 : url_encode(path, subject, URL_UNRESERVED);
}

static struct registry_schema *known_id(const struct registry *reg, int32_t id) {
    return map_get_bytes(reg->by_id, &id, sizeof(id));
}

static void own(struct registry *reg, struct registry_schema *schema) {
    map_put_bytes(reg->by_id, &schema->id, sizeof(schema->id), schema);
}

static int no_number(struct kc_error *err, const char *what) {
    return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                         "The answer of the schema registry has no usable %s", what);
}

static int number_of(const cJSON *answer, const char *name, int32_t *ret_number, struct kc_error *err) {
    int64_t number;
    if (json_get_int(answer, name, &number) < 0 || number < 0 || number > INT32_MAX)
        return no_number(err, name);
    *ret_number = (int32_t)number;
    return 0;
}

/* ---- references ---- */

struct gathering {
    struct registry *reg;
    struct registry_dependency *list;
    uint32_t count, capacity, depth;
};

static bool gathered(const struct gathering *g, const char *name) {
    for (uint32_t i = 0; i < g->count; i++)
        if (strcmp(g->list[i].name, name) == 0)
            return true;
    return false;
}

static void gather(struct gathering *g, const char *name, const char *text) {
    if (g->count == g->capacity) {
        g->capacity = g->capacity ? 2 * g->capacity : 8;
        g->list = reallocarray(g->list, g->capacity, sizeof(*g->list));
        if (!g->list)
            abort();
    }
    g->list[g->count++] = (struct registry_dependency){strdup(name), strdup(text)};
}

static int gather_all(struct gathering *g, const struct registry_schema *schema, struct kc_error *err);

static int gather_one(struct gathering *g, const struct registry_reference *ref, struct kc_error *err) {
    if (gathered(g, ref->name))
        return 0;
    if (g->depth >= REGISTRY_MAX_REFERENCES / 10 || g->count >= REGISTRY_MAX_REFERENCES)
        return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                             "The references of the schema are nested too deeply or too many");
    AUTO_BUF path;
    AUTO(json) answer = NULL;
    int status;
    buf_init(&path, PATH_MAX_BYTES);
    (void)add_subject(&path, ref->subject);
    if (buf_printf(&path, "/versions/%d?deleted=true", ref->version) < 0)
        return err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION, "The subject of reference %s is too long",
                             ref->name);
    if (registry_http_call(&g->reg->http, buf_text(&path), NULL, &answer, &status, err) < 0)
        return registry_call_failed(status, err,
                                    "Error retrieving the schema that reference %s means (subject %s, "
                                    "version %d)",
                                    ref->name, ref->subject, ref->version);
    struct registry_schema *schema = registry_schema_new(answer, -1, g->reg->type, err);
    if (!schema)
        return -1;
    g->depth++;
    int rc = gather_all(g, schema, err);
    g->depth--;
    if (rc == 0)
        gather(g, ref->name, schema->text);
    registry_schema_free(schema);
    return rc;
}

static int gather_all(struct gathering *g, const struct registry_schema *schema, struct kc_error *err) {
    for (uint32_t i = 0; i < schema->reference_count; i++)
        if (gather_one(g, &schema->references[i], err) < 0)
            return -1;
    return 0;
}

static int resolve(struct registry *reg, struct registry_schema *schema, struct kc_error *err) {
    struct gathering g = {.reg = reg};
    int rc = gather_all(&g, schema, err);
    registry_schema_depend(schema, g.list, g.count);
    return rc;
}

/* A schema of an answer becomes the client's, unless it is known. */
static int take_schema(struct registry *reg, const cJSON *answer, int32_t id, struct registry_schema **ret_schema,
                       struct kc_error *err) {
    struct registry_schema *schema = known_id(reg, id);
    if (!schema) {
        schema = registry_schema_new(answer, id, reg->type, err);
        if (!schema)
            return -1;
        if (resolve(reg, schema, err) < 0) {
            registry_schema_free(schema);
            return -1;
        }
        own(reg, schema);
    }
    *ret_schema = schema;
    return 0;
}

/* ---- reading ---- */

int registry_message_id(const void *data, size_t len, int32_t *ret_id, struct kc_error *err) {
    const uint8_t *p = data;
    if (len < 1 || p[0] != REGISTRY_MAGIC)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "Unknown magic byte!");
    if (len < REGISTRY_PREFIX_BYTES)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "The message ends within the id of its schema (%zu bytes)", len);
    *ret_id = (int32_t)((uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4]);
    return 0;
}

int registry_by_id(struct registry *reg, const char *subject, int32_t id, struct registry_schema **ret_schema,
                   struct kc_error *err) {
    struct registry_schema *schema = known_id(reg, id);
    if (schema) {
        *ret_schema = schema;
        return 0;
    }
    AUTO_BUF path;
    AUTO(json) answer = NULL;
    int status;
    buf_init(&path, PATH_MAX_BYTES);
    (void)buf_printf(&path, "/schemas/ids/%d?fetchMaxId=false", id);
    if (subject) {
        (void)buf_add_text(&path, "&subject=");
        (void)url_encode(&path, subject, URL_UNRESERVED);
    }
    const char *part = reg->is_key ? "key" : "value";
    if (registry_http_call(&reg->http, buf_text(&path), NULL, &answer, &status, err) < 0)
        return registry_call_failed(status, err, "Error retrieving %s %s schema for id %d",
                                    registry_type_name(reg->type), part, id);
    return take_schema(reg, answer, id, ret_schema, err);
}

/* Bytes that stand for a subject and a schema's id. */
static void version_key(struct registry *reg, const char *subject, int32_t id) {
    buf_clear(&reg->key);
    (void)buf_add_i32(&reg->key, id);
    (void)buf_add_text(&reg->key, subject);
}

int registry_version(struct registry *reg, const char *subject, const struct registry_schema *schema,
                     int32_t *ret_version, struct kc_error *err) {
    version_key(reg, subject, schema->id);
    intptr_t known = (intptr_t)map_get_bytes(reg->versions, reg->key.data, reg->key.len);
    if (known) {
        *ret_version = (int32_t)known;
        return 0;
    }
    AUTO_BUF path, body;
    AUTO(json) answer = NULL;
    int status;
    buf_init(&path, PATH_MAX_BYTES);
    buf_init(&body, REGISTRY_MAX_BODY);
    (void)add_subject(&path, subject);
    (void)buf_add_text(&path, "?normalize=false&deleted=true");
    if (registry_body_schema(&body, reg->type, schema->text, schema->len, schema->references, schema->reference_count) <
        0)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "Schema %d is too large", schema->id);
    if (registry_http_call(&reg->http, buf_text(&path), &body, &answer, &status, err) < 0)
        return registry_call_failed(status, err, "Error retrieving %s %s schema version for id %d in subject %s",
                                    registry_type_name(reg->type), reg->is_key ? "key" : "value", schema->id, subject);
    if (number_of(answer, "version", ret_version, err) < 0)
        return -1;
    version_key(reg, subject, schema->id);
    map_put_bytes(reg->versions, reg->key.data, reg->key.len, (void *)(intptr_t)*ret_version);
    count(reg, subject);
    return 0;
}

/* ---- writing ---- */

int registry_add_prefix(struct buf *out, const struct registry_schema *schema) {
    return buf_add_i8(out, REGISTRY_MAGIC) < 0 ? -1 : buf_add_i32(out, schema->id);
}

/* Bytes that stand for a subject, a text and its references. */
static int text_key(struct registry *reg, const char *subject, const char *text, size_t len,
                    const struct registry_reference *references, uint32_t reference_count, struct kc_error *err) {
    buf_clear(&reg->key);
    (void)buf_add(&reg->key, subject, strlen(subject) + 1);
    for (uint32_t i = 0; i < reference_count; i++)
        (void)buf_printf(&reg->key, "%s\n%s\n%d\n", references[i].name, references[i].subject, references[i].version);
    (void)buf_add(&reg->key, text, len);
    return reg->key.failed ? kc_fail(err, SERIALIZATION_EXCEPTION, "The schema of subject %s is too large", subject)
                           : 0;
}

/* The text as it was given, under an id that the registry says. */
static struct registry_schema *given_schema(struct registry *reg, int32_t id, const char *text, size_t len,
                                            const struct registry_reference *references, uint32_t reference_count) {
    struct registry_schema *schema = known_id(reg, id);
    if (schema)
        return schema;
    struct registry_reference *copies = calloc(reference_count + 1, sizeof(*copies));
    schema = calloc(1, sizeof(*schema));
    if (!schema || !copies)
        abort();
    for (uint32_t i = 0; i < reference_count; i++)
        copies[i] = (struct registry_reference){strdup(references[i].name), strdup(references[i].subject),
                                                references[i].version};
    *schema = (struct registry_schema){.id = id,
                                       .type = reg->type,
                                       .text = strndup(text, len),
                                       .len = len,
                                       .references = copies,
                                       .reference_count = reference_count};
    own(reg, schema);
    return schema;
}

int registry_register(struct registry *reg, const char *subject, const char *text, size_t len,
                      const struct registry_reference *references, uint32_t reference_count,
                      struct registry_schema **ret_schema, struct kc_error *err) {
    if (text_key(reg, subject, text, len, references, reference_count, err) < 0)
        return -1;
    struct registry_schema *known = map_get_bytes(reg->ids, reg->key.data, reg->key.len);
    if (known) {
        *ret_schema = known;
        return 0;
    }
    AUTO_BUF path, body;
    AUTO(json) answer = NULL;
    int status;
    int32_t id = -1;
    buf_init(&path, PATH_MAX_BYTES);
    buf_init(&body, REGISTRY_MAX_BODY);
    bool add = reg->conf->auto_register;
    (void)add_subject(&path, subject);
    (void)buf_printf(&path, add ? "/versions?normalize=%s" : "?normalize=%s&deleted=false",
                     boolean(reg->conf->normalize));
    if (registry_body_schema(&body, reg->type, text, len, references, reference_count) < 0)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "The schema of subject %s is too large", subject);
    if (registry_http_call(&reg->http, buf_text(&path), &body, &answer, &status, err) < 0)
        return registry_call_failed(status, err, "Error %s %s schema of subject %s: %.*s",
                                    add ? "registering" : "retrieving", registry_type_name(reg->type), subject,
                                    (int)(len < 500 ? len : 500), text);
    if (number_of(answer, "id", &id, err) < 0)
        return -1;
    *ret_schema = given_schema(reg, id, text, len, references, reference_count);
    map_put_bytes(reg->ids, reg->key.data, reg->key.len, *ret_schema);
    count(reg, subject);
    return 0;
}

/* The path that asks for the latest schema, by metadata or not. */
static int latest_path(const struct registry *reg, const char *subject, struct buf *path, struct kc_error *err) {
    const char *pos = reg->conf->use_latest_metadata, *item;
    size_t len;
    (void)add_subject(path, subject);
    if (!pos)
        return buf_add_text(path, "/versions/latest");
    char separator = '?';
    (void)buf_add_text(path, "/metadata");
    while (comma_list_next(&pos, &item, &len)) {
        const char *equals = memchr(item, '=', len);
        if (!equals)
            return kc_fail(
                err, KC_CONFIG_EXCEPTION,
                "Invalid value %s for configuration use.latest.with.metadata: it must be a list of key=value",
                reg->conf->use_latest_metadata);
        AUTO_TEXT key = strndup(item, (size_t)(equals - item));
        AUTO_TEXT value = strndup(equals + 1, (size_t)(item + len - equals - 1));
        (void)buf_printf(path, "%ckey=", separator);
        (void)url_encode(path, key, URL_UNRESERVED);
        (void)buf_add_text(path, "&value=");
        (void)url_encode(path, value, URL_UNRESERVED);
        separator = '&';
    }
    (void)buf_printf(path, "%cdeleted=true", separator);
    return path->failed ? kc_fail(err, SERIALIZATION_EXCEPTION, "The subject %s is too long", subject) : 0;
}

static int fetch_latest(struct registry *reg, const char *subject, struct registry_schema **ret_schema,
                        struct kc_error *err) {
    AUTO_BUF path;
    AUTO(json) answer = NULL;
    int status;
    int32_t id = -1;
    buf_init(&path, PATH_MAX_BYTES);
    if (latest_path(reg, subject, &path, err) < 0)
        return -1;
    if (registry_http_call(&reg->http, buf_text(&path), NULL, &answer, &status, err) < 0)
        return reg->conf->use_latest_metadata
                   ? registry_call_failed(status, err, "Error retrieving latest with metadata '%s' of subject %s",
                                          reg->conf->use_latest_metadata, subject)
                   : registry_call_failed(status, err, "Error retrieving latest version of %s schema of subject %s",
                                          registry_type_name(reg->type), subject);
    return number_of(answer, "id", &id, err) < 0 ? -1 : take_schema(reg, answer, id, ret_schema, err);
}

static int latest(struct registry *reg, const char *subject, struct registry_schema **ret_schema,
                  struct kc_error *err) {
    struct registry_latest *known = map_get(reg->latest, subject);
    if (known && clock_ms() < known->until_ms) {
        *ret_schema = known->schema;
        return 0;
    }
    if (fetch_latest(reg, subject, ret_schema, err) < 0)
        return -1;
    if (map_count(reg->latest) >= (size_t)(reg->conf->latest_cache_size > 0 ? reg->conf->latest_cache_size : 1))
        map_clear(reg->latest);
    int64_t ttl_s = reg->conf->latest_cache_ttl_s;
    struct registry_latest *entry = malloc(sizeof(*entry));
    if (!entry)
        abort();
    *entry = (struct registry_latest){*ret_schema, ttl_s < 0 ? INT64_MAX : clock_ms() + ttl_s * 1000};
    map_put(reg->latest, subject, entry);
    return 0;
}

bool registry_reads_latest(const struct registry *reg) {
    return reg->conf->use_latest || reg->conf->use_latest_metadata;
}

int64_t registry_latest_ttl_ms(const struct registry *reg) {
    const struct registry_conf *conf = reg->conf;
    return registry_reads_latest(reg) && conf->latest_cache_ttl_s >= 0 ? conf->latest_cache_ttl_s * INT64_C(1000) : -1;
}

int registry_for_reading(struct registry *reg, const char *subject, struct registry_schema *written,
                         struct registry_schema **ret_schema, struct kc_error *err) {
    *ret_schema = written;
    return registry_reads_latest(reg) ? latest(reg, subject, ret_schema, err) : 0;
}

int registry_for_writing(struct registry *reg, const char *subject, const char *text, size_t len,
                         const struct registry_reference *references, uint32_t reference_count,
                         struct registry_schema **ret_schema, bool *ret_other, bool *ret_strict, struct kc_error *err) {
    const struct registry_conf *conf = reg->conf;
    *ret_other = *ret_strict = false;
    if (conf->auto_register || (conf->use_schema_id < 0 && !conf->use_latest_metadata && !conf->use_latest))
        return registry_register(reg, subject, text, len, references, reference_count, ret_schema, err);
    *ret_other = true;
    if (conf->use_schema_id >= 0) {
        *ret_strict = conf->id_strict;
        return registry_by_id(reg, subject, conf->use_schema_id, ret_schema, err);
    }
    *ret_strict = !conf->use_latest_metadata && conf->latest_strict;
    return latest(reg, subject, ret_schema, err);
}
