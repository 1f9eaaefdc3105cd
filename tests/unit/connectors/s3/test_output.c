/* Objects in parts, and the order in which an uploader does its work. */
#include "connectors/s3/output.h"

#include <stdatomic.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_store.h"
#include "tests/support/suite.h"

static struct object_store *st;
static struct uploader *up;
static struct channel *ch;
static struct output_conf conf = {.part_bytes = 10, .gzip_level = OUTPUT_NO_GZIP};

static void setup(void) {
    st = fake_store_new();
    struct uploader_conf uc = {.store = st, .max_threads = 2};
    up = uploader_new(&uc);
    ch = channel_new(up);
}

static void teardown(void) {
    channel_free(ch);
    uploader_free(up);
    store_free(st);
}

static void line(struct output *o, const char *text) {
    ck_assert_int_eq(buf_add_text(output_line(o), text), 0);
    output_accept(o);
}

static struct upload_group *group(struct remote *values, int64_t next_offset) {
    struct upload_group *g = calloc(1, sizeof(*g) + sizeof(g->files[0]));
    g->next_offset = next_offset;
    g->count = 1;
    g->files[0] = (struct upload_file){.values = values};
    return g;
}

START_TEST(parts_have_the_given_size) {
    static const struct {
        const char *lines[4], *log;
    } rows[] = {
        {{"123", "45"}, "begin k, part k 5, complete k"},
        {{"12345", "67890"}, "begin k, part k 10, complete k"},
        {{"123456789", "0123"}, "begin k, part k 10, part k 3, complete k"},
        {{"1234567890123456789012345"}, "begin k, part k 10, part k 10, part k 5, complete k"},
        {{NULL}, "begin k, part k 0, complete k"},
    };
    struct output *o = output_new(up, ch, "k", &conf);
    for (int i = 0; i < 4 && rows[_i].lines[i]; i++)
        line(o, rows[_i].lines[i]);
    channel_commit(ch, group(output_finish(o), 7));
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_log(st), rows[_i].log);
    struct channel_status status;
    channel_status(ch, &status);
    ck_assert_int_eq(status.done_offset, 7);
    ck_assert_uint_eq(uploader_queued(up), 0);
}
END_TEST

START_TEST(lines_can_be_taken_back) {
    struct output *o = output_new(up, ch, "k", &conf);
    line(o, "ab");
    ck_assert_int_eq(buf_add_text(output_line(o), "wrong, and longer than a part"), 0);
    output_undo(o);
    line(o, "cd");
    channel_commit(ch, group(output_finish(o), 1));
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_object(st, "k", NULL), "abcd");
}
END_TEST

START_TEST(short_memory_sends_parts_early) {
    struct output_conf large = {.part_bytes = 4 * OUTPUT_MIN_PART, .gzip_level = OUTPUT_NO_GZIP};
    struct output *o = output_new(up, ch, "k", &large);
    static char text[OUTPUT_MIN_PART + 1];
    memset(text, 'x', OUTPUT_MIN_PART - 1);
    line(o, text);
    output_relieve(o); /* too little for a part */
    ck_assert_uint_eq(output_buffered(o), OUTPUT_MIN_PART - 1);
    line(o, "y");
    output_relieve(o);
    ck_assert_uint_eq(output_buffered(o), 0);
    line(o, "more");
    line(o, text); /* parts stay as large as the first */
    ck_assert_uint_eq(output_buffered(o), 3);
    output_relieve(o);
    channel_commit(ch, group(output_finish(o), 1));
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_log(st), "begin k, part k 5242880, part k 5242880, part k 3, complete k");
}
END_TEST

START_TEST(a_discarded_object_is_aborted_when_it_was_begun) {
    struct output *small = output_new(up, ch, "small", &conf), *begun = output_new(up, ch, "begun", &conf);
    line(small, "1");
    line(begun, "1234567890");
    output_discard(small);
    output_discard(begun);
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_log(st), "begin begun, part begun 10, abort begun");
}
END_TEST

