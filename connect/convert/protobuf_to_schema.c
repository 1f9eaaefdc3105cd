/* Protobuf messages to Connect schemas. Each message is made once for its fields; each use of it then adds what belongs
 * to the use: optional, and the field's number as a parameter. A message that is used while it is being made gets place
 * holders, which come to stand for it at the end; such schemas stay for the life of the process, in one table.
 * @source ProtobufData.toConnectSchema */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/protobuf_data.h"
#include "connect/convert/protobuf_names.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

enum { MAX_RECURSIVE = 10000, MAX_DEPTH = 200 };

enum logical protobuf_logical(const struct protobuf_message *message) {
    static const char *const names[] = {[LOGICAL_DECIMAL] = PROTOBUF_DECIMAL_NAME,
                                        [LOGICAL_DATE] = PROTOBUF_DATE_NAME,
                                        [LOGICAL_TIME] = PROTOBUF_TIME_NAME,
                                        [LOGICAL_TIMESTAMP] = PROTOBUF_TIMESTAMP_NAME};
    for (unsigned i = LOGICAL_DECIMAL; i <= LOGICAL_TIMESTAMP; i++)
        if (strcmp(message->full_name, names[i]) == 0)
            return (enum logical)i;
    return LOGICAL_NONE;
}

bool protobuf_wrapped_type(const struct protobuf_message *message, enum kc_type *ret_type) {
    static const struct {
        const char *name;
        enum kc_type type;
    } wrappers[] = {{"DoubleValue", KC_FLOAT64}, {"FloatValue", KC_FLOAT32}, {"Int64Value", KC_INT64},
                    {"UInt64Value", KC_INT64},   {"Int32Value", KC_INT32},   {"UInt32Value", KC_INT64},
                    {"BoolValue", KC_BOOLEAN},   {"StringValue", KC_STRING}, {"BytesValue", KC_BYTES}};
    static const char package[] = "google.protobuf.";
    if (strncmp(message->full_name, package, sizeof(package) - 1) != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(wrappers); i++)
        if (strcmp(message->full_name + sizeof(package) - 1, wrappers[i].name) == 0) {
            *ret_type = wrappers[i].type;
            return true;
        }
    return false;
}

bool protobuf_parse_int(const char *text, int32_t *ret) {
    char *end;
    if (!text || !*text || (*text != '-' && *text != '+' && (*text < '0' || *text > '9')))
        return false;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (*end || errno || n < INT32_MIN || n > INT32_MAX)
        return false;
    *ret = (int32_t)n;
    return true;
}

/* What is known of one message while schemas are made. */
struct made {
    const struct kc_schema *schema; /* name and fields only; NULL while it is being made */
    bool used, reentered;           /* reentered: used while it was being made */
    int32_t tag;                    /* of the first field that used it, unless that was repeated; 0: none */
};

/* A place holder for a message within itself. */
struct forward {
    const struct kc_schema *schema; /* one reference */
    struct made *made;
    int32_t tag; /* 0: none */
    struct forward *next;
};

struct context {
    const struct protobuf_data_conf *conf;
    struct kc_arena *arena; /* of names and place holders */
    struct forward *forwards;
    unsigned depth;
    struct map *made; /* by full name */
    struct kc_error *err;
};

static void free_made(void *value) {
    struct made *made = value;
    kc_schema_unref(made->schema);
    free(made);
}

static const char *name_of(const struct context *ctx, const char *name, const char *full_name) {
    return ctx->conf->enhanced ? full_name : name;
}

static void set_number(struct kc_schema_builder *b, const char *parameter, int32_t n) {
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", n);
    kc_schema_parameter(b, parameter, digits);
}

/* Adds a field and drops the caller's reference of its schema. */
static int add_field(struct context *ctx, struct kc_schema_builder *b, const char *name,
                     const struct kc_schema *schema) {
    int result = kc_schema_add_field(b, name, schema, ctx->err);
    kc_schema_unref(schema);
    return result;
}

static int field_schema(struct context *ctx, const struct protobuf_field *field, bool member,
                        const struct kc_schema **ret_schema);

/* ---- scalars and enums ---- */

