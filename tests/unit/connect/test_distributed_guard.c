/* What exactly-once source tasks ask of the herder, from a thread of their own: answers of the leader near and far,
 * which of them are asked for again, and calls that are given up. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_loop.h"
#include "tests/support/suite.h"

enum { PATIENCE_MS = 10000 };

/* ---- the leader: here ------------------------------------------------------------------------------------------- */

static struct kc_error rounds[4]; /* how the rounds of fencing end, one after the other; the last goes on for ever */
static size_t round_count, rounds_asked;
static bool hold_rounds;
static struct op *held;

static const struct kc_error *next_end(void) {
    const struct kc_error *end = &rounds[rounds_asked < round_count ? rounds_asked : round_count - 1];
    rounds_asked++;
    return end;
}

void fence_connector(struct herder *h, struct op *op, const char *connector) {
    ck_assert_str_eq(connector, "c");
    if (hold_rounds) {
        held = op;
        return;
    }
    const struct kc_error *end = next_end();
    op->fenced(h, op, end->code ? end : NULL);
}

void fencing_free(void *value) {
    ck_assert_ptr_null(value);
}

/* ---- the leader: elsewhere --------------------------------------------------------------------------------------- */

struct reply {
    int http; /* 0: it cannot be reached */
    const char *body;
};
static struct reply replies[4];
static size_t reply_count, requests;
static char request_line[128];

int peer_request(struct herder *h, struct errand *e, const char *method, const char *url, int64_t timeout_ms,
                 struct buf *ret_reply) {
    const struct reply *r = &replies[requests < reply_count ? requests : reply_count - 1];
    (void)h;
    requests++;
    ck_assert_int_eq(timeout_ms, 90000);
    snprintf(request_line, sizeof(request_line), "%s %s key %zu", method, url, e->key.len);
    if (!r->http)
        return err_set(&e->err, ERR_IO, "IO Error trying to forward REST request: refused");
    e->http = r->http;
    ck_assert_int_eq(buf_add_text(ret_reply, r->body), 0);
    return 0;
}

/* ---- a task -------------------------------------------------------------------------------------------------------
 */

struct caller {
    pthread_t thread;
    bool verify;
    int generation, rc;
    struct kc_error err;
    atomic_bool stop, ended;
};

static void *call(void *arg) {
    struct caller *t = arg;
    const struct task_guard *g = &herder_task_guard;
    t->rc = t->verify ? g->verify(fake_loop.h, "c", 1, t->generation, &t->stop, &t->err)
                      : g->fence(fake_loop.h, "c", 1, &t->stop, &t->err);
    atomic_store(&t->ended, true);
    return NULL;
}

static void start(struct caller *t) {
    ck_assert_int_eq(pthread_create(&t->thread, NULL, call, t), 0);
}

/* The loop runs until the task has its answer. */
static void finish(struct caller *t) {
    for (int waited = 0; !atomic_load(&t->ended); waited++) {
        ck_assert_int_lt(waited, PATIENCE_MS);
        if (!fake_loop_step())
            usleep(1000);
    }
    ck_assert_int_eq(pthread_join(t->thread, NULL), 0);
    fake_loop_settle();
}

static void expect(const struct caller *t, const char *text) {
    ck_assert_msg(text ? t->rc < 0 && strcmp(t->err.text, text) == 0 : t->rc == 0, "%d %s: %s", t->rc, t->err.exception,
                  t->err.text);
}

static void await(const size_t *count, size_t wanted) {
    for (int waited = 0; *count < wanted; waited++) {
        ck_assert_int_lt(waited, PATIENCE_MS);
        if (!fake_loop_step())
            usleep(1000);
    }
}

