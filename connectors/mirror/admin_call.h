/* One request of librdkafka's admin interface, with a queue of its own, that can be given up while it waits.
 *
 *     struct admin_call call;
 *     admin_call_begin(&call, rk, RD_KAFKA_ADMIN_OP_…, timeout_ms, stop);
 *     rd_kafka_…(rk, …, call.options, call.queue);
 *     rd_kafka_event_t *event = admin_call_wait(&call, err);     … until admin_call_end
 *     admin_call_end(&call);
 */
#ifndef CONNECTORS_MIRROR_ADMIN_CALL_H
#define CONNECTORS_MIRROR_ADMIN_CALL_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "connect/plugin.h"

/* Ends waiting early. @thread that of the call */
struct stop_check {
    bool (*stopping)(const void *arg);
    const void *arg;
};
struct stop_check stop_on(const atomic_bool *flag);

struct admin_call {
    rd_kafka_t *rk;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    int64_t deadline_ms;
    struct stop_check stop;
};

void admin_call_begin(struct admin_call *call, rd_kafka_t *rk, rd_kafka_admin_op_t op, int64_t timeout_ms,
                      struct stop_check stop);
/* Lets a request that any broker can answer go to one, instead of to the controller as librdkafka would. */
int admin_call_any_broker(struct admin_call *call, struct kc_error *err) KC_CHECKED;
/* The next answer, until the next call or the end; NULL: none in time, or the request as a whole failed.
 * @blocks up to the time-out */
rd_kafka_event_t *admin_call_wait(struct admin_call *call, struct kc_error *err);
void admin_call_end(struct admin_call *call);

#endif
