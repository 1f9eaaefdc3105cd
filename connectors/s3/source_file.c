/* See source_file.h. */
#include "connectors/s3/source_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/convert/json.h"
#include "connectors/s3/record_stream.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

struct source_file {
    const struct source_naming *naming;
    struct object_store *store;
    char *key, *keys_key, *headers_key;
    char *topic;
    int32_t partition;
    struct record_stream *values, *keys, *headers;
    struct json_converter *envelopes; /* values have schemas; NULL: they have none */
    int64_t position;
};

/* ---- opening ---- */

/* Looks for <stem>.keys.* and <stem>.headers.* among the objects whose names begin with <stem>. */
static int on_sibling(void *arg, const struct store_object *object, struct kc_error *err) {
    struct source_file *f = arg;
    size_t stem = source_stem_length(f->naming, f->key);
    const char *rest = object->key + stem;
    (void)err;
    if (strncmp(rest, ".keys.", 6) == 0 && !f->keys_key)
        f->keys_key = strdup(object->key);
    else if (strncmp(rest, ".headers.", 9) == 0 && !f->headers_key)
        f->headers_key = strdup(object->key);
    return 0;
}

static int find_siblings(struct source_file *f, struct kc_error *err) {
    const struct s3_source_conf *conf = f->naming->conf;
    if (strcmp(conf->keys, "false") == 0 && strcmp(conf->headers, "false") == 0)
        return 0;
    size_t stem = source_stem_length(f->naming, f->key);
    AUTO_TEXT prefix = NULL;
    if (asprintf(&prefix, "%.*s.", (int)stem, f->key) < 0)
        return err_set(err, ERR_INTERNAL, "out of memory");
    return store_list(f->store, prefix, NULL, on_sibling, f, err);
}

static struct record_stream *open_stream(struct source_file *f, const char *key) {
    const struct source_naming *n = f->naming;
    bool json = source_name_is_json(key);
    return json ? record_stream_new(f->store, key, "\n", 1)
                : record_stream_new(f->store, key, n->separator, n->separator_len);
}

static int count_records(struct source_file *f, const char *key, int64_t *ret_count, struct kc_error *err) {
    struct record_stream *rs = open_stream(f, key);
    const char *data;
    size_t len;
    int rc;
    while ((rc = record_stream_next(rs, &data, &len, err)) == 1) {
    }
    *ret_count = record_stream_count(rs);
    record_stream_free(rs);
    return rc;
}

/* Opens keys or headers as the option says. Under "auto" an object that does not fit is left alone with a warning. */
static int open_sibling(struct source_file *f, const char *what, const char *option, const char *key, bool expected,
                        struct record_stream **ret_stream, struct kc_error *err) {
    int64_t values, others;
    if (strcmp(option, "false") == 0 || (!key && !expected && strcmp(option, "auto") == 0))
        return 0;
    if (!key)
        return err_set(err, ERR_NOT_FOUND,
                       "Object %s in bucket %s: there is no %s object beside it (store.kafka.%s=%s)", f->key,
                       f->store->bucket, what, what, option);
    bool readable = source_name_is_json(key) || (!s3_source_is_json(f->naming->conf) && strcmp(what, "keys") == 0 &&
                                                 source_stem_length(f->naming, key) > 0);
    if (!readable && strcmp(option, "true") == 0)
        return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s: its format cannot be read (store.kafka.%s=true)",
                       key, f->store->bucket, what);
    if (!readable) {
        kc_log(KC_WARN, LOG, "%s in bucket %s is in a format that cannot be read; restoring without %s", key,
               f->store->bucket, what);
        return 0;
    }
    if (strcmp(option, "auto") == 0) {
        if (count_records(f, f->key, &values, err) < 0 || count_records(f, key, &others, err) < 0)
            return -1;
        if (values != others) {
            kc_log(KC_WARN, LOG, "%s in bucket %s has %lld records but %s has %lld; restoring it without %s", key,
                   f->store->bucket, (long long)others, f->key, (long long)values, what);
            return 0;
        }
    }
    *ret_stream = open_stream(f, key);
    return 0;
}

static int skip_records(struct source_file *f, int64_t skip, struct kc_error *err) {
    const char *data;
    size_t len;
    for (; f->position < skip; f->position++) {
        int rc = record_stream_next(f->values, &data, &len, err);
        if (rc <= 0)
            return rc; /* shorter than it was: nothing is left */
        if ((f->keys && record_stream_next(f->keys, &data, &len, err) < 0) ||
            (f->headers && record_stream_next(f->headers, &data, &len, err) < 0))
            return -1;
    }
    return 0;
}

/* Fetches the first bytes behind what was skipped, so that an object that is not there shows now. */
static int fetch_beginning(struct source_file *f, struct kc_error *err) {
    struct record_stream *const all[] = {f->values, f->keys, f->headers};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (all[i] && record_stream_at_end(all[i], err) < 0)
            return -1;
    }
    return 0;
}

static int open_backup(struct source_file *f, unsigned expected, struct kc_error *err) {
    const struct s3_source_conf *conf = f->naming->conf;
    struct source_name name;
    if (source_name_parse(f->naming, f->store->bucket, f->key, &name, err) < 0)
        return -1;
    f->topic = strndup(name.topic, name.topic_len);
    f->partition = name.partition;
    if (find_siblings(f, err) < 0 ||
        open_sibling(f, "keys", conf->keys, f->keys_key, expected & SIBLING_KEYS, &f->keys, err) < 0)
        return -1;
    return open_sibling(f, "headers", conf->headers, f->headers_key, expected & SIBLING_HEADERS, &f->headers, err);
}

