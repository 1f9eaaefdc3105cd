/* Immutable, counted, interned schemas and their builder.
 *
 * A schema owns one small arena with its texts, fields and default value, and one reference to each schema inside it. A
 * table of all living schemas (weak: it holds no reference) makes equal schemas one pointer, so that the usual
 * comparison is a == b. The table is the only shared state; its lock is taken when a schema is built and when its last
 * reference goes, never per record. */
#include "connect/data/schema.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/data/validate.h"

enum { INDEX_MIN_FIELDS = 8 }; /* structs with more fields get a hash index of names */

struct schema {
    struct kc_schema pub;   /* first: the pointer that everybody else holds */
    struct kc_arena *arena; /* NULL: static */
    atomic_uint refs;
    uint64_t hash;
    struct schema *next; /* chain of the table */
    bool forward;        /* stands for a schema that it is part of; not in the table */
    uint32_t *index;     /* field number + 1 by name hash, 0 = free; index_size is a power of two */
    uint32_t index_size;
};

/* A schema under construction; `schema` becomes the result. */
struct kc_schema_builder {
    struct schema *schema;
    struct kc_field *fields;
    struct kc_parameter *parameters;
    uint32_t field_capacity, parameter_capacity;
    bool optional_set;
    const char *set_twice; /* what was set a second time to another value */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct schema **table;
static size_t table_size, table_count;

static struct schema *of(const struct kc_schema *schema) {
    return (struct schema *)(uintptr_t)schema;
}

/* ---- equality and hash ---- */

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

const char *schema_parameter(const struct kc_schema *schema, const char *name) {
    for (uint32_t i = 0; i < schema->parameter_count; i++)
        if (strcmp(schema->parameters[i].name, name) == 0)
            return schema->parameters[i].value;
    return NULL;
}

bool schema_parameters_equal(const struct kc_schema *a, const struct kc_schema *b) {
    if (a->parameter_count != b->parameter_count)
        return false;
    for (uint32_t i = 0; i < a->parameter_count; i++)
        if (!same_text(a->parameters[i].value, schema_parameter(b, a->parameters[i].name)))
            return false;
    return true;
}

static bool same_basics(const struct kc_schema *a, const struct kc_schema *b) {
    return a->type == b->type && a->optional == b->optional && a->has_version == b->has_version &&
           a->version == b->version && a->has_default == b->has_default && a->field_count == b->field_count &&
           same_text(a->name, b->name) && same_text(a->doc, b->doc) &&
           (!a->has_default || kc_value_equal(&a->default_value, &b->default_value));
}

bool kc_schema_equal(const struct kc_schema *a, const struct kc_schema *b) {
    if (a == b)
        return true;
    if (!a || !b || !same_basics(a, b) || !schema_parameters_equal(a, b) ||
        !kc_schema_equal(a->key_schema, b->key_schema) || !kc_schema_equal(a->value_schema, b->value_schema))
        return false;
    if (of(a)->forward || of(b)->forward) /* comparing further would not end */
        return a->fields == b->fields;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !kc_schema_equal(a->fields[i].schema, b->fields[i].schema))
            return false;
    return true;
}

