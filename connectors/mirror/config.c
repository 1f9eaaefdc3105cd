/* See config.h. Names, types, defaults and order are those of MirrorSourceConfig, MirrorCheckpointConfig and
 * MirrorHeartbeatConfig of Kafka 4.3. Beyond Java, intervals of 0 are refused at once: there a connector with such
 * options is accepted and then fails to start. */
#include "connectors/mirror/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/def.h"
#include "connectors/mirror/client_rows.h"

#define CONF struct mirror_conf
#define KEPT(key, t, ...) \
    { .name = (key), .type = (t), .offset = KC_NO_FIELD, __VA_ARGS__ }
#define NAMED(key, java_class, names, ...)                                                                           \
    KEPT(key, KC_OPT_T_CLASS, .def = (java_class), .kind = KC_KIND_NAMED, .one_of = (names), .recommended = (names), \
         __VA_ARGS__)

#define MIRROR_CLASS(name) "org.apache.kafka.connect.mirror." name
#define POLICY             MIRROR_CLASS("DefaultReplicationPolicy")
#define ADMIN              "org.apache.kafka.clients.admin.ForwardingAdmin"
#define TOPIC_FILTER       MIRROR_CLASS("DefaultTopicFilter")
#define GROUP_FILTER       MIRROR_CLASS("DefaultGroupFilter")
#define CONFIG_FILTER      MIRROR_CLASS("DefaultConfigPropertyFilter")
static const char *const policies[] = {POLICY, MIRROR_CLASS("IdentityReplicationPolicy"),
                                       "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy", NULL};
static const char *const admins[] = {ADMIN, NULL};
static const char *const topic_filters[] = {TOPIC_FILTER, NULL};
static const char *const group_filters[] = {GROUP_FILTER, NULL};
static const char *const config_filters[] = {CONFIG_FILTER, NULL};
static const char *const locations[] = {"source", "target", NULL};
static const char *const metric_formats[] = {"legacy", "new", NULL};
static const char *const security_protocols[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL", NULL};

/* Classes that client_rows.h names. */
static const char *const mirror_engine_factories[] = {"org.apache.kafka.common.security.ssl.DefaultSslEngineFactory",
                                                      NULL};
static const char *const mirror_callback_handlers[] = {
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslClientCallbackHandler",
    "org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler",
    "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
    NULL};
static const char *const mirror_login_classes[] = {
    "org.apache.kafka.common.security.authenticator.DefaultLogin",
    "org.apache.kafka.common.security.kerberos.KerberosLogin",
    "org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerRefreshingLogin", NULL};
static const char *const mirror_jwt_retrievers[] = {
    "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
    "org.apache.kafka.common.security.oauthbearer.ClientCredentialsJwtRetriever",
    "org.apache.kafka.common.security.oauthbearer.FileJwtRetriever",
    "org.apache.kafka.common.security.oauthbearer.JwtBearerJwtRetriever", NULL};
static const char *const mirror_jwt_validators[] = {"org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator",
                                                    "org.apache.kafka.common.security.oauthbearer.ClientJwtValidator",
                                                    "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator",
                                                    NULL};
static const char *const mirror_assertion_algorithms[] = {"ES256", "RS256", NULL};

/* ---- Rules ---- */

static int check_interval(const char *name, const char *text, struct kc_error *err) {
    if (text && strtoll(text, NULL, 10) == 0)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value %s for configuration %s: Value must not be 0 (a negative one means never)", text,
                       name);
    return 0;
}

/* ---- Rows ---- */

#define CLIENT_ROW(key, t, ...) KEPT(key, KC_OPT_T_##t, __VA_ARGS__),

