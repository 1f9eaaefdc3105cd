/* Option rows of the Confluent S3 sink, in Java's order with Java's names and defaults, and the rules across them. */
#include "connectors/s3/sink_config.h"

#include <string.h>
#include <strings.h>

#include "config/def.h"
#include "config/parse.h"
#include "connect/base/err.h"
#include "connectors/s3/credentials.h"
#include "connectors/s3/zone.h"

#define CONF         struct sink_conf
#define PARTITIONERS "io.confluent.connect.storage.partitioner."
#define PROVIDER     "s3.credentials.provider."
#define MIN_PART     5242880

static const char *const formats[] = {SINK_FORMAT "avro.AvroFormat", SINK_FORMAT "json.JsonFormat",
                                      SINK_FORMAT "bytearray.ByteArrayFormat", SINK_FORMAT "parquet.ParquetFormat",
                                      NULL};
static const char *const header_formats[] = {SINK_FORMAT "avro.AvroFormat", SINK_FORMAT "json.JsonFormat",
                                             SINK_FORMAT "parquet.ParquetFormat", NULL};
static const char *const storages[] = {"io.confluent.connect.s3.storage.S3Storage", NULL};
static const char *const partitioners[] = {PARTITIONERS "DefaultPartitioner", PARTITIONERS "HourlyPartitioner",
                                           PARTITIONERS "DailyPartitioner",   PARTITIONERS "TimeBasedPartitioner",
                                           PARTITIONERS "FieldPartitioner",   NULL};
static const char *const partitioner_dependents[] = {
    "partition.field.name", "partition.duration.ms", "path.format", "locale", "timezone", NULL};
static const char *const compatibilities[] = {"NONE", "BACKWARD", "FORWARD", "FULL", NULL};
static const char *const avro_codecs[] = {"null", "deflate", "snappy", "bzip2", NULL};
static const char *const parquet_codecs[] = {"none", "gzip", "snappy", "lz4", "lz4_raw", "zstd", "brotli", "lzo", NULL};
static const char *const tagging_errors[] = {"ignore", "fail", NULL};
static const char *const payload_signings[] = {"auto", "always", "never", NULL};
static const char *const sse_names[] = {"", "AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", NULL};
static const char *const acls[] = {
    "private",       "public-read",       "public-read-write",         "authenticated-read",
    "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", NULL};
static const char *const decimal_formats[] = {"BASE64", "NUMERIC", NULL};
static const char *const null_behaviors[] = {"fail", "ignore", "write", NULL};
static const char *const affixes[] = {"NONE", "PREFIX", "SUFFIX", NULL};
static const char *const extractors[] = {"Wallclock", "Record", "RecordField", NULL};
static const char *const compressions[] = {"none", "gzip", NULL};

/* ---- Validators of single options -------------------------------------------------------------------------------- */

static int check_part_size(const char *name, const char *text, struct kc_error *err) {
    long long bytes = text ? strtoll(text, NULL, 10) : MIN_PART;
    if (bytes < MIN_PART)
        return option_invalid(err, name, text, "Part size must be at least: 5242880 bytes (5MB)");
    return 0; /* what is larger than an int was refused as no INT */
}

static int check_compression(const char *name, const char *text, struct kc_error *err) {
    for (const char *const *c = compressions; *c && text; c++)
        if (!strcmp(*c, text))
            return 0;
    return option_invalid(err, name, text ? text : "null", "Value must be one of: [none, gzip]");
}

static int check_level(const char *name, const char *text, struct kc_error *err) {
    long level = text ? strtol(text, NULL, 10) : -1;
    if (level < -1 || level > 9)
        return option_invalid(err, name, text, "Compression level must be -1 or between 0 and 9");
    return 0;
}

/* A list of field paths without empty parts. */
static int check_fields(const char *name, const char *text, struct kc_error *err) {
    if (!text || !*text)
        return 0;
    for (const char *item = text; item; item = strchr(item, ',') ? strchr(item, ',') + 1 : NULL) {
        size_t len = strcspn(item, ","), part = 0;
        if (strspn(item, " \t") >= len)
            return option_invalid(err, name, text, "Field name cannot be null or empty");
        for (size_t i = 0; i <= len; i++) {
            if (i < len && item[i] != '.') {
                part += item[i] != ' ' && item[i] != '\t';
                continue;
            }
            if (!part)
                return option_invalid(err, name, text,
                                      "Field name cannot contain an empty or whitespace-only path segment");
            part = 0;
        }
    }
    return 0;
}

