/* Retry, skip or fail one record; see tolerance.h. */
#include "connect/task/tolerance.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"

enum { FIRST_DELAY_MS = 300, WHERE_MAX = 512 };

static const char *const stage_names[] = {
    [STAGE_TRANSFORMATION] = "TRANSFORMATION",
    [STAGE_KEY_CONVERTER] = "KEY_CONVERTER",
    [STAGE_VALUE_CONVERTER] = "VALUE_CONVERTER",
    [STAGE_HEADER_CONVERTER] = "HEADER_CONVERTER",
    [STAGE_TASK_PUT] = "TASK_PUT",
    [STAGE_KAFKA_PRODUCE] = "KAFKA_PRODUCE",
};

const char *error_stage_name(enum error_stage stage) {
    return stage_names[stage];
}

int64_t tolerance_backoff_ms(unsigned attempt, int64_t delay_max_ms, int64_t left_ms) {
    int64_t delay = attempt < 40 ? (int64_t)FIRST_DELAY_MS << attempt : INT64_MAX;
    if (delay > delay_max_ms) {
        static _Thread_local unsigned seed;
        if (!seed)
            seed = (unsigned)clock_ms() | 1u;
        delay = delay_max_ms > 0 ? rand_r(&seed) % delay_max_ms : 0;
    }
    return left_ms >= 0 && delay > left_ms ? left_ms : delay;
}

void tolerance_begin(struct tolerance *tol) {
    tol->retrying = false;
    tol->cut = false;
}

enum retry { RETRY_AGAIN, RETRY_OVER, RETRY_STOPPED };

/* A retriable failure: waits when the record is to be tried again. */
static enum retry retry(struct tolerance *tol, uint32_t index, enum error_stage stage, const char *class_name) {
    int64_t now = clock_ms();
    if (!tol->retrying || tol->index != index || tol->stage != stage || tol->class_name != class_name) {
        tol->retrying = true;
        tol->index = index;
        tol->stage = stage;
        tol->class_name = class_name;
        tol->attempts = 0;
        tol->deadline_ms = tol->retry_timeout_ms < 0 ? INT64_MAX : clock_add_ms(now, tol->retry_timeout_ms);
    }
    if (now >= tol->deadline_ms)
        return RETRY_OVER;
    int64_t left = tol->deadline_ms == INT64_MAX ? -1 : tol->deadline_ms - now;
    error_counts_add(&tol->counts, COUNT_RETRIES);
    bool go_on = tol->wait(tol->arg, tolerance_backoff_ms(tol->attempts++, tol->retry_delay_max_ms, left));
    return go_on ? RETRY_AGAIN : RETRY_STOPPED;
}

static bool is_retriable(const struct kc_error *err) {
    return err->retriable && strcmp(err->exception, KC_RETRIABLE_EXCEPTION) == 0;
}

/* The record failed for good: its last attempt and itself. */
static void count_error(struct tolerance *tol) {
    error_counts_add(&tol->counts, COUNT_RECORD_FAILURES);
    error_counts_add(&tol->counts, COUNT_RECORD_ERRORS);
    error_counts_record_failed(&tol->counts);
}

void tolerance_count_failed(struct tolerance *tol) {
    error_counts_add(&tol->counts, COUNT_RECORD_FAILURES);
    if (!tol->all)
        error_counts_add(&tol->counts, COUNT_RECORD_ERRORS);
    error_counts_record_failed(&tol->counts);
}

void tolerance_failed(struct tolerance *tol, struct kc_batch *batch, uint32_t index, enum error_stage stage,
                      const char *class_name, const struct kc_error *err) {
    enum retry verdict = is_retriable(err) ? retry(tol, index, stage, class_name) : RETRY_OVER;
    if (verdict != RETRY_OVER)
        error_counts_add(&tol->counts, COUNT_RECORD_FAILURES);
    if (verdict == RETRY_AGAIN)
        return;
    tol->retrying = false;
    if (verdict == RETRY_OVER && tol->all) {
        struct failure failure = {stage, class_name, err};
        count_error(tol);
        error_counts_add(&tol->counts, COUNT_RECORDS_SKIPPED);
        tol->report(tol->arg, batch, index, &failure);
        batch->records[index].dropped = true;
        return;
    }
    /* Reported in tolerance_end: an earlier record may yet fail in a later stage, and then that is the one. */
    batch->count = index;
    tol->cut = true;
    tol->cut_by_stop = verdict == RETRY_STOPPED;
    tol->cut_index = index;
    tol->cut_stage = stage;
    tol->cut_class = class_name;
    tol->cut_err = *err;
}

int tolerance_end(struct tolerance *tol, const struct kc_batch *batch, struct kc_error *err) {
    if (!tol->cut)
        return 0;
    tol->cut = false;
    if (tol->cut_by_stop)
        return 0;
    count_error(tol);
    struct failure failure = {tol->cut_stage, tol->cut_class, &tol->cut_err};
    tol->report(tol->arg, batch, tol->cut_index, &failure);
    *err = tol->cut_err;
    char where[WHERE_MAX];
    tol->where(tol->arg, batch, tol->cut_index, where, sizeof where);
    size_t room = sizeof err->text - strlen(where) - sizeof " ()";
    if (strlen(err->text) > room) {
        while (room && ((unsigned char)err->text[room] & 0xC0) == 0x80) /* not within a character */
            room--;
        err->text[room] = '\0';
    }
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, " (%s)", where);
    return err_wrap(err, KC_CONNECT_EXCEPTION, "Tolerance exceeded in error handler");
}
