/* Config topic: captured records byte for byte, parsing of bad ones, and the replay vectors of the reader. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/json.h"
#include "connect/store/config_picture.h"
#include "tests/support/hex.h"

/* ---- Captured records ---- */

static size_t reencoded;

static void check_record(const cJSON *vector, void *arg) {
    const char *scenario = arg;
    const char *kind = json_get_text(vector, "kind"), *store = json_get_text(vector, "store");
    if (strcmp(kind, "record") != 0 || strcmp(store, "config") != 0 ||
        (scenario && strcmp(json_get_text(vector, "scenario"), scenario) != 0))
        return;
    AUTO_BUF key, value, out;
    buf_init(&key, 1 << 20);
    buf_init(&value, 1 << 20);
    buf_init(&out, 1 << 20);
    const char *value_hex = json_get_text(vector, "value_hex"), *key_text = json_get_text(vector, "key");
    hex_add(&key, json_get_text(vector, "key_hex"));
    if (value_hex)
        hex_add(&value, value_hex);
    struct config_record r;
    struct kc_error err = {0};
    ck_assert_msg(config_record_parse(key.data, key.len, value_hex ? value.data : NULL, value.len, &r, &err) == 0, "%s",
                  err.text);
    ck_assert_msg(!r.malformed, "%s: %s", key_text, r.why);
    ck_assert_int_ne(r.kind, CONFIG_OTHER);
    ck_assert_int_eq(r.tombstone, value_hex == NULL);
    int rc = 0;
    if (r.tombstone)
        ;
    else if (r.kind == CONFIG_CONNECTOR || r.kind == CONFIG_TASK)
        rc = config_encode_properties(&out, r.properties);
    else if (r.kind == CONFIG_COMMIT)
        rc = config_encode_commit(&out, r.count);
    else if (r.kind == CONFIG_TARGET_STATE)
        rc = config_encode_target(&out, r.target);
    else if (r.kind == CONFIG_SESSION_KEY)
        rc = config_encode_session_key(&out, &r.session_key);
    else if (r.kind == CONFIG_RESTART)
        rc = config_encode_restart(&out, r.only_failed, r.include_tasks);
    else if (r.kind == CONFIG_LOGGER)
        rc = config_encode_level(&out, r.level);
    ck_assert_int_eq(rc, 0);
    if (out.len > 0) {
        hex_assert_eq(out.data, out.len, value_hex);
        reencoded++;
    }
    config_record_done(&r);
}

START_TEST(captured_records) {
    reencoded = 0;
    ck_assert_int_gt(golden_each("cluster.jsonl", NULL, check_record, NULL), 100);
    ck_assert_uint_ge(reencoded, 55);
}
END_TEST

/* ---- Parsing ---- */

