/* See source_config.h. Names and defaults are Confluent's (s3-connectors 3.1.1); `store.kafka.keys` and
 * `store.kafka.headers` are ours: they restore what the sink stored under the same names. */
#include "connectors/s3/source_config.h"

#include <string.h>

#include "config/def.h"
#include "connect/base/auto.h"
#include "connect/base/regex.h"
#include "connectors/s3/credentials.h"
#include "connectors/s3/source_naming.h"

#define JSON_FORMAT  "io.confluent.connect.s3.format.json.JsonFormat"
#define BYTES_FORMAT "io.confluent.connect.s3.format.bytearray.ByteArrayFormat"

static const char *const modes[] = {"RESTORE_BACKUP", "GENERIC", NULL};
static const char *const formats[] = {JSON_FORMAT, BYTES_FORMAT, NULL};
static const char *const error_behaviors[] = {"fail", "ignore", "log", NULL};
static const char *const tristate[] = {"auto", "true", "false", NULL};
static const char *const partitioners[] = {"io.confluent.connect.storage.partitioner.DefaultPartitioner",
                                           "io.confluent.connect.storage.partitioner.DailyPartitioner",
                                           "io.confluent.connect.storage.partitioner.HourlyPartitioner",
                                           "io.confluent.connect.storage.partitioner.TimeBasedPartitioner",
                                           "io.confluent.connect.storage.partitioner.FieldPartitioner",
                                           NULL};
#define CONF struct s3_source_conf
#define KEPT(key, t, ...) \
    { .name = (key), .type = (t), .offset = KC_NO_FIELD, __VA_ARGS__ }

static int check_regex(const char *name, const char *text, struct kc_error *err) {
    struct kc_error why = {0};
    struct regex *re = text ? regex_new(text, &why) : NULL;
    if (text && !re)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: %s", text, name, why.text);
    regex_free(re);
    return 0;
}

static int check_topic_rules(const char *name, const char *text, struct kc_error *err) {
    AUTO_TEXT items = strdup(text ? text : "");
    char *rest = items;
    for (char *item; (item = strsep(&rest, ","));) {
        struct kc_error why = {0};
        if (*item && source_topic_rule(item, NULL, NULL, &why) < 0)
            return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: %s", text, name, why.text);
    }
    return 0;
}