static struct kc_schema_builder *int32_builder(const struct protobuf_field *field) {
    const char *type = protobuf_param(field, "connect.type");
    if (type && strcmp(type, "int8") == 0)
        return kc_schema_builder_new(KC_INT8);
    if (type && strcmp(type, "int16") == 0)
        return kc_schema_builder_new(KC_INT16);
    struct kc_schema_builder *b = kc_schema_builder_new(KC_INT32);
    if (field->type != PROTOBUF_INT32)
        kc_schema_parameter(b, PROTOBUF_PARAM_TYPE, protobuf_type_name(field->type));
    return b;
}

static struct kc_schema_builder *int64_builder(const struct protobuf_field *field) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_INT64);
    if (field->type != PROTOBUF_INT64)
        kc_schema_parameter(b, PROTOBUF_PARAM_TYPE, protobuf_type_name(field->type));
    return b;
}

static struct kc_schema_builder *enum_builder(struct context *ctx, const struct protobuf_enum *en) {
    struct kc_schema_builder *b = kc_schema_builder_new(ctx->conf->int_for_enums ? KC_INT32 : KC_STRING);
    const char *param = ctx->conf->generalized_sums ? GENERALIZED_ENUM : PROTOBUF_PARAM_ENUM;
    kc_schema_name(b, name_of(ctx, en->name, en->full_name));
    kc_schema_parameter(b, param, en->name);
    for (uint32_t i = 0; i < en->value_count; i++) {
        const char *name = kc_arena_printf(ctx->arena, "%s.%s", param, en->values[i].name);
        set_number(b, name, en->values[i].number);
    }
    kc_schema_optional(b, true);
    return b;
}

static struct kc_schema_builder *scalar_builder(struct context *ctx, const struct protobuf_field *field) {
    switch (field->type) {
    case PROTOBUF_INT32:
    case PROTOBUF_SINT32:
    case PROTOBUF_SFIXED32:
        return int32_builder(field);
    case PROTOBUF_FLOAT:
        return kc_schema_builder_new(KC_FLOAT32);
    case PROTOBUF_DOUBLE:
        return kc_schema_builder_new(KC_FLOAT64);
    case PROTOBUF_BOOL:
        return kc_schema_builder_new(KC_BOOLEAN);
    case PROTOBUF_STRING:
        return kc_schema_builder_new(KC_STRING);
    case PROTOBUF_BYTES:
        return kc_schema_builder_new(KC_BYTES);
    case PROTOBUF_ENUM:
        return enum_builder(ctx, field->enumeration);
    default:
        return int64_builder(field);
    }
}

/* ---- messages ---- */

static struct kc_schema_builder *logical_builder(const struct protobuf_field *field, enum logical logical) {
    static const char *const names[] = {[LOGICAL_DECIMAL] = SCHEMA_DECIMAL,
                                        [LOGICAL_DATE] = SCHEMA_DATE,
                                        [LOGICAL_TIME] = SCHEMA_TIME,
                                        [LOGICAL_TIMESTAMP] = SCHEMA_TIMESTAMP};
    enum kc_type type = logical == LOGICAL_DECIMAL ? KC_BYTES : logical == LOGICAL_TIMESTAMP ? KC_INT64 : KC_INT32;
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_name(b, names[logical]);
    kc_schema_version(b, 1);
    if (logical == LOGICAL_DECIMAL) {
        int32_t n = 0;
        protobuf_parse_int(protobuf_param(field, "scale"), &n);
        set_number(b, "scale", n);
        if (protobuf_parse_int(protobuf_param(field, "precision"), &n))
            set_number(b, PROTOBUF_PRECISION, n);
    }
    return b;
}

/* Whether a repeated field is a map: by its shape, since schemas made from Connect have no map_entry option. */
bool protobuf_is_map(const struct protobuf_field *field) {
    const struct protobuf_message *m = field->message;
    if (field->label != PROTOBUF_REPEATED || !m || m->field_count != 2)
        return false;
    size_t len = strlen(m->name);
    return len >= 5 && strcmp(m->name + len - 5, "Entry") == 0 && strcmp(m->fields[0]->name, "key") == 0 &&
           strcmp(m->fields[1]->name, "value") == 0 && m->fields[0]->label != PROTOBUF_REPEATED &&
           m->fields[1]->label != PROTOBUF_REPEATED;
}