/* Stricter than kc_schema_equal: parameters in the same order, schemas inside identical. */
static bool interchangeable(const struct kc_schema *a, const struct kc_schema *b) {
    if (!same_basics(a, b) || a->parameter_count != b->parameter_count || a->key_schema != b->key_schema ||
        a->value_schema != b->value_schema)
        return false;
    for (uint32_t i = 0; i < a->parameter_count; i++)
        if (strcmp(a->parameters[i].name, b->parameters[i].name) != 0 ||
            !same_text(a->parameters[i].value, b->parameters[i].value))
            return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (a->fields[i].schema != b->fields[i].schema || strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t more) {
    hash = (hash ^ more) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *s) {
    return mix(hash, s ? hash_bytes(s, strlen(s)) : 1);
}

static uint64_t schema_hash(const struct kc_schema *s) {
    uint64_t hash =
        mix((uint64_t)s->type * 8 + s->optional * 4u + s->has_version * 2u + s->has_default, (uint32_t)s->version);
    hash = mix_text(mix_text(hash, s->name), s->doc);
    hash = mix(mix(hash, (uintptr_t)s->key_schema), (uintptr_t)s->value_schema);
    for (uint32_t i = 0; i < s->parameter_count; i++)
        hash = mix_text(mix_text(hash, s->parameters[i].name), s->parameters[i].value);
    for (uint32_t i = 0; i < s->field_count; i++)
        hash = mix(mix_text(hash, s->fields[i].name), (uintptr_t)s->fields[i].schema);
    return hash;
}

/* ---- the table, under table_lock ---- */

static struct schema **table_slot(const struct schema *s) {
    return &table[s->hash & (table_size - 1)];
}

static void table_grow(void) {
    size_t old_size = table_size;
    struct schema **old = table;
    table_size = old_size ? old_size * 2 : 64;
    table = calloc(table_size, sizeof(struct schema *));
    if (!table)
        abort();
    for (size_t i = 0; i < old_size; i++)
        for (struct schema *s = old[i], *next; s; s = next) {
            next = s->next;
            s->next = *table_slot(s);
            *table_slot(s) = s;
        }
    free(old);
}

/* The living equal of `s`, referenced, or NULL after adding `s` itself. */
static struct schema *table_find_or_add(struct schema *s) {
    if (table_count >= table_size)
        table_grow();
    for (struct schema *other = *table_slot(s); other; other = other->next)
        if (other->hash == s->hash && interchangeable(&other->pub, &s->pub)) {
            atomic_fetch_add(&other->refs, 1);
            return other;
        }
    s->next = *table_slot(s);
    *table_slot(s) = s;
    table_count++;
    return NULL;
}

static void table_remove(struct schema *s) {
    struct schema **at = table_slot(s);
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    if (--table_count == 0) {
        free(table);
        table = NULL;
        table_size = 0;
    }
}

size_t schema_alive(void) {
    pthread_mutex_lock(&table_lock);
    size_t count = table_count;
    pthread_mutex_unlock(&table_lock);
    return count;
}

/* ---- references ---- */

static void schema_destroy(struct schema *s) {
    kc_schema_unref(s->pub.key_schema);
    kc_schema_unref(s->pub.value_schema);
    for (uint32_t i = 0; i < s->pub.field_count; i++)
        kc_schema_unref(s->pub.fields[i].schema);
    arena_free(s->arena); /* s itself lies in it */
}

const struct kc_schema *kc_schema_ref(const struct kc_schema *schema) {
    if (schema && of(schema)->arena)
        atomic_fetch_add_explicit(&of(schema)->refs, 1, memory_order_relaxed);
    return schema;
}

/* The last reference goes under the lock, so that nobody finds a dying schema in the table. */
const struct kc_schema *kc_schema_unref(const struct kc_schema *schema) {
    struct schema *s = of(schema);
    if (!s || !s->arena)
        return NULL;
    unsigned refs = atomic_load(&s->refs);
    while (refs > 1)
        if (atomic_compare_exchange_weak(&s->refs, &refs, refs - 1))
            return NULL;
    pthread_mutex_lock(&table_lock);
    bool last = atomic_fetch_sub(&s->refs, 1) == 1;
    if (last && !s->forward)
        table_remove(s);
    pthread_mutex_unlock(&table_lock);
    if (last)
        schema_destroy(s);
    return NULL;
}

static void unref_later(void *schema) {
    kc_schema_unref(schema);
}

const struct kc_schema *kc_schema_keep(struct kc_arena *arena, const struct kc_schema *schema) {
    if (schema && of(schema)->arena)
        arena_at_reset(arena, unref_later, of(schema));
    return schema;
}

/* ---- static schemas ---- */

#define PLAIN(t)                                  \
    {                                             \
        {.pub = {.type = t}}, {                   \
            .pub = {.type = t, .optional = true } \
        }                                         \
    }
static struct schema plain[][2] = {
    PLAIN(KC_INT8),    PLAIN(KC_INT16),   PLAIN(KC_INT32),  PLAIN(KC_INT64), PLAIN(KC_FLOAT32),
    PLAIN(KC_FLOAT64), PLAIN(KC_BOOLEAN), PLAIN(KC_STRING), PLAIN(KC_BYTES),
};

const struct kc_schema *kc_schema_of(enum kc_type type, bool optional) {
    return (size_t)type < COUNT_OF(plain) ? &plain[type][optional].pub : NULL;
}

static const struct kc_schema *plain_equal(const struct kc_schema *s) {
    const struct kc_schema *candidate = kc_schema_of(s->type, s->optional);
    return candidate && s->parameter_count == 0 && same_basics(s, candidate) ? candidate : NULL;
}

/* ---- fields by name ---- */

static bool is_named(const struct kc_field *field, const char *name, size_t len) {
    return strnlen(field->name, len + 1) == len && memcmp(field->name, name, len) == 0;
}

static uint32_t *index_slot(uint32_t *index, uint32_t size, const struct kc_field *fields, const char *name,
                            size_t len) {
    uint32_t at = (uint32_t)hash_bytes(name, len) & (size - 1);
    while (index[at] && !is_named(&fields[index[at] - 1], name, len))
        at = (at + 1) & (size - 1);
    return &index[at];
}

static void index_build(struct schema *s, uint32_t size) {
    s->index = kc_arena_zalloc(s->arena, size * sizeof(uint32_t));
    s->index_size = size;
    for (uint32_t i = 0; i < s->pub.field_count; i++) {
        const char *name = s->pub.fields[i].name;
        *index_slot(s->index, size, s->pub.fields, name, strlen(name)) = i + 1;
    }
}

const struct kc_field *schema_field_text(const struct kc_schema *schema, const char *name, size_t len) {
    const struct schema *s = of(schema);
    if (s->index) {
        uint32_t found = *index_slot(s->index, s->index_size, schema->fields, name, len);
        return found ? &schema->fields[found - 1] : NULL;
    }
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (is_named(&schema->fields[i], name, len))
            return &schema->fields[i];
    return NULL;
}

const struct kc_field *kc_schema_field(const struct kc_schema *schema, const char *name) {
    return schema_field_text(schema, name, strlen(name));
}

/* ---- builder ---- */

struct kc_schema_builder *kc_schema_builder_new(enum kc_type type) {
    struct kc_schema_builder *b = calloc(1, sizeof(*b));
    struct kc_arena *arena = arena_new(512);
    if (!b)
        abort();
    b->schema = kc_arena_zalloc(arena, sizeof(*b->schema));
    b->schema->arena = arena;
    b->schema->pub.type = type;
    atomic_init(&b->schema->refs, 1);
    return b;
}

void kc_schema_builder_free(struct kc_schema_builder *b) {
    if (!b)
        return;
    if (b->schema)
        schema_destroy(b->schema);
    free(b);
}

void kc_schema_optional(struct kc_schema_builder *b, bool optional) {
    if (b->optional_set && b->schema->pub.optional != optional)
        b->set_twice = "optional";
    b->optional_set = true;
    b->schema->pub.optional = optional;
}

static const char *set_text(struct kc_schema_builder *b, const char *old, const char *text, const char *what) {
    if (old && !same_text(old, text))
        b->set_twice = what;
    return text ? kc_arena_strdup(b->schema->arena, text) : NULL;
}

void kc_schema_name(struct kc_schema_builder *b, const char *name) {
    b->schema->pub.name = set_text(b, b->schema->pub.name, name, "name");
}

void kc_schema_doc(struct kc_schema_builder *b, const char *doc) {
    b->schema->pub.doc = set_text(b, b->schema->pub.doc, doc, "doc");
}

void kc_schema_version(struct kc_schema_builder *b, int32_t version) {
    if (b->schema->pub.has_version && b->schema->pub.version != version)
        b->set_twice = "version";
    b->schema->pub.has_version = true;
    b->schema->pub.version = version;
}

void kc_schema_parameter(struct kc_schema_builder *b, const char *name, const char *value) {
    struct kc_schema *s = &b->schema->pub;
    const char *copy = value ? kc_arena_strdup(b->schema->arena, value) : NULL;
    for (uint32_t i = 0; b->parameters && i < s->parameter_count; i++)
        if (strcmp(b->parameters[i].name, name) == 0) {
            b->parameters[i].value = copy;
            return;
        }
    if (!b->parameters || s->parameter_count == b->parameter_capacity) {
        uint32_t capacity = b->parameter_capacity ? b->parameter_capacity * 2 : 4;
        b->parameters = arena_grow(b->schema->arena, b->parameters, s->parameter_count * sizeof(*b->parameters),
                                   capacity * sizeof(*b->parameters));
        b->parameter_capacity = capacity;
    }
    b->parameters[s->parameter_count++] = (struct kc_parameter){kc_arena_strdup(b->schema->arena, name), copy};
    s->parameters = b->parameters;
}

int schema_builder_check(const struct kc_schema_builder *b, struct kc_error *err) {
    if (b->set_twice)
        return err_set_class(err, ERR_SCHEMA, SCHEMA_BUILDER_EXCEPTION,
                             "Invalid SchemaBuilder call: %s has already been set.", b->set_twice);
    return 0;
}

int kc_schema_default(struct kc_schema_builder *b, const struct kc_value *v, struct kc_error *err) {
    struct kc_schema *s = &b->schema->pub;
    if (s->has_default && !kc_value_equal(&s->default_value, v))
        b->set_twice = "default";
    if (schema_builder_check(b, err) < 0)
        return -1;
    /* Java compares the struct's schema with the unfinished one, which never fits: structs cannot have defaults. */
    if (v->tag == KC_V_STRUCT && s->type == KC_STRUCT) {
        err_set(err, ERR_BAD_DATA, "Struct schemas do not match.");
        return err_wrap(err, SCHEMA_BUILDER_EXCEPTION, "Invalid default value");
    }
    if (validate_value(s, v, "value", err) < 0)
        return err_wrap(err, SCHEMA_BUILDER_EXCEPTION, "Invalid default value");
    s->has_default = v->tag != KC_V_NULL; /* "default null" and "no default" are the same */
    s->default_value = kc_value_copy(b->schema->arena, v);
    return 0;
}

static void add_field(struct kc_schema_builder *b, const char *name, const struct kc_schema *schema) {
    struct schema *s = b->schema;
    uint32_t count = s->pub.field_count;
    if (count == b->field_capacity) {
        uint32_t capacity = count ? count * 2 : INDEX_MIN_FIELDS;
        b->fields = arena_grow(s->arena, b->fields, count * sizeof(*b->fields), capacity * sizeof(*b->fields));
        b->field_capacity = capacity;
        s->pub.fields = b->fields;
        if (count)
            index_build(s, capacity * 2);
    }
    b->fields[count] = (struct kc_field){kc_arena_strdup(s->arena, name), (int32_t)count, kc_schema_ref(schema)};
    s->pub.field_count++;
    if (s->index)
        *index_slot(s->index, s->index_size, b->fields, name, strlen(name)) = count + 1;
}

int kc_schema_add_field(struct kc_schema_builder *b, const char *name, const struct kc_schema *schema,
                        struct kc_error *err) {
    struct kc_schema *s = &b->schema->pub;
    if (schema_builder_check(b, err) < 0)
        return -1;
    if (s->type != KC_STRUCT)
        return err_set(err, ERR_SCHEMA, "Cannot create fields on type %s", schema_type_name(s->type));
    if (!name || !*name)
        return err_set(err, ERR_SCHEMA, "fieldName cannot be null.");
    if (!schema)
        return err_set(err, ERR_SCHEMA, "fieldSchema for field %s cannot be null.", name);
    if (kc_schema_field(s, name))
        return err_set(err, ERR_SCHEMA, "Cannot create field because of field name duplication %s", name);
    add_field(b, name, schema);
    return 0;
}

void kc_schema_elements(struct kc_schema_builder *b, const struct kc_schema *key, const struct kc_schema *value) {
    struct kc_schema *s = &b->schema->pub;
    kc_schema_ref(key);
    kc_schema_ref(value);
    kc_schema_unref(s->key_schema);
    kc_schema_unref(s->value_schema);
    s->key_schema = key;
    s->value_schema = value;
}

const struct kc_schema *schema_builder_peek(const struct kc_schema_builder *b) {
    return &b->schema->pub;
}

const struct kc_schema *kc_schema_build(struct kc_schema_builder *b) {
    const struct kc_schema *known = plain_equal(&b->schema->pub);
    if (!b->set_twice && !known) {
        struct schema *s = b->schema;
        s->hash = schema_hash(&s->pub);
        pthread_mutex_lock(&table_lock);
        struct schema *other = table_find_or_add(s);
        pthread_mutex_unlock(&table_lock);
        known = other ? &other->pub : &TAKE(b->schema)->pub;
    }
    if (b->set_twice)
        known = NULL;
    kc_schema_builder_free(b);
    return known;
}

/* ---- schemas within themselves ---- */

const struct kc_schema *schema_forward_new(bool optional) {
    struct kc_arena *arena = arena_new(512);
    struct schema *s = kc_arena_zalloc(arena, sizeof(*s));
    s->arena = arena;
    s->forward = true;
    s->pub.type = KC_STRUCT;
    s->pub.optional = optional;
    atomic_init(&s->refs, 1);
    return &s->pub;
}

void schema_forward_bind(const struct kc_schema *forward, const struct kc_schema *target) {
    struct schema *s = of(forward);
    bool optional = forward->optional;
    s->pub = *target;
    s->pub.optional = optional;
    s->pub.has_default = false;
    s->pub.default_value = kc_null();
    s->index = of(target)->index;
    s->index_size = of(target)->index_size;
    kc_schema_ref(target);
    kc_schema_ref(forward);
}

bool schema_is_forward(const struct kc_schema *schema) {
    return schema && of(schema)->forward;
}

struct kc_schema_builder *schema_builder_like(const struct kc_schema *schema) {
    struct kc_schema_builder *b = kc_schema_builder_new(schema->type);
    kc_schema_name(b, schema->name);
    kc_schema_doc(b, schema->doc);
    if (schema->has_version)
        kc_schema_version(b, schema->version);
    for (uint32_t i = 0; i < schema->parameter_count; i++)
        kc_schema_parameter(b, schema->parameters[i].name, schema->parameters[i].value);
    return b;
}
