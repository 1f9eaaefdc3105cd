/* The leader's rounds of zombie fencing and its privilege to write, step by step: what is asked of the brokers and
 * written for whom, and what goes wrong in between. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/fence_producers.h"
#include "connect/plugins.h"
#include "tests/support/fake_loop.h"
#include "tests/support/suite.h"

/* ---- what the brokers are asked ---------------------------------------------------------------------------------- */

static char asked[512];                /* the ids of all calls; each call ends with ";" */
static struct kc_error refusal;        /* of the brokers; code 0: they obey */
static const atomic_bool *stop_asking; /* of the last call */

int fence_producers(const struct kc_config *java, const char *const *ids, size_t count, int64_t timeout_ms,
                    const atomic_bool *stop, struct kc_error *err) {
    ck_assert_str_eq(kc_config_get(java, "client.id"), "connector-worker-adminclient-c");
    ck_assert_int_eq(timeout_ms, 90000);
    for (size_t i = 0; i < count; i++)
        snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", ids[i]);
    snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), ";");
    stop_asking = stop;
    *err = refusal;
    return err->code ? -1 : 0;
}

/* ---- those who ask for a round ----------------------------------------------------------------------------------- */

static char answers[8192]; /* "ok" or the text of the error, each followed by a line end */
static struct kc_error last;

static void note_answer(struct herder *h, struct op *op, const struct kc_error *err) {
    (void)h;
    last = err ? *err : (struct kc_error){0};
    snprintf(answers + strlen(answers), sizeof(answers) - strlen(answers), "%.400s\n", err ? err->text : "ok");
    op_free(op);
}

static void run_ask(struct herder *h, struct op *op) {
    op->fenced = note_answer;
    fence_connector(h, op, "c");
}

static void ask_round(void) {
    op_add(fake_loop.h, run_ask, NULL, NULL, clock_ms());
}

static void expect_answers(const char *wanted) {
    ck_assert_str_eq(answers, wanted);
    answers[0] = '\0';
}

static void expect_asked(const char *wanted) {
    ck_assert_str_eq(asked, wanted);
    asked[0] = '\0';
}

