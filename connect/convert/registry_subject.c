/* Subject names: under which name the schemas of a topic's keys or values are kept.
 * @source io.confluent.kafka.serializers.subject */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/registry_parts.h"

#define STRATEGIES "io.confluent.kafka.serializers.subject."

enum strategy { TOPIC_NAME, RECORD_NAME, TOPIC_RECORD_NAME };

static const char *const strategies[] = {
    [TOPIC_NAME] = "TopicNameStrategy",
    [RECORD_NAME] = "RecordNameStrategy",
    [TOPIC_RECORD_NAME] = "TopicRecordNameStrategy",
};

/* -1: no such strategy. */
static int strategy_of(const char *class_name) {
    if (!class_name || strncmp(class_name, STRATEGIES, strlen(STRATEGIES)) != 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(strategies); i++)
        if (strcmp(class_name + strlen(STRATEGIES), strategies[i]) == 0)
            return (int)i;
    return -1;
}

static int check(const char *option, const char *class_name, struct kc_error *err) {
    if (strategy_of(class_name) >= 0)
        return 0;
    return kc_fail(err, KC_CONFIG_EXCEPTION,
                   "Invalid value %s for configuration %s: it must be one of " STRATEGIES
                   "TopicNameStrategy, " STRATEGIES "RecordNameStrategy, " STRATEGIES "TopicRecordNameStrategy",
                   class_name ? class_name : "null", option);
}

int registry_subject_check(const struct registry_conf *conf, struct kc_error *err) {
    static const char context[] = "io.confluent.kafka.serializers.context.NullContextNameStrategy";
    if (!conf->context_strategy || strcmp(conf->context_strategy, context) != 0)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value %s for configuration context.name.strategy: only %s is supported",
                       conf->context_strategy ? conf->context_strategy : "null", context);
    if (check("key.subject.name.strategy", conf->key_strategy, err) < 0)
        return -1;
    return check("value.subject.name.strategy", conf->value_strategy, err);
}

static const char *class_of(const struct registry *reg) {
    return reg->is_key ? reg->conf->key_strategy : reg->conf->value_strategy;
}

bool registry_subject_uses_record(const struct registry *reg) {
    return strategy_of(class_of(reg)) != TOPIC_NAME;
}

int registry_subject(struct registry *reg, const char *topic, const char *record, const char **ret_subject,
                     struct kc_error *err) {
    int strategy = strategy_of(class_of(reg));
    const char *part = reg->is_key ? "key" : "value";
    if (strategy != TOPIC_NAME && !record)
        return kc_fail(err, SERIALIZATION_EXCEPTION,
                       "In configuration %s.subject.name.strategy = %s, the message %s must only be a record schema",
                       part, class_of(reg), part);
    buf_clear(&reg->subject);
    int rc = strategy == TOPIC_NAME    ? buf_printf(&reg->subject, "%s-%s", topic, part)
             : strategy == RECORD_NAME ? buf_add_text(&reg->subject, record)
                                       : buf_printf(&reg->subject, "%s-%s", topic, record);
    if (rc < 0)
        return kc_fail(err, SERIALIZATION_EXCEPTION, "The subject name of topic %s is too long", topic);
    *ret_subject = buf_text(&reg->subject);
    return 0;
}