const struct kc_option s3_source_options[] = {
    OPT_STRING("mode", CONF, mode, .def = "RESTORE_BACKUP", .one_of = modes, .importance = KC_HIGH,
               .group = "Connector",
               .doc = "RESTORE_BACKUP reads what the S3 sink wrote and restores topic and partition from the names of "
                      "the objects. GENERIC reads all objects of the format under topics.dir that match "
                      "topic.regex.list."),
    OPT_LIST("topic.regex.list", CONF, topic_regexes, .def = "", .check = check_topic_rules, .importance = KC_MEDIUM,
             .group = "Connector",
             .doc =
                 "mode=GENERIC: topic:regex items. An object goes to the topic of the first item whose regex matches "
                 "its whole path; objects that match none are ignored."),
    OPT_INT("task.batch.size", CONF, task_batch_size, .def = "10", .has_min = true, .min = 1, .importance = KC_MEDIUM,
            .group = "Connector", .doc = "mode=GENERIC: how many objects a task takes from a listing at a time."),
    OPT_LONG("file.discovery.starting.timestamp", CONF, starting_timestamp, .def = "0", .has_min = true, .min = 0,
             .importance = KC_LOW, .group = "Connector",
             .doc = "mode=GENERIC: objects that were last modified before this time (milliseconds since the epoch) are "
                    "ignored."),
    OPT_CLASS("format.class", CONF, format_class, .required = true, .importance = KC_HIGH, .group = "Connector",
              .kind = KC_KIND_NAMED, .one_of = formats, .recommended = formats,
              .doc = "The format that the objects are in."),
    OPT_STRING("behavior.on.error", CONF, behavior_on_error, .def = "fail", .one_of = error_behaviors,
               .importance = KC_HIGH, .group = "Connector",
               .doc = "What to do about an object or record that cannot be read: fail the task, or ignore it (log says "
                      "so for each)."),
    OPT_INT("record.batch.max.size", CONF, record_batch_max, .def = "200", .has_min = true, .min = 1,
            .importance = KC_MEDIUM, .group = "Connector", .doc = "The most records that one poll returns."),
    OPT_STRING(
        "store.kafka.keys", CONF, keys, .def = "auto", .one_of = tristate, .importance = KC_MEDIUM,
        .group = "Connector",
        .doc = "Whether keys are restored from the .keys objects that the sink's store.kafka.keys=true wrote. auto: "
               "when there is one with as many records as the object of the values; true: it must be there; "
               "false: keys are null."),
    OPT_STRING("store.kafka.headers", CONF, headers, .def = "auto", .one_of = tristate, .importance = KC_MEDIUM,
               .group = "Connector", .doc = "The same for headers and the .headers objects."),
    OPT_BOOLEAN("format.json.schema.enable", CONF, json_schemas, .def = "false", .importance = KC_LOW,
                .group = "Connector",
                .doc = "Whether JSON values are envelopes, {\"schema\":…,\"payload\":…}, as JsonConverter "
                       "writes them with schemas.enable=true; they become values with that schema."),
    OPT_STRING("format.bytearray.extension", CONF, bytes_extension, .def = ".bin", .importance = KC_LOW,
               .group = "Connector", .doc = "Extension of objects in ByteArrayFormat."),
    OPT_STRING(
        "format.bytearray.separator", CONF, bytes_separator, .def = "", .importance = KC_LOW, .group = "Connector",
        .doc = "What separates records in ByteArrayFormat; \\n, \\r, \\t and \\\\ are understood. Empty: an object is "
               "one record."),
    OPT_INT("schema.cache.size", CONF, schema_cache_size, .def = "50", .has_min = true, .min = 1, .importance = KC_LOW,
            .group = "Connector", .doc = "With format.json.schema.enable: how many different schemas are remembered."),
    OPT_STRING("s3.bucket.name", CONF, bucket, .required = true, .not_empty = true, .importance = KC_HIGH,
               .group = "S3", .doc = "The bucket to read."),
    OPT_STRING("s3.region", CONF, region, .def = "us-west-2", .importance = KC_MEDIUM, .group = "S3",
               .doc = "The region of the bucket."),
    OPT_STRING("store.url", CONF, store_url, .importance = KC_HIGH, .group = "Storage",
               .doc = "URL of the object store; file:///path reads a directory. Not set: AWS S3 of the region."),
    OPT_STRING("topics.dir", CONF, topics_dir, .def = "topics", .importance = KC_HIGH, .group = "Storage",
               .doc = "Top folder of the backup."),
    OPT_STRING("directory.delim", CONF, delim, .def = "/", .not_empty = true, .importance = KC_MEDIUM,
               .group = "Storage", .doc = "What separates folders in object names."),
    OPT_STRING("filename.regex", CONF, filename_regex, .def = "(.+)\\+(\\d+)\\+.+$", .check = check_regex,
               .importance = KC_LOW, .group = "Storage",
               .doc = "Finds topic (group 1) and partition (group 2) in the file name of an object."),
    OPT_LONG("s3.poll.interval.ms", CONF, poll_interval_ms, .def = "60000", .has_min = true, .min = 1,
             .importance = KC_LOW, .group = "Storage", .doc = "How often new folders and objects are looked for."),
    KEPT("partitioner.class", KC_OPT_T_CLASS, .def = "io.confluent.connect.storage.partitioner.DefaultPartitioner",
         .kind = KC_KIND_NAMED, .one_of = partitioners, .recommended = partitioners, .importance = KC_HIGH,
         .group = "Partitioner",
         .doc =
             "The partitioner of the backup. Topic and partition are in the object names whatever it was, so every one "
             "of these is read the same way."),
    KEPT("partition.field.name", KC_OPT_T_LIST, .def = "", .importance = KC_MEDIUM, .group = "Partitioner",
         .doc = "Accepted for compatibility, see partitioner.class."),
    KEPT("path.format", KC_OPT_T_STRING, .def = "", .importance = KC_MEDIUM, .group = "Partitioner",
         .doc = "Accepted for compatibility, see partitioner.class."),
    OPT_CLASS("s3.credentials.provider.class", CONF, credentials_class, .def = CREDENTIALS_DEFAULT_CLASS,
              .importance = KC_LOW, .group = "S3", .kind = KC_KIND_NAMED, .one_of = credentials_class_names,
              .check = credentials_check_class, .doc = "Credentials provider; options under s3.credentials.provider."),
    OPT_STRING("aws.access.key.id", CONF, access_key, .def = "", .importance = KC_HIGH, .group = "S3",
               .doc = "Access key; empty: found as the AWS tools find it."),
    OPT_PASSWORD("aws.secret.access.key", CONF, secret_key, .importance = KC_HIGH, .group = "S3",
                 .doc = "Secret of the access key."),
    OPT_INT("s3.part.retries", CONF, part_retries, .def = "3", .has_min = true, .min = 0, .importance = KC_MEDIUM,
            .group = "S3", .doc = "How often a failed request is repeated."),
    OPT_INT("s3.retry.backoff.ms", CONF, retry_backoff_ms, .def = "200", .has_min = true, .min = 0,
            .importance = KC_LOW, .group = "S3", .doc = "First wait before a repetition; it grows and is jittered."),
    OPT_BOOLEAN("s3.wan.mode", CONF, wan_mode, .def = "false", .importance = KC_MEDIUM, .group = "S3",
                .doc = "Use the accelerate endpoint of AWS."),
    OPT_BOOLEAN("s3.path.style.access", CONF, path_style, .def = "true", .importance = KC_LOW, .group = "S3",
                .doc = "Whether the bucket stands in the path of the URL instead of the host name."),
    OPT_BOOLEAN("s3.http.send.expect.continue", CONF, expect_continue, .def = "true", .importance = KC_LOW,
                .group = "S3", .doc = "Whether requests with a body wait for 100 Continue."),
    OPT_STRING("s3.ssea.name", CONF, sse, .def = "", .importance = KC_LOW, .group = "S3",
               .doc = "Server side encryption; AES256 with a customer key needs the key for reading."),
    OPT_PASSWORD("s3.sse.customer.key", CONF, sse_customer_key, .importance = KC_LOW, .group = "S3",
                 .doc = "Customer key (base64) of the objects."),
    OPT_STRING("s3.proxy.url", CONF, proxy_url, .def = "", .importance = KC_LOW, .group = "S3", .doc = "HTTP proxy."),
    OPT_STRING("s3.proxy.username", CONF, proxy_user, .importance = KC_LOW, .group = "S3", .doc = "User of the proxy."),
    OPT_PASSWORD("s3.proxy.password", CONF, proxy_password, .importance = KC_LOW, .group = "S3",
                 .doc = "Password of the proxy."),
    OPT_STRING("folders", CONF, folders, .def = "", .importance = KC_LOW, .group = "Connector", .visible = NULL,
               .doc = "Set in task configurations: the folders of the task, a line each."),
    OPT_INT("task.index", CONF, task_index, .def = "0", .has_min = true, .min = 0, .importance = KC_LOW,
            .group = "Connector", .doc = "Set in task configurations of mode=GENERIC: number of the task."),
    OPT_INT("task.count", CONF, task_count, .def = "1", .has_min = true, .min = 1, .importance = KC_LOW,
            .group = "Connector", .doc = "Set in task configurations of mode=GENERIC: how many tasks there are."),
    KEPT("confluent.license", KC_OPT_T_PASSWORD, .def = "", .importance = KC_LOW, .group = "Licence",
         .doc = "Accepted so that existing configurations work; nothing is licensed here."),
    KEPT("confluent.topic", KC_OPT_T_STRING, .def = "_confluent-command", .importance = KC_LOW, .group = "Licence",
         .doc = "As confluent.license; no broker is contacted because of it."),
    KEPT("confluent.topic.bootstrap.servers", KC_OPT_T_LIST, .def = "", .importance = KC_LOW, .group = "Licence",
         .doc = "As confluent.license."),
    KEPT("confluent.topic.replication.factor", KC_OPT_T_INT, .def = "3", .importance = KC_LOW, .group = "Licence",
         .doc = "As confluent.license."),
    KC_OPTION_END,
};

