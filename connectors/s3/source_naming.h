/* What the names of the objects of a backup mean to one S3 source: which hold values, keys or headers, in which folder
 * they are, and the topic, partition and first offset of a file. No requests, no state but the compiled options. */
#ifndef CONNECTORS_S3_SOURCE_NAMING_H
#define CONNECTORS_S3_SOURCE_NAMING_H

#include "connect/base/regex.h"
#include "connectors/s3/source_config.h"

enum object_kind {
    OBJECT_VALUES,  /* values, in the format of the connector */
    OBJECT_KEYS,    /* keys of the values in another object */
    OBJECT_HEADERS, /* headers of the values in another object */
    OBJECT_OTHER    /* not of this format */
};

/* topic:regex of topic.regex.list */
struct topic_rule {
    char *topic;
    struct regex *path;
};

/* Plain data, made once. */
struct source_naming {
    const struct s3_source_conf *conf;
    struct regex *filename;
    struct topic_rule *topics; /* mode=GENERIC */
    size_t topic_count;
    char separator[64]; /* of records, escapes decoded */
    size_t separator_len;
};
int source_naming_init(struct source_naming *n, const struct s3_source_conf *conf, struct kc_error *err) KC_CHECKED;
void source_naming_done(struct source_naming *n);

enum object_kind source_object_kind(const struct source_naming *n, const char *key);
/* Folder of a key with its delimiter at the end; length only. 0: none. */
size_t source_folder_length(const struct source_naming *n, const char *key);
/* mode=GENERIC: the topic of the first item of topic.regex.list whose regex matches the whole key; NULL: none. */
const char *source_naming_topic(const struct source_naming *n, const char *key);
/* Whether an item of topic.regex.list is topic:regex; both parts may be NULL. @errors says what is wrong with it */
int source_topic_rule(const char *item, char **ret_topic, struct regex **ret_path, struct kc_error *err) KC_CHECKED;
/* Length of a key without the extension of the format, or that and .gz, at its end; 0 when it ends otherwise. */
size_t source_stem_length(const struct source_naming *n, const char *key);
/* Whether the name says that the object holds JSON lines. */
bool source_name_is_json(const char *key);

/* One name, topic+partition+offset.ext, taken apart. `topic` points into the key. */
struct source_name {
    const char *topic;
    size_t topic_len;
    int32_t partition;
    int64_t offset;               /* of the first record; -1 when no number stands behind the partition */
    size_t digits_at, digits_len; /* where it stands in the key */
};
/* @errors ERR_BAD_DATA names the object */
int source_name_parse(const struct source_naming *n, const char *bucket, const char *key, struct source_name *ret_name,
                      struct kc_error *err) KC_CHECKED;
/* The key of the same topic and partition that begins at `offset`; NULL when `key` does not tell. malloc'ed */
char *source_name_at(const char *key, const struct source_name *name, int64_t offset);

#endif
