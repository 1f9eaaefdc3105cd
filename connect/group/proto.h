/* What the members of a worker group tell each other: subscription (in JoinGroup) and assignment (in SyncGroup), as
 * bytes and as plain structs. Versions 0 (eager), 1 (compatible), 2 (sessioned). No threads, no I/O.
 * @source Java: ConnectProtocol, IncrementalCooperativeConnectProtocol, ExtendedAssignment */
#ifndef CONNECT_GROUP_PROTO_H
#define CONNECT_GROUP_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/group/work.h"
#include "connect/plugin.h"

/* connect.protocol; the number is the version field of the bytes. */
enum group_protocol { GROUP_EAGER, GROUP_COMPATIBLE, GROUP_SESSIONED };

/* "default", "compatible", "sessioned": the names in JoinGroup. */
const char *group_protocol_name(enum group_protocol protocol);
/* The protocol of a JoinGroup name of `len` bytes; -1 when there is none of that name. */
int group_protocol_parse(const char *name, size_t len, enum group_protocol *ret_protocol);

enum { ASSIGNMENT_OK = 0, ASSIGNMENT_CONFIG_MISMATCH = 1 };

/* What a member is to run. On the wire of versions 1 and 2 a SyncGroup answer carries only what is new; the member
 * merges it, so that the herder always sees everything in `work`. */
struct assignment {
    int16_t version; /* enum group_protocol: of the bytes; for the herder: the protocol in force */
    int16_t error;   /* ASSIGNMENT_… */
    char *leader;    /* member id */
    char *leader_url;
    int64_t offset;      /* of the config log it was computed from */
    struct work work;    /* what to run */
    struct work revoked; /* what to stop; empty in version 0 */
    int32_t delay_ms;    /* > 0: rejoin after this time */

    /* Not on the wire; set by the member for the herder. */
    char *member_id;   /* own: leader if equal to `leader` */
    struct work added; /* the part of `work` that is new with this generation */
};

struct assignment *assignment_new(void); /* empty, version 0, offset -1 */
struct assignment *assignment_free(struct assignment *asg);
struct assignment *assignment_clone(const struct assignment *asg);
bool assignment_is_leader(const struct assignment *asg);

/* Appends the bytes of `version`, which decides the fields that are written. 0, or -1 when `out` is full or a text is
 * longer than 32767 bytes. */
int assignment_encode(struct buf *out, const struct assignment *asg, int16_t version);
/* @errors ERR_BAD_DATA (names what is wrong with the bytes) */
struct assignment *assignment_decode(const void *data, size_t len, struct kc_error *err);

/* What a worker tells when it joins. */
struct subscription {
    int16_t version;
    char *url;
    int64_t offset;                /* of the config log that it has read */
    struct assignment *allocation; /* what it runs, NULL when nothing was ever assigned */
};

struct subscription *subscription_free(struct subscription *sub);
/* `allocation` may be NULL and is written by versions 1 and 2 only. */
int subscription_encode(struct buf *out, int16_t version, const char *url, int64_t offset,
                        const struct assignment *allocation);
struct subscription *subscription_decode(const void *data, size_t len, struct kc_error *err);

AUTO_FREE(assignment, struct assignment, assignment_free)
AUTO_FREE(subscription, struct subscription, subscription_free)

#endif