static int map_builder(struct context *ctx, const struct protobuf_message *entry, struct kc_schema_builder **ret_b) {
    AUTO(schema) key = NULL;
    AUTO(schema) value = NULL;
    TRY(field_schema(ctx, entry->fields[0], false, &key));
    TRY(field_schema(ctx, entry->fields[1], false, &value));
    *ret_b = kc_schema_builder_new(KC_MAP);
    kc_schema_elements(*ret_b, key, value);
    kc_schema_name(*ret_b, protobuf_map_field_name(ctx->arena, name_of(ctx, entry->name, entry->full_name)));
    return 0;
}

static int union_schema(struct context *ctx, const struct protobuf_message *m, const struct protobuf_oneof *oneof,
                        const struct kc_schema **ret_schema) {
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    const struct kc_schema *schema = NULL;
    if (ctx->conf->generalized_sums) {
        kc_schema_name(b, oneof->name);
        kc_schema_parameter(b, GENERALIZED_UNION, oneof->name);
    } else {
        const char *name = name_of(ctx, oneof->name, oneof->full_name);
        kc_schema_name(b, kc_arena_printf(ctx->arena, PROTOBUF_UNION ".%s", name));
    }
    for (uint32_t i = 0; i < oneof->field_count; i++) {
        const struct protobuf_field *field = m->fields[oneof->first_field + i];
        TRY(field_schema(ctx, field, true, &schema));
        TRY(add_field(ctx, b, field->name, schema));
    }
    kc_schema_optional(b, true);
    *ret_schema = kc_schema_build(TAKE(b));
    return 0;
}

/* The struct's fields: unions first, then the fields that are in none. */
static int message_fields(struct context *ctx, const struct protobuf_message *m, struct kc_schema_builder *b) {
    const struct kc_schema *schema = NULL;
    bool flat = ctx->conf->flatten_unions;
    for (uint32_t i = 0; i < m->oneof_count && !flat; i++) {
        const char *name = m->oneofs[i]->name;
        if (ctx->conf->index_for_unions)
            name = kc_arena_printf(ctx->arena, "%s_%u", name, i);
        TRY(union_schema(ctx, m, m->oneofs[i], &schema));
        TRY(add_field(ctx, b, name, schema));
    }
    for (uint32_t i = 0; i < m->field_count; i++) {
        bool member = m->fields[i]->oneof >= 0;
        if (member && !flat)
            continue;
        TRY(field_schema(ctx, m->fields[i], member, &schema));
        TRY(add_field(ctx, b, m->fields[i]->name, schema));
    }
    return 0;
}

/* Name and fields of a message, made once. */
static int made_message(struct context *ctx, const struct protobuf_message *m, struct made **ret_made) {
    struct made *made = map_get(ctx->made, m->full_name);
    if (!made) {
        if (++ctx->depth > MAX_DEPTH)
            return err_set(ctx->err, ERR_BAD_DATA, "Protobuf messages nested deeper than %d are not supported: %s",
                           MAX_DEPTH, m->full_name);
        made = calloc(1, sizeof(*made));
        if (!made)
            abort();
        map_put(ctx->made, m->full_name, made);
        AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
        kc_schema_name(b, name_of(ctx, m->name, m->full_name));
        TRY(message_fields(ctx, m, b));
        made->schema = kc_schema_build(TAKE(b));
        ctx->depth--;
    }
    *ret_made = made;
    return 0;
}

static struct kc_schema_builder *struct_builder(const struct kc_schema *fields) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, fields->name);
    for (uint32_t i = 0; i < fields->field_count; i++)
        if (kc_schema_add_field(b, fields->fields[i].name, fields->fields[i].schema, NULL) < 0)
            break; /* cannot be: they fitted before */
    return b;
}

/* What a message becomes where it is the type of a field. */
enum form { FORM_LOGICAL, FORM_WRAPPED, FORM_MAP, FORM_STRUCT };

static enum form form_of(const struct context *ctx, const struct protobuf_field *field, enum kc_type *ret_wrapped) {
    if (protobuf_logical(field->message) != LOGICAL_NONE)
        return FORM_LOGICAL;
    if ((ctx->conf->wrapper_for_nullables || ctx->conf->wrapper_for_raw) &&
        protobuf_wrapped_type(field->message, ret_wrapped))
        return FORM_WRAPPED;
    return protobuf_is_map(field) ? FORM_MAP : FORM_STRUCT;
}

