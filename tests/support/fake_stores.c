#include "tests/support/fake_stores.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/store/offset_store.h"
#include "connect/store/status_store.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buf states;
    char last[32];
    char *trace;
    int32_t generation;
    struct map *topics;
    struct kc_config *offsets;
    bool fail;
    int writes;
    char shown[8192];
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void fake_stores_init(void) {
    fake_stores_done();
    buf_init(&fake.states, 64 * 1024);
    fake.topics = map_new(NULL);
    fake.offsets = kc_config_new();
}

void fake_stores_done(void) {
    buf_done(&fake.states);
    free(fake.trace);
    fake.trace = NULL;
    fake.topics = map_free(fake.topics);
    fake.offsets = kc_config_free(fake.offsets);
    fake.last[0] = 0;
    fake.fail = false;
    fake.writes = 0;
}

static const char *show(const char *text) {
    if (!text)
        return NULL;
    strncpy(fake.shown, text, sizeof fake.shown - 1);
    return fake.shown;
}

const char *fake_statuses(void) {
    pthread_mutex_lock(&fake.lock);
    const char *text = show(buf_text(&fake.states));
    pthread_mutex_unlock(&fake.lock);
    return text;
}

bool fake_status_is(const char *state) {
    pthread_mutex_lock(&fake.lock);
    bool is = strcmp(fake.last, state) == 0;
    pthread_mutex_unlock(&fake.lock);
    return is;
}

bool fake_status_wait(const char *state, int64_t timeout_ms) {
    for (int64_t deadline = clock_ms() + timeout_ms; !fake_status_is(state); clock_sleep_ms(5))
        if (clock_ms() > deadline)
            return false;
    return true;
}

const char *fake_trace(void) {
    pthread_mutex_lock(&fake.lock);
    const char *text = show(fake.trace ? fake.trace : "");
    pthread_mutex_unlock(&fake.lock);
    return text;
}

int32_t fake_generation(void) {
    pthread_mutex_lock(&fake.lock);
    int32_t generation = fake.generation;
    pthread_mutex_unlock(&fake.lock);
    return generation;
}

bool fake_topic_noted(const char *topic) {
    pthread_mutex_lock(&fake.lock);
    bool noted = map_has(fake.topics, topic);
    pthread_mutex_unlock(&fake.lock);
    return noted;
}

const char *fake_offset(const char *key) {
    pthread_mutex_lock(&fake.lock);
    const char *text = show(kc_config_get(fake.offsets, key));
    pthread_mutex_unlock(&fake.lock);
    return text;
}

bool fake_offset_wait(const char *key, const char *value, int64_t timeout_ms) {
    for (int64_t deadline = clock_ms() + timeout_ms;; clock_sleep_ms(5)) {
        const char *now = fake_offset(key);
        if (now && strcmp(now, value) == 0)
            return true;
        if (clock_ms() > deadline)
            return false;
    }
}

void fake_offset_put(const char *key, const char *value) {
    pthread_mutex_lock(&fake.lock);
    kc_config_set(fake.offsets, key, value);
    pthread_mutex_unlock(&fake.lock);
}

void fake_offsets_fail(bool fail) {
    pthread_mutex_lock(&fake.lock);
    fake.fail = fail;
    pthread_mutex_unlock(&fake.lock);
}

int fake_offset_writes(void) {
    pthread_mutex_lock(&fake.lock);
    int writes = fake.writes;
    pthread_mutex_unlock(&fake.lock);
    return writes;
}

/* ---- In the place of connect/store/status_store.c ---- */

void status_store_put(struct status_store *s, const struct status *status, bool safe) {
    (void)s, (void)safe;
    pthread_mutex_lock(&fake.lock);
    buf_printf(&fake.states, "%s%s", fake.states.len ? "," : "", state_name(status->state));
    strncpy(fake.last, state_name(status->state), sizeof fake.last - 1);
    fake.generation = status->generation;
    if (status->trace) {
        free(fake.trace);
        fake.trace = strdup(status->trace);
    }
    pthread_mutex_unlock(&fake.lock);
}

