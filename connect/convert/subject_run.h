/* The topic and schema id of the last message: records come in runs, and whoever keeps what belongs to the last pair
 * needs no look-up for the next. One thread. */
#ifndef CONNECT_CONVERT_SUBJECT_RUN_H
#define CONNECT_CONVERT_SUBJECT_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct subject_run {
    char *topic; /* NULL: none yet */
    int32_t id;
};

static inline bool subject_run_is(const struct subject_run *run, const char *topic, int32_t id) {
    return run->topic && run->id == id && strcmp(run->topic, topic) == 0;
}

static inline void subject_run_clear(struct subject_run *run) {
    free(run->topic);
    run->topic = NULL;
}

static inline void subject_run_set(struct subject_run *run, const char *topic, int32_t id) {
    if (!run->topic || strcmp(run->topic, topic) != 0) {
        subject_run_clear(run);
        run->topic = strdup(topic);
    }
    run->id = id;
}

static inline void subject_run_done(struct subject_run *run) {
    subject_run_clear(run);
}

#endif