static int check_timezone(const char *name, const char *text, struct kc_error *err) {
    struct kc_error ignored = {0};
    if (!text || !*text)
        return 0;
    struct zone *zone = zone_load(text, &ignored);
    if (!zone)
        return option_invalid(err, name, text, "The datetime zone id '%s' is not recognised", text);
    zone_free(zone);
    return 0;
}

static int check_proxy(const char *name, const char *text, struct kc_error *err) {
    if (!text || !*text)
        return 0;
    const char *host = strstr(text, "://");
    if (!host || host == text || !host[3] || strchr(host + 3, '@'))
        return option_invalid(err, name, text, "Expected scheme://host:port");
    return 0;
}

static int check_tags(const char *name, const char *text, struct kc_error *err) {
    for (const char *item = text; item && *item; item = strchr(item, ',') ? strchr(item, ',') + 1 : NULL) {
        size_t len = strcspn(item, ",");
        if (!memchr(item, ':', len))
            return option_invalid(err, name, text, "Every item must have the form key:value");
    }
    return 0;
}

/* ---- Visibility -------------------------------------------------------------------------------------------------- */

static bool is(const struct kc_config *config, const char *key, const char *otherwise, const char *simple_name) {
    const char *value = kc_config_get(config, key);
    return sink_class_is(value ? value : otherwise, simple_name);
}

static bool partitioner_is(const struct kc_config *config, const char *simple_name) {
    return is(config, "partitioner.class", PARTITIONERS "DefaultPartitioner", simple_name);
}

static bool other_partitioner(const struct kc_config *config) {
    return !partitioner_is(config, "DefaultPartitioner") && !partitioner_is(config, "FieldPartitioner") &&
           !partitioner_is(config, "DailyPartitioner") && !partitioner_is(config, "HourlyPartitioner") &&
           !partitioner_is(config, "TimeBasedPartitioner");
}

static bool show_fields(const char *name, const struct kc_config *config) {
    (void)name;
    return partitioner_is(config, "FieldPartitioner") || other_partitioner(config);
}

static bool show_duration(const char *name, const struct kc_config *config) {
    (void)name;
    return partitioner_is(config, "TimeBasedPartitioner") || other_partitioner(config);
}

static bool show_zone(const char *name, const struct kc_config *config) {
    return show_duration(name, config) || partitioner_is(config, "DailyPartitioner") ||
           partitioner_is(config, "HourlyPartitioner");
}

static bool show_codec(const char *name, const struct kc_config *config) {
    return is(config, "format.class", "", !strcmp(name, "avro.codec") ? "AvroFormat" : "ParquetFormat");
}

static bool is_true(const struct kc_config *config, const char *key) {
    const char *value = kc_config_get(config, key);
    return value && !strcasecmp(value, "true");
}

static bool show_part_format(const char *name, const struct kc_config *config) {
    return is_true(config, !strcmp(name, "keys.format.class") ? "store.kafka.keys" : "store.kafka.headers");
}

