/* The code table of struct kc_error (plugin.h) and the ways to fill one.
 * The text reaches task status, REST answers and dead letter headers; the code decides the REST status and backoff. */
#ifndef CONNECT_BASE_ERR_H
#define CONNECT_BASE_ERR_H

#include "connect/plugin.h"

#define ERR_MAP(X) /* code, HTTP status, retriable, Java class */                                      \
    X(INTERNAL, 500, false, "org.apache.kafka.connect.errors.ConnectException")                        \
    X(BAD_REQUEST, 400, false, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException")     \
    X(BAD_CONFIG, 400, false, "org.apache.kafka.common.config.ConfigException")                        \
    X(BAD_DATA, 500, false, "org.apache.kafka.connect.errors.DataException")                           \
    X(SCHEMA, 500, false, "org.apache.kafka.connect.errors.SchemaBuilderException")                    \
    X(NOT_FOUND, 404, false, "org.apache.kafka.connect.errors.NotFoundException")                      \
    X(ALREADY_EXISTS, 409, false, "org.apache.kafka.connect.errors.AlreadyExistsException")            \
    X(REBALANCING, 409, true, "org.apache.kafka.connect.runtime.distributed.RebalanceNeededException") \
    X(CONFLICT, 409, false, "org.apache.kafka.connect.runtime.rest.errors.ConnectRestException")       \
    X(FORBIDDEN, 403, false, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException")       \
    X(RETRIABLE, 500, true, "org.apache.kafka.connect.errors.RetriableException")                      \
    X(TIMEOUT, 500, true, "org.apache.kafka.common.errors.TimeoutException")                           \
    X(KAFKA, 500, false, "org.apache.kafka.common.KafkaException")                                     \
    X(AUTH, 500, false, "org.apache.kafka.common.errors.SaslAuthenticationException")                  \
    X(STOPPING, 500, false, "org.apache.kafka.connect.errors.ConnectException")                        \
    X(NOT_READY, 503, true, "org.apache.kafka.connect.runtime.rest.errors.ConnectRestException")       \
    X(LIMIT, 413, false, "org.apache.kafka.connect.errors.ConnectException")                           \
    X(IO, 500, false, "java.io.IOException")                                                           \
    X(S3, 502, false, "org.apache.kafka.connect.errors.ConnectException")                              \
    X(S3_RETRIABLE, 503, true, "org.apache.kafka.connect.errors.RetriableException")                   \
    X(UNPRIVILEGED, 500, false, "org.apache.kafka.connect.errors.ConnectException") /* config topic */

enum err_code {
    ERR_NONE,
#define X(code, http, retriable, class_name) ERR_##code,
    ERR_MAP(X)
#undef X
};

/* Sets code, class and retriable from the table and the text from `fmt`; clears the cause. Returns -1. `err` may be
 * NULL.
 * @thread any */
int err_set(struct kc_error *err, enum err_code code, const char *fmt, ...) KC_PRINTF(3, 4);
/* The same with another Java class than the table's. */
int err_set_class(struct kc_error *err, enum err_code code, const char *class_name, const char *fmt, ...)
    KC_PRINTF(4, 5);
/* Wraps: the present exception becomes the cause, the new text and class (NULL: ConnectException) come in front. The
 * retriable and fatal marks stay. Returns -1. */
int err_wrap(struct kc_error *err, const char *class_name, const char *fmt, ...) KC_PRINTF(3, 4);
/* Puts "prefix: " before the text. Returns -1. */
int err_prefix(struct kc_error *err, const char *fmt, ...) KC_PRINTF(2, 3);

int err_http(enum err_code code); /* REST status of a code */
/* "class: text\nCaused by: …", as in a Java stack trace but without frames. malloc'ed. */
char *err_trace(const struct kc_error *err);

#endif
