/* SCRAM for librdkafka before 2.6.1, whose own repeats the client's nonce in its last message: brokers from Kafka 4 on
 * refuse that. The exchange is made here, with wire_sasl.c, on each connection that librdkafka opens and before it gets
 * to use it; librdkafka itself is told security.protocol=plaintext or ssl.
 *
 * Without TLS the hook is librdkafka's connect callback. With TLS there is no such callback between the handshake and
 * the first request, so this file defines SSL_connect and SSL_do_handshake in front of libssl's: they pass through, and
 * authenticate when the thread is one of librdkafka's brokers whose client was opened with a gate. */
#ifndef CONNECT_KAFKA_SCRAM_GATE_H
#define CONNECT_KAFKA_SCRAM_GATE_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"

/* Whether this librdkafka needs it for SCRAM. */
bool scram_gate_needed(void);
/* Puts the gate before the connections of clients made from `conf`; it ends with them. `java` is read for the
 * credentials (client_security). @blocks reads key stores */
int scram_gate_install(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) KC_CHECKED;
/* The client is about to be destroyed: exchanges that wait for a broker give up. @thread any */
void scram_gate_close(rd_kafka_t *rk);

#endif
