/* A Kafka broker for tests of the group client: one thread per connection on 127.0.0.1. By itself it knows the versions
 * of a broker, names itself as the coordinator, makes whoever joins the leader of a group of one and hands back what
 * the leader assigned. Every answer can be replaced by queueing one for its request; every request is kept. TLS with a
 * certificate made on the spot. */
#ifndef TESTS_SUPPORT_FAKE_BROKER_H
#define TESTS_SUPPORT_FAKE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connect/kafka/wire_messages.h"

struct fake_broker;

enum fake_action {
    FAKE_ANSWER, /* with `error` in the usual body, or with `hex` */
    FAKE_CLOSE,  /* close the connection */
    FAKE_HOLD,   /* never answer */
    FAKE_RAW     /* send `hex` as it is, without size and correlation id */
};
struct fake_answer {
    int16_t api;
    enum fake_action action;
    int16_t error;
    const char *hex;    /* body behind the correlation id; a literal */
    int32_t generation; /* JoinGroup without error: 0 = the next */
    const char *leader; /* JoinGroup without error: somebody else leads; a literal */
    int32_t delay_ms;   /* before the answer */
};

struct fake_broker_conf {
    bool tls;
    const char *tls_names; /* of the certificate; NULL: "DNS:localhost,IP:127.0.0.1" */
    bool sasl;             /* refuses anything before SASL; PLAIN with user and password below */
    const char *user, *password;
    int64_t session_lifetime_ms;
    const struct wire_api_range *versions; /* NULL: those of a 2.5 broker */
    size_t version_count;
};

struct fake_broker *fake_broker_start(const struct fake_broker_conf *conf); /* NULL: plain */
struct fake_broker *fake_broker_stop(struct fake_broker *b);
int fake_broker_port(const struct fake_broker *b);
const char *fake_broker_address(const struct fake_broker *b); /* 127.0.0.1:port */
const char *fake_broker_ca_pem(const struct fake_broker *b);  /* of the certificate, self-signed */
/* Whom FindCoordinator names from now on. */
void fake_broker_coordinator(struct fake_broker *b, int port);
/* No more connections / connections again; present ones are closed. */
void fake_broker_down(struct fake_broker *b, bool down);
void fake_broker_drop(struct fake_broker *b); /* closes all connections */

/* The next request of answer->api that has no queued answer yet gets this one. */
void fake_broker_queue(struct fake_broker *b, const struct fake_answer *answer);

struct fake_request {
    int16_t api, version;
    int32_t correlation_id;
    struct wire_bytes client_id, body; /* valid until fake_broker_stop */
};
/* How many requests of `api` came so far. */
size_t fake_broker_count(struct fake_broker *b, int16_t api);
/* Waits until `count` requests of `api` have come; fails the test after 10 s. Returns the last of these. */
struct fake_request fake_broker_wait(struct fake_broker *b, int16_t api, size_t count);

#endif