static bool show_kms(const char *name, const struct kc_config *config) {
    (void)name;
    const char *sse = kc_config_get(config, "s3.ssea.name");
    return sse && !strcmp(sse, "aws:kms");
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

#define HIGH   .importance = KC_HIGH
#define MEDIUM .importance = KC_MEDIUM
#define LOW    .importance = KC_LOW
/* 9 was shutdown.timeout.ms, which Java defines and does not show. */
#define CONNECTOR(n) .group = "Connector", .order_in_group = (n)
#define SCHEMA       .group = "Schema"
#define S3           .group = "S3"
#define INTERNAL     .group = "", .order_in_group = -1, .importance = KC_LOW, .doc = ""
#define PARTS        .group = "Keys and Headers"
#define STORAGE      .group = "Storage"
#define PARTITION    .group = "Partitioner"
#define SHOWN(n)     .display_name = (n)
#define NAMED(set)   .kind = KC_KIND_NAMED, .one_of = (set)

/* Options that only mean something to formats which the rules refuse, or to Java, or that allow one value only. */
#define UNUSED(key, t, ...) \
    { .name = (key), .type = (t), .offset = KC_NO_FIELD, __VA_ARGS__ }

const struct kc_option sink_options[] = {
    OPT_CLASS("format.class", CONF, format_class, .required = true, HIGH, CONNECTOR(1), .width = KC_LONG,
              SHOWN("Format class"), NAMED(formats), .recommended = formats,
              .doc = "Class of the format in which record values are written."),
    OPT_INT("flush.size", CONF, flush_size, .required = true, HIGH, CONNECTOR(2), .width = KC_LONG, SHOWN("Flush Size"),
            .doc = "Number of records of a partition after which its open files are committed."),
    OPT_LONG("rotate.interval.ms", CONF, rotate_interval_ms, .def = "-1", HIGH, CONNECTOR(3), .width = KC_MEDIUM_WIDTH,
             SHOWN("Rotate Interval (ms)"),
             .doc = "Span of record time after which open files are committed, measured from the first record of "
                    "the file. Needs a time based partitioner. -1 turns it off."),
    OPT_LONG("rotate.schedule.interval.ms", CONF, rotate_schedule_ms, .def = "-1", MEDIUM, CONNECTOR(4),
             .width = KC_MEDIUM_WIDTH, SHOWN("Rotate Schedule Interval (ms)"),
             .doc = "Interval of wall clock time, counted from midnight in `timezone`, at which open files are "
                    "committed whatever they hold. File ends then no longer follow from the records alone. -1 turns it "
                    "off."),
    UNUSED("schemas.cache.config", KC_OPT_T_INT, .def = "1000", LOW, CONNECTOR(5), .width = KC_LONG,
           SHOWN("Schema Cache Size"), .doc = "Size of the cache of Avro schemas."),
    UNUSED("enhanced.avro.schema.support", KC_OPT_T_BOOLEAN, .def = "true", LOW, CONNECTOR(6), .width = KC_LONG,
           SHOWN("Enhanced Avro Support"), .doc = "Keep enumerations and package names in Avro files."),
    UNUSED("connect.meta.data", KC_OPT_T_BOOLEAN, .def = "true", LOW, CONNECTOR(7), .width = KC_LONG,
           SHOWN("Connect Metadata"), .doc = "Write Connect's own properties into Avro schemas."),
    OPT_LONG("retry.backoff.ms", CONF, retry_backoff_ms, .def = "5000", LOW, CONNECTOR(8), .width = KC_MEDIUM_WIDTH,
             SHOWN("Retry Backoff (ms)"),
             .doc = "How long to wait after a failure that may pass before the records are read and written again."),
    OPT_INT("filename.offset.zero.pad.width", CONF, pad_width, .def = "10", .has_min = true, .min = 0, LOW,
            CONNECTOR(10), .width = KC_LONG, SHOWN("Filename Offset Zero Pad Width"),
            .doc = "Least number of digits of the offset in file names; shorter offsets get zeros in front."),
    UNUSED("avro.codec", KC_OPT_T_STRING, .def = "null", .one_of = avro_codecs, .recommended = avro_codecs,
           .visible = show_codec, LOW, CONNECTOR(11), .width = KC_LONG, SHOWN("Avro Compression Codec"),
           .doc = "Compression of Avro files."),
    UNUSED("allow.optional.map.keys", KC_OPT_T_BOOLEAN, .def = "false", LOW, CONNECTOR(12), .width = KC_SHORT,
           SHOWN("Allow Optional Map Keys"), .doc = "Write maps with optional string keys as Avro maps."),
    UNUSED("parquet.codec", KC_OPT_T_STRING, .def = "snappy", .one_of = parquet_codecs, .recommended = parquet_codecs,
           .visible = show_codec, LOW, CONNECTOR(13), .width = KC_LONG, SHOWN("Parquet Compression Codec"),
           .doc = "Compression of Parquet files."),

    OPT_STRING(
        "schema.compatibility", CONF, schema_compatibility, .def = "NONE", HIGH, SCHEMA, .width = KC_SHORT,
        SHOWN("Schema Compatibility"), .recommended = compatibilities,
        .doc = "What happens when the schema of values changes: NONE begins a new file at every change; BACKWARD and "
               "FULL keep the file while versions are not newer, FORWARD while they are not older, and write the "
               "values as the schema of the file sees them."),

    OPT_STRING("s3.bucket.name", CONF, bucket, .required = true, HIGH, S3, .width = KC_LONG, SHOWN("S3 Bucket"),
               .doc = "Bucket that receives the objects."),
    OPT_BOOLEAN("s3.object.tagging", CONF, tagging, .def = "false", LOW, S3, .width = KC_LONG,
                SHOWN("S3 Object Tagging"),
                .doc = "Tag every object of values with its start offset, end offset and number of records."),
    OPT_LIST("s3.object.tagging.key.value.pairs", CONF, tag_pairs, .def = "", .check = check_tags, LOW, S3,
             .width = KC_LONG, SHOWN("S3 Object Tagging Key Value Pairs"),
             .doc = "Further tags of every object, each as key:value."),
    OPT_STRING("s3.object.behavior.on.tagging.error", CONF, on_tagging_error, .def = "ignore", .one_of = tagging_errors,
               .one_of_ignores_case = true, LOW, S3, .width = KC_SHORT, SHOWN("Behavior for S3 object tagging error"),
               .doc = "What to do when an object cannot be tagged: ignore writes a warning, fail ends the task."),
    OPT_STRING("s3.region", CONF, region, .def = "us-west-2", MEDIUM, S3, .width = KC_LONG, SHOWN("AWS region"),
               .doc = "Region of the bucket; also the region that requests are signed for."),
    OPT_INT("s3.part.size", CONF, part_bytes, .def = "26214400", .check = check_part_size, HIGH, S3, .width = KC_LONG,
            SHOWN("S3 Part Size"), .range_text = "[5242880,...,2147483647]",
            .doc = "Bytes of one part of an upload. Buffers grow up to this size, they do not start with it."),
    OPT_CLASS(PROVIDER "class", CONF, provider_class, .def = CREDENTIALS_DEFAULT_CLASS, LOW, S3, .width = KC_LONG,
              SHOWN("AWS Credentials Provider Class"), NAMED(credentials_class_names), .check = credentials_check_class,
              .doc = "Where credentials come from, by the name of a provider class of either Java SDK. Not used when "
                     "both aws.access.key.id and aws.secret.access.key are set."),
    OPT_STRING("aws.access.key.id", CONF, access_key, .def = "", HIGH, S3, .width = KC_LONG, SHOWN("AWS Access Key ID"),
               .doc = "Access key; goes with aws.secret.access.key."),
    OPT_PASSWORD("aws.secret.access.key", CONF, secret_key, .def = "", HIGH, S3, .width = KC_LONG,
                 SHOWN("AWS Secret Access Key"), .doc = "Secret key; goes with aws.access.key.id."),
    OPT_STRING("s3.ssea.name", CONF, sse, .def = "", .one_of = sse_names, LOW, S3, .width = KC_LONG,
               SHOWN("S3 Server Side Encryption Algorithm"), .doc = "Server side encryption of new objects."),
    OPT_PASSWORD("s3.sse.customer.key", CONF, sse_customer_key, .def = "", LOW, S3, .width = KC_LONG,
                 SHOWN("S3 Server Side Encryption Customer-Provided Key (SSE-C)"),
                 .doc = "Key for server side encryption, 32 bytes as base64; needs s3.ssea.name=AES256."),
    OPT_STRING("s3.sse.kms.key.id", CONF, sse_kms_key_id, .def = "", .visible = show_kms, LOW, S3, .width = KC_LONG,
               SHOWN("S3 Server Side Encryption Key"), .doc = "KMS key for s3.ssea.name=aws:kms."),
    OPT_STRING("s3.acl.canned", CONF, acl, .one_of = acls, LOW, S3, .width = KC_LONG, SHOWN("S3 Canned ACL"),
               .doc = "Access control list of new objects; nothing is sent when it is not set."),
    OPT_BOOLEAN("s3.wan.mode", CONF, accelerate, .def = "false", MEDIUM, S3, .width = KC_LONG,
                SHOWN("S3 accelerated endpoint enabled"), .doc = "Use the endpoint for accelerated transfer."),
    OPT_STRING("s3.compression.type", CONF, compression, .def = "none", .check = check_compression,
               .recommended = compressions, LOW, S3, .width = KC_LONG, SHOWN("Compression type"),
               .range_text = "[none, gzip]", .doc = "Compression of JSON and byte array files: none or gzip."),
    OPT_INT("s3.compression.level", CONF, compression_level, .def = "-1", .check = check_level, LOW, S3,
            .width = KC_LONG, SHOWN("Compression level"), .range_text = "[-1,...,9]",
            .doc = "Level of gzip compression, 0 to 9; -1 is the library's default."),
    OPT_STRING("json.decimal.format", CONF, decimal_format, .def = "BASE64", .one_of = decimal_formats,
               .one_of_ignores_case = true, MEDIUM, S3, .width = KC_SHORT, SHOWN("Decimal Format"),
               .doc = "How JSON files show decimals: BASE64 bytes or NUMERIC."),
    OPT_INT("s3.part.retries", CONF, attempts, .def = "3", .has_min = true, .min = 0, MEDIUM, S3, .width = KC_LONG,
            SHOWN("S3 Part Upload Retries"),
            .doc = "Attempts of one request in all; 0 counts as 1. When they are used up the records are read again "
                   "after retry.backoff.ms."),
    OPT_LONG("s3.retry.backoff.ms", CONF, retry_base_ms, .def = "200", .has_min = true, .min = 0, LOW, S3,
             .width = KC_SHORT, SHOWN("Retry Backoff (ms)"),
             .doc = "Longest wait before the first repetition of a request; it doubles with every further one, and "
                    "the real wait is a random part of it."),
    OPT_STRING("format.bytearray.extension", CONF, bytes_extension, .def = ".bin", LOW, S3, .width = KC_LONG,
               SHOWN("Output file extension for ByteArrayFormat"), .doc = "Ending of the names of byte array files."),
    UNUSED("format.bytearray.separator", KC_OPT_T_STRING, LOW, S3, .width = KC_LONG,
           SHOWN("Line separator ByteArrayFormat"),
           .doc = "Bytes after each record of a byte array file; a line feed when not set."),
    OPT_STRING("s3.proxy.url", CONF, proxy_url, .def = "", .check = check_proxy, LOW, S3, .width = KC_LONG,
               SHOWN("S3 Proxy Settings"), .doc = "Proxy on the way to S3, as scheme://host:port."),
    OPT_STRING("s3.proxy.user", CONF, proxy_user, LOW, S3, .width = KC_LONG, SHOWN("S3 Proxy User"),
               .doc = "User name for the proxy."),
    OPT_PASSWORD("s3.proxy.password", CONF, proxy_password, .def = "", LOW, S3, .width = KC_LONG,
                 SHOWN("S3 Proxy Password"), .doc = "Password for the proxy."),
    OPT_BOOLEAN("s3.http.send.expect.continue", CONF, expect_continue, .def = "true", LOW, S3, .width = KC_SHORT,
                SHOWN("S3 HTTP Send Uses Expect Continue"),
                .doc = "Ask the store with Expect: 100-continue before the body of a part is sent."),
    OPT_STRING("behavior.on.null.values", CONF, on_null, .def = "fail", .one_of = null_behaviors,
               .one_of_ignores_case = true, LOW, S3, .width = KC_SHORT, SHOWN("Behavior for null-valued records"),
               .doc = "What to do with records without value: fail, ignore, or write their keys as tombstones."),
    OPT_BOOLEAN("report.null.values.to.dlq", CONF, report_null, .def = "true", LOW, S3, .width = KC_SHORT,
                SHOWN("Report null value to dlq"),
                .doc = "Whether ignored records without value go to the dead letter queue, if there is one."),
    OPT_LONG("max.write.duration.ms", CONF, max_write_ms, .def = "9223372036854775807", LOW, S3, .width = KC_LONG,
             SHOWN("Max write duration ms"), .doc = "Longest time that one batch is worked on in one go."),
    OPT_BOOLEAN("rotate.file.on.partition.change", CONF, rotate_on_partition_change, .def = "true", LOW, S3,
                .width = KC_SHORT, SHOWN("Rotate files on partition change"),
                .doc = "With rotate.interval.ms and a time based partitioner: commit whenever the directory changes."),
    OPT_STRING("tombstone.encoded.partition", CONF, tombstone_partition, .def = "tombstone", LOW, S3, .width = KC_LONG,
               SHOWN("Tombstone Encoded Partition"),
               .doc = "Directory of tombstones with behavior.on.null.values=write."),
    OPT_STRING("s3.schema.partition.affix.type", CONF, affix, .def = "NONE", .one_of = affixes, LOW, S3,
               .width = KC_LONG, SHOWN("S3 Schema Partition Affix Type"),
               .doc = "Whether the directory gets the name of the value schema in front (PREFIX) or behind (SUFFIX)."),
    OPT_BOOLEAN("s3.send.digest", CONF, send_digest, .def = "false", LOW, S3, .width = KC_SHORT,
                SHOWN("S3 Send Upload Message Digest"), .doc = "Send the MD5 of every part."),
    OPT_BOOLEAN("enable.conditional.writes", CONF, conditional_writes, .def = "true", LOW, S3, .width = KC_SHORT,
                SHOWN("Enable Conditional Writes"),
                .doc = "With rotate.schedule.interval.ms: never replace an object that exists."),
    OPT_INT("max.files.scan.limit", CONF, scan_limit, .def = "100", INTERNAL),

    OPT_BOOLEAN("store.kafka.keys", CONF, store_keys, .def = "false", LOW, PARTS, .width = KC_SHORT,
                SHOWN("Store kafka keys"), .doc = "Write the keys of the records into an object of their own."),
    OPT_BOOLEAN("store.kafka.headers", CONF, store_headers, .def = "false", LOW, PARTS, .width = KC_SHORT,
                SHOWN("Store kafka headers"), .doc = "Write the headers of the records into an object of their own."),
    OPT_CLASS("keys.format.class", CONF, keys_format_class, .def = SINK_FORMAT "avro.AvroFormat", LOW, PARTS,
              .width = KC_LONG, SHOWN("Keys format class"), NAMED(formats), .recommended = formats,
              .visible = show_part_format, .doc = "Class of the format of key objects."),
    OPT_CLASS("headers.format.class", CONF, headers_format_class, .def = SINK_FORMAT "avro.AvroFormat", LOW, PARTS,
              .width = KC_LONG, SHOWN("Headers format class"), NAMED(formats), .recommended = header_formats,
              .visible = show_part_format, .doc = "Class of the format of header objects."),
    OPT_BOOLEAN("s3.path.style.access.enabled", CONF, path_style, .def = "true", LOW, PARTS, .width = KC_SHORT,
                SHOWN("Enable Path Style Access to S3"),
                .doc = "Whether the bucket is in the path of requests (true) or in the host name."),
    OPT_BOOLEAN("s3.elastic.buffer.enable", CONF, elastic, .def = "false", LOW, PARTS, .width = KC_SHORT,
                SHOWN("Enable elastic buffer"), .doc = "Buffers always grow as needed; accepted for compatibility."),
    OPT_INT("s3.elastic.buffer.init.capacity", CONF, elastic_capacity, .def = "131072", .has_min = true, .min = 4096,
            LOW, PARTS, .width = KC_LONG, SHOWN("Elastic buffer initial capacity"),
            .doc = "First size of the buffer of a file."),
    OPT_INT("partitioner.max.open.files", CONF, max_open_files, .def = "-1", INTERNAL),

    UNUSED("storage.class", KC_OPT_T_CLASS, .required = true, HIGH, STORAGE, .width = KC_LONG, SHOWN("Storage Class"),
           NAMED(storages), .recommended = storages,
           .doc = "Class of the storage: io.confluent.connect.s3.storage.S3Storage."),
    OPT_STRING("topics.dir", CONF, topics_dir, .def = "topics", HIGH, STORAGE, .width = KC_LONG,
               SHOWN("Topics directory"), .doc = "First part of all object names; may be blank."),
    OPT_STRING("store.url", CONF, url, HIGH, STORAGE, .width = KC_LONG, SHOWN("Store URL"),
               .doc = "Address of the store when it is not AWS: http(s)://host:port, or file:///directory for a "
                      "local directory."),
    OPT_STRING("directory.delim", CONF, directory_delim, .def = "/", MEDIUM, STORAGE, .width = KC_LONG,
               SHOWN("Directory Delimiter"), .doc = "Between the parts of an object name."),
    OPT_STRING("file.delim", CONF, file_delim, .def = "+", MEDIUM, STORAGE, .width = KC_LONG, SHOWN("File Delimiter"),
               .doc = "Between topic, partition and offset in a file name."),

    OPT_CLASS("partitioner.class", CONF, partitioner_class, .def = PARTITIONERS "DefaultPartitioner", HIGH, PARTITION,
              .width = KC_LONG, SHOWN("Partitioner Class"), NAMED(partitioners), .recommended = partitioners,
              .dependents = partitioner_dependents, .doc = "Class that decides the directory of a record."),
    OPT_LIST("partition.field.name", CONF, partition_fields, .def = "", .check = check_fields, .visible = show_fields,
             MEDIUM, PARTITION, .width = KC_LONG, SHOWN("Partition Field Name"),
             .doc = "Fields of the value that FieldPartitioner makes directories of."),
    OPT_LONG("partition.duration.ms", CONF, partition_duration_ms, .def = "-1", .visible = show_duration, MEDIUM,
             PARTITION, .width = KC_LONG, SHOWN("Partition Duration (ms)"),
             .doc = "Span of time of one directory of TimeBasedPartitioner."),
    OPT_STRING("path.format", CONF, path_format, .def = "", .visible = show_duration, MEDIUM, PARTITION,
               .width = KC_LONG, SHOWN("Path Format"), .doc = "Pattern of the directories of TimeBasedPartitioner."),
    OPT_STRING("locale", CONF, locale, .def = "", .visible = show_zone, MEDIUM, PARTITION, .width = KC_LONG,
               SHOWN("Locale"), .doc = "Language of names of months and days in time based directories."),
    OPT_STRING("timezone", CONF, timezone, .def = "", .check = check_timezone, .visible = show_zone, MEDIUM, PARTITION,
               .width = KC_LONG, SHOWN("Timezone"),
               .doc = "Time zone of time based directories and of scheduled rotation."),
    OPT_STRING("timestamp.extractor", CONF, timestamp_extractor, .def = "Wallclock", .recommended = extractors, MEDIUM,
               PARTITION, .width = KC_LONG, SHOWN("Timestamp Extractor"),
               .doc = "Time of a record for time based directories: Wallclock, Record or RecordField."),
    OPT_STRING("timestamp.field", CONF, timestamp_field, .def = "timestamp", MEDIUM, PARTITION, .width = KC_LONG,
               SHOWN("Record Field for Timestamp Extractor"), .doc = "Field of the value that RecordField reads."),
    OPT_STRING("s3.payload.signing", CONF, payload_signing, .def = "auto", .one_of = payload_signings, LOW, S3,
               .width = KC_SHORT, SHOWN("S3 Payload Signing"), .addition = true,
               .doc = "Whether the signature of a request covers its body: auto does it over http and leaves it to TLS "
                      "over https, as Java does; never saves the hashing, a third of the sink's processor time, and is "
                      "for networks that are trusted and stores that take UNSIGNED-PAYLOAD over http; always protects "
                      "bodies up to the store when something between ends the TLS."),
    KC_OPTION_END};

/* ---- Rules across options ---------------------------------------------------------------------------------------- */

bool sink_class_is(const char *class_name, const char *simple_name) {
    const char *dot = class_name ? strrchr(class_name, '.') : NULL;
    return class_name && !strcmp(dot ? dot + 1 : class_name, simple_name);
}

const char *sink_bytes_separator(const struct kc_config *config) {
    const char *separator = kc_config_get(config, "format.bytearray.separator");
    return separator ? separator : "\n";
}

static bool row_format(const char *class_name) {
    return sink_class_is(class_name, "AvroFormat") || sink_class_is(class_name, "ParquetFormat");
}

/* gzip wraps text and bytes only. */
static void check_gzip(const char *word, const char *class_name, const char *const *names,
                       struct kc_problems *problems) {
    if (!row_format(class_name))
        return;
    for (; *names; names++)
        kc_problem(problems, *names, "Compression Type gzip not valid for %s format class: ( %s ).", word, class_name);
}

static void check_compressions(const struct sink_conf *c, struct kc_problems *problems) {
    static const char *const data[] = {"format.class", "s3.compression.type", NULL};
    static const char *const keys[] = {"store.kafka.keys", "keys.format.class", "s3.compression.type", NULL};
    static const char *const headers[] = {"store.kafka.headers", "headers.format.class", "s3.compression.type", NULL};
    if (!c->compression || strcmp(c->compression, "gzip") != 0)
        return;
    check_gzip("data", c->format_class, data, problems);
    if (c->store_keys)
        check_gzip("keys", c->keys_format_class, keys, problems);
    if (c->store_headers)
        check_gzip("headers", c->headers_format_class, headers, problems);
}

/* Formats of Java's connector that this one does not have. */
static void refuse_format(const char *option, const char *class_name, struct kc_problems *problems) {
    if (row_format(class_name) && !kc_problem_has(problems, option))
        kc_problem(problems, option,
                   "Invalid value %s for configuration %s: this worker writes " SINK_FORMAT
                   "json.JsonFormat and " SINK_FORMAT "bytearray.ByteArrayFormat only",
                   class_name, option);
}

static void check_formats(const struct sink_conf *c, struct kc_problems *problems) {
    refuse_format("format.class", c->format_class, problems);
    if (c->store_keys)
        refuse_format("keys.format.class", c->keys_format_class, problems);
    if (c->store_headers)
        refuse_format("headers.format.class", c->headers_format_class, problems);
    if (c->store_headers && sink_class_is(c->headers_format_class, "ByteArrayFormat"))
        kc_problem(problems, "headers.format.class",
                   "Invalid value %s for configuration headers.format.class: headers are no byte arrays",
                   c->headers_format_class);
}

static bool set(const char *text) {
    return text && *text;
}

static void check_file_store(const struct sink_conf *c, struct kc_problems *problems) {
    static const char text[] = "is not possible in a local directory (store.url=file://…)";
    if (!set(c->url) || strncasecmp(c->url, "file:", 5) != 0)
        return;
    if (c->tagging)
        kc_problem(problems, "s3.object.tagging", "s3.object.tagging %s", text);
    if (set(c->acl))
        kc_problem(problems, "s3.acl.canned", "s3.acl.canned %s", text);
    if (set(c->sse))
        kc_problem(problems, "s3.ssea.name", "s3.ssea.name %s", text);
}

/* Whether Java could make its configuration object: if not, it checks nothing across options. */
static bool can_be_built(const struct sink_conf *c, const struct kc_problems *problems) {
    for (const struct kc_option *row = sink_options; row->name; row++)
        if (kc_problem_has(problems, row->name))
            return false;
    return c->rotate_schedule_ms <= 0 || set(c->timezone);
}

void sink_conf_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems) {
    const struct sink_conf *c = conf;
    bool built = can_be_built(c, problems);
    (void)config;
    if (sink_class_is(c->partitioner_class, "FieldPartitioner") && !c->partition_fields.count &&
        !kc_problem_has(problems, "partition.field.name"))
        kc_problem(problems, "partition.field.name",
                   "Partition field name cannot be null or empty when using FieldPartitioner.");
    if (!built)
        return;
    check_compressions(c, problems);
    check_formats(c, problems);
    check_file_store(c, problems);
    static const char tombstones[] =
        "Writing Kafka record keys to storage is mandatory when tombstone writing is enabled.";
    if (c->on_null && !strcasecmp(c->on_null, "write") && !c->store_keys) {
        kc_problem(problems, "store.kafka.keys", "%s", tombstones);
        kc_problem(problems, "behavior.on.null.values", "%s", tombstones);
    }
    static const char accelerated[] =
        "Both accelerate mode and path style access are being enabled. Either s3.wan.mode or "
        "s3.path.style.access.enabled may be true, not both.";
    if (c->accelerate && c->path_style) {
        kc_problem(problems, "s3.wan.mode", "%s", accelerated);
        kc_problem(problems, "s3.path.style.access.enabled", "%s", accelerated);
    }
}

