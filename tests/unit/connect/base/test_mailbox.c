/* Mailboxes: order, waiting, wake-ups, the eventfd, many writers. Also the clocks and threads they stand on. */
#include "connect/base/mailbox.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/thread.h"

AUTO_FREE(mailbox, struct mailbox, mailbox_free)

static bool readable(int fd) {
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    return poll(&pfd, 1, 0) == 1;
}

START_TEST(first_in_first_out) {
    AUTO(mailbox) mb = mailbox_new();
    struct message messages[3] = {{.type = 1}, {.type = 2}, {.type = 3}};
    ck_assert_ptr_null(mailbox_get(mb, 0));
    for (size_t i = 0; i < 3; i++)
        mailbox_post(mb, &messages[i]);
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_eq(mailbox_get(mb, i == 1 ? -1 : 0), &messages[i]);
    ck_assert_ptr_null(mailbox_get(mb, 0));
}
END_TEST

START_TEST(waits_for_its_time) {
    AUTO(mailbox) mb = mailbox_new();
    int64_t start = clock_ms();
    ck_assert_ptr_null(mailbox_get(mb, 120));
    ck_assert_int_ge(clock_ms() - start, 119);
}
END_TEST

START_TEST(eventfd_tells_the_truth) {
    AUTO(mailbox) mb = mailbox_new();
    struct message messages[2] = {{.type = 1}, {.type = 2}};
    mailbox_post(mb, &messages[0]);
    int fd = mailbox_fd(mb); /* made while something waits */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(mailbox_fd(mb), fd);
    ck_assert(readable(fd));
    mailbox_post(mb, &messages[1]);
    mailbox_get(mb, 0);
    ck_assert(readable(fd));
    mailbox_get(mb, 0);
    ck_assert(!readable(fd));
    ck_assert_ptr_null(mailbox_get(mb, 0));
    mailbox_post(mb, &messages[0]);
    ck_assert(readable(fd));
    mailbox_get(mb, 0);
}
END_TEST

enum { WRITERS = 4, EACH = 5000 };

struct counted {
    struct message message;
    int writer, number;
};

struct writer {
    struct mailbox *mb;
    int writer;
};

static void *write_many(void *arg) {
    struct writer *w = arg;
    for (int i = 0; i < EACH; i++) {
        struct counted *msg = calloc(1, sizeof(*msg));
        msg->writer = w->writer;
        msg->number = i;
        mailbox_post(w->mb, &msg->message);
    }
    return NULL;
}

/* Every message arrives once, each writer's in order; half of the runs also watch the eventfd. */
START_TEST(many_writers) {
    AUTO(mailbox) mb = mailbox_new();
    struct kc_error err = {0};
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){mb, i};
        ck_assert_int_eq(thread_start(&threads[i], "writer", write_many, &writers[i], &err), 0);
    }
    int fd = _i ? mailbox_fd(mb) : -1;
    int next[WRITERS] = {0};
    for (int left = WRITERS * EACH; left > 0;) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (fd >= 0)
            ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
        struct message *msg = mailbox_get(mb, fd >= 0 ? 0 : 10000);
        ck_assert_ptr_nonnull(msg);
        struct counted *counted = CONTAINER_OF(msg, struct counted, message);
        ck_assert_int_eq(counted->number, next[counted->writer]++);
        free(counted);
        left--;
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_ptr_null(mailbox_get(mb, 0));
}
END_TEST

static struct {
    char name[32];
    sigset_t mask;
    size_t stack_bytes;
} seen;

static void *look_around(void *arg) {
    pthread_getname_np(pthread_self(), seen.name, sizeof(seen.name));
    pthread_sigmask(SIG_SETMASK, NULL, &seen.mask);
    pthread_attr_t attr;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &seen.stack_bytes);
    pthread_attr_destroy(&attr);
    return arg;
}

