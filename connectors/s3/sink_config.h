/* Options of the Confluent S3 sink: rows, rules across options, and how they become a store and a file layout. */
#ifndef CONNECTORS_S3_SINK_CONFIG_H
#define CONNECTORS_S3_SINK_CONFIG_H

#include "connectors/s3/store.h"

struct sink_conf {
    /* Connector */
    const char *format_class;
    int32_t flush_size;
    int64_t rotate_interval_ms, rotate_schedule_ms, retry_backoff_ms;
    int32_t pad_width;
    /* Schema */
    const char *schema_compatibility;
    /* S3 */
    const char *bucket;
    bool tagging;
    struct kc_list tag_pairs;
    const char *on_tagging_error;
    const char *region;
    int32_t part_bytes;
    const char *provider_class, *access_key;
    struct kc_secret secret_key;
    const char *sse;
    struct kc_secret sse_customer_key;
    const char *sse_kms_key_id, *acl;
    bool accelerate;
    const char *compression;
    int32_t compression_level;
    const char *decimal_format;
    int32_t attempts;
    int64_t retry_base_ms;
    const char *bytes_extension;
    const char *proxy_url, *proxy_user;
    struct kc_secret proxy_password;
    bool expect_continue;
    const char *on_null;
    bool report_null;
    int64_t max_write_ms;
    bool rotate_on_partition_change;
    const char *tombstone_partition, *affix;
    bool send_digest, conditional_writes;
    const char *payload_signing;
    int32_t scan_limit;
    /* Keys and headers */
    bool store_keys, store_headers;
    const char *keys_format_class, *headers_format_class;
    bool path_style;
    bool elastic;
    int32_t elastic_capacity;
    int32_t max_open_files;
    /* Storage */
    const char *topics_dir, *url, *directory_delim, *file_delim;
    /* Partitioner */
    const char *partitioner_class;
    struct kc_list partition_fields;
    int64_t partition_duration_ms;
    const char *path_format, *locale, *timezone, *timestamp_extractor, *timestamp_field;
};

extern const struct kc_option sink_options[];

/* @source S3SinkConnectorValidator, FieldPartitionerValidator */
void sink_conf_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems);

/* Fills `ret_store`; texts are borrowed. The provider's own options are put into `provider_config`. */
void sink_conf_store(const struct sink_conf *conf, const struct kc_config *config, struct kc_config *provider_config,
                     struct store_conf *ret_store);

/* Whether the configuration names the class `simple_name` (the part after the last dot). */
bool sink_class_is(const char *class_name, const char *simple_name);
/* format.bytearray.separator is taken as it was written: blanks around it belong to it. */
const char *sink_bytes_separator(const struct kc_config *config);

#define SINK_VERSION "12.2.0"
#define SINK_FORMAT  "io.confluent.connect.s3.format."

#endif