/* clang-format off: a list of rows inside a macro reads best one row after the other */
#define COMMON_ROWS                                                                                                  \
    OPT_BOOLEAN("enabled", CONF, enabled, .def = "true", .importance = KC_LOW,                                       \
                .doc = "Whether this flow from source to target is mirrored."),                                      \
        OPT_STRING("source.cluster.alias", CONF, source, .required = true, .importance = KC_HIGH,                    \
                   .doc = "Alias of the source cluster; part of the names of remote topics."),                       \
        OPT_STRING("target.cluster.alias", CONF, target, .def = "target", .importance = KC_HIGH,                     \
                   .doc = "Alias of the target cluster."),                                                           \
        OPT_LONG("admin.timeout.ms", CONF, admin_timeout_ms, .def = "60000", .importance = KC_LOW,                   \
                 .doc = "How long administrative steps, such as looking for topics, may take."),                     \
        NAMED("replication.policy.class", POLICY, policies, .importance = KC_LOW,                                    \
              .doc = "How remote topics are named: with the alias of their source in front, or as on the source."),  \
        KEPT("replication.policy.separator", KC_OPT_T_STRING, .def = ".", .importance = KC_LOW,                      \
             .doc = "What stands between the alias and the name of a topic."),                                       \
        KEPT("replication.policy.internal.topic.separator.enabled", KC_OPT_T_BOOLEAN, .def = "true",                 \
             .importance = KC_LOW,                                                                                   \
             .doc = "Whether replication.policy.separator, where given, is also used in the names of the topics of " \
                    "offset syncs and checkpoints; false: these have a dot."),                                       \
        NAMED("forwarding.admin.class", ADMIN, admins, .importance = KC_LOW,                                         \
              .doc = "Who carries out administrative requests."),                                                    \
        KEPT("metric.reporters", KC_OPT_T_LIST, .def = "org.apache.kafka.common.metrics.JmxReporter",                \
             .list_unique = true, .importance = KC_LOW,                                                              \
             .doc = "Java classes that report metrics; this worker has its own way."),                               \
        KEPT("security.protocol", KC_OPT_T_STRING, .def = "PLAINTEXT", .one_of = security_protocols,                 \
             .one_of_ignores_case = true, .importance = KC_MEDIUM,                                                   \
             .doc = "Read with the prefixes source.cluster. and target.cluster.: how brokers are talked to."),       \
        KEPT("config.providers", KC_OPT_T_LIST, .def = "", .list_unique = true, .importance = KC_LOW,                \
             .doc = "Accepted for Java's sake: references are resolved by the providers of the worker."),            \
        MIRROR_CLIENT_ROWS(CLIENT_ROW)

#define INTERVAL(key, field, seconds, what)                                                                         \
    OPT_LONG(key ".interval.seconds", CONF, field, .def = (seconds), .check = check_interval, .importance = KC_LOW, \
             .doc = "How often " what ", in seconds.")
#define SWITCH(key, field, value, what) \
    OPT_BOOLEAN(key ".enabled", CONF, field, .def = (value), .importance = KC_LOW, .doc = "Whether " what ".")
#define PATTERNS(key, value, what) \
    KEPT(key, KC_OPT_T_LIST, .def = (value), .list_unique = true, .importance = KC_HIGH, .doc = what)
#define LOCATION_ROW                                                                                      \
    OPT_STRING("offset-syncs.topic.location", CONF, syncs_location, .def = "source", .one_of = locations, \
               .importance = KC_LOW, .doc = "Which cluster has the topic of offset syncs, source or target.")
#define POLL_ROW                                                                                     \
    OPT_LONG("consumer.poll.timeout.ms", CONF, poll_timeout_ms, .def = "1000", .importance = KC_LOW, \
             .doc = "How long a poll waits for records of the source cluster.")
#define METRICS_ROW                                                                                             \
    KEPT("metric.names.formats", KC_OPT_T_LIST, .def = "legacy", .one_of = metric_formats, .list_unique = true, \
         .list_not_empty = true, .importance = KC_LOW, .doc = "Which names Java gives to metrics, legacy or new.")

#define SOURCE_ROWS                                                                                                 \
    COMMON_ROWS                                                                                                     \
    PATTERNS("topics", ".*", "Topics to mirror: names and regular expressions, comma separated."),                  \
        PATTERNS("topics.exclude", MIRROR_TOPICS_EXCLUDE, "Topics that are not mirrored, even if topics matches."), \
        PATTERNS("config.properties.exclude", MIRROR_CONFIG_EXCLUDE, "Topic configurations that are not copied."),  \
        NAMED("topic.filter.class", TOPIC_FILTER, topic_filters, .importance = KC_LOW,                              \
              .doc = "What selects topics: the option topics."),                                                    \
        NAMED("config.property.filter.class", CONFIG_FILTER, config_filters, .importance = KC_LOW,                  \
              .doc = "What selects topic configurations: the option config.properties.exclude."),                   \
        POLL_ROW,                                                                                                   \
        SWITCH("refresh.topics", refresh_topics, "true", "new topics and partitions are looked for regularly"),     \
        INTERVAL("refresh.topics", refresh_topics_s, "600", "new topics and partitions are looked for"),            \
        SWITCH("sync.topic.configs", sync_configs, "true", "topic configurations are copied regularly"),            \
        INTERVAL("sync.topic.configs", sync_configs_s, "600", "topic configurations are copied"),                   \
        SWITCH("sync.topic.acls", sync_acls, "true", "ACLs of topics are copied regularly"),                        \
        INTERVAL("sync.topic.acls", sync_acls_s, "600", "ACLs of topics are copied"),                               \
        OPT_INT("replication.factor", CONF, replication_factor, .def = "2", .importance = KC_LOW,                   \
                .doc = "Replication factor of new remote topics; -1: the brokers' default."),                       \
        OPT_SHORT("offset-syncs.topic.replication.factor", CONF, syncs_replication_factor, .def = "3",              \
                  .importance = KC_LOW, .doc = "Replication factor of the topic of offset syncs."),                 \
        OPT_LONG("offset.lag.max", CONF, lag_max, .def = "100", .importance = KC_LOW,                               \
                 .doc = "By how many records a translated offset may be behind before an offset sync is written."), \
        LOCATION_ROW,                                                                                               \
        SWITCH("emit.offset-syncs", emit_syncs, "true",                                                             \
               "offset syncs are written; without them there are no checkpoints"),                                  \
        SWITCH("heartbeats.replication", replicate_heartbeats, "true",                                              \
               "topics of heartbeats are mirrored whatever the option topics says"),                                \
        METRICS_ROW

