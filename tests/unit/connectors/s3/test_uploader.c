/* What the writer's tests do not show: how the threads share the channels. */
#include "connectors/s3/uploader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_store.h"
#include "tests/support/suite.h"

enum { CHANNELS = 4, PATIENCE_MS = 10000 };

static struct object_store *store;
static struct uploader *up;
static struct channel *channels[CHANNELS];

static void begin(void) {
    store = fake_store_new();
    struct uploader_conf conf = {.store = store, .max_threads = CHANNELS};
    up = uploader_new(&conf);
    for (int i = 0; i < CHANNELS; i++)
        channels[i] = channel_new(up);
}

static void end(void) {
    for (int i = 0; i < CHANNELS; i++)
        channel_free(channels[i]);
    uploader_free(up);
    store_free(store);
}

/* A file of one part in channel `i`, complete with `next_offset`. */
static void put_file(int i, int64_t next_offset) {
    char key[32];
    struct buf data;
    snprintf(key, sizeof(key), "%d/%lld", i, (long long)next_offset);
    struct remote *remote = remote_new(key);
    uploader_buffer(up, 100, &data);
    ck_assert_int_eq(buf_add_text(&data, "x"), 0);
    channel_part(channels[i], remote, &data);
    struct upload_group *group = calloc(1, sizeof(*group) + sizeof(group->files[0]));
    group->next_offset = next_offset;
    group->count = 1;
    group->files[0].values = remote;
    channel_commit(channels[i], group);
}

static int64_t done_offset(int i) {
    struct channel_status status;
    channel_status(channels[i], &status);
    ck_assert_msg(!status.failed, "%s", status.error.text);
    return status.done_offset;
}

static atomic_int under_way, most;

/* Holds every part until parts of all channels are under way. */
static int hold(void *arg, const char *op, const char *key, int nth) {
    (void)arg, (void)key, (void)nth;
    if (strcmp(op, "part") != 0)
        return 0;
    int now = atomic_fetch_add(&under_way, 1) + 1;
    if (now > atomic_load(&most))
        atomic_store(&most, now);
    for (int64_t until = clock_after_ms(PATIENCE_MS); atomic_load(&most) < CHANNELS && clock_ms() < until;)
        clock_sleep_ms(1);
    atomic_fetch_sub(&under_way, 1);
    return 0;
}

/* One thread is idle when work for all channels comes at once: the others start, too. */
START_TEST(channels_do_not_wait_for_each_other) {
    put_file(0, 1);
    ck_assert(uploader_settle(up, PATIENCE_MS));
    clock_sleep_ms(20); /* its thread is idle now */
    fake_store_rules(store, hold, NULL);
    for (int i = 0; i < CHANNELS; i++)
        put_file(i, 2);
    ck_assert(uploader_settle(up, 3 * PATIENCE_MS));
    ck_assert_int_eq(atomic_load(&most), CHANNELS);
    for (int i = 0; i < CHANNELS; i++)
        ck_assert_int_eq(done_offset(i), 2);
}
END_TEST

/* Orders of a channel are carried out one after the other, whatever threads there are. */
START_TEST(a_channel_keeps_its_order) {
    enum { FILES = 50 };
    for (int n = 1; n <= FILES; n++)
        put_file(1, n);
    ck_assert(uploader_settle(up, PATIENCE_MS));
    ck_assert_int_eq(done_offset(1), FILES);
    const char *at = fake_store_log(store);
    for (int n = 1; n <= FILES; n++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "complete 1/%d", n);
        at = strstr(at, expected);
        ck_assert_msg(at != NULL, "%s is not where it belongs", expected);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/uploader");
    TCase *t = tcase_create("uploader");
    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, channels_do_not_wait_for_each_other);
    tcase_add_test(t, a_channel_keeps_its_order);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
