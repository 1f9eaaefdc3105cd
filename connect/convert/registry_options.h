/* Option rows of the Schema Registry client: the same for its three converters. The conf struct of a converter has a
 * member of type struct registry_conf and names it here.
 * @source io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig */
#ifndef CONNECT_CONVERT_REGISTRY_OPTIONS_H
#define CONNECT_CONVERT_REGISTRY_OPTIONS_H

#include "config/def.h"
#include "connect/convert/registry.h"

#define TOPIC_NAME_STRATEGY "io.confluent.kafka.serializers.subject.TopicNameStrategy"
#define NULL_CONTEXT        "io.confluent.kafka.serializers.context.NullContextNameStrategy"

/* Rows of schema.registry.ssl.*, which the client reads from the text of the configuration. */
#define REGISTRY_SSL_ROW(key, t, ...)                                                                          \
    {                                                                                                          \
        .name = "schema.registry.ssl." key, .type = KC_OPT_T_##t, .offset = KC_NO_FIELD, .importance = KC_LOW, \
        __VA_ARGS__                                                                                            \
    }

/* clang-format off */
#define REGISTRY_OPTIONS(conf, reg) \
    OPT_LIST("schema.registry.url", conf, reg.urls, .required = true, .importance = KC_HIGH, \
             .doc = "Addresses of the registry, tried one after the other until one answers."), \
    OPT_BOOLEAN("schema.registry.url.randomize", conf, reg.urls_randomize, .def = "false", .importance = KC_LOW, \
                .doc = "Whether to begin with any of the addresses instead of the first."), \
    OPT_INT("max.schemas.per.subject", conf, reg.max_schemas, .def = "1000", .importance = KC_LOW, \
            .doc = "How many schemas of one subject are kept in memory; with more, all are asked for again."), \
    OPT_BOOLEAN("normalize.schemas", conf, reg.normalize, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether the registry normalizes a schema before it looks it up or registers it."), \
    OPT_BOOLEAN("auto.register.schemas", conf, reg.auto_register, .def = "true", .importance = KC_MEDIUM, \
                .doc = "Whether the schema of a record that is written is registered when it is new."), \
    OPT_INT("use.schema.id", conf, reg.use_schema_id, .def = "-1", .importance = KC_LOW, \
            .doc = "Id of the schema to write with, when schemas are not registered."), \
    OPT_BOOLEAN("id.compatibility.strict", conf, reg.id_strict, .def = "true", .importance = KC_LOW, \
                .doc = "Whether the schema of use.schema.id must be able to read what is written."), \
    OPT_BOOLEAN("use.latest.version", conf, reg.use_latest, .def = "false", .importance = KC_LOW, \
                .doc = "Whether to write with the latest schema of the subject, when schemas are not registered."), \
    OPT_BOOLEAN("latest.compatibility.strict", conf, reg.latest_strict, .def = "true", .importance = KC_LOW, \
                .doc = "Whether the latest schema of the subject must be able to read what is written."), \
    OPT_INT("latest.cache.size", conf, reg.latest_cache_size, .def = "1000", .importance = KC_LOW, \
            .doc = "How many answers about latest schemas are kept."), \
    OPT_INT("latest.cache.ttl.sec", conf, reg.latest_cache_ttl_s, .def = "-1", .importance = KC_LOW, \
            .doc = "Seconds after which the registry is asked again for a latest schema; -1: never."), \
    OPT_STRING("use.latest.with.metadata", conf, reg.use_latest_metadata, .importance = KC_LOW, \
               .doc = "Metadata of the schema to write with, as key=value,key=value, when schemas are not registered."), \
    OPT_STRING("basic.auth.credentials.source", conf, reg.basic_source, .def = "URL", .importance = KC_MEDIUM, \
               .doc = "Where user and password come from: URL, USER_INFO or SASL_INHERIT."), \
    OPT_STRING("bearer.auth.credentials.source", conf, reg.bearer_source, .def = "STATIC_TOKEN", \
               .importance = KC_MEDIUM, \
               .doc = "Where a token comes from: STATIC_TOKEN, OAUTHBEARER or SASL_OAUTHBEARER_INHERIT."), \
    OPT_PASSWORD("schema.registry.basic.auth.user.info", conf, reg.basic_user_info_deprecated, .def = "", \
                 .importance = KC_MEDIUM, .doc = "Older name of basic.auth.user.info; it wins when both are set."), \
    OPT_PASSWORD("basic.auth.user.info", conf, reg.basic_user_info, .def = "", .importance = KC_MEDIUM, \
                 .doc = "user:password, for the source USER_INFO."), \
    OPT_PASSWORD("bearer.auth.token", conf, reg.bearer_token, .def = "", .importance = KC_MEDIUM, \
                 .doc = "The token of the source STATIC_TOKEN."), \
    OPT_STRING("bearer.auth.issuer.endpoint.url", conf, reg.bearer_issuer_url, .importance = KC_MEDIUM, \
               .doc = "Address that gives out tokens, for OAUTHBEARER."), \
    OPT_STRING("bearer.auth.client.id", conf, reg.bearer_client_id, .importance = KC_MEDIUM, \
               .doc = "Client id for OAUTHBEARER."), \
    OPT_PASSWORD("bearer.auth.client.secret", conf, reg.bearer_client_secret, .importance = KC_MEDIUM, \
                 .doc = "Client secret for OAUTHBEARER."), \
    OPT_STRING("bearer.auth.scope", conf, reg.bearer_scope, .importance = KC_MEDIUM, \
               .doc = "Scope of the token, for OAUTHBEARER."), \
    OPT_STRING("bearer.auth.identity.pool.id", conf, reg.bearer_identity_pool, .importance = KC_MEDIUM, \
               .doc = "Sent with bearer tokens as Confluent-Identity-Pool-Id."), \
    OPT_STRING("bearer.auth.logical.cluster", conf, reg.bearer_logical_cluster, .importance = KC_MEDIUM, \
               .doc = "Sent with bearer tokens as target-sr-cluster."), \
    OPT_SHORT("bearer.auth.cache.expiry.buffer.seconds", conf, reg.bearer_expiry_buffer_s, .def = "300", \
              .has_min = true, .min = 0, .has_max = true, .max = 3600, .importance = KC_LOW, \
              .doc = "How many seconds before its end a token is fetched anew."), \
    OPT_STRING("context.name.strategy", conf, reg.context_strategy, .def = NULL_CONTEXT, .importance = KC_MEDIUM, \
               .doc = "Class that names the context of a topic; only NullContextNameStrategy: none."), \
    OPT_STRING("key.subject.name.strategy", conf, reg.key_strategy, .def = TOPIC_NAME_STRATEGY, \
               .importance = KC_MEDIUM, \
               .doc = "Class that names the subject of keys: TopicNameStrategy, RecordNameStrategy or " \
                      "TopicRecordNameStrategy of io.confluent.kafka.serializers.subject."), \
    OPT_STRING("value.subject.name.strategy", conf, reg.value_strategy, .def = TOPIC_NAME_STRATEGY, \
               .importance = KC_MEDIUM, .doc = "Class that names the subject of values."), \
    OPT_STRING("proxy.host", conf, reg.proxy_host, .def = "", .importance = KC_LOW, \
               .doc = "Host of an HTTP proxy before the registry."), \
    OPT_INT("proxy.port", conf, reg.proxy_port, .def = "-1", .importance = KC_LOW, .doc = "Port of the proxy."), \
    OPT_INT("http.connect.timeout.ms", conf, reg.connect_timeout_ms, .def = "60000", .importance = KC_LOW, \
            .doc = "Longest time to connect to the registry."), \
    OPT_INT("http.read.timeout.ms", conf, reg.read_timeout_ms, .def = "60000", .importance = KC_LOW, \
            .doc = "Longest time that the registry may take for an answer, once connected."), \
    OPT_INT("max.retries", conf, reg.max_retries, .def = "3", .importance = KC_LOW, \
            .doc = "How often all addresses are tried again after none could answer."), \
    OPT_INT("retries.wait.ms", conf, reg.retry_wait_ms, .def = "1000", .importance = KC_LOW, \
            .doc = "Longest wait before the first retry; it doubles with each."), \
    OPT_INT("retries.max.wait.ms", conf, reg.retry_max_wait_ms, .def = "20000", .importance = KC_LOW, \
            .doc = "Longest wait before any retry."), \
    REGISTRY_SSL_ROW("truststore.location", STRING, .doc = "File with the trusted authorities: JKS, PKCS12 or PEM."), \
    REGISTRY_SSL_ROW("truststore.password", PASSWORD, .doc = "Password of the trust store."), \
    REGISTRY_SSL_ROW("truststore.type", STRING, .def = "JKS", .doc = "What the file is; recognised anyway."), \
    REGISTRY_SSL_ROW("truststore.certificates", PASSWORD, .doc = "The trusted authorities themselves, as PEM."), \
    REGISTRY_SSL_ROW("keystore.location", STRING, .doc = "File with the client's key and certificates."), \
    REGISTRY_SSL_ROW("keystore.password", PASSWORD, .doc = "Password of the key store."), \
    REGISTRY_SSL_ROW("keystore.type", STRING, .def = "JKS", .doc = "What the file is; recognised anyway."), \
    REGISTRY_SSL_ROW("key.password", PASSWORD, .doc = "Password of the key in the key store."), \
    REGISTRY_SSL_ROW("keystore.key", PASSWORD, .doc = "The client's key itself, as PEM."), \
    REGISTRY_SSL_ROW("keystore.certificate.chain", PASSWORD, .doc = "The client's certificates themselves, as PEM."), \
    REGISTRY_SSL_ROW("enabled.protocols", LIST, .def = "TLSv1.2,TLSv1.3", .doc = "Versions of TLS that may be used."), \
    REGISTRY_SSL_ROW("cipher.suites", LIST, .doc = "Cipher suites that may be used; all good ones when not set."), \
    REGISTRY_SSL_ROW("endpoint.identification.algorithm", STRING, .def = "https", \
                     .doc = "Empty: the certificate need not be made out to the registry's host name.")
/* clang-format on */

#endif