static void expect_done(const char *wanted) {
    ck_assert_str_eq(fake_loop.done, wanted);
    fake_loop.done[0] = '\0';
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

static struct kc_config *config;

static void set_up(void) {
    struct kc_error err = {0};
    ck_assert_msg(plugins_init(NULL, &err) == 0, "%s", err.text);
    fake_loop_begin();
    config = kc_config_new();
    kc_config_set(config, "connector.class", "FileStreamSource");
    fake_loop.h->setup.substitute = substitute_new(config, plugins_find, &err);
    fake_loop.leads = true;
    fake_loop.c = (struct snapshot_connector){.name = "c",
                                              .config = config,
                                              .generation = 3,
                                              .task_count = 1,
                                              .task_count_record = 2,
                                              .pending_fencing = true};
    asked[0] = answers[0] = '\0';
    refusal = (struct kc_error){0};
    fake_loop.h->snap = config_store_snapshot(NULL);
}

static void tear_down(void) {
    fake_loop.h->setup.substitute = substitute_free(fake_loop.h->setup.substitute);
    fake_loop_end();
    kc_config_free(config);
    plugins_done();
}

/* ---- what a round is ----------------------------------------------------------------------------------------------
 */

START_TEST(test_what_is_to_be_done) {
    static const struct {
        int record, count;
        bool pending;
        const char *asked, *done;
    } cases[] = {
        {-1, 1, false, "", ""},
        {2, 1, false, "", ""},
        {-1, 3, true, "", "count(c)=3 "},       /* nobody ever wrote */
        {-1, 0, true, "", "count(c)=0 "},       /* offsets are altered before */
        {1, 1, true, "", "count(c)=1 "},        /* the task fences its predecessor by itself */
        {1, 2, true, "g-c-0 ;", "count(c)=2 "}, /* two tasks: whose predecessor would it be? */
        {2, 1, true, "g-c-0 g-c-1 ;", "count(c)=1 "},
        {3, 0, true, "g-c-0 g-c-1 g-c-2 ;", "count(c)=0 "},
        {0, 2, true, ";", "count(c)=2 "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_loop.c.task_count_record = cases[i].record;
        fake_loop.c.task_count = cases[i].count;
        fake_loop.c.pending_fencing = cases[i].pending;
        ask_round();
        fake_loop_settle();
        expect_asked(cases[i].asked);
        expect_done(cases[i].done);
        expect_answers("ok\n");
        ask_round(); /* once is enough */
        fake_loop_settle();
        expect_asked("");
        expect_done("");
        expect_answers("ok\n");
    }
}
END_TEST

START_TEST(test_not_for_every_connector) {
    kc_config_set(config, "connector.class", "FileStreamSink");
    ask_round();
    fake_loop_settle();
    expect_answers("Connector c is not a source connector\n");
    ck_assert_int_eq(last.code, ERR_BAD_REQUEST);
    fake_loop.c.config = NULL; /* remains of a deleted one */
    fake_loop.h->snap = config_store_snapshot(NULL);
    ask_round();
    fake_loop_settle();
    expect_answers("Connector c not found\n");
    ck_assert_int_eq(last.code, ERR_NOT_FOUND);
    fake_loop.c.name = NULL;
    fake_loop.h->snap = config_store_snapshot(NULL);
    ask_round();
    fake_loop_settle();
    expect_answers("Connector c not found\n");
    expect_asked("");
}
END_TEST

static void delete_it(void) {
    fake_loop.c.name = NULL;
}

START_TEST(test_deleted_before_the_round) {
    fake_loop.on_refresh = delete_it;
    ask_round();
    fake_loop_settle();
    expect_answers("Connector c not found\n");
    expect_asked("");
    expect_done("");
}
END_TEST

START_TEST(test_one_round_for_all) {
    fake_loop.hold_pool = true;
    for (int i = 0; i < 3; i++)
        ask_round();
    fake_loop_settle();
    expect_answers("");
    fake_loop.hold_pool = false;
    fake_loop_settle();
    expect_answers("ok\nok\nok\n");
    expect_asked("g-c-0 g-c-1 ;");
    expect_done("count(c)=1 ");
}
END_TEST

/* ---- what goes wrong ----------------------------------------------------------------------------------------------
 */

START_TEST(test_unreadable_config_topic) {
    err_set(&fake_loop.refresh, ERR_TIMEOUT, "Timed out");
    ask_round();
    fake_loop_settle();
    expect_answers("Failed to read to end of config topic before performing zombie fencing\n");
    expect_asked("");
    fake_loop.refresh.code = 0;
    fake_loop.hold_pool = true;
    ask_round();
    fake_loop_settle();
    err_set(&fake_loop.refresh, ERR_TIMEOUT, "Timed out"); /* after the brokers were asked */
    fake_loop.hold_pool = false;
    fake_loop_settle();
    expect_asked("g-c-0 g-c-1 ;");
    expect_answers("Failed to read to end of config topic\n");
    expect_done("");
}
END_TEST

START_TEST(test_brokers_refuse) {
    static const struct {
        enum err_code code;
        bool retriable;
    } cases[] = {{ERR_TIMEOUT, true}, {ERR_AUTH, false}, {ERR_KAFKA, false}, {ERR_IO, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err_set(&refusal, cases[i].code, "no");
        refusal.retriable = cases[i].retriable;
        fake_loop.hold_pool = true;
        ask_round();
        ask_round();
        fake_loop_settle();
        fake_loop.hold_pool = false;
        fake_loop_settle();
        expect_answers("Failed to perform zombie fencing\nFailed to perform zombie fencing\n");
        ck_assert(last.retriable == cases[i].retriable);
        ck_assert_str_eq(last.cause + strlen(last.cause) - 4, ": no");
        expect_asked("g-c-0 g-c-1 ;");
        expect_done("");
    }
    refusal.code = 0; /* another round */
    ask_round();
    fake_loop_settle();
    expect_answers("ok\n");
    expect_done("count(c)=1 ");
}
END_TEST

#define OUTDATED "Failed to complete zombie fencing because a new set of task configs was generated\n"

START_TEST(test_outdated_while_brokers_are_asked) {
    static const enum err_code ends[] = {0, ERR_STOPPING, ERR_AUTH};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        fake_loop.c.pending_fencing = true;
        fake_loop.c.task_count = 1;
        fake_loop.c.task_count_record = 2;
        fake_loop.hold_answers = true;
        if (ends[i])
            err_set(&refusal, ends[i], "no");
        ask_round();
        fake_loop_settle();
        expect_asked("g-c-0 g-c-1 ;");
        ck_assert(!atomic_load(stop_asking));
        refusal.code = 0;

        fake_loop.c.generation++;
        fake_loop.c.task_count = 3;
        fencing_outdated(fake_loop.h, "another");
        expect_answers("");
        fencing_outdated(fake_loop.h, "c");
        expect_answers(OUTDATED);
        ck_assert_int_eq(last.code, ERR_CONFLICT);
        ck_assert(atomic_load(stop_asking)); /* it has no use any more */
        ask_round();
        ask_round();
        fake_loop_settle();
        fencing_outdated(fake_loop.h, "c"); /* they have not begun: theirs will be for whatever is configured then */
        expect_answers("");
        expect_asked(""); /* two at once, and the older one may fence what the newer one has let start */

        fake_loop.hold_answers = false;
        fake_loop_settle();
        expect_answers("ok\nok\n");
        expect_asked("g-c-0 g-c-1 ;");
        expect_done("count(c)=3 ");
    }
}
END_TEST

START_TEST(test_outdated_before_the_record) {
    fake_loop.hold_answers = true;
    ask_round();
    fake_loop_settle();
    fake_loop.h->busy = true; /* with something else: the record must wait for its turn */
    fake_loop.hold_answers = false;
    fake_loop_settle();
    fake_loop.c.generation++;
    fake_loop.c.task_count = 2;
    fencing_outdated(fake_loop.h, "c");
    expect_answers(OUTDATED);
    struct op *first =
        CONTAINER_OF(fake_loop.h->ops.next, struct op, link); /* the record's; a request comes before it */
    list_remove(&first->link);
    ask_round();
    list_append(&fake_loop.h->ops, &first->link);
    fake_loop.h->busy = false;
    fake_loop.hold_answers = true;
    fake_loop_settle();
    expect_done(""); /* it is not the second round's, whose producers are not fenced yet */
    expect_answers("");
    fake_loop.hold_answers = false;
    fake_loop_settle();
    expect_asked("g-c-0 g-c-1 ;g-c-0 g-c-1 ;");
    expect_answers("ok\n");
    expect_done("count(c)=2 ");
}
END_TEST

#define MOVED_ON "Fencing failed because new task configurations were generated for the connector\n"

static void move_on(void) {
    fake_loop.c.generation++;
}

START_TEST(test_moved_on_before_the_record) {
    static void (*const events[])(void) = {move_on, delete_it};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        fake_loop.hold_answers = true;
        ask_round();
        fake_loop_settle();
        fake_loop.hold_answers = false;
        fake_loop.on_refresh = events[i];
        fake_loop_settle();
        expect_answers(MOVED_ON);
        ck_assert_int_eq(last.code, ERR_CONFLICT);
        expect_done("");
    }
}
END_TEST

static void be_outdated(void) {
    fake_loop.c.generation++;
    fencing_outdated(fake_loop.h, "c");
}

START_TEST(test_outdated_while_the_record_is_written) {
    fake_loop.hold_answers = true;
    ask_round();
    fake_loop_settle();
    fake_loop.hold_answers = false;
    fake_loop.on_refresh = be_outdated;
    fake_loop_settle();
    expect_answers(OUTDATED);
    expect_done("");
}
END_TEST

/* ---- leadership ---------------------------------------------------------------------------------------------------
 */

START_TEST(test_another_leader_writes) {
    err_set(&fake_loop.write, ERR_UNPRIVILEGED, "Failed to write to config topic");
    for (int record = 1; record <= 2; record++) { /* without and with a round of its own */
        fake_loop.c.task_count_record = record;
        ask_round();
        fake_loop_settle();
        expect_answers("Failed to write to config topic\n");
        ck_assert_int_eq(last.code, ERR_UNPRIVILEGED);
        ck_assert(fake_loop.h->unprivileged);
    }
    fake_loop.leads = false; /* it is right */
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_NOT_NEEDED);
    ck_assert(!fake_loop.h->unprivileged);
    expect_done("");
}
END_TEST

