/* See admin_call.h. */
#include "connectors/mirror/admin_call.h"

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

enum { SLICE_MS = 100, LONGEST_MS = 3600 * 1000 };

static bool flag_set(const void *arg) {
    return atomic_load((const atomic_bool *)arg);
}

struct stop_check stop_on(const atomic_bool *flag) {
    return (struct stop_check){.stopping = flag_set, .arg = flag};
}

static bool stopped(const struct admin_call *call) {
    return call->stop.stopping && call->stop.stopping(call->stop.arg);
}

void admin_call_begin(struct admin_call *call, rd_kafka_t *rk, rd_kafka_admin_op_t op, int64_t timeout_ms,
                      struct stop_check stop) {
    char ignored[128];
    int limit = timeout_ms < 1 ? 1 : timeout_ms > LONGEST_MS ? LONGEST_MS : (int)timeout_ms;
    *call = (struct admin_call){.rk = rk,
                                .options = rd_kafka_AdminOptions_new(rk, op),
                                .queue = rd_kafka_queue_new(rk),
                                .deadline_ms = clock_after_ms(limit),
                                .stop = stop};
    rd_kafka_AdminOptions_set_request_timeout(call->options, limit, ignored, sizeof ignored);
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS || op == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
        rd_kafka_AdminOptions_set_operation_timeout(call->options, limit, ignored, sizeof ignored);
}

int admin_call_any_broker(struct admin_call *call, struct kc_error *err) {
    const struct rd_kafka_metadata *md;
    char ignored[128];
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (!stopped(call) && clock_ms() < call->deadline_ms) {
        code = rd_kafka_metadata(call->rk, 0, NULL, &md, 1000);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            int32_t id = md->orig_broker_id >= 0 ? md->orig_broker_id : md->broker_cnt > 0 ? md->brokers[0].id : -1;
            rd_kafka_metadata_destroy(md);
            if (id >= 0)
                rd_kafka_AdminOptions_set_broker(call->options, id, ignored, sizeof ignored);
            return 0;
        }
        rd_kafka_poll(call->rk, 0);
        if (client_refused(call->rk, err) < 0)
            return -1;
        clock_sleep_ms(SLICE_MS); /* it fails at once while no broker is known */
    }
    return client_error(err, code, "No broker answers");
}

static void drop_event(struct admin_call *call) {
    if (call->event)
        rd_kafka_event_destroy(call->event);
    call->event = NULL;
}

rd_kafka_event_t *admin_call_wait(struct admin_call *call, struct kc_error *err) {
    drop_event(call);
    while (!(call->event = rd_kafka_queue_poll(call->queue, SLICE_MS))) {
        rd_kafka_poll(call->rk, 0);
        if (stopped(call)) {
            err_set(err, ERR_STOPPING, "The request was given up");
            return NULL;
        }
        if (client_refused(call->rk, err) < 0)
            return NULL;
        if (clock_ms() >= call->deadline_ms + 1000) { /* librdkafka itself answers when the time is over */
            client_error(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "No answer from the brokers");
            return NULL;
        }
    }
    rd_kafka_resp_err_t code = rd_kafka_event_error(call->event);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return call->event;
    client_error(err, code, "%s", rd_kafka_event_error_string(call->event));
    return NULL;
}

void admin_call_end(struct admin_call *call) {
    drop_event(call);
    rd_kafka_queue_destroy(call->queue);
    rd_kafka_AdminOptions_destroy(call->options);
}