static int use_of_message(struct context *ctx, const struct protobuf_field *field, struct kc_schema_builder **ret_b) {
    struct made *made;
    TRY(made_message(ctx, field->message, &made));
    *ret_b = struct_builder(made->schema);
    /* Java's second use of a message shares the builder of the first one, with the number that this got. */
    if (field->label == PROTOBUF_REPEATED && made->tag)
        set_number(*ret_b, PROTOBUF_PARAM_TAG, made->tag);
    else if (field->label != PROTOBUF_REPEATED && !made->used)
        made->tag = field->number;
    made->used = true;
    return 0;
}

static int message_builder(struct context *ctx, const struct protobuf_field *field, struct kc_schema_builder **ret_b) {
    enum kc_type wrapped;
    switch (form_of(ctx, field, &wrapped)) {
    case FORM_LOGICAL:
        *ret_b = logical_builder(field, protobuf_logical(field->message));
        break;
    case FORM_WRAPPED:
        *ret_b = kc_schema_builder_new(wrapped);
        break;
    case FORM_MAP:
        TRY(map_builder(ctx, field->message, ret_b));
        break;
    default:
        TRY(use_of_message(ctx, field, ret_b));
        break;
    }
    kc_schema_optional(*ret_b, true);
    return 0;
}

/* ---- messages within themselves ---- */

/* The place holder for a field whose message is being made, NULL when it is not. The caller owns one reference. */
static const struct kc_schema *forward_for(struct context *ctx, const struct protobuf_field *field) {
    enum kc_type wrapped;
    struct made *made = field->message ? map_get(ctx->made, field->message->full_name) : NULL;
    if (!made || made->schema || form_of(ctx, field, &wrapped) != FORM_STRUCT)
        return NULL;
    struct forward *forward = kc_arena_zalloc(ctx->arena, sizeof(*forward));
    *forward = (struct forward){.schema = schema_forward_new(true),
                                .made = made,
                                .tag = field->label == PROTOBUF_REPEATED ? 0 : field->number,
                                .next = ctx->forwards};
    ctx->forwards = forward;
    made->reentered = true;
    return kc_schema_ref(forward->schema);
}

/* At the end: place holders come to stand for their messages, or go when nothing came of it. */
static void close_forwards(struct context *ctx, bool made) {
    for (struct forward *forward = ctx->forwards; forward; forward = forward->next) {
        if (made) {
            struct kc_schema_builder *b = struct_builder(forward->made->schema);
            kc_schema_optional(b, true);
            if (forward->tag)
                set_number(b, PROTOBUF_PARAM_TAG, forward->tag);
            AUTO(schema) target = kc_schema_build(b);
            schema_forward_bind(forward->schema, target);
        }
        kc_schema_unref(forward->schema);
    }
}

static pthread_mutex_t recursive_lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *recursive; /* options, version, message and texts → const struct kc_schema * */

static void recursive_key(struct buf *key, const struct protobuf_data_conf *c, const struct protobuf_schema *schema,
                          const struct protobuf_message *message, const int32_t *version) {
    (void)buf_printf(key, "%d%d%d%d%d%d%d%d%d %s%s\n", c->generalized_sums, c->enhanced, c->int_for_enums,
                     c->optional_for_nullables, c->wrapper_for_nullables, c->wrapper_for_raw, c->index_for_unions,
                     c->flatten_unions, version != NULL, version ? "" : "-", message->full_name);
    if (version)
        (void)buf_add_i32(key, *version);
    (void)buf_add(key, schema->source.data, schema->source.len);
}

static const struct kc_schema *recursive_find(const struct buf *key) {
    pthread_mutex_lock(&recursive_lock);
    const struct kc_schema *found = recursive ? map_get_bytes(recursive, key->data, key->len) : NULL;
    pthread_mutex_unlock(&recursive_lock);
    return kc_schema_ref(found);
}