static const struct {
    const char *key, *value;
    enum config_kind kind;
    const char *name; /* NULL: not checked */
    int task;
    bool malformed;
} parses[] = {
    {"task-a-b-0", "{\"properties\":{}}", CONFIG_TASK, "a-b", 0, false},
    {"task-a--1", "{\"properties\":{}}", CONFIG_TASK, "a-", 1, false},
    {"task-a-07", "{\"properties\":{\"x\":null}}", CONFIG_TASK, "a", 7, false},
    {"task-a-1-", "{\"properties\":{}}", CONFIG_TASK, "a", 1, false},
    {"task-a", "{\"properties\":{}}", CONFIG_OTHER, NULL, 0, false},
    {"task-a-x", "{\"properties\":{}}", CONFIG_OTHER, NULL, 0, false},
    {"task-a-99999999999", "{\"properties\":{}}", CONFIG_OTHER, NULL, 0, false},
    {"connector-task-x-1", "{\"properties\":{\"a\":\"b\"}}", CONFIG_CONNECTOR, "task-x-1", 0, false},
    {"connector-c", "{\"properties\":{\"a\":1,\"b\":true}}", CONFIG_CONNECTOR, "c", 0, false},
    {"connector-c", "{\"properties\":{\"a\":{}}}", CONFIG_CONNECTOR, "c", 0, true},
    {"connector-c", "{\"properties\":[]}", CONFIG_CONNECTOR, "c", 0, true},
    {"connector-c", "7", CONFIG_CONNECTOR, "c", 0, true},
    {"target-state-c", "{\"state\":\"PAUSED\"}", CONFIG_TARGET_STATE, "c", 0, false},
    {"target-state-c", "{\"state\":\"PAUSED\",\"state.v2\":7}", CONFIG_TARGET_STATE, "c", 0, false},
    {"target-state-c", "{\"state\":\"GONE\"}", CONFIG_TARGET_STATE, "c", 0, true},
    {"target-state-c", "{}", CONFIG_TARGET_STATE, "c", 0, true},
    {"commit-c", "{\"tasks\":\"2\"}", CONFIG_COMMIT, "c", 0, true},
    {"commit-c", "{\"tasks\":2}", CONFIG_COMMIT, "c", 0, false},
    {"commit-c", "{\"tasks\":1e40}", CONFIG_COMMIT, "c", 0, true},
    {"session-key", "{\"key\":\"@@@@\",\"algorithm\":\"x\",\"creation-timestamp\":1}", CONFIG_SESSION_KEY, NULL, 0,
     true},
    {"session-key", "{\"key\":\"AAECAw==\",\"algorithm\":\"x\",\"creation-timestamp\":\"1\"}", CONFIG_SESSION_KEY, NULL,
     0, true},
    {"session-key2", "{}", CONFIG_OTHER, NULL, 0, false},
    {"logger-cluster-a.b", "{\"level\":\"DEBUG\"}", CONFIG_LOGGER, "a.b", 0, false},
    {"logger-cluster-a.b", "{}", CONFIG_LOGGER, "a.b", 0, true},
    {"restart-connector-c", "{\"only-failed\":\"x\",\"include-tasks\":true}", CONFIG_RESTART, "c", 0, false},
    {"whatever", "[]", CONFIG_OTHER, NULL, 0, false},
    {"", "{}", CONFIG_OTHER, NULL, 0, false},
};

START_TEST(parsing) {
    struct config_record r;
    struct kc_error err = {0};
    const char *value = parses[_i].value;
    ck_assert_msg(config_record_parse(parses[_i].key, strlen(parses[_i].key), value, strlen(value), &r, &err) == 0,
                  "%s", err.text);
    ck_assert_int_eq(r.kind, parses[_i].kind);
    ck_assert_int_eq(r.malformed, parses[_i].malformed);
    if (parses[_i].name)
        ck_assert_str_eq(r.name, parses[_i].name);
    if (r.kind == CONFIG_TASK)
        ck_assert_int_eq(r.task, parses[_i].task);
    config_record_done(&r);
}
END_TEST

START_TEST(values) {
    struct config_record r;
    struct kc_error err = {0};
    ck_assert_int_lt(config_record_parse("commit-c", 8, "{\"tasks\":", 9, &r, &err), 0);
    ck_assert_int_lt(config_record_parse("x", 1, "\xff", 1, &r, &err), 0);
    static const char *const nulls[] = {NULL, "", "null"};
    for (size_t i = 0; i < COUNT_OF(nulls); i++) {
        ck_assert_int_eq(config_record_parse("commit-c", 8, nulls[i], nulls[i] ? strlen(nulls[i]) : 0, &r, &err), 0);
        ck_assert(r.tombstone);
        config_record_done(&r);
    }
    ck_assert_int_eq(config_record_parse(NULL, 0, "{}", 2, &r, &err), 0);
    ck_assert_int_eq(r.kind, CONFIG_OTHER);
    config_record_done(&r);
    AUTO_BUF out;
    buf_init(&out, 4096);
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "e", "\xF0\x9F\x98\x80\n\"");
    kc_config_set(config, "n", NULL);
    ck_assert_int_eq(config_encode_properties(&out, config), 0);
    ck_assert_str_eq(buf_text(&out), "{\"properties\":{\"e\":\"\\uD83D\\uDE00\\n\\\"\",\"n\":null}}");
    buf_clear(&out);
    ck_assert_int_eq(config_encode_target(&out, TARGET_STOPPED), 0);
    ck_assert_str_eq(buf_text(&out), "{\"state\":\"PAUSED\",\"state.v2\":\"STOPPED\"}");
}
END_TEST