#define CHECKPOINT_ROWS                                                                                             \
    COMMON_ROWS                                                                                                     \
    PATTERNS("groups", ".*", "Consumer groups to mirror: names and regular expressions, comma separated."),         \
        PATTERNS("groups.exclude", MIRROR_GROUPS_EXCLUDE, "Groups that are not mirrored, even if groups matches."), \
        NAMED("group.filter.class", GROUP_FILTER, group_filters, .importance = KC_LOW,                              \
              .doc = "What selects groups: the option groups."),                                                    \
        NAMED("topic.filter.class", TOPIC_FILTER, topic_filters, .importance = KC_LOW,                              \
              .doc = "What selects topics: the options topics and topics.exclude."),                                \
        POLL_ROW, SWITCH("refresh.groups", refresh_groups, "true", "new consumer groups are looked for regularly"), \
        INTERVAL("refresh.groups", refresh_groups_s, "600", "new consumer groups are looked for"),                  \
        SWITCH("emit.checkpoints", emit_checkpoints, "true", "consumer offsets are written to the target cluster"), \
        OPT_LONG("emit.checkpoints.interval.seconds", CONF, emit_checkpoints_s, .def = "60", .importance = KC_LOW,  \
                 .doc = "How often checkpoints are written, in seconds."),                                          \
        SWITCH("sync.group.offsets", sync_groups, "false",                                                          \
               "the translated offsets are committed for groups without members on the target cluster"),            \
        INTERVAL("sync.group.offsets", sync_groups_s, "60", "translated offsets are committed"),                    \
        OPT_SHORT("checkpoints.topic.replication.factor", CONF, checkpoints_replication_factor, .def = "3",         \
                  .importance = KC_LOW, .doc = "Replication factor of the topic of checkpoints."),                  \
        LOCATION_ROW, METRICS_ROW

#define TASK_ROWS(list, what)                                                                                       \
    OPT_LIST(list, CONF, assigned, .required = true, .list_not_empty = true, .list_unique = true,                   \
             .importance = KC_LOW, .doc = what), /* read as text: it is a part of the clients' names (clients.c) */ \
        KEPT("task.index", KC_OPT_T_INT, .required = true, .importance = KC_LOW, .doc = "Number of the task.")

const struct kc_option mirror_source_options[] = {SOURCE_ROWS, KC_OPTION_END};
const struct kc_option mirror_source_task_options[] = {
    SOURCE_ROWS, TASK_ROWS("task.assigned.partitions", "Partitions of the source cluster that the task mirrors."),
    KC_OPTION_END};
const struct kc_option mirror_checkpoint_options[] = {CHECKPOINT_ROWS, KC_OPTION_END};
const struct kc_option mirror_checkpoint_task_options[] = {
    CHECKPOINT_ROWS, TASK_ROWS("task.assigned.groups", "Consumer groups that the task looks after."), KC_OPTION_END};
const struct kc_option mirror_heartbeat_options[] = {
    COMMON_ROWS SWITCH("emit.heartbeats", emit_heartbeats, "true", "heartbeats are written to the target cluster"),
    OPT_LONG("emit.heartbeats.interval.seconds", CONF, emit_heartbeats_s, .def = "1", .importance = KC_LOW,
             .doc = "How often heartbeats are written, in seconds."),
    OPT_SHORT("heartbeats.topic.replication.factor", CONF, heartbeats_replication_factor, .def = "3",
              .importance = KC_LOW, .doc = "Replication factor of the topic of heartbeats."),
    KC_OPTION_END};
/* clang-format on */
