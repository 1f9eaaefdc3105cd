/* The group of one: everything is assigned, what is gone is revoked first. */
#include "connect/group/alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "tests/support/suite.h"

static struct {
    const char *connectors; /* "a2 b0": a with two tasks, b with none */
    int64_t offset;
    struct buf heard;
} lab;

static struct group_config *snapshot(void *arg) {
    struct group_config *config = group_config_new(lab.offset);
    (void)arg;
    for (const char *s = lab.connectors; *s; s += s[2] ? 3 : 2) {
        char name[] = {s[0], 0};
        group_config_add(config, name, s[1] - '0');
    }
    return config;
}

static void add_work(const struct work *w) {
    for (size_t i = 0; i < w->connector_count; i++)
        buf_printf(&lab.heard, " %s", w->connectors[i]);
    for (size_t i = 0; i < w->task_count; i++)
        buf_printf(&lab.heard, " %s-%d", w->tasks[i].connector, (int)w->tasks[i].number);
    buf_add_text(&lab.heard, ";");
}

static void on_assigned(void *arg, const struct assignment *asg, int32_t generation) {
    (void)arg;
    ck_assert(assignment_is_leader(asg) && work_empty(&asg->revoked) && generation == 0);
    ck_assert_str_eq(asg->leader_url, "http://self/");
    buf_printf(&lab.heard, "assigned@%d", (int)asg->offset);
    add_work(&asg->work);
}

static void on_revoked(void *arg, const struct work *work) {
    (void)arg;
    buf_add_text(&lab.heard, "revoked");
    add_work(work);
}

static const struct group_member_callbacks callbacks = {
    .config_snapshot = snapshot, .on_assigned = on_assigned, .on_revoked = on_revoked};

static void expect(const char *heard) {
    ck_assert_str_eq(buf_text(&lab.heard), heard);
    buf_clear(&lab.heard);
}

START_TEST(test_assignments) {
    buf_init(&lab.heard, 1 << 16);
    struct group_alone *a = group_alone_new("http://self/", &callbacks, NULL);
    lab.connectors = "";
    lab.offset = -1;
    group_alone_rejoin(a);
    expect("assigned@-1;");
    lab.connectors = "a2 b0";
    lab.offset = 5;
    group_alone_rejoin(a);
    expect("assigned@5 a b a-0 a-1;");
    lab.connectors = "a1 c1";
    group_alone_rejoin(a);
    expect("revoked b a-1;");
    group_alone_rejoin(a); /* asked again before the first is through */
    expect("");
    lab.connectors = "c1"; /* and changed meanwhile */
    group_alone_revoked(a);
    expect("revoked a a-0;");
    group_alone_revoked(a);
    expect("assigned@5 c c-0;");
    group_alone_free(a);
    buf_done(&lab.heard);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("alone");
    TCase *tc = tcase_create("alone");
    tcase_add_test(tc, test_assignments);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