/* ---- Replay ----
 * A log in short: c connector, c' another configuration, c~ tombstone; tN task N, tN' another; k(n) commit; s(STATE)
 * target state, s~; f(n) tasks-fencing. All of connector X. */

static void feed(struct config_picture *p, const char *key, const char *value, int64_t offset) {
    struct config_record r;
    struct kc_error err = {0};
    ck_assert_int_eq(config_record_parse(key, strlen(key), value, value ? strlen(value) : 0, &r, &err), 0);
    config_picture_apply(p, &r, offset);
    config_record_done(&r);
}

static void feed_step(struct config_picture *p, const char *step, int64_t offset) {
    char key[64], value[128];
    bool tombstone = step[strlen(step) - 1] == '~', prime = step[strlen(step) - 1] == '\'';
    switch (step[0]) {
    case 'c':
        snprintf(key, sizeof(key), "connector-X");
        snprintf(value, sizeof(value), "{\"properties\":{\"v\":\"%s\"}}", prime ? "new" : "old");
        break;
    case 't':
        snprintf(key, sizeof(key), "task-X-%c", step[1]);
        snprintf(value, sizeof(value), "{\"properties\":{\"t\":\"%c%s\"}}", step[1], prime ? "new" : "old");
        break;
    case 'k':
        snprintf(key, sizeof(key), "commit-X");
        snprintf(value, sizeof(value), "{\"tasks\":%c}", step[2]);
        break;
    case 's':
        snprintf(key, sizeof(key), "target-state-X");
        snprintf(value, sizeof(value), "{\"state.v2\":\"%.*s\"}", tombstone ? 0 : (int)strlen(step) - 3, step + 2);
        break;
    case 'f':
        snprintf(key, sizeof(key), "tasks-fencing-X");
        snprintf(value, sizeof(value), "{\"task-count\":%c}", step[2]);
        break;
    default:
        ck_abort_msg("unknown step %s", step);
    }
    feed(p, key, tombstone ? NULL : value, offset);
}

