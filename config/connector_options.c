/* The rows of what the framework reads from connector configurations, in the order of Java's validate answer. Rows
 * without a field are read elsewhere as text: connector.plugin.version and its like by the validation.
 * @source ConnectorConfig, SinkConnectorConfig, SourceConnectorConfig (rest-api 6.2) */
#include "config/connector_options.h"

#include "config/parse.h"

#define CONF struct connector_conf
#define ROW(key, t, ...) \
    { .name = (key), .type = KC_OPT_T_##t, .offset = KC_NO_FIELD, __VA_ARGS__ }
#define COMMON   .group = "Common"
#define HANDLING .group = "Error Handling"
#define ONCE     .group = "Exactly Once Support"

static const char *const reload_actions[] = {"none", "restart", NULL};
static const char *const tolerances[] = {"none", "all", NULL};
static const char *const support_levels[] = {"requested", "required", NULL};
static const char *const boundaries[] = {"poll", "interval", "connector", NULL};

#define CONVERTER_ROWS(key, n, what, plugin_kind)                                                                      \
    ROW(key ".converter", CLASS, .importance = KC_LOW, COMMON, .order_in_group = (n), .width = KC_SHORT,               \
        .display_name = what " converter class", .kind = (plugin_kind),                                                \
        .doc = "Class that converts between the format of Kafka's records and Connect's values, for the record's " key \
               ". Not set: the worker's. When it is set, only this connector's " key ".converter.* are used."),        \
    {                                                                                                                  \
        .name = key ".converter.plugin.version", .type = KC_OPT_T_STRING, .offset = KC_NO_FIELD, .importance = KC_LOW, \
        COMMON, .order_in_group = (n) + 1, .width = KC_SHORT, .display_name = what " converter version",               \
        .doc = "Version or range of versions that the " key " converter must have."                                    \
    }

#define COMMON_ROWS                                                                                                    \
    ROW("name", STRING, .required = true, .importance = KC_HIGH, COMMON, .order_in_group = 1,                          \
        .width = KC_MEDIUM_WIDTH, .display_name = "Connector name", .check = option_check_printable,                   \
        .range_text = "non-empty string without ISO control characters",                                               \
        .doc = "Name of the connector, unique in the cluster."),                                                       \
        ROW("connector.class", STRING, .required = true, .importance = KC_HIGH, COMMON, .order_in_group = 2,           \
            .width = KC_LONG, .display_name = "Connector class",                                                       \
            .doc = "Class of the connector: its full name, its simple name, or that without \"Connector\"."),          \
        ROW("connector.plugin.version", STRING, .importance = KC_MEDIUM, COMMON, .order_in_group = 3,                  \
            .width = KC_MEDIUM_WIDTH, .display_name = "Connector version",                                             \
            .doc = "Version or range of versions that the connector must have."),                                      \
        OPT_INT("tasks.max", CONF, tasks_max, .def = "1", .importance = KC_HIGH, COMMON, .order_in_group = 4,          \
                .width = KC_SHORT, .display_name = "Tasks max", .has_min = true, .min = 1, .range_text = "[1,...]",    \
                .doc = "How many tasks the connector may have at most."),                                              \
        OPT_BOOLEAN("tasks.max.enforce", CONF, tasks_max_enforce, .def = "true", .importance = KC_LOW, COMMON,         \
                    .order_in_group = 5, .width = KC_SHORT, .display_name = "Enforce tasks max",                       \
                    .doc = "Whether a connector fails that makes more tasks than tasks.max. Deprecated."),             \
        CONVERTER_ROWS("key", 6, "Key", KC_KIND_CONVERTER), CONVERTER_ROWS("value", 8, "Value", KC_KIND_CONVERTER),    \
        CONVERTER_ROWS("header", 10, "Header", KC_KIND_HEADER_CONVERTER),                                              \
        ROW("transforms", LIST, .def = "", .importance = KC_LOW, .group = "Transforms", .order_in_group = 12,          \
            .width = KC_LONG, .display_name = "Transforms", .check = option_check_aliases,                             \
            .range_text = "non-null string, unique transformation aliases",                                            \
            .doc = "Aliases of the transformations of records, in the order in which they are applied."),              \
        ROW("predicates", LIST, .def = "", .importance = KC_LOW, .group = "Predicates", .order_in_group = 13,          \
            .width = KC_LONG, .display_name = "Predicates", .check = option_check_aliases,                             \
            .range_text = "non-null string, unique predicate aliases",                                                 \
            .doc = "Aliases of the predicates that transformations use."),                                             \
        OPT_STRING(                                                                                                    \
            "config.action.reload", CONF, config_reload_action, .def = "restart", .importance = KC_LOW, COMMON,        \
            .order_in_group = 14, .width = KC_MEDIUM_WIDTH, .display_name = "Reload Action", .one_of = reload_actions, \
            .range_text = "[none, restart]",                                                                           \
            .doc = "What happens when a config provider says that a value of this connector has run out: restart or "  \
                   "none."),                                                                                           \
        OPT_LONG("errors.retry.timeout", CONF, errors_retry_timeout_ms, .def = "0", .importance = KC_MEDIUM, HANDLING, \
                 .order_in_group = 1, .width = KC_MEDIUM_WIDTH, .display_name = "Retry Timeout for Errors",            \
                 .doc = "How long, in milliseconds, a failed operation is tried again. 0: not at all. -1: for ever."), \
        OPT_LONG("errors.retry.delay.max.ms", CONF, errors_retry_delay_max_ms, .def = "60000",                         \
                 .importance = KC_MEDIUM, HANDLING, .order_in_group = 2, .width = KC_MEDIUM_WIDTH,                     \
                 .display_name = "Maximum Delay Between Retries for Errors",                                           \
                 .doc = "Longest wait between such attempts."),                                                        \
        OPT_STRING("errors.tolerance", CONF, errors_tolerance, .def = "none", .importance = KC_MEDIUM, HANDLING,       \
                   .order_in_group = 3, .width = KC_SHORT, .display_name = "Error Tolerance", .one_of = tolerances,    \
                   .range_text = "[none, all]",                                                                        \
                   .doc =                                                                                              \
                       "none: a record that cannot be converted or transformed fails the task. all: it is skipped."),  \
        OPT_BOOLEAN("errors.log.enable", CONF, errors_log, .def = "false", .importance = KC_MEDIUM, HANDLING,          \
                    .order_in_group = 4, .width = KC_SHORT, .display_name = "Log Errors",                              \
                    .doc = "Whether every error is logged, not only those that are not tolerated."),                   \
        OPT_BOOLEAN("errors.log.include.messages", CONF, errors_log_messages, .def = "false", .importance = KC_MEDIUM, \
                    HANDLING, .order_in_group = 5, .width = KC_SHORT, .display_name = "Log Error Details",             \
                    .doc = "Whether such a line shows the topic, partition, offset and timestamp of the record.")

/* Java has these for sinks only. */
#define DEAD_LETTER_ROWS                                                                                           \
    OPT_STRING("errors.deadletterqueue.topic.name", CONF, dlq_topic, .def = "", .importance = KC_MEDIUM, HANDLING, \
               .order_in_group = 6, .width = KC_MEDIUM_WIDTH, .display_name = "Dead Letter Queue Topic Name",      \
               .doc = "Topic that receives the records that failed and were tolerated. Empty: none."),             \
        OPT_SHORT("errors.deadletterqueue.topic.replication.factor", CONF, dlq_replication, .def = "3",            \
                  .importance = KC_MEDIUM, HANDLING, .order_in_group = 7, .width = KC_MEDIUM_WIDTH,                \
                  .display_name = "Dead Letter Queue Topic Replication Factor",                                    \
                  .doc = "Replicas of that topic when it is created."),                                            \
        OPT_BOOLEAN("errors.deadletterqueue.context.headers.enable", CONF, dlq_context_headers, .def = "false",    \
                    .importance = KC_MEDIUM, HANDLING, .order_in_group = 8, .width = KC_MEDIUM_WIDTH,              \
                    .display_name = "Enable Error Context Headers",                                                \
                    .doc = "Whether such records get headers __connect.errors.* that tell what went wrong.")

/* clang-format off */
const struct kc_option connector_sink_options[] = {
    COMMON_ROWS,
    OPT_LIST("topics", CONF, topics, .def = "", .importance = KC_HIGH, COMMON, .order_in_group = 4, .width = KC_LONG,
             .display_name = "Topics", .list_unique = true, .doc = "Topics to consume, comma separated."),
    OPT_STRING("topics.regex", CONF, topics_regex, .def = "", .importance = KC_HIGH, COMMON, .order_in_group = 4,
               .width = KC_LONG, .display_name = "Topics regex", .check = option_check_regex,
               .range_text = "valid regex",
               .doc = "Regular expression; all topics whose whole name it matches are consumed."),
    DEAD_LETTER_ROWS,
    KC_OPTION_END,
};

const struct kc_option connector_source_options[] = {
    COMMON_ROWS,
    ROW("topic.creation.groups", LIST, .def = "", .importance = KC_LOW,
        .group = "Topic Creation", .order_in_group = 1, .width = KC_LONG, .display_name = "Topic Creation Groups",
        .check = option_check_aliases, .range_text = "non-null string, unique topic creation groups",
        .doc = "Groups of topics that are created alike, see topic.creation.<group>.*."),
    ROW("exactly.once.support", STRING, .def = "requested", .importance = KC_MEDIUM, ONCE,
        .order_in_group = 2, .width = KC_SHORT, .display_name = "Exactly once support", .one_of = support_levels,
        .one_of_ignores_case = true, .range_text = "(case insensitive) [REQUIRED, REQUESTED]",
        .doc = "required: the connector is refused where exactly-once delivery is not possible."),
    OPT_STRING("transaction.boundary", CONF, transaction_boundary, .def = "poll", .importance = KC_MEDIUM, ONCE,
        .order_in_group = 3, .width = KC_SHORT, .display_name = "Transaction Boundary", .one_of = boundaries,
        .one_of_ignores_case = true, .range_text = "(case insensitive) [INTERVAL, POLL, CONNECTOR]",
        .doc = "What a transaction of an exactly-once source covers: the records of a poll, of an interval of time, or "
               "what the connector says."),
    ROW("transaction.boundary.interval.ms", LONG, .importance = KC_LOW, ONCE,
        .order_in_group = 4, .width = KC_SHORT, .display_name = "Transaction boundary interval", .has_min = true,
        .min = 0, .range_text = "[0,...]",
        .doc = "The interval; not set: offset.flush.interval.ms of the worker."),
    OPT_STRING("offsets.storage.topic", CONF, offsets_topic, .importance = KC_LOW, .group = "offsets.topic",
               .order_in_group = 1, .width = KC_LONG, .display_name = "Offsets topic", .not_empty = true,
               .range_text = "non-empty string",
               .doc = "A topic of its own for the offsets of this connector, besides the worker's."),
    DEAD_LETTER_ROWS,
    KC_OPTION_END,
};
/* clang-format on */
