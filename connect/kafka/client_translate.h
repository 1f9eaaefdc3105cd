/* Java properties whose meaning librdkafka spreads over other names or units. Internal to client.c. */
#ifndef CONNECT_KAFKA_CLIENT_TRANSLATE_H
#define CONNECT_KAFKA_CLIENT_TRANSLATE_H

#include "connect/kafka/client_options.h"

/* One property that stands by itself; `value` has passed client_option_check. */
int client_translate(rd_kafka_conf_t *conf, enum client_kind kind, const struct client_option *o, const char *value,
                     struct kc_error *err) KC_CHECKED;
/* Properties that depend on each other; called once for every client. */
int client_translate_groups(rd_kafka_conf_t *conf, enum client_kind kind, const struct kc_config *java,
                            struct kc_error *err) KC_CHECKED;
int client_set_number(rd_kafka_conf_t *conf, const char *target, int64_t n, int64_t low, int64_t high,
                      struct kc_error *err) KC_CHECKED;

#endif