struct source_file *source_file_open(const struct source_naming *n, struct object_store *store, const char *key,
                                     const char *topic, int64_t skip, unsigned expected, struct kc_error *err) {
    struct source_file *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    f->naming = n;
    f->store = store;
    f->key = strdup(key);
    f->values = open_stream(f, key);
    if (n->conf->json_schemas && source_name_is_json(key))
        f->envelopes = json_converter_new(/* schemas_enable= */ true, /* decimal_numeric= */ false,
                                          /* replace_null_with_default= */ true, n->conf->schema_cache_size);
    if (topic) {
        f->topic = strdup(topic);
        f->partition = -1;
    } else if (open_backup(f, expected, err) < 0) {
        return source_file_free(f);
    }
    if (skip_records(f, skip, err) < 0 || fetch_beginning(f, err) < 0)
        return source_file_free(f);
    return f;
}

struct source_file *source_file_free(struct source_file *f) {
    if (!f)
        return NULL;
    record_stream_free(f->values);
    record_stream_free(f->keys);
    record_stream_free(f->headers);
    if (f->envelopes)
        json_converter_free(f->envelopes);
    free(f->key);
    free(f->keys_key);
    free(f->headers_key);
    free(f->topic);
    free(f);
    return NULL;
}

/* ---- reading ---- */

static int bad_record(struct source_file *f, const char *key, bool *ret_bad, struct kc_error *err) {
    struct kc_error why = *err;
    *ret_bad = true;
    return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s, record %lld: %s", key, f->store->bucket,
                   (long long)f->position, why.text);
}

static int parse(struct kc_arena *arena, const char *key, const char *data, size_t len, struct kc_value *ret_value,
                 struct kc_error *err) {
    char *copy = kc_arena_copy(arena, data, len);
    if (source_name_is_json(key))
        return kc_value_from_json(arena, copy, len, ret_value, err);
    *ret_value = kc_bytes(copy, len);
    return 0;
}

static int parse_value(struct source_file *f, struct kc_arena *arena, const char *data, size_t len, struct kc_record *r,
                       struct kc_error *err) {
    if (!f->envelopes)
        return parse(arena, f->key, data, len, &r->value, err);
    const struct kc_schema *schema;
    if (json_envelope_read(f->envelopes, arena, kc_arena_copy(arena, data, len), len, &schema, &r->value, err) < 0)
        return -1;
    r->value_schema = schema ? kc_schema_keep(arena, kc_schema_ref(schema)) : NULL;
    return 0;
}

/* {"headers":[{"key":"a","value":"b"},…]} */
static int parse_headers(struct kc_arena *arena, const char *data, size_t len, struct kc_record *r,
                         struct kc_error *err) {
    struct kc_value line;
    if (kc_value_from_json(arena, kc_arena_copy(arena, data, len), len, &line, err) < 0)
        return -1;
    line = kc_json_expand(arena, line);
    const struct kc_value *list = line.tag == KC_V_MAP ? kc_map_get(&line, "headers") : NULL;
    struct kc_value items = list ? kc_json_expand(arena, *list) : kc_null();
    if (items.tag != KC_V_ARRAY)
        return err_set(err, ERR_BAD_DATA, "it is not a list of headers");
    for (uint32_t i = 0; i < items.len; i++) {
        struct kc_value item = kc_json_expand(arena, items.items[i]);
        const struct kc_value *name = item.tag == KC_V_MAP ? kc_map_get(&item, "key") : NULL;
        const struct kc_value *value = name ? kc_map_get(&item, "value") : NULL;
        if (!name || name->tag != KC_V_STRING || !value)
            return err_set(err, ERR_BAD_DATA, "header %u has no key or value", i);
        kc_record_add_header(arena, r, kc_arena_copy(arena, name->s, name->len), NULL, *value);
    }
    return 0;
}

/* The record of a sibling that belongs to the present value. */
static int next_of(struct source_file *f, struct record_stream *rs, const char *key, const char **ret_data,
                   size_t *ret_len, struct kc_error *err) {
    int rc = record_stream_next(rs, ret_data, ret_len, err);
    if (rc == 0)
        return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s ends after %lld records, before %s", key,
                       f->store->bucket, (long long)(f->position - 1), f->key);
    return rc;
}

int source_file_next(struct source_file *f, struct kc_arena *arena, struct kc_record *r, bool *ret_bad_record,
                     struct kc_error *err) {
    const char *data, *key_data = NULL, *headers_data = NULL;
    size_t len, key_len = 0, headers_len = 0;
    *ret_bad_record = false;
    int rc = record_stream_next(f->values, &data, &len, err);
    if (rc <= 0)
        return rc;
    f->position++;
    if ((f->keys && next_of(f, f->keys, f->keys_key, &key_data, &key_len, err) < 0) ||
        (f->headers && next_of(f, f->headers, f->headers_key, &headers_data, &headers_len, err) < 0))
        return -1;
    if (parse_value(f, arena, data, len, r, err) < 0)
        return bad_record(f, f->key, ret_bad_record, err);
    if (key_data && parse(arena, f->keys_key, key_data, key_len, &r->key, err) < 0)
        return bad_record(f, f->keys_key, ret_bad_record, err);
    if (headers_data && parse_headers(arena, headers_data, headers_len, r, err) < 0)
        return bad_record(f, f->headers_key, ret_bad_record, err);
    r->topic = f->topic;
    r->partition = f->partition;
    return 1;
}

int source_file_at_end(struct source_file *f, struct kc_error *err) {
    return record_stream_at_end(f->values, err);
}

int64_t source_file_position(const struct source_file *f) {
    return f->position;
}

const char *source_file_key(const struct source_file *f) {
    return f->key;
}

unsigned source_file_siblings(const struct source_file *f) {
    return (f->keys_key ? SIBLING_KEYS : 0) | (f->headers_key ? SIBLING_HEADERS : 0);
}