void sink_conf_store(const struct sink_conf *conf, const struct kc_config *config, struct kc_config *provider_config,
                     struct store_conf *ret_store) {
    store_conf_init(ret_store);
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i);
        if (!strncmp(key, PROVIDER, strlen(PROVIDER)) && strcmp(key, PROVIDER "class") != 0)
            kc_config_set(provider_config, key + strlen(PROVIDER), kc_config_value(config, i));
    }
    ret_store->url = conf->url;
    ret_store->bucket = conf->bucket;
    ret_store->region = conf->region;
    ret_store->path_style = conf->path_style;
    ret_store->accelerate = conf->accelerate;
    ret_store->access_key = conf->access_key;
    ret_store->secret_key = conf->secret_key;
    ret_store->provider_class = conf->provider_class;
    ret_store->provider_config = provider_config;
    ret_store->attempts = conf->attempts > 0 ? conf->attempts : 1;
    ret_store->retry_base_ms = conf->retry_base_ms;
    ret_store->proxy_url = conf->proxy_url;
    ret_store->proxy_user = conf->proxy_user;
    ret_store->proxy_password = conf->proxy_password;
    ret_store->expect_continue = conf->expect_continue;
    ret_store->send_digest = conf->send_digest;
    ret_store->signing = !strcmp(conf->payload_signing, "always")  ? STORE_SIGN_ALWAYS
                         : !strcmp(conf->payload_signing, "never") ? STORE_SIGN_NEVER
                                                                   : STORE_SIGN_BY_SCHEME;
    ret_store->acl = conf->acl;
    ret_store->sse = conf->sse;
    ret_store->sse_kms_key_id = conf->sse_kms_key_id;
    ret_store->sse_customer_key = conf->sse_customer_key;
    ret_store->user_agent = "APN/1.0 Confluent/1.0 KafkaS3Connector/" SINK_VERSION;
}