static const struct {
    const char *log;
    bool exists;
    const char *tasks; /* "0old 1new" as listed */
    int count, assignable, generation;
    size_t deferred;
    bool inconsistent, pending;
    const char *target, *applied;
} replays[] = {
    {"c t0 t1 k(2)", true, "0old 1old", 2, 2, 0, 0, false, true, "STARTED", "old"},
    {"c t0 t1 k(2) t0' k(1)", true, "0new", 1, 1, 1, 0, false, true, "STARTED", "old"},
    {"c t0 t1 k(2) t0' t1'", true, "0old 1old", 2, 2, 0, 2, false, true, "STARTED", "old"},
    {"c k(2) t0' t1'", true, "", 2, 0, -1, 2, true, true, "STARTED", NULL},
    {"c k(2) t0' t1' k(2)", true, "0new 1new", 2, 2, 0, 0, false, true, "STARTED", "old"},
    {"t1 t2 c t0' k(1)", true, "0new", 1, 1, 0, 0, false, true, "STARTED", "old"},
    {"c t0 t1 k(2) c~", false, "", 0, 0, 0, 0, false, false, NULL, NULL},
    {"t0 t1 k(2)", false, "", 0, 0, 0, 0, false, false, NULL, NULL},
    {"t0 t1 k(2) c'", true, "", 0, 0, -1, 0, false, false, "STARTED", NULL},
    {"c k(0)", true, "", 0, 0, -1, 0, false, true, "STARTED", "old"},
    {"c t0 k(1) k(0)", true, "", 0, 0, 1, 0, false, true, "STARTED", "old"},
    {"c t0 k(1) c~ c k(0)", true, "", 0, 0, 0, 0, false, true, "STARTED", "old"},
    {"c t0 k(2) t1 k(2)", true, "", 2, 0, -1, 0, true, true, "STARTED", NULL},
    {"s(PAUSED) c", true, "", 0, 0, -1, 0, false, false, "PAUSED", NULL},
    {"s(STOPPED) c~ s~ c", true, "", 0, 0, -1, 0, false, false, "STARTED", NULL},
    {"c s(STOPPED) s~", true, "", 0, 0, -1, 0, false, false, "STARTED", NULL},
    {"s(STOPPED) c~ c", true, "", 0, 0, -1, 0, false, false, "STOPPED", NULL},
    {"c s(PAUSED) s(NONSENSE)", true, "", 0, 0, -1, 0, false, false, "PAUSED", NULL},
    {"c t0 k(1) f(1)", true, "0old", 1, 1, 0, 0, false, false, "STARTED", "old"},
    {"c t0 k(1) c'", true, "0old", 1, 1, 0, 0, false, true, "STARTED", "old"},
    {"c t0 k(1) c' t0 k(1)", true, "0old", 1, 1, 1, 0, false, true, "STARTED", "new"},
    {"c t0 t1 t2 k(3) t0' k(1)", true, "0new", 1, 1, 1, 0, false, true, "STARTED", "old"},
    /* stale ones show again only with a complete commit that has them */
    {"c t0 t1 t2 k(3) t0' k(1) k(3)", true, "0new 1old 2old", 3, 0, 1, 0, true, true, "STARTED", "old"},
};

START_TEST(replay) {
    struct config_picture *p = config_picture_new();
    AUTO_TEXT log = strdup(replays[_i].log);
    char *save = NULL, listed[256] = "";
    int64_t offset = 0;
    for (char *step = strtok_r(log, " ", &save); step; step = strtok_r(NULL, " ", &save))
        feed_step(p, step, offset++);
    AUTO(snapshot) snap = config_picture_snapshot(p);
    ck_assert_int_eq(snap->offset, offset);
    const struct snapshot_connector *c = config_snapshot_find(snap, "X");
    ck_assert_msg((c != NULL) == replays[_i].exists, "%s", replays[_i].log);
    ck_assert_uint_eq(config_picture_deferred(p, "X"), replays[_i].deferred);
    if (c) {
        for (size_t i = 0; i < c->tasks_len; i++)
            snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed), "%s%s", i ? " " : "",
                     kc_config_get(c->tasks[i].config, "t"));
        ck_assert_msg(strcmp(listed, replays[_i].tasks) == 0, "%s: %s", replays[_i].log, listed);
        ck_assert_int_eq(c->task_count, replays[_i].count);
        ck_assert_int_eq(snapshot_assignable_tasks(c), replays[_i].assignable);
        ck_assert_msg(c->generation == replays[_i].generation, "%s: generation %d", replays[_i].log, c->generation);
        ck_assert_int_eq(c->inconsistent, replays[_i].inconsistent);
        ck_assert_int_eq(c->pending_fencing, replays[_i].pending);
        ck_assert_str_eq(target_state_name(c->target), replays[_i].target);
        if (replays[_i].applied)
            ck_assert_str_eq(kc_config_get(c->applied, "v"), replays[_i].applied);
        else
            ck_assert_ptr_null(c->applied);
    }
    config_picture_free(p);
}
END_TEST

