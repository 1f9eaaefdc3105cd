/* When offset syncs are due and what they translate, against the answers of Kafka's classes. */
#include "connectors/mirror/offset_sync.h"

#include <string.h>

#include "tests/support/suite.h"

static int seen;

static int64_t at(const cJSON *array, int i) {
    const cJSON *n = cJSON_GetArrayItem(array, i);
    ck_assert(cJSON_IsNumber(n));
    return n->valuestring ? strtoll(n->valuestring, NULL, 10) : (int64_t)n->valuedouble;
}

static bool is_kind(const cJSON *v, const char *kind) {
    return strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(v, "kind")), kind) == 0;
}

static void add_all(struct sync_store *store, const cJSON *syncs) {
    const cJSON *sync;
    cJSON_ArrayForEach(sync, syncs) sync_store_add(store, "t", 0, at(sync, 0), at(sync, 1));
}

static void check_slots(const struct sync_slots *s, const cJSON *want, const char *name) {
    int changes = 0;
    for (int i = 0; i < SYNC_SLOTS; i++) {
        if (i > 0 && s->slots[i].number == s->slots[i - 1].number)
            continue;
        const cJSON *slot = cJSON_GetArrayItem(want, changes++);
        ck_assert_msg(
            slot && at(slot, 0) == i && at(slot, 1) == s->slots[i].upstream && at(slot, 2) == s->slots[i].downstream,
            "%s: slot %d is %lld:%lld", name, i, (long long)s->slots[i].upstream, (long long)s->slots[i].downstream);
    }
    ck_assert_msg(changes == cJSON_GetArraySize(want), "%s: %d different slots", name, changes);
}

static void translate(const cJSON *v, void *arg) {
    const cJSON *answer;
    (void)arg;
    if (!is_kind(v, "translate"))
        return;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(v, "name"));
    struct sync_store *store = sync_store_new();
    sync_store_begin(store, cJSON_IsTrue(cJSON_GetObjectItem(v, "must_read_to_end")));
    add_all(store, cJSON_GetObjectItem(v, "initial"));
    sync_store_read_to_end(store);
    add_all(store, cJSON_GetObjectItem(v, "later"));
    const struct sync_slots *slots = sync_store_slots(store, "t", 0);
    const cJSON *want = cJSON_GetObjectItem(v, "slots");
    if (slots)
        check_slots(slots, want, name);
    else
        ck_assert_msg(cJSON_GetArraySize(want) == 0, "%s: nothing was kept", name);
    cJSON_ArrayForEach(answer, cJSON_GetObjectItem(v, "answers")) {
        int64_t got = -2;
        bool known = sync_store_translate(store, "t", 0, at(answer, 0), &got);
        const cJSON *right = cJSON_GetArrayItem(answer, 1);
        if (cJSON_IsNull(right))
            ck_assert_msg(!known, "%s: %lld", name, (long long)at(answer, 0));
        else
            ck_assert_msg(known && got == at(answer, 1), "%s: %lld is %lld, not %lld", name, (long long)at(answer, 0),
                          (long long)got, (long long)at(answer, 1));
    }
    ck_assert(!sync_store_translate(store, "t", 1, 0, &(int64_t){0}));
    sync_store_free(store);
    seen++;
}

START_TEST(test_translate) {
    golden_each("mirror.jsonl", NULL, translate, NULL);
    ck_assert_int_eq(seen, 89);
}
END_TEST

static void unstarted(const cJSON *v, void *arg) {
    int64_t got;
    (void)arg;
    if (!is_kind(v, "translate-unstarted"))
        return;
    struct sync_store *store = sync_store_new();
    add_all(store, cJSON_GetObjectItem(v, "syncs"));
    ck_assert(!sync_store_translate(store, "t", 0, 0, &got));
    sync_store_free(store);
    seen++;
}

START_TEST(test_not_before_the_end) {
    golden_each("mirror.jsonl", NULL, unstarted, NULL);
    ck_assert_int_eq(seen, 1);
}
END_TEST

static void due(const cJSON *v, void *arg) {
    struct sync_state state = SYNC_STATE_INIT;
    const cJSON *ack;
    (void)arg;
    if (!is_kind(v, "sync-due"))
        return;
    const cJSON *lag = cJSON_GetObjectItem(v, "offset_lag_max");
    int64_t lag_max = lag->valuestring ? strtoll(lag->valuestring, NULL, 10) : (int64_t)lag->valuedouble;
    cJSON_ArrayForEach(ack, cJSON_GetObjectItem(v, "acks"))
        ck_assert_msg(sync_due(&state, lag_max, at(ack, 0), at(ack, 1)) == (at(ack, 2) == 1), "lag %lld: %lld %lld",
                      (long long)lag_max, (long long)at(ack, 0), (long long)at(ack, 1));
    seen++;
}

START_TEST(test_due) {
    golden_each("mirror.jsonl", NULL, due, NULL);
    ck_assert_int_eq(seen, 21);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror offset syncs");
    TCase *tc = tcase_create("golden");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_translate);
    tcase_add_test(tc, test_not_before_the_end);
    tcase_add_test(tc, test_due);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
