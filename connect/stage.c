/* The herder's current stage behind a lock; see stage.h. */
#include "connect/stage.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "connect/base/clock.h"

enum { STAGE_TEXT = 512 };

struct stage {
    pthread_mutex_t lock;
    char text[STAGE_TEXT];
    int64_t began_ms, ended_ms; /* wall clock; ended 0: still running */
};

struct stage *stage_new(void) {
    struct stage *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    stage_begin(s, "awaiting startup");
    return s;
}

struct stage *stage_free(struct stage *s) {
    if (s) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
    return NULL;
}

void stage_begin(struct stage *s, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&s->lock);
    vsnprintf(s->text, sizeof(s->text), fmt, ap);
    s->began_ms = clock_wall_ms();
    s->ended_ms = 0;
    pthread_mutex_unlock(&s->lock);
    va_end(ap);
}

void stage_end(struct stage *s) {
    pthread_mutex_lock(&s->lock);
    if (!s->ended_ms)
        s->ended_ms = clock_wall_ms();
    pthread_mutex_unlock(&s->lock);
}

void stage_instant(int64_t wall_ms, char *out, size_t size) {
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char whole[32];
    gmtime_r(&seconds, &tm);
    strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
    int ms = (int)(wall_ms % 1000);
    if (ms)
        snprintf(out, size, "%s.%03dZ", whole, ms);
    else
        snprintf(out, size, "%sZ", whole);
}

char *stage_summary(struct stage *s) {
    char began[32], ended[32], *text = NULL;
    int n;
    pthread_mutex_lock(&s->lock);
    stage_instant(s->began_ms, began, sizeof(began));
    if (s->ended_ms) {
        stage_instant(s->ended_ms, ended, sizeof(ended));
        n = asprintf(&text, "The last operation the worker completed was %s, which began at %s and completed at %s.",
                     s->text, began, ended);
    } else {
        n = asprintf(&text, "The worker is currently %s, which began at %s.", s->text, began);
    }
    pthread_mutex_unlock(&s->lock);
    if (n < 0)
        abort();
    return text;
}
