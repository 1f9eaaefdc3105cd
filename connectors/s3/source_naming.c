/* See source_naming.h. */
#include "connectors/s3/source_naming.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"

enum { DIGITS_MAX = 18 }; /* more may not fit into an int64 */

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

int source_topic_rule(const char *item, char **ret_topic, struct regex **ret_path, struct kc_error *err) {
    const char *colon = strchr(item, ':');
    if (!colon || colon == item || !colon[1])
        return err_set(err, ERR_BAD_CONFIG, "'%s' is not like topic:regex", item);
    struct regex *path = regex_new(colon + 1, err);
    if (!path)
        return -1;
    if (ret_topic)
        *ret_topic = strndup(item, (size_t)(colon - item));
    if (ret_path)
        *ret_path = path;
    else
        regex_free(path);
    return 0;
}

static int add_topics(struct source_naming *n, struct kc_error *err) {
    const struct kc_list *items = &n->conf->topic_regexes;
    if (!s3_source_is_generic(n->conf))
        return 0;
    n->topics = calloc(items->count + 1, sizeof *n->topics);
    if (!n->topics)
        return err_set(err, ERR_INTERNAL, "out of memory");
    for (; n->topic_count < items->count; n->topic_count++) {
        struct topic_rule *rule = &n->topics[n->topic_count];
        if (source_topic_rule(items->items[n->topic_count], &rule->topic, &rule->path, err) < 0)
            return err_prefix(err, "topic.regex.list");
    }
    return 0;
}

int source_naming_init(struct source_naming *n, const struct s3_source_conf *conf, struct kc_error *err) {
    *n = (struct source_naming){.conf = conf};
    if (decode_separator(s3_source_is_json(conf) ? "\\n"
                         : conf->bytes_separator ? conf->bytes_separator
                                                 : "",
                         n, err) < 0 ||
        add_topics(n, err) < 0)
        return -1;
    n->filename = regex_new(conf->filename_regex, err);
    return n->filename ? 0 : -1;
}

void source_naming_done(struct source_naming *n) {
    n->filename = regex_free(n->filename);
    for (size_t i = 0; i < n->topic_count; i++) {
        free(n->topics[i].topic);
        regex_free(n->topics[i].path);
    }
    free(n->topics);
    n->topics = NULL;
    n->topic_count = 0;
}

const char *source_naming_topic(const struct source_naming *n, const char *key) {
    for (size_t i = 0; i < n->topic_count; i++) {
        if (regex_matches(n->topics[i].path, key, strlen(key)))
            return n->topics[i].topic;
    }
    return NULL;
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
        if (stem && tail_is(key, stem, ".keys"))
            return OBJECT_KEYS;
        if (stem && tail_is(key, stem, ".headers"))
            return OBJECT_HEADERS;
    }
    return source_stem_length(n, key) ? OBJECT_VALUES : OBJECT_OTHER;
}

size_t source_folder_length(const struct source_naming *n, const char *key) {
    const char *last = strrchr(key, n->conf->delim[0]);
    return last ? (size_t)(last - key) + 1 : 0;
}

size_t source_stem_length(const struct source_naming *n, const char *key) {
    return without_extension(key, extension(n));
}

bool source_name_is_json(const char *key) {
    return without_extension(key, ".json") > 0;
}

/* The number that stands behind the partition up to the next dot or the end. */
static void parse_offset(const char *key, size_t at, struct source_name *name) {
    name->offset = -1;
    while (key[at] && !isdigit((unsigned char)key[at]))
        at++;
    char *end;
    long long offset = strtoll(key + at, &end, 10);
    size_t len = (size_t)(end - (key + at));
    if (len == 0 || len > DIGITS_MAX || (*end && *end != '.'))
        return;
    name->offset = offset;
    name->digits_at = at;
    name->digits_len = len;
}

int source_name_parse(const struct source_naming *n, const char *bucket, const char *key, struct source_name *ret_name,
                      struct kc_error *err) {
    size_t folder = source_folder_length(n, key), spans[3][2], count = 0;
    const char *file = key + folder;
    char *end = NULL;
    if (!regex_match_groups(n->filename, file, strlen(file), spans, COUNT_OF(spans), &count) || count < 3 ||
        spans[1][0] == REGEX_UNSET || spans[2][0] == REGEX_UNSET)
        return err_set(err, ERR_BAD_DATA,
                       "Object %s in bucket %s: its name is not like topic+partition+offset%s (filename.regex '%s')",
                       key, bucket, extension(n), n->conf->filename_regex);
    long partition = strtol(file + spans[2][0], &end, 10);
    if (end != file + spans[2][1] || partition < 0 || partition > INT32_MAX)
        return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s: '%.*s' in its name is not a partition number", key,
                       bucket, (int)(spans[2][1] - spans[2][0]), file + spans[2][0]);
    *ret_name = (struct source_name){
        .topic = file + spans[1][0], .topic_len = spans[1][1] - spans[1][0], .partition = (int32_t)partition};
    parse_offset(key, folder + spans[2][1], ret_name);
    return 0;
}

char *source_name_at(const char *key, const struct source_name *name, int64_t offset) {
    char *text;
    if (name->offset < 0 || asprintf(&text, "%.*s%0*lld%s", (int)name->digits_at, key, (int)name->digits_len,
                                     (long long)offset, key + name->digits_at + name->digits_len) < 0)
        return NULL;
    return text;
}