static atomic_bool held;

static int hold(void *arg, const char *op, const char *key, int nth) {
    (void)arg, (void)nth;
    while (!strcmp(op, "complete") && !strcmp(key, "a") && atomic_load(&held))
        clock_sleep_ms(1);
    return 0;
}

START_TEST(files_of_a_channel_end_in_order_while_others_go_on) {
    struct channel *other = channel_new(up);
    atomic_store(&held, true);
    fake_store_rules(st, hold, NULL);
    struct output *a = output_new(up, ch, "a", &conf), *b = output_new(up, ch, "b", &conf);
    struct output *c = output_new(up, other, "c", &conf);
    channel_commit(ch, group(output_finish(a), 1));
    channel_commit(ch, group(output_finish(b), 2));
    channel_commit(other, group(output_finish(c), 9));
    for (int i = 0; i < 1000 && !fake_store_object(st, "c", NULL); i++)
        clock_sleep_ms(2);
    ck_assert_str_eq(fake_store_keys(st), "c ");
    ck_assert(!uploader_settle(up, 10));
    atomic_store(&held, false);
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_keys(st), "a b c ");
    channel_free(other);
}
END_TEST

static int fail_a(void *arg, const char *op, const char *key, int nth) {
    (void)arg;
    return !strcmp(op, "complete") && !strcmp(key, "a") && nth == 1 ? ERR_S3_RETRIABLE : 0;
}

START_TEST(behind_a_failure_nothing_is_done_until_restart) {
    fake_store_rules(st, fail_a, NULL);
    channel_commit(ch, group(output_finish(output_new(up, ch, "a", &conf)), 1));
    channel_commit(ch, group(output_finish(output_new(up, ch, "b", &conf)), 2));
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_keys(st), "");
    struct channel_status status;
    channel_status(ch, &status);
    ck_assert(status.failed && status.error.retriable);
    ck_assert_int_eq(status.done_offset, -1);
    ck_assert_int_eq(fake_store_calls(st, "abort"), 1); /* b was never begun */
    channel_restart(ch);
    channel_commit(ch, group(output_finish(output_new(up, ch, "a", &conf)), 1));
    ck_assert(uploader_settle(up, 5000));
    channel_status(ch, &status);
    ck_assert(!status.failed);
    ck_assert_int_eq(status.done_offset, 1);
}
END_TEST

static int slow(void *arg, const char *op, const char *key, int nth) {
    (void)arg, (void)nth;
    if (!strcmp(op, "complete") && !strcmp(key, "a"))
        clock_sleep_ms(100);
    return 0;
}

START_TEST(freeing_a_channel_drops_its_orders) {
    fake_store_rules(st, slow, NULL);
    struct output *open = output_new(up, ch, "open", &conf);
    channel_commit(ch, group(output_finish(output_new(up, ch, "a", &conf)), 1));
    for (int i = 0; i < 1000 && !fake_store_calls(st, "complete"); i++)
        clock_sleep_ms(2);
    line(open, "1234567890");
    channel_commit(ch, group(output_finish(output_new(up, ch, "b", &conf)), 2));
    output_discard(open);
    ch = channel_free(ch); /* the running order is carried through */
    ck_assert(uploader_settle(up, 5000));
    ck_assert_str_eq(fake_store_keys(st), "a ");
    ck_assert_uint_eq(uploader_queued(up), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/output");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 20);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, parts_have_the_given_size, 0, 5);
    tcase_add_test(t, lines_can_be_taken_back);
    tcase_add_test(t, short_memory_sends_parts_early);
    tcase_add_test(t, a_discarded_object_is_aborted_when_it_was_begun);
    tcase_add_test(t, files_of_a_channel_end_in_order_while_others_go_on);
    tcase_add_test(t, behind_a_failure_nothing_is_done_until_restart);
    tcase_add_test(t, freeing_a_channel_drops_its_orders);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