/* Snapshots do not change, and outlive the picture. */
START_TEST(snapshots) {
    struct config_picture *p = config_picture_new();
    struct config_snapshot *empty = config_picture_snapshot(p);
    ck_assert_int_eq(empty->offset, -1);
    ck_assert_ptr_null(config_snapshot_find(empty, "X"));
    feed_step(p, "c", 5);
    struct config_snapshot *one = config_picture_snapshot(p), *same = config_picture_snapshot(p);
    ck_assert_ptr_eq(one, same);
    config_snapshot_unref(same);
    feed(p, "connector-A", "{\"properties\":{\"v\":\"a\"}}", 6);
    feed_step(p, "c~", 7);
    struct config_snapshot *two = config_picture_snapshot(p);
    config_picture_free(p);
    ck_assert_uint_eq(empty->count, 0);
    ck_assert_str_eq(kc_config_get(config_snapshot_find(one, "X")->config, "v"), "old");
    ck_assert_uint_eq(two->count, 1);
    ck_assert_str_eq(two->connectors[0].name, "A");
    ck_assert_int_eq(two->offset, 8);
    config_snapshot_unref(empty);
    config_snapshot_unref(one);
    config_snapshot_unref(two);
}
END_TEST

/* Unparsable records do not count for the offset, malformed and unknown ones do. */
START_TEST(offsets) {
    struct config_picture *p = config_picture_new();
    feed(p, "no such key", "{}", 3);
    AUTO(snapshot) a = config_picture_snapshot(p);
    ck_assert_int_eq(a->offset, 4);
    feed(p, "commit-X", "{\"tasks\":\"many\"}", 9);
    AUTO(snapshot) b = config_picture_snapshot(p);
    ck_assert_int_eq(b->offset, 10);
    config_picture_free(p);
}
END_TEST

/* ---- Captured logs ---- */

struct replayed {
    struct config_picture *p;
    const char *scenario;
    int64_t offset;
};

static void replay_record(const cJSON *vector, void *arg) {
    struct replayed *r = arg;
    int64_t offset = 0;
    if (strcmp(json_get_text(vector, "kind"), "record") != 0 || strcmp(json_get_text(vector, "store"), "config") != 0 ||
        strcmp(json_get_text(vector, "scenario"), r->scenario) != 0)
        return;
    json_get_int(vector, "offset", &offset);
    feed(r->p, json_get_text(vector, "key"), json_get_text(vector, "value"), offset);
    r->offset = offset + 1;
}

/* The captures are samples, like a compacted topic: tasks without their commit are not in force (c1), a commit without
 * all of its tasks leaves the connector inconsistent (bad-conn), one without its connector is forgotten (c1, es2). */
START_TEST(captured_logs) {
    static const struct {
        const char *scenario, *connectors;
    } cases[] = {{"life", "bad-conn:STARTED:0 fk:STARTED:1"},
                 {"cluster-sessioned", "c1:STARTED:0 c2:STARTED:0"},
                 {"cluster-eager", "c2:STARTED:1"},
                 {"exactly-once", ""}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct replayed r = {.p = config_picture_new(), .scenario = cases[i].scenario};
        golden_each("cluster.jsonl", NULL, replay_record, &r);
        AUTO(snapshot) snap = config_picture_snapshot(r.p);
        char text[512] = "";
        for (size_t k = 0; k < snap->count; k++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:%s:%d", k ? " " : "",
                     snap->connectors[k].name, target_state_name(snap->connectors[k].target),
                     snapshot_assignable_tasks(&snap->connectors[k]));
        ck_assert_int_eq(snap->offset, r.offset);
        ck_assert_msg(strcmp(text, cases[i].connectors) == 0, "%s: %s", cases[i].scenario, text);
        config_picture_free(r.p);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("config_picture");
    TCase *t = tcase_create("config_picture");
    tcase_set_timeout(t, 30);
    tcase_add_test(t, captured_records);
    tcase_add_loop_test(t, parsing, 0, (int)COUNT_OF(parses));
    tcase_add_test(t, values);
    tcase_add_loop_test(t, replay, 0, (int)COUNT_OF(replays));
    tcase_add_test(t, snapshots);
    tcase_add_test(t, offsets);
    tcase_add_test(t, captured_logs);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