const char *state_name(enum state s) {
    static const char *const names[] = {"UNASSIGNED", "RUNNING",    "PAUSED", "FAILED",
                                        "DESTROYED",  "RESTARTING", "STOPPED"};
    return names[s];
}

void status_store_note_topic(struct status_store *s, const char *topic, const char *connector, int task) {
    (void)s, (void)connector, (void)task;
    pthread_mutex_lock(&fake.lock);
    map_put(fake.topics, topic, &fake);
    pthread_mutex_unlock(&fake.lock);
}

/* ---- In the place of connect/store/offset_store.c ---- */

char *offset_store_key(struct offset_store *s, const char *connector, const struct kc_value *partition, size_t *ret_len,
                       struct kc_error *err) {
    (void)s;
    if (partition->tag != KC_V_MAP && partition->tag != KC_V_NULL) {
        kc_fail(err, KC_DATA_EXCEPTION, "Offsets must be specified as a Map");
        return NULL;
    }
    AUTO(arena) arena = arena_new(0);
    struct buf b;
    size_t len;
    buf_init(&b, 64 * 1024);
    buf_printf(&b, "[\"%s\",%s]", connector, kc_value_to_json(arena, partition, &len));
    *ret_len = b.len;
    return buf_take(&b);
}

int offset_store_get(struct offset_store *s, const char *connector, const struct kc_value *partition,
                     int64_t timeout_ms, struct kc_arena *arena, struct kc_value *ret_offset, struct kc_error *err) {
    (void)timeout_ms;
    size_t len;
    AUTO_TEXT key = offset_store_key(s, connector, partition, &len, err);
    if (!key)
        return -1;
    const char *value = fake_offset(key);
    *ret_offset = kc_null();
    if (!value)
        return 0;
    if (kc_value_from_json(arena, kc_arena_strdup(arena, value), strlen(value), ret_offset, err) < 0)
        return -1;
    *ret_offset = kc_json_expand(arena, *ret_offset);
    return 0;
}

int offset_store_set(struct offset_store *s, const struct offset_entry *entries, size_t count, int64_t timeout_ms,
                     struct kc_error *err) {
    (void)s, (void)timeout_ms;
    pthread_mutex_lock(&fake.lock);
    bool fail = fake.fail;
    for (size_t i = 0; !fail && i < count; i++) {
        AUTO_TEXT key = strndup(entries[i].key, entries[i].key_len);
        AUTO_TEXT value = entries[i].value ? strndup(entries[i].value, entries[i].value_len) : NULL;
        kc_config_set(fake.offsets, key, value);
    }
    fake.writes += !fail;
    pthread_mutex_unlock(&fake.lock);
    return fail ? err_set(err, ERR_TIMEOUT, "the offset topic does not answer") : 0;
}

struct offset_store *offset_store_new_topic(const struct worker_conf *conf, const char *topic,
                                            const struct kc_config *client) {
    (void)conf, (void)topic, (void)client;
    return (struct offset_store *)&fake;
}

int offset_store_start(struct offset_store *s, struct kc_error *err) {
    (void)s, (void)err;
    return 0;
}

const char *offset_store_topic(const struct offset_store *s) {
    (void)s;
    return "offsets";
}

/* The records are the transaction's; the entries count at once. */
int offset_store_produce(struct offset_store *s, rd_kafka_t *rk, const struct offset_entry *entries, size_t count,
                         struct kc_error *err) {
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_producev(
            rk, RD_KAFKA_V_TOPIC("offsets"), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(entries[i].key, entries[i].key_len),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)entries[i].value, entries[i].value_len), RD_KAFKA_V_END);
        if (code)
            return err_set(err, ERR_KAFKA, "%s", rd_kafka_err2str(code));
    }
    return offset_store_set(s, entries, count, 0, err);
}

struct offset_store *offset_store_free(struct offset_store *s) {
    (void)s;
    return NULL;
}