static void set_up(void) {
    fake_loop_begin();
    fake_loop.leads = true;
    fake_loop.c = (struct snapshot_connector){.name = "c", .generation = 3};
    fake_loop.h->asg = assignment_new();
    work_add_task(&fake_loop.h->asg->work, "c", 1);
    memset(rounds, 0, sizeof(rounds));
    round_count = reply_count = 1;
    rounds_asked = requests = 0;
    hold_rounds = false;
    held = NULL;
}

static void follow(const char *leader_url) {
    fake_loop.leads = false;
    free(fake_loop.h->asg->leader_url);
    fake_loop.h->asg->leader_url = strdup(leader_url);
}

/* ---- fencing by this worker ----------------------------------------------------------------------------------------
 */

START_TEST(test_leads_itself) {
    struct caller t = {0};
    start(&t);
    finish(&t);
    expect(&t, NULL);
    ck_assert_uint_eq(rounds_asked, 1);
}
END_TEST

START_TEST(test_what_is_asked_again) {
    static const struct {
        enum err_code code;
        bool retriable, again;
    } cases[] = {
        {ERR_CONFLICT, false, true},     /* new task configurations were generated meanwhile */
        {ERR_UNPRIVILEGED, false, true}, /* another leader has written, or this one could not */
        {ERR_TIMEOUT, true, true},       /* brokers */
        {ERR_NOT_FOUND, false, false},   {ERR_BAD_REQUEST, false, false}, {ERR_KAFKA, false, false},
        {ERR_AUTH, false, false},        {ERR_STOPPING, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct caller t = {0};
        err_set(&rounds[0], cases[i].code, "not now");
        rounds[0].retriable = cases[i].retriable;
        rounds[1] = rounds[0];
        round_count = 3;
        rounds_asked = 0;
        start(&t);
        finish(&t);
        expect(&t, cases[i].again ? NULL : "not now");
        ck_assert_uint_eq(rounds_asked, cases[i].again ? 3 : 1);
    }
}
END_TEST

START_TEST(test_gives_up_in_the_end) {
    struct caller t = {0};
    int64_t now = clock_ms();
    err_set(&rounds[0], ERR_CONFLICT, "not now");
    start(&t);
    await(&rounds_asked, 2);
    clock_fake_ms(now + 61000);
    finish(&t);
    clock_fake_ms(-1);
    expect(&t, "not now");
}
END_TEST

START_TEST(test_task_stops_while_it_waits) {
    struct caller t = {0};
    hold_rounds = true;
    start(&t);
    while (!held)
        fake_loop_step();
    ck_assert(!atomic_load(&t.ended));
    atomic_store(&t.stop, true);
    finish(&t);
    expect(&t, "The task is being stopped");
    ck_assert_int_eq(t.err.code, ERR_STOPPING);
    held->fenced(fake_loop.h, held, NULL); /* the answer comes to nobody */
}
END_TEST

START_TEST(test_task_stops_between_attempts) {
    struct caller t = {0};
    err_set(&rounds[0], ERR_CONFLICT, "not now");
    start(&t);
    await(&rounds_asked, 1);
    atomic_store(&t.stop, true);
    finish(&t);
    ck_assert_int_eq(t.rc, -1);
    ck_assert_uint_eq(rounds_asked, 1);
}
END_TEST

START_TEST(test_worker_stops) {
    for (int verify = 0; verify < 2; verify++) {
        struct caller t = {.verify = verify, .generation = 3};
        fake_loop.h->stopping = true;
        start(&t);
        finish(&t);
        expect(&t, "Worker is shutting down");
        fake_loop.h->stopping = false;
    }
    ck_assert_uint_eq(rounds_asked, 0);
}
END_TEST

START_TEST(test_dropped_with_its_turn) {
    struct caller t = {0};
    fake_loop.h->busy = true;
    start(&t);
    while (list_empty(&fake_loop.h->ops))
        fake_loop_step();
    op_free(CONTAINER_OF(list_pop(&fake_loop.h->ops), struct op, link)); /* what a shutdown does */
    fake_loop.h->busy = false;
    finish(&t);
    expect(&t, "Worker is shutting down");
}
END_TEST

/* ---- fencing by another worker -------------------------------------------------------------------------------------
 */

START_TEST(test_asks_the_leader) {
    struct caller t = {0};
    follow("http://leader:8083/");
    fake_loop.h->has_key = true;
    fake_loop.h->key.len = 32;
    replies[0] = (struct reply){204, ""};
    start(&t);
    finish(&t);
    expect(&t, NULL);
    ck_assert_str_eq(request_line, "PUT http://leader:8083/connectors/c/fence key 32");
    ck_assert_uint_eq(rounds_asked, 0);
}
END_TEST

START_TEST(test_answers_of_the_leader) {
    static const struct {
        struct reply reply;
        const char *text; /* NULL: it is asked again */
    } cases[] = {
        {{0, ""}, NULL},
        {{403, "{\"error_code\":403,\"message\":\"Internal request contained invalid signature.\"}"}, NULL},
        {{409, "{\"error_code\":409,\"message\":\"Cannot complete request\"}"}, NULL},
        {{503, "{\"error_code\":503,\"message\":\"This worker is still starting up\"}"}, NULL},
        {{500,
          "{\"message\":\"Failed to write to config topic; this may be due to a transient error and the request can be "
          "safely retried\"}"},
         NULL},
        {{500, "{\"error_code\":500,\"message\":\"Failed to perform zombie fencing\"}"},
         "Failed to perform zombie fencing"},
        {{404, "{\"error_code\":404,\"message\":\"Connector c not found\"}"}, "Connector c not found"},
        {{400, "{\"message\":\"Connector c is not a source connector\"}"}, "Connector c is not a source connector"},
        {{500, ""}, NULL},
        {{502, "<html>"}, NULL},
        {{500, "[]"}, NULL},
        {{500, "{\"message\":null}"}, NULL},
    };
    follow("http://leader:8083/");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct caller t = {0};
        replies[0] = cases[i].reply;
        replies[1] = (struct reply){204, ""};
        reply_count = 2;
        requests = 0;
        start(&t);
        finish(&t);
        expect(&t, cases[i].text);
        ck_assert_uint_eq(requests, cases[i].text ? 1 : 2);
    }
}
END_TEST