START_TEST(test_claims) {
    int64_t now = clock_ms();
    clock_fake_ms(now);
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_NOT_NEEDED);
    fake_loop.h->unprivileged = true;
    err_set(&fake_loop.write, ERR_TIMEOUT, "Timed out");
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_BEGUN);
    ck_assert(fake_loop.h->busy); /* nothing else before */
    fake_loop_settle();
    ck_assert(!fake_loop.h->busy && fake_loop.h->unprivileged);
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_LATER);
    clock_fake_ms(now + 249);
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_LATER);
    clock_fake_ms(now + 250);
    fake_loop.write.code = 0;
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_BEGUN);
    fake_loop_settle();
    expect_done("claim ");
    ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_NOT_NEEDED);
    clock_fake_ms(-1);
}
END_TEST

START_TEST(test_claims_after_assignments) {
    static const struct {
        const char *support;
        bool claims;
    } cases[] = {{"disabled", false}, {"preparing", true}, {"enabled", true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_loop_conf()->exactly_once = cases[i].support;
        for (int generation = 0; generation < 2; generation++) { /* a leader claims in every generation */
            claim_after_assignment(fake_loop.h, true);
            ck_assert_int_eq(claim_turn(fake_loop.h), cases[i].claims ? CLAIM_BEGUN : CLAIM_NOT_NEEDED);
            fake_loop_settle();
            expect_done(cases[i].claims ? "claim " : "");
        }
        for (int generation = 0; generation < 2; generation++) { /* and gives it up once */
            claim_after_assignment(fake_loop.h, false);
            ck_assert_int_eq(claim_turn(fake_loop.h), CLAIM_NOT_NEEDED);
            fake_loop_settle();
            expect_done(cases[i].claims && generation == 0 ? "relinquish " : "");
        }
    }
}
END_TEST

/* ---- the end, and requests -----------------------------------------------------------------------------------------
 */

START_TEST(test_shutdown) {
    static const bool outdated[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        fake_loop.hold_answers = true;
        ask_round();
        fake_loop_settle();
        if (outdated[i]) {
            fencing_outdated(fake_loop.h, "c");
            expect_answers(OUTDATED);
            ask_round();
            fake_loop_settle();
        }
        fake_loop.h->stopping = true;
        fencings_fail(fake_loop.h);
        fencings_fail(fake_loop.h); /* with every message while stopping */
        expect_answers("Worker is shutting down\n");
        ck_assert_int_eq(last.code, ERR_STOPPING);
        ck_assert(atomic_load(stop_asking));
        fake_loop.hold_answers = false;
        fake_loop_settle();
        expect_answers("");
        expect_done("");
        fake_loop.h->stopping = false;
    }
}
END_TEST

START_TEST(test_begun_while_stopping) {
    static const char *const ends[] = {"Worker is shutting down\n", "Failed to perform zombie fencing\n"};
    for (size_t i = 0; i < 2; i++) {
        if (i == 1)
            err_set(&refusal, ERR_STOPPING, "Worker is shutting down");
        ask_round();
        ck_assert(fake_loop_step()); /* reading the config topic */
        fake_loop.h->stopping = true;
        fake_loop.hold_answers = true;
        fake_loop_settle();
        ck_assert(atomic_load(stop_asking));
        fake_loop.hold_answers = false;
        fake_loop_settle();
        expect_answers(ends[i]);
        expect_done("");
        fake_loop.h->stopping = false;
    }
}
END_TEST

static struct herder_request req; /* not herder_request_new's: that is a fake for REST's tests here */

static void on_answer(struct herder_request *r, void *arg) {
    (void)arg;
    ck_assert_ptr_eq(r, &req);
}

static void request(void) {
    buf_done(&req.json);
    free(req.forward_url);
    req = (struct herder_request){.op = HERDER_FENCE, .connector = "c", .done = on_answer};
    buf_init(&req.json, 1000);
    op_add(fake_loop.h, run_fence, &req, NULL, clock_ms());
    fake_loop_settle();
}

START_TEST(test_internal_request) {
    request();
    ck_assert_int_eq(req.http, 204);
    expect_done("count(c)=1 ");
    kc_config_set(config, "connector.class", "FileStreamSink");
    request();
    ck_assert_int_eq(req.http, 400);
    ck_assert_str_eq(req.err.text, "Connector c is not a source connector");
    kc_config_set(config, "connector.class", "FileStreamSource");
    fake_loop.c.pending_fencing = true;
    fake_loop.c.task_count_record = 2;
    fake_loop.on_refresh = NULL;
    fake_loop.hold_answers = true;
    request();
    ck_assert_int_eq(req.http, 0);
    fencing_outdated(fake_loop.h, "c");
    ck_assert_int_eq(req.http, 409);
    fake_loop.hold_answers = false;
    fake_loop_settle();
    fake_loop.leads = false;
    fake_loop.h->asg = assignment_new();
    fake_loop.h->asg->leader_url = strdup("http://leader:8083/");
    request();
    ck_assert_str_eq(req.forward_url, "http://leader:8083/");
    expect_done("");
    free(req.forward_url);
    buf_done(&req.json);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("distributed_fence");
    TCase *t = tcase_create("distributed_fence");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, test_what_is_to_be_done);
    tcase_add_test(t, test_not_for_every_connector);
    tcase_add_test(t, test_deleted_before_the_round);
    tcase_add_test(t, test_one_round_for_all);
    tcase_add_test(t, test_unreadable_config_topic);
    tcase_add_test(t, test_brokers_refuse);
    tcase_add_test(t, test_outdated_while_brokers_are_asked);
    tcase_add_test(t, test_outdated_before_the_record);
    tcase_add_test(t, test_moved_on_before_the_record);
    tcase_add_test(t, test_outdated_while_the_record_is_written);
    tcase_add_test(t, test_another_leader_writes);
    tcase_add_test(t, test_claims);
    tcase_add_test(t, test_claims_after_assignments);
    tcase_add_test(t, test_shutdown);
    tcase_add_test(t, test_begun_while_stopping);
    tcase_add_test(t, test_internal_request);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
