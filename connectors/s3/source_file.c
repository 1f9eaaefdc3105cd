/* See source_file.h. */
#include "connectors/s3/source_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connectors/s3/record_stream.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

struct source_file {
    const struct source_naming *naming;
    struct object_store *store;
    char *key, *keys_key, *headers_key;
    char *topic;
    int32_t partition;
    struct record_stream *values, *keys, *headers;
    int64_t position;
};

/* ---- names ---- */

/* \n, \r, \t, \\ → the characters; anything else as it stands. */
static int decode_separator(const char *text, struct source_naming *n, struct kc_error *err) {
    static const char from[] = "nrt\\", to[] = "\n\r\t\\";
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        char c = *p;
        const char *escape = c == '\\' && p[1] ? strchr(from, p[1]) : NULL;
        if (escape) {
            c = to[escape - from];
            p++;
        }
        if (len == sizeof n->separator)
            return err_set(err, ERR_BAD_CONFIG,
                           "Invalid value for configuration format.bytearray.separator: it is longer than %zu bytes",
                           sizeof n->separator);
        n->separator[len++] = c;
    }
    n->separator_len = len;
    return 0;
}

int source_naming_init(struct source_naming *n, const struct s3_source_conf *conf, struct kc_error *err) {
    *n = (struct source_naming){.conf = conf};
    if (decode_separator(s3_source_is_json(conf) ? "\\n"
                         : conf->bytes_separator ? conf->bytes_separator
                                                 : "",
                         n, err) < 0)
        return -1;
    n->filename = regex_new(conf->filename_regex, err);
    return n->filename ? 0 : -1;
}

void source_naming_done(struct source_naming *n) {
    n->filename = regex_free(n->filename);
}

static const char *extension(const struct source_naming *n) {
    return s3_source_is_json(n->conf) ? ".json" : n->conf->bytes_extension;
}

/* Length of `key` without `ext` or `ext`.gz at its end; 0 when it ends otherwise. */
static size_t without_extension(const char *key, const char *ext) {
    size_t len = strlen(key), ext_len = strlen(ext);
    if (len > 3 && strcmp(key + len - 3, ".gz") == 0)
        len -= 3;
    if (len > ext_len && memcmp(key + len - ext_len, ext, ext_len) == 0)
        return len - ext_len;
    return 0;
}

static bool tail_is(const char *key, size_t len, const char *tail) {
    size_t n = strlen(tail);
    return len > n && memcmp(key + len - n, tail, n) == 0;
}

enum object_kind source_object_kind(const struct source_naming *n, const char *key) {
    const char *const known[] = {extension(n), ".json", ".bin", ".avro", ".parquet"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        size_t stem = without_extension(key, known[i]);
        if (stem && (tail_is(key, stem, ".keys") || tail_is(key, stem, ".headers")))
            return OBJECT_SIBLING;
    }
    return without_extension(key, extension(n)) ? OBJECT_VALUES : OBJECT_OTHER;
}

size_t source_folder_length(const struct source_naming *n, const char *key) {
    const char *last = strrchr(key, n->conf->delim[0]);
    return last ? (size_t)(last - key) + 1 : 0;
}

int source_parse_name(const struct source_naming *n, const char *bucket, const char *key, char **ret_topic,
                      int32_t *ret_partition, struct kc_error *err) {
    const char *name = key + source_folder_length(n, key);
    size_t spans[3][2], count = 0;
    char *end = NULL;
    if (!regex_match_groups(n->filename, name, strlen(name), spans, COUNT_OF(spans), &count) || count < 3)
        return err_set(err, ERR_BAD_DATA,
                       "Object %s in bucket %s: its name is not like topic+partition+offset%s (filename.regex '%s')",
                       key, bucket, extension(n), n->conf->filename_regex);
    long partition = strtol(name + spans[2][0], &end, 10);
    if (end != name + spans[2][1] || partition < 0 || partition > INT32_MAX)
        return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s: '%.*s' in its name is not a partition number", key,
                       bucket, (int)(spans[2][1] - spans[2][0]), name + spans[2][0]);
    *ret_topic = strndup(name + spans[1][0], spans[1][1] - spans[1][0]);
    *ret_partition = (int32_t)partition;
    return 0;
}

/* ---- opening ---- */

/* Looks for <stem>.keys.* and <stem>.headers.* among the objects whose names begin with <stem>. */
static int on_sibling(void *arg, const struct store_object *object, struct kc_error *err) {
    struct source_file *f = arg;
    size_t stem = without_extension(f->key, extension(f->naming));
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
    size_t stem = without_extension(f->key, extension(f->naming));
    AUTO_TEXT prefix = NULL;
    if (asprintf(&prefix, "%.*s.", (int)stem, f->key) < 0)
        return err_set(err, ERR_INTERNAL, "out of memory");
    return store_list(f->store, prefix, NULL, on_sibling, f, err);
}

static struct record_stream *open_stream(struct source_file *f, const char *key) {
    const struct source_naming *n = f->naming;
    bool json = without_extension(key, ".json") > 0;
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
static int open_sibling(struct source_file *f, const char *what, const char *option, const char *key,
                        struct record_stream **ret_stream, struct kc_error *err) {
    int64_t values, others;
    if (strcmp(option, "false") == 0 || (!key && strcmp(option, "auto") == 0))
        return 0;
    if (!key)
        return err_set(err, ERR_BAD_DATA,
                       "Object %s in bucket %s: there is no %s object beside it (store.kafka.%s=true)", f->key,
                       f->store->bucket, what, what);
    bool readable =
        without_extension(key, ".json") > 0 || (!s3_source_is_json(f->naming->conf) && strcmp(what, "keys") == 0 &&
                                                without_extension(key, extension(f->naming)) > 0);
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

struct source_file *source_file_open(const struct source_naming *n, struct object_store *store, const char *key,
                                     int64_t skip, struct kc_error *err) {
    struct source_file *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    f->naming = n;
    f->store = store;
    f->key = strdup(key);
    f->values = open_stream(f, key);
    if (source_parse_name(n, store->bucket, key, &f->topic, &f->partition, err) < 0 || find_siblings(f, err) < 0 ||
        open_sibling(f, "keys", n->conf->keys, f->keys_key, &f->keys, err) < 0 ||
        open_sibling(f, "headers", n->conf->headers, f->headers_key, &f->headers, err) < 0 ||
        skip_records(f, skip, err) < 0)
        return source_file_free(f);
    return f;
}

struct source_file *source_file_free(struct source_file *f) {
    if (!f)
        return NULL;
    record_stream_free(f->values);
    record_stream_free(f->keys);
    record_stream_free(f->headers);
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
    if (without_extension(key, ".json") > 0)
        return kc_value_from_json(arena, copy, len, ret_value, err);
    *ret_value = kc_bytes(copy, len);
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
    if (parse(arena, f->key, data, len, &r->value, err) < 0)
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
