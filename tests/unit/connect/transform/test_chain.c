/* Transforms, predicates and chains against what Kafka answers (tests/golden/transforms.jsonl), and how a chain goes on
 * after a record that failed. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/transform/chain.h"
#include "tests/support/golden_run.h"

static const struct {
    const char *op;
    int judged, left_out;
} vectors[] = {{"apply", 1017, 3}, {"predicate", 29, 0}, {"chain", 50, 0}};

START_TEST(test_golden) {
    struct golden_tally tally = {0};
    golden_each("transforms.jsonl", vectors[_i].op, golden_check, &tally);
    ck_assert_int_eq(tally.judged, vectors[_i].judged);
    ck_assert_int_eq(tally.left_out, vectors[_i].left_out);
}
END_TEST

/* Values that contradict their schemas, found by comparing with Java on random input. */
START_TEST(test_compared) {
    struct golden_tally tally = {0};
    golden_each("compared.jsonl", NULL, golden_check, &tally);
    ck_assert_int_eq(tally.judged, 18);
}
END_TEST

/* ---- Going on after a failure ---- */

enum { RECORDS = 6 };

struct run {
    struct kc_arena *arena;
    struct kc_record records[RECORDS];
    struct kc_batch batch;
    struct chain *chain;
};

static void run_init(struct run *run, const char *const *pairs) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    memset(run, 0, sizeof *run);
    run->arena = arena_new(0);
    run->batch = (struct kc_batch){run->arena, run->records, RECORDS, RECORDS};
    for (int i = 0; i < RECORDS; i++)
        run->records[i].topic = kc_arena_printf(run->arena, "t%d", i);
    run->chain = chain_new(config, &err);
    ck_assert_msg(run->chain != NULL, "%s", err.text);
}

static void run_done(struct run *run) {
    chain_free(run->chain);
    arena_free(run->arena);
}

/* Topic t3 matches, but its replacement refers to a group that is not there; then every topic gets a prefix. */
static const char *const failing[] = {"transforms",
                                      "bad,all",
                                      "transforms.bad.type",
                                      "RegexRouter",
                                      "transforms.bad.regex",
                                      "t3",
                                      "transforms.bad.replacement",
                                      "$1",
                                      "transforms.all.type",
                                      "RegexRouter",
                                      "transforms.all.regex",
                                      "(.*)",
                                      "transforms.all.replacement",
                                      "x-$1",
                                      NULL};

START_TEST(test_skip_and_go_on) {
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, failing);
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err));
    ck_assert_uint_eq(pos.index, 3);
    ck_assert_uint_eq(pos.stage, 0);
    ck_assert_str_eq(err.exception, "java.lang.IndexOutOfBoundsException");
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err)); /* trying again changes nothing */
    ck_assert_uint_eq(pos.index, 3);
    run.records[3].dropped = true;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++)
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i != 3);
    run_done(&run);
}
END_TEST

START_TEST(test_cut_and_go_on) {
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, failing);
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err));
    run.batch.count = pos.index;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++)
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i < 3);
    run_done(&run);
}
END_TEST

START_TEST(test_predicate_leaves_others_alone) {
    static const char *const pairs[] = {"transforms",
                                        "r",
                                        "transforms.r.type",
                                        "RegexRouter",
                                        "transforms.r.regex",
                                        "(.*)",
                                        "transforms.r.replacement",
                                        "x-$1",
                                        "transforms.r.predicate",
                                        "p",
                                        "transforms.r.negate",
                                        "true",
                                        "predicates",
                                        "p",
                                        "predicates.p.type",
                                        "TopicNameMatches",
                                        "predicates.p.pattern",
                                        "t[135]",
                                        NULL};
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, pairs);
    ck_assert_uint_eq(chain_length(run.chain), 1);
    ck_assert_str_eq(chain_class(run.chain, 0), "org.apache.kafka.connect.transforms.RegexRouter");
    run.records[0].dropped = true;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++) {
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i % 2 == 0 && i > 0);
        ck_assert(!run.records[i].skipped);
    }
    run_done(&run);
}
END_TEST

/* The same memory with another name in the next batch: the router must not trust the pointer. */
START_TEST(test_router_after_memory_is_used_again) {
    struct run run;
    struct kc_error err = {0};
    run_init(&run, failing);
    char topic[8] = "one";
    run.batch.count = 1;
    for (int i = 0; i < 2; i++) {
        struct chain_pos pos = {0};
        strncpy(topic, i ? "two" : "one", sizeof topic - 1);
        run.records[0].topic = topic;
        ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
        ck_assert_str_eq(run.records[0].topic, i ? "x-two" : "x-one");
    }
    run_done(&run);
}
END_TEST

/* A name given twice is refused by validation only: connectors of older Java workers still start. */
START_TEST(test_repeated_names_start) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "transforms", "h");
    kc_config_set(config, "transforms.h.type", "DropHeaders");
    kc_config_set(config, "transforms.h.headers", "a,b,a");
    AUTO(chain) chain = chain_new(config, &err);
    ck_assert_msg(chain != NULL, "%s", err.text);
    ck_assert_str_eq(chain_alias(chain, 0), "h");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("chain");
    TCase *tc = tcase_create("chain");
    tcase_add_checked_fixture(tc, golden_set_up, golden_tear_down);
    tcase_add_loop_test(tc, test_golden, 0, COUNT_OF(vectors));
    tcase_add_test(tc, test_compared);
    tcase_add_test(tc, test_skip_and_go_on);
    tcase_add_test(tc, test_cut_and_go_on);
    tcase_add_test(tc, test_predicate_leaves_others_alone);
    tcase_add_test(tc, test_router_after_memory_is_used_again);
    tcase_add_test(tc, test_repeated_names_start);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