static int recursive_room(struct kc_error *err) {
    pthread_mutex_lock(&recursive_lock);
    bool room = !recursive || map_count(recursive) < MAX_RECURSIVE;
    pthread_mutex_unlock(&recursive_lock);
    return room ? 0 : err_set(err, ERR_BAD_DATA, "More than %d schemas that hold themselves are in use", MAX_RECURSIVE);
}

static void recursive_keep(const struct buf *key, const struct kc_schema *schema) {
    pthread_mutex_lock(&recursive_lock);
    if (!recursive)
        recursive = map_new(NULL);
    map_put_bytes(recursive, key->data, key->len, (void *)(uintptr_t)kc_schema_ref(schema));
    pthread_mutex_unlock(&recursive_lock);
}

/* ---- fields ---- */

static int field_schema(struct context *ctx, const struct protobuf_field *field, bool member,
                        const struct kc_schema **ret_schema) {
    const struct protobuf_data_conf *conf = ctx->conf;
    AUTO(schema_builder) b = NULL;
    AUTO(schema) element = forward_for(ctx, field);
    enum kc_type wrapped;
    if (element && field->label != PROTOBUF_REPEATED) {
        *ret_schema = TAKE(element);
        return 0;
    }
    if (field->message && !element)
        TRY(message_builder(ctx, field, &b));
    else if (!element)
        b = scalar_builder(ctx, field);
    if (element || (field->label == PROTOBUF_REPEATED && schema_builder_peek(b)->type != KC_MAP)) {
        if (!element) {
            kc_schema_optional(b, true);
            element = kc_schema_build(TAKE(b));
        }
        b = kc_schema_builder_new(KC_ARRAY);
        kc_schema_elements(b, NULL, element);
        kc_schema_optional(b, true);
    }
    bool optional = member || (conf->optional_for_nullables ? field->optional_keyword : !conf->wrapper_for_nullables);
    if (optional)
        kc_schema_optional(b, true);
    if (member && conf->wrapper_for_nullables && field->message && protobuf_wrapped_type(field->message, &wrapped))
        kc_schema_parameter(b, PROTOBUF_PARAM_WRAPPER, "true");
    set_number(b, PROTOBUF_PARAM_TAG, field->number);
    *ret_schema = kc_schema_build(TAKE(b));
    return 0;
}

static int root_schema(struct context *ctx, const struct protobuf_message *message, const int32_t *version,
                       const struct kc_schema **ret_schema) {
    enum kc_type wrapped;
    AUTO(schema_builder) b = NULL;
    if (ctx->conf->wrapper_for_raw && protobuf_wrapped_type(message, &wrapped)) {
        b = kc_schema_builder_new(wrapped);
    } else {
        struct made *made;
        TRY(made_message(ctx, message, &made));
        made->used = true;
        b = struct_builder(made->schema);
        if (made->reentered) /* Java's place holder makes the schema that it stands for optional */
            kc_schema_optional(b, true);
    }
    if (version)
        kc_schema_version(b, *version);
    *ret_schema = kc_schema_build(TAKE(b));
    return 0;
}

static int make_schema(struct context *ctx, const struct protobuf_message *message, const int32_t *version,
                       const struct buf *key, const struct kc_schema **ret_schema) {
    AUTO(schema) schema = NULL;
    int result = root_schema(ctx, message, version, &schema);
    if (result == 0 && ctx->forwards)
        result = recursive_room(ctx->err);
    close_forwards(ctx, result == 0);
    if (result < 0)
        return -1;
    if (ctx->forwards)
        recursive_keep(key, schema);
    *ret_schema = TAKE(schema);
    return 0;
}

int protobuf_to_schema(const struct protobuf_data_conf *conf, const struct protobuf_schema *schema,
                       const struct protobuf_message *message, const int32_t *version,
                       const struct kc_schema **ret_schema, struct kc_error *err) {
    AUTO_BUF key;
    buf_init(&key, SIZE_MAX);
    recursive_key(&key, conf, schema, message, version);
    const struct kc_schema *known = recursive_find(&key);
    if (known) {
        *ret_schema = known;
        return 0;
    }
    struct context ctx = {.conf = conf, .arena = arena_new(0), .made = map_new(free_made), .err = err};
    int result = make_schema(&ctx, message, version, &key, ret_schema);
    map_free(ctx.made);
    arena_free(ctx.arena);
    return result;
}
