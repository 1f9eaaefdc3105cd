/* A connection's inside, for wire.c and wire_setup.c only. */
#ifndef CONNECT_KAFKA_WIRE_INTERNAL_H
#define CONNECT_KAFKA_WIRE_INTERNAL_H

#include "connect/kafka/wire_messages.h"
#include "connect/kafka/wire_sasl.h"
#include "connect/kafka/wire_socket.h"

enum {
    WIRE_FRAME_MAX = 64 << 20,       /* an answer; a JoinGroup answer of a very large group is a few MiB */
    WIRE_SETUP_FRAME_MAX = 512 << 10 /* before we know whom we talk to */
};

/* CONNECTING → VERSIONS → [HANDSHAKE → AUTHENTICATE →] READY; READY → HANDSHAKE again when the SASL session gets old.
 */
enum wire_phase { WIRE_CONNECTING, WIRE_VERSIONS, WIRE_HANDSHAKE, WIRE_AUTHENTICATE, WIRE_READY };

struct wire_request { /* one that waits for its answer */
    int32_t correlation_id;
    int16_t api, version;
};

struct wire_conn {
    const struct wire_security *sec;
    char *client_id;
    struct wire_socket *socket;
    enum wire_phase phase;
    bool was_ready; /* the set-up was completed once: requests may be queued during a re-authentication */
    bool closed;    /* the peer will send no more */
    int32_t setup_timeout_ms;
    int64_t setup_deadline_ms;

    struct buf out; /* [out_sent, len) is still to be written */
    size_t out_sent;
    struct buf held; /* frames of requests that wait for the end of a re-authentication */
    struct buf in;   /* [in_taken, len) is not yet taken */
    size_t in_taken;

    int32_t next_correlation_id;
    struct wire_request setup_request; /* of the set-up: one at a time */
    struct wire_request *requests;     /* ring of the user's, oldest at first_request */
    size_t first_request, request_count, request_room;

    struct wire_api_versions versions;
    struct wire_sasl *sasl;
    int64_t reauthenticate_at_ms; /* INT64_MAX: never */
};

/* Queues the request of the present phase, which has just begun. */
int wire_setup_begin(struct wire_conn *conn, struct kc_error *err);
/* Takes the answer to it; may begin the next phase. */
int wire_setup_answer(struct wire_conn *conn, const struct wire_response *resp, struct kc_error *err);
/* Starts another SASL exchange on a connection that is in use; nothing may be in flight. */
int wire_setup_reauthenticate(struct wire_conn *conn, struct kc_error *err);

#endif
