/* The table of Java client properties. Internal to client*.c. */
#ifndef CONNECT_KAFKA_CLIENT_OPTIONS_H
#define CONNECT_KAFKA_CLIENT_OPTIONS_H

#include "connect/kafka/client.h"

enum client_use {
    USE_MAP,      /* the value goes to librdkafka property `target` */
    USE_IF_KNOWN, /* the same when this librdkafka has the property, else it means nothing here */
    USE_SPECIAL,  /* client_translate.c knows what to do */
    USE_SECURITY, /* client_tls.c, client_sasl.c */
    USE_ASIDE,    /* the worker itself acts on it (client_number) */
    USE_NOTHING,  /* has no meaning outside the JVM client: info */
    USE_MISSING   /* would mean something but cannot be done: warning */
};

enum { KIND_P = 1 << CLIENT_PRODUCER, KIND_C = 1 << CLIENT_CONSUMER, KIND_A = 1 << CLIENT_ADMIN, KIND_ALL = 7 };

struct client_option {
    const char *name;
    unsigned kinds;
    enum kc_option_type type;
    const char *def; /* Java's default, NULL none */
    enum client_use use;
    const char *target;
    int64_t low, high; /* librdkafka's bounds of the target; the value is clamped. Both 0: none */
    bool has_min, has_max;
    double min, max;        /* Java's bounds */
    const char *range_text; /* instead of "Value must be at least …"; -1 is then allowed beside the range */
    const char *const *one_of;
    bool ignores_case;
    bool not_empty;
};

/* NULL: Java has no such property for any kind. Where kinds differ the row of `kind` is found, else one of another. */
const struct client_option *client_option_find(enum client_kind kind, const char *name);
const struct client_option *client_option_at(size_t i); /* NULL behind the last */
/* Belongs to the worker, not to clients: "config.storage.topic", "key.converter.schemas.enable", "producer.acks" … */
bool client_option_of_worker(const char *name);

/* The trimmed value as Java reads it; numbers only. -1: not a number of the type. */
int client_option_number(const struct client_option *o, const char *value, int64_t *ret_number);
int client_option_check(const struct client_option *o, const char *value, struct kc_error *err) KC_CHECKED;

#endif
