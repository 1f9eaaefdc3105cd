/* Options of the S3 source, as rows and as a struct. */
#ifndef CONNECTORS_S3_SOURCE_CONFIG_H
#define CONNECTORS_S3_SOURCE_CONFIG_H

#include "connect/plugin.h"
#include "connectors/s3/store.h"

struct s3_source_conf {
    const char *mode;
    const char *format_class;
    const char *bucket, *region, *store_url;
    const char *topics_dir, *delim;
    const char *filename_regex;
    int64_t poll_interval_ms;
    int32_t record_batch_max;
    const char *behavior_on_error; /* fail, ignore, log */
    bool json_schemas;
    int32_t schema_cache_size;
    const char *bytes_extension, *bytes_separator; /* separator with its escapes */
    const char *keys, *headers;                    /* auto, true, false */
    const char *folders;                           /* of one task, a line each */
    /* mode=GENERIC */
    struct kc_list topic_regexes; /* topic:regex */
    int32_t task_batch_size;
    int64_t starting_timestamp;
    int32_t task_index, task_count;
    const char *credentials_class;
    const char *access_key;
    struct kc_secret secret_key;
    int32_t part_retries, retry_backoff_ms;
    bool wan_mode, path_style, expect_continue;
    const char *sse;
    struct kc_secret sse_customer_key;
    const char *proxy_url, *proxy_user;
    struct kc_secret proxy_password;
};

extern const struct kc_option s3_source_options[];

/* Rules across options. */
void s3_source_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems);

/* Opens the store of a connector or task; `cancelled` may be NULL (see store.h). */
struct object_store *s3_source_store(const struct s3_source_conf *conf, const struct kc_config *config,
                                     bool (*cancelled)(void *arg), void *arg, struct kc_error *err);
bool s3_source_is_json(const struct s3_source_conf *conf);
bool s3_source_is_generic(const struct s3_source_conf *conf);
bool s3_source_fails_on_error(const struct s3_source_conf *conf);

#endif