START_TEST(threads) {
    struct kc_error err = {0};
    pthread_t thread;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    ck_assert_int_eq(thread_start(&thread, "a-name-that-is-too-long", look_around, &seen, &err), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    void *result;
    pthread_join(thread, &result);
    ck_assert_ptr_eq(result, &seen);
    ck_assert_str_eq(seen.name, "a-name-that-is-");
    ck_assert_int_eq(sigismember(&seen.mask, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&seen.mask, SIGCHLD), 1);
    ck_assert_int_eq(sigismember(&seen.mask, SIGSEGV), 0);
    ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    ck_assert_uint_ge(seen.stack_bytes, 512 * 1024);
}
END_TEST

START_TEST(deadlines_do_not_overflow) {
    ck_assert_int_eq(clock_add_ms(5, 7), 12);
    ck_assert_int_eq(clock_add_ms(5, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(clock_add_ms(INT64_MAX - 1, 2), INT64_MAX);
    ck_assert_int_eq(clock_add_ms(-5, INT64_MIN), INT64_MIN);
    ck_assert_int_eq(clock_after_ms(INT64_MAX), INT64_MAX);
    int64_t before = clock_ms(), soon = clock_after_ms(1000);
    ck_assert_int_ge(soon, before + 1000);
    ck_assert_int_le(soon, clock_ms() + 1000);
}
END_TEST

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool come;
};

static void *come(void *arg) {
    struct waiting *w = arg;
    clock_sleep_ms(30);
    pthread_mutex_lock(&w->lock);
    w->come = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Nobody signals before the deadline; then somebody does, before one that is far away or never comes. */
START_TEST(conditions_with_a_deadline) {
    struct kc_error err = {0};
    const int64_t far[] = {clock_after_ms(20000), INT64_MAX - 1, INT64_MAX};
    struct waiting w = {.come = false};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    pthread_mutex_lock(&w.lock);
    int64_t began = clock_ms();
    while (cond_wait_until(&w.changed, &w.lock, began + 60))
        ;
    ck_assert_int_ge(clock_ms() - began, 60);
    ck_assert(!cond_wait_until(&w.changed, &w.lock, -5));
    pthread_t thread;
    ck_assert_int_eq(thread_start(&thread, "come", come, &w, &err), 0);
    while (!w.come)
        ck_assert(cond_wait_until(&w.changed, &w.lock, far[_i]));
    pthread_mutex_unlock(&w.lock);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
}
END_TEST

static void *check_owner(void *arg) {
    thread_check(arg);
    return NULL;
}

START_TEST(owner_by_the_right_thread) {
    struct thread_owner owner = {.owned = false};
    thread_check(&owner);
    thread_own(&owner);
    thread_check(&owner);
}
END_TEST

START_TEST(owner_by_another_thread) {
    struct thread_owner owner = {.owned = false};
    thread_own(&owner);
    pthread_t thread;
    pthread_create(&thread, NULL, check_owner, &owner);
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(clocks) {
    int64_t start = clock_ms();
    clock_sleep_ms(30);
    ck_assert_int_ge(clock_ms() - start, 29);
    ck_assert(clock_wall_ms() > 1600000000000);
    clock_fake_ms(1000);
    ck_assert_int_eq(clock_ms(), 1000);
    ck_assert_int_eq(clock_wall_ms(), 1000);
    clock_sleep_ms(3600000); /* at once */
    clock_sleep_ms(-5);
    ck_assert_int_eq(clock_ms(), 3601000);
    clock_fake_ms(-1);
    ck_assert(clock_wall_ms() > 1600000000000);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("mailbox");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, first_in_first_out);
    tcase_add_test(tcase, waits_for_its_time);
    tcase_add_test(tcase, eventfd_tells_the_truth);
    tcase_add_loop_test(tcase, many_writers, 0, 2);
    tcase_add_test(tcase, threads);
    tcase_add_test(tcase, deadlines_do_not_overflow);
    tcase_add_loop_test(tcase, conditions_with_a_deadline, 0, 3);
    tcase_add_test(tcase, owner_by_the_right_thread);
    tcase_add_test_raise_signal(tcase, owner_by_another_thread, SIGABRT);
    tcase_add_test(tcase, clocks);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
