/* bootstrap.servers as addresses. */
#ifndef CONNECT_KAFKA_BOOTSTRAP_H
#define CONNECT_KAFKA_BOOTSTRAP_H

#include <stddef.h>

#include "connect/kafka/wire_messages.h"

/* "host:port,PROTOCOL://[v6]:port" as brokers with node -1, -2 …; freed by wire_brokers_free.
 * @errors ERR_BAD_CONFIG, with Java's texts */
int bootstrap_parse(const char *servers, struct wire_broker **ret_brokers, size_t *ret_count, struct kc_error *err);

#endif
