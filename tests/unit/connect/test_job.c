/* Jobs run beside the owner and come back through its mailbox; a stopped queue gives them back unrun. */
#include "connect/job.h"

#include <pthread.h>
#include <stdatomic.h>

#include "connect/base/clock.h"
#include "tests/support/suite.h"

enum { MSG_JOB = 7 };

struct counted {
    struct job job;
    int number;
    pthread_t ran_on;
    int *order, *order_len;
    atomic_int *gate; /* waits until it is 1 */
};

static void run(struct job *job) {
    struct counted *c = (struct counted *)job;
    while (c->gate && !atomic_load(c->gate))
        clock_sleep_ms(1);
    c->ran_on = pthread_self();
}

static void done(struct job *job) {
    struct counted *c = (struct counted *)job;
    c->order[(*c->order_len)++] = job->cancelled ? -c->number : c->number;
}

static void take(struct mailbox *mb, int count) {
    for (int i = 0; i < count; i++) {
        struct message *msg = mailbox_get(mb, 10000);
        ck_assert_ptr_nonnull(msg);
        ck_assert_int_eq(msg->type, MSG_JOB);
        job_done(msg);
    }
}

START_TEST(one_thread_keeps_the_order) {
    struct mailbox *mb = mailbox_new();
    struct job_queue *q = job_queue_new("store", 1, mb, MSG_JOB);
    struct counted jobs[50];
    int order[50], len = 0;
    for (int i = 0; i < 50; i++) {
        jobs[i] =
            (struct counted){.job = {.run = run, .done = done}, .number = i + 1, .order = order, .order_len = &len};
        job_queue_post(q, &jobs[i].job);
    }
    take(mb, 50);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(order[i], i + 1);
        ck_assert(!pthread_equal(jobs[i].ran_on, pthread_self()));
    }
    ck_assert(job_queue_join(q, clock_ms() + 10000));
    job_queue_free(q);
    mailbox_free(mb);
}
END_TEST

START_TEST(several_threads_do_not_wait_for_each_other) {
    struct mailbox *mb = mailbox_new();
    struct job_queue *q = job_queue_new("pool", 3, mb, MSG_JOB);
    atomic_int gate = 0;
    int order[3], len = 0;
    struct counted jobs[3];
    for (int i = 0; i < 3; i++)
        jobs[i] = (struct counted){.job = {.run = run, .done = done},
                                   .number = i + 1,
                                   .order = order,
                                   .order_len = &len,
                                   .gate = i < 2 ? &gate : NULL};
    for (int i = 0; i < 3; i++)
        job_queue_post(q, &jobs[i].job);
    take(mb, 1);
    ck_assert_int_eq(order[0], 3);
    atomic_store(&gate, 1);
    take(mb, 2);
    ck_assert(job_queue_join(q, clock_ms() + 10000));
    job_queue_free(q);
    mailbox_free(mb);
}
END_TEST

START_TEST(stop_gives_back_what_waits) {
    struct mailbox *mb = mailbox_new();
    struct job_queue *q = job_queue_new("store", 1, mb, MSG_JOB);
    atomic_int gate = 0;
    int order[3], len = 0;
    struct counted jobs[3];
    for (int i = 0; i < 3; i++)
        jobs[i] = (struct counted){
            .job = {.run = run, .done = done}, .number = i + 1, .order = order, .order_len = &len, .gate = &gate};
    job_queue_post(q, &jobs[0].job);
    clock_sleep_ms(50);
    job_queue_post(q, &jobs[1].job);
    ck_assert(!job_queue_join(q, clock_ms() + 20)); /* the first still runs */
    job_queue_post(q, &jobs[2].job);
    take(mb, 2);
    ck_assert_int_eq(order[0], -2);
    ck_assert_int_eq(order[1], -3);
    atomic_store(&gate, 1);
    take(mb, 1);
    ck_assert_int_eq(order[2], 1);
    ck_assert(job_queue_join(q, clock_ms() + 10000));
    job_queue_free(q);
    mailbox_free(mb);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("job");
    TCase *tc = tcase_create("job");
    tcase_add_test(tc, one_thread_keeps_the_order);
    tcase_add_test(tc, several_threads_do_not_wait_for_each_other);
    tcase_add_test(tc, stop_gives_back_what_waits);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
