/* producer.override.*, consumer.override.* and admin.override.*: which of them count, what Kafka's clients define, what
 * the policy says. Values are parsed, as Java does, but not checked against bounds.
 * @source AbstractHerder.validateClientOverrides (rest-api 6.6) */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/kafka/client_options.h"
#include "connect/validation_parts.h"

static const char *const required[] = {"bootstrap.servers", "key.serializer",     "value.serializer",
                                       "key.deserializer",  "value.deserializer", NULL};
static const char *const high[] = {"bootstrap.servers",
                                   "key.serializer",
                                   "value.serializer",
                                   "key.deserializer",
                                   "value.deserializer",
                                   "retries",
                                   "buffer.memory",
                                   "compression.type",
                                   "group.id",
                                   "group.protocol",
                                   "session.timeout.ms",
                                   "heartbeat.interval.ms",
                                   "max.partition.fetch.bytes",
                                   "fetch.min.bytes",
                                   "ssl.keystore.location",
                                   "ssl.keystore.password",
                                   "ssl.keystore.key",
                                   "ssl.keystore.certificate.chain",
                                   "ssl.key.password",
                                   "ssl.truststore.location",
                                   "ssl.truststore.password",
                                   "ssl.truststore.certificates",
                                   NULL};
static const char *const medium[] = {"batch.size",
                                     "linger.ms",
                                     "delivery.timeout.ms",
                                     "client.id",
                                     "client.dns.lookup",
                                     "send.buffer.bytes",
                                     "receive.buffer.bytes",
                                     "max.request.size",
                                     "max.block.ms",
                                     "request.timeout.ms",
                                     "connections.max.idle.ms",
                                     "partitioner.class",
                                     "security.protocol",
                                     "group.instance.id",
                                     "group.remote.assignor",
                                     "partition.assignment.strategy",
                                     "enable.auto.commit",
                                     "fetch.max.bytes",
                                     "auto.offset.reset",
                                     "default.api.timeout.ms",
                                     "max.poll.records",
                                     "max.poll.interval.ms",
                                     "isolation.level",
                                     "allow.auto.create.topics",
                                     "ssl.protocol",
                                     "ssl.provider",
                                     "ssl.enabled.protocols",
                                     "ssl.keystore.type",
                                     "ssl.truststore.type",
                                     "sasl.mechanism",
                                     "sasl.jaas.config",
                                     "sasl.kerberos.service.name",
                                     "sasl.client.callback.handler.class",
                                     "sasl.login.callback.handler.class",
                                     "sasl.login.class",
                                     "sasl.oauthbearer.token.endpoint.url",
                                     "sasl.oauthbearer.jwks.endpoint.url",
                                     NULL};

static bool contains(const char *const *names, const char *name) {
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static struct kc_option row_of(const struct client_option *o) {
    return (struct kc_option){.name = o->name,
                              /* class names are not looked up: they are those of Kafka's clients */
                              .type = o->type,
                              .offset = KC_NO_FIELD,
                              .required = contains(required, o->name),
                              .def = o->def,
                              .importance = contains(high, o->name)     ? KC_HIGH
                                            : contains(medium, o->name) ? KC_MEDIUM
                                                                        : KC_LOW,
                              .kind = KC_ANY_CLASS,
                              .doc = "Setting of a Kafka client of this connector, see the documentation of Kafka's "
                                     "producer, consumer and admin "
                                     "configurations."};
}

/* The value as the answer shows it; NULL when it does not parse. */
static int parse_override(struct kc_option row, const char *text, struct kc_arena *arena, char **ret_text,
                          struct kc_error *err) {
    struct option_parsed v;
    if (row.type == KC_OPT_T_CLASS)
        row.type = KC_OPT_T_STRING;
    if (option_parse(&row, row.name, text, arena, &v, err) < 0)
        return -1;
    *ret_text = option_text(&row, &v);
    return 0;
}

static void note_refused(void *arg, const char *key, const char *text) {
    kc_problem(arg, key, "%s", text);
}

static int add_kind(struct validation *v, enum client_kind kind, const char *prefix, struct key_defs *defs,
                    struct kc_error *err) {
    size_t len = strlen(prefix);
    for (size_t i = 0; i < kc_config_count(v->resolved); i++) {
        const char *key = kc_config_key(v->resolved, i), *value = kc_config_value(v->resolved, i);
        if (strncmp(key, prefix, len) != 0)
            continue;
        const struct client_option *o = client_option_find(kind, key + len);
        bool known = o && o->kinds & 1u << kind;
        AUTO_TEXT text = NULL;
        if (known) {
            struct kc_option row = row_of(o);
            key_defs_add(defs, v->arena, &row, kc_arena_strdup(v->arena, key));
            if (parse_override(row, value, v->arena, &text, err) < 0) {
                err->code = ERR_INTERNAL; /* Java fails the whole request here */
                return -1;
            }
        }
        problems_set_value(v->override_values, problems_value(v->override_values, key), known ? text : value);
    }
    if (v->worker)
        (void)client_policy_check(v->worker->override_policy, &v->worker->override_allowlist, prefix, v->resolved,
                                  note_refused, v->override_values);
    return 0;
}

static bool blank(const char *text) {
    return !text || strspn(text, " \t\n\v\f\r") == strlen(text);
}

static bool has_prefix(const struct kc_config *config, const char *prefix) {
    for (size_t i = 0; i < kc_config_count(config); i++)
        if (strncmp(kc_config_key(config, i), prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

int validate_overrides(struct validation *v, struct key_defs *defs, struct kc_error *err) {
    bool sink = v->plugin->kind == KC_KIND_SINK, distributed = v->worker && v->worker->group_id;
    bool dead_letters = !blank(kc_config_get(v->resolved, "errors.deadletterqueue.topic.name"));
    bool own_offsets =
        !sink && distributed && (worker_exactly_once(v->worker) || kc_config_get(v->resolved, "offsets.storage.topic"));
    bool creates_topics = !sink && has_prefix(v->resolved, "topic.creation.");
    const struct {
        enum client_kind kind;
        const char *prefix;
        bool counts;
    } kinds[] = {
        {CLIENT_PRODUCER, "producer.override.", !sink || dead_letters},
        {CLIENT_CONSUMER, "consumer.override.", sink || own_offsets},
        {CLIENT_ADMIN, "admin.override.", dead_letters || creates_topics || own_offsets},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].counts && add_kind(v, kinds[i].kind, kinds[i].prefix, defs, err) < 0)
            return -1;
    return 0;
}