void s3_source_validate(const struct kc_config *config, const void *conf_, struct kc_problems *problems) {
    const struct s3_source_conf *conf = conf_;
    (void)config;
    if (conf->mode && s3_source_is_generic(conf) && conf->topic_regexes.count == 0 &&
        !kc_problem_has(problems, "topic.regex.list"))
        kc_problem(problems, "topic.regex.list",
                   "topic.regex.list cannot be empty when the connector runs in GENERIC mode.");
    if (conf->delim && strlen(conf->delim) != 1)
        kc_problem(problems, "directory.delim",
                   "Invalid value %s for configuration directory.delim: it must be one character", conf->delim);
    bool id = conf->access_key && *conf->access_key, secret = conf->secret_key.value && *conf->secret_key.value;
    if (id != secret)
        kc_problem(problems, id ? "aws.secret.access.key" : "aws.access.key.id",
                   "Both aws.access.key.id and aws.secret.access.key must be set, or neither.");
}

struct object_store *s3_source_store(const struct s3_source_conf *conf, const struct kc_config *config,
                                     bool (*cancelled)(void *arg), void *arg, struct kc_error *err) {
    struct store_conf sc;
    struct kc_config *provider = kc_config_with_prefix(config, "s3.credentials.provider.");
    store_conf_init(&sc);
    sc.url = conf->store_url;
    sc.bucket = conf->bucket;
    sc.region = conf->region;
    sc.path_style = conf->path_style;
    sc.accelerate = conf->wan_mode;
    sc.access_key = conf->access_key;
    sc.secret_key = conf->secret_key;
    sc.provider_class = conf->credentials_class;
    sc.provider_config = provider;
    sc.attempts = conf->part_retries + 1;
    sc.retry_base_ms = conf->retry_backoff_ms;
    sc.expect_continue = conf->expect_continue;
    sc.sse = conf->sse;
    sc.sse_customer_key = conf->sse_customer_key;
    sc.proxy_url = conf->proxy_url && *conf->proxy_url ? conf->proxy_url : NULL;
    sc.proxy_user = conf->proxy_user;
    sc.proxy_password = conf->proxy_password;
    sc.cancelled = cancelled;
    sc.cancelled_arg = arg;
    struct object_store *store = store_open(&sc, err);
    kc_config_free(provider);
    return store;
}

bool s3_source_is_json(const struct s3_source_conf *conf) {
    return strcmp(conf->format_class, JSON_FORMAT) == 0;
}

bool s3_source_is_generic(const struct s3_source_conf *conf) {
    return strcmp(conf->mode, "GENERIC") == 0;
}

bool s3_source_fails_on_error(const struct s3_source_conf *conf) {
    return strcmp(conf->behavior_on_error, "fail") == 0;
}