START_TEST(test_leader_that_never_says_why) {
    struct caller t = {0};
    int64_t now = clock_ms();
    follow("http://leader:8083/");
    replies[0] = (struct reply){404, "<html>"};
    start(&t);
    await(&requests, 2);
    clock_fake_ms(now + 61000);
    finish(&t);
    clock_fake_ms(-1);
    expect(&t, "The leader answered 404 and did not say why");
}
END_TEST

START_TEST(test_leaders_change) {
    struct caller t = {0};
    follow(""); /* a rebalance is under way */
    start(&t);
    fake_loop_settle();
    while (!fake_loop_step())
        usleep(1000);
    follow("http://one:8083/");
    replies[0] = (struct reply){0, ""}; /* it has just died */
    await(&requests, 1);
    fake_loop.leads = true; /* this one takes its place */
    finish(&t);
    expect(&t, NULL);
    ck_assert_uint_eq(rounds_asked, 1);
    ck_assert_str_eq(request_line, "PUT http://one:8083/connectors/c/fence key 0");
}
END_TEST

START_TEST(test_stops_while_the_leader_is_asked) {
    struct caller t = {0};
    follow("http://leader:8083/");
    fake_loop.hold_answers = true;
    replies[0] = (struct reply){204, ""};
    start(&t);
    await(&requests, 1);
    atomic_store(&t.stop, true);
    finish(&t);
    expect(&t, "The task is being stopped");
    fake_loop.hold_answers = false;
    fake_loop_settle();
}
END_TEST

/* ---- verification ---------------------------------------------------------------------------------------------------
 */

static void move_on(void) {
    fake_loop.c.generation++;
}
static void delete_it(void) {
    fake_loop.c.name = NULL;
}

#define OTHER_CONFIGS                                                                                                  \
    "Cannot start source task c-1 with exactly-once support as the connector has already generated a new set of task " \
    "configs"
#define REVOKED "Cannot start source task c-1 as it has already been revoked from this worker"

START_TEST(test_verification) {
    static const struct {
        int generation;
        void (*meanwhile)(void);
        bool revoked;
        const char *text;
    } cases[] = {
        {3, NULL, false, NULL},          {2, NULL, false, OTHER_CONFIGS},
        {4, NULL, false, OTHER_CONFIGS}, {3, move_on, false, OTHER_CONFIGS},
        {3, NULL, true, REVOKED},        {3, delete_it, false, OTHER_CONFIGS},
        {2, NULL, true, OTHER_CONFIGS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct caller t = {.verify = true, .generation = cases[i].generation};
        fake_loop.c = (struct snapshot_connector){.name = "c", .generation = 3};
        fake_loop.on_refresh = cases[i].meanwhile; /* read with the rest of the topic */
        work_done(&fake_loop.h->asg->work);
        if (!cases[i].revoked)
            work_add_task(&fake_loop.h->asg->work, "c", 1);
        start(&t);
        finish(&t);
        expect(&t, cases[i].text);
    }
    assignment_free(fake_loop.h->asg); /* none yet */
    fake_loop.h->asg = NULL;
    fake_loop.c = (struct snapshot_connector){.name = "c", .generation = 3};
    struct caller t = {.verify = true, .generation = 3};
    start(&t);
    finish(&t);
    expect(&t, REVOKED);
}
END_TEST

static size_t reads;

static void read_in_the_end(void) {
    if (++reads == 5)
        fake_loop.refresh.code = 0;
    else
        fake_loop.on_refresh = read_in_the_end;
}

START_TEST(test_verification_waits_for_the_topic) {
    struct caller t = {.verify = true, .generation = 3};
    err_set(&fake_loop.refresh, ERR_TIMEOUT, "Timed out");
    fake_loop.on_refresh = read_in_the_end;
    start(&t);
    finish(&t);
    expect(&t, NULL);
    ck_assert_uint_eq(reads, 5);
}
END_TEST

START_TEST(test_verification_of_a_topic_that_cannot_be_read) {
    struct caller t = {.verify = true, .generation = 3}, stopped = t;
    err_set(&fake_loop.refresh, ERR_AUTH, "Not allowed");
    start(&t);
    finish(&t);
    expect(&t, "Failed to read to end of config topic");
    err_set(&fake_loop.refresh, ERR_TIMEOUT, "Timed out");
    atomic_store(&stopped.stop, true);
    start(&stopped);
    finish(&stopped);
    expect(&stopped, "Failed to read to end of config topic");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("distributed_guard");
    TCase *t = tcase_create("distributed_guard");
    tcase_add_checked_fixture(t, set_up, fake_loop_end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_leads_itself);
    tcase_add_test(t, test_what_is_asked_again);
    tcase_add_test(t, test_gives_up_in_the_end);
    tcase_add_test(t, test_task_stops_while_it_waits);
    tcase_add_test(t, test_task_stops_between_attempts);
    tcase_add_test(t, test_worker_stops);
    tcase_add_test(t, test_dropped_with_its_turn);
    tcase_add_test(t, test_asks_the_leader);
    tcase_add_test(t, test_answers_of_the_leader);
    tcase_add_test(t, test_leader_that_never_says_why);
    tcase_add_test(t, test_leaders_change);
    tcase_add_test(t, test_stops_while_the_leader_is_asked);
    tcase_add_test(t, test_verification);
    tcase_add_test(t, test_verification_waits_for_the_topic);
    tcase_add_test(t, test_verification_of_a_topic_that_cannot_be_read);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
