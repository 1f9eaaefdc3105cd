/* A folder of the S3 source on stores that do not always show what is there. */
#include "connectors/s3/source_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_store.h"
#include "tests/support/suite.h"

#define FOLDER "topics/t/partition=3/"

enum { SETTLE_MS = 1000, POLL_MS = 300, RECORDS_MAX = 4000, LIFE_MS = 25000 };

static struct s3_source_conf conf;
static struct source_naming naming;
static struct object_store *store;
static struct source_input *folder;
static struct kc_arena *arena;
static struct kc_error err;
static int64_t now;
/* what was read: values, and how many had a key */
static long values[RECORDS_MAX];
static size_t value_count, key_count;
/* where the last record was, as an offset says it */
static char stored_file[128];
static int64_t stored_records;
static bool stored_eof;
/* what is hidden */
static const char *hidden_key, *hidden_ops;
static int64_t hidden_until;

static bool hide_one(void *arg, const char *op, const char *key, int nth) {
    (void)arg;
    (void)nth;
    return now < hidden_until && strstr(hidden_ops, op) && strcmp(key, hidden_key) == 0;
}

/* `key` is not seen by `ops` for `ms` from now on. */
static void hide(const char *key, const char *ops, int64_t ms) {
    hidden_key = key;
    hidden_ops = ops;
    hidden_until = now + ms;
    fake_store_hide(store, hide_one, NULL);
}

static void pass(int64_t ms) {
    clock_fake_ms(now += ms);
}

static void put(const char *key, const char *text) {
    ck_assert_int_eq(store_put(store, key, text, strlen(text), NULL, &err), 0);
}

/* An object of `count` records with the numbers from `first` on. */
static void put_records(long first, int count) {
    char key[128], text[1024] = "";
    snprintf(key, sizeof key, FOLDER "t+3+%010ld.json", first);
    for (int i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%ld\n", first + i);
    put(key, text);
}

static void open_folder(void) {
    folder = source_folder_new(&naming, store, FOLDER, NULL);
}

/* Reads all that can be read now. 0 or -1, `err` is set */
static int read_now(void) {
    int rc;
    while ((rc = source_input_open(folder, &err)) == 1) {
        struct source_file *file = folder->file;
        struct kc_record r = {0};
        bool bad;
        int end = 0;
        int64_t before;
        while ((before = source_file_position(file), rc = source_file_next(file, arena, &r, &bad, &err)) == 1 &&
               (end = source_file_at_end(file, &err)) >= 0) {
            ck_assert_uint_lt(value_count, RECORDS_MAX);
            values[value_count++] = strtol(kc_value_to_json(arena, &r.value, NULL), NULL, 10);
            key_count += r.key.tag != KC_V_NULL;
            snprintf(stored_file, sizeof stored_file, "%s", source_file_key(file));
            stored_records = source_file_position(file);
            stored_eof = end == 1;
        }
        if (rc == 0)
            source_input_end(folder);
        else if (source_input_interrupt(folder, before, &err) < 0)
            return -1;
    }
    return rc;
}

/* Now, and again and again until `ms` have passed. */
static int read_for(int64_t ms) {
    for (int64_t until = now + ms; now <= until; pass(100)) {
        if (read_now() < 0)
            return -1;
    }
    return 0;
}

static void check_read(size_t count, const long *want) {
    ck_assert_uint_eq(value_count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(values[i], want[i]);
}
#define CHECK_READ(...) check_read(COUNT_OF(((long[]){__VA_ARGS__})), (long[]){__VA_ARGS__})

static void setup(void) {
    conf = (struct s3_source_conf){.mode = "RESTORE_BACKUP",
                                   .format_class = "io.confluent.connect.s3.format.json.JsonFormat",
                                   .delim = "/",
                                   .filename_regex = "(.+)\\+(\\d+)\\+.+$",
                                   .keys = "auto",
                                   .headers = "false",
                                   .poll_interval_ms = POLL_MS};
    ck_assert_int_eq(source_naming_init(&naming, &conf, &err), 0);
    arena = arena_new(0);
    store = fake_store_new();
    now = 1000000;
    value_count = key_count = 0;
    pass(0);
}

static void teardown(void) {
    source_input_free(folder);
    store_free(store);
    arena_free(arena);
    source_naming_done(&naming);
    clock_fake_ms(-1);
}

/* ---- the order of things on a store that tells the truth ---- */

START_TEST(objects_that_continue_each_other_are_read_at_once) {
    put_records(0, 2);
    put_records(2, 3);
    put_records(5, 1);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1, 2, 3, 4, 5);
    ck_assert_int_eq(fake_store_calls(store, "head"), 0);
    ck_assert_int_eq(folder->due_ms, now + POLL_MS);
    put_records(6, 1);
    ck_assert_int_eq(read_now(), 0);
    ck_assert_uint_eq(value_count, 6);
    pass(POLL_MS);
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1, 2, 3, 4, 5, 6);
}
END_TEST

START_TEST(a_gap_is_believed_when_seen_twice) {
    put_records(0, 2);
    put_records(4, 1); /* as of a compacted topic */
    put_records(7, 1);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1);
    ck_assert_int_eq(folder->due_ms, now + SETTLE_MS);
    pass(SETTLE_MS - 1);
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1);
    pass(1);
    conf.keys = "false"; /* no listings but the folder's */
    int listings = fake_store_calls(store, "list");
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1, 4, 7);
    ck_assert_int_eq(fake_store_calls(store, "list"), listings + 2); /* the second look, and one that finds no more */
}
END_TEST

START_TEST(a_folder_may_begin_anywhere) {
    put_records(20, 2);
    put_records(22, 1);
    open_folder();
    ck_assert_int_eq(read_for(SETTLE_MS - 100), 0);
    ck_assert_uint_eq(value_count, 0);
    ck_assert_int_eq(read_for(100), 0);
    CHECK_READ(20, 21, 22);
}
END_TEST

START_TEST(several_partitions_in_a_folder_are_read_in_the_order_of_names) {
    put(FOLDER "t+3+0000000000.json", "0\n1\n");
    put(FOLDER "t+4+0000000000.json", "40\n");
    put(FOLDER "t+4+0000000001.json", "41\n");
    put(FOLDER "u+0+0000000005.json", "50\n");
    open_folder();
    ck_assert_int_eq(read_for(2 * SETTLE_MS), 0);
    CHECK_READ(0, 1, 40, 41, 50);
}
END_TEST

START_TEST(a_stored_position_is_continued) {
    put_records(0, 3);
    put_records(3, 2);
    put_records(5, 1);
    struct {
        const char *file;
        int64_t records;
        bool eof;
        size_t count;
    } cases[] = {{FOLDER "t+3+0000000000.json", 3, true, 3},   {FOLDER "t+3+0000000000.json", 1, false, 5},
                 {FOLDER "t+3+0000000000.json", -1, false, 6}, {FOLDER "t+3+0000000003.json", 2, false, 1},
                 {FOLDER "t+3+0000000005.json", 1, true, 0},   {FOLDER "t+3+0000000000.json", -1, true, 3}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        value_count = 0;
        open_folder();
        source_folder_resume(folder, cases[i].file, cases[i].records, cases[i].eof);
        ck_assert_int_eq(read_for(SETTLE_MS), 0);
        ck_assert_uint_eq(value_count, cases[i].count);
        for (size_t k = 0; k < value_count; k++)
            ck_assert_int_eq(values[k], (long)(6 - value_count + k));
        folder = source_input_free(folder);
    }
}
END_TEST

static int refuse_heads(void *arg, const char *op, const char *key, int nth) {
    (void)arg;
    (void)key;
    (void)nth;
    return strcmp(op, "head") == 0 ? ERR_FORBIDDEN : 0;
}

START_TEST(a_gap_is_found_without_the_right_to_ask_for_objects) {
    put_records(0, 2);
    put_records(4, 1);
    fake_store_rules(store, refuse_heads, NULL);
    open_folder();
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0, 1, 4);
}
END_TEST

/* ---- what is not there may come back ---- */

START_TEST(an_object_that_a_listing_leaves_out_is_asked_for) {
    static const char *const left_out[] = {FOLDER "t+3+0000000000.json", FOLDER "t+3+0000000002.json"};
    for (size_t i = 0; i < COUNT_OF(left_out); i++) {
        value_count = 0;
        put_records(0, 2);
        put_records(2, 1);
        put_records(3, 1);
        hide(left_out[i], "list", INT32_MAX);
        open_folder();
        ck_assert_int_eq(read_now(), 0);
        CHECK_READ(0, 1, 2, 3);
        folder = source_input_free(folder);
    }
}
END_TEST

START_TEST(an_object_that_is_away_while_it_is_replaced_is_waited_for) {
    put_records(0, 2);
    put_records(2, 1);
    put_records(3, 1);
    hide(FOLDER "t+3+0000000002.json", "list head get", SETTLE_MS - 1);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1);
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0, 1, 2, 3);
}
END_TEST

START_TEST(what_only_the_first_listing_showed_is_read_too) {
    put_records(0, 1);
    put_records(5, 1);
    put_records(9, 1);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0);
    hide(FOLDER "t+3+0000000005.json", "list", SETTLE_MS + 1);
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0); /* two listings that differ prove nothing */
    ck_assert_int_eq(read_for(2 * SETTLE_MS), 0);
    CHECK_READ(0, 5, 9);
}
END_TEST

static bool hide_by_turns(void *arg, const char *op, const char *key, int nth) {
    (void)arg;
    return !strcmp(op, "list") && nth % 2 && strstr(key, "0000000005");
}

START_TEST(listings_that_never_agree_end_somewhere) {
    conf.keys = "false";
    put_records(0, 1);
    put_records(5, 1);
    put_records(9, 1);
    fake_store_hide(store, hide_by_turns, NULL);
    open_folder();
    ck_assert_int_eq(read_for(20 * SETTLE_MS), 0);
    CHECK_READ(0, 5, 9);
}
END_TEST

START_TEST(a_listed_object_that_is_not_found_is_tried_again) {
    put_records(0, 2);
    put_records(2, 1);
    hide(FOLDER "t+3+0000000000.json", "get", SETTLE_MS);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    ck_assert_uint_eq(value_count, 0);
    ck_assert_int_eq(folder->due_ms, now + SETTLE_MS);
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0, 1, 2);
}
END_TEST

START_TEST(a_listed_object_that_stays_away_is_an_error_that_names_it) {
    put_records(0, 2);
    put_records(2, 1);
    hide(FOLDER "t+3+0000000000.json", "get", INT32_MAX);
    open_folder();
    ck_assert_int_eq(read_for(SETTLE_MS), -1);
    ck_assert_int_eq(err.code, ERR_BAD_DATA);
    ck_assert_ptr_nonnull(strstr(err.text, FOLDER "t+3+0000000000.json"));
    ck_assert_int_eq(read_now(), -1); /* as long as it is not passed over */
    source_input_skip(folder);
    ck_assert_int_eq(read_for(2 * SETTLE_MS), 0);
    CHECK_READ(2);
}
END_TEST

START_TEST(a_stored_object_that_is_gone_is_passed_over_after_a_second_look) {
    put_records(0, 4);
    put_records(4, 1);
    for (int gone = 0; gone < 2; gone++) {
        value_count = 0;
        hide(FOLDER "t+3+0000000000.json", "list get head", gone ? INT32_MAX : SETTLE_MS);
        open_folder();
        source_folder_resume(folder, FOLDER "t+3+0000000000.json", 2, false);
        ck_assert_int_eq(read_now(), 0);
        ck_assert_uint_eq(value_count, 0);
        ck_assert_int_eq(read_for(3 * SETTLE_MS), 0);
        if (gone)
            CHECK_READ(4);
        else
            CHECK_READ(2, 3, 4);
        folder = source_input_free(folder);
    }
}
END_TEST

/* A range of the object that is not there while it is replaced. */
static bool hide_second_get(void *arg, const char *op, const char *key, int nth) {
    (void)arg;
    (void)key;
    return !strcmp(op, "get") && nth == 2;
}

START_TEST(an_object_that_goes_away_while_it_is_read_is_read_on) {
    enum { LINE = 1 << 20, LINES = 6 };
    conf.keys = "false";
    char *text = malloc(LINE * LINES + 1);
    memset(text, ' ', LINE * LINES);
    for (int i = 0; i < LINES; i++) {
        text[i * LINE] = (char)('0' + i);
        text[i * LINE + LINE - 1] = '\n';
    }
    text[LINE * LINES] = '\0';
    put(FOLDER "t+3+0000000000.json", text);
    free(text);
    fake_store_hide(store, hide_second_get, NULL);
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    CHECK_READ(0, 1, 2); /* whether 3 is the last one is not known yet */
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0, 1, 2, 3, 4, 5);
}
END_TEST

START_TEST(keys_that_are_away_are_waited_for) {
    static const char *const options[] = {"auto", "true"}, *const ops[] = {"list", "get"};
    put_records(0, 2);
    put(FOLDER "t+3+0000000000.keys.json", "\"a\"\n\"b\"\n");
    put_records(2, 1);
    put(FOLDER "t+3+0000000002.keys.json", "\"c\"\n");
    for (int i = 0; i < 4; i++) {
        conf.keys = options[i % 2];
        value_count = key_count = 0;
        open_folder();
        if (i % 2)
            source_folder_resume(folder, FOLDER "t+3+0000000000.json", 0, false);
        hide(FOLDER "t+3+0000000000.keys.json", ops[i / 2], SETTLE_MS);
        ck_assert_int_eq(read_now(), 0);
        ck_assert_uint_eq(value_count, 0);
        ck_assert_int_eq(read_for(SETTLE_MS), 0);
        CHECK_READ(0, 1, 2);
        ck_assert_uint_eq(key_count, 3);
        folder = source_input_free(folder);
    }
}
END_TEST

START_TEST(keys_that_stay_away_are_missed_as_the_option_says) {
    put_records(0, 2);
    put_records(2, 1);
    put(FOLDER "t+3+0000000002.keys.json", "\"c\"\n");
    open_folder();
    ck_assert_int_eq(read_now(), 0);
    ck_assert_uint_eq(value_count, 0); /* others have keys */
    ck_assert_int_eq(read_for(SETTLE_MS), 0);
    CHECK_READ(0, 1, 2);
    ck_assert_uint_eq(key_count, 1);
    folder = source_input_free(folder);
    conf.keys = "true";
    open_folder();
    ck_assert_int_eq(read_for(SETTLE_MS), -1);
    ck_assert_int_eq(err.code, ERR_BAD_DATA);
    ck_assert_ptr_nonnull(strstr(err.text, FOLDER "t+3+0000000000.json in bucket fake: there is no keys object"));
}
END_TEST

/* ---- random weather ---- */

struct weather {
    uint64_t seed;
    int cut_percent; /* of listings that end somewhere, in an order that is not that of the names */
    int away_ms;     /* every object is away once for so long, less than SETTLE_MS, each at its own time */
    int64_t start_ms;
};

static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    return x ^ (x >> 31);
}

static uint64_t hash(uint64_t seed, const char *key) {
    for (; *key; key++)
        seed = mix(seed, (uint8_t)*key);
    return seed;
}

static bool hidden_by(void *arg, const char *op, const char *key, int nth) {
    const struct weather *w = arg;
    uint64_t call = mix(w->seed, (uint64_t)nth), place = hash(w->seed, key);
    bool cut = !strcmp(op, "list") && mix(call, 1) % 100 < (uint64_t)w->cut_percent;
    if (cut && place % 100 >= mix(call, 2) % 100)
        return true;
    int64_t away_at = w->start_ms + (int64_t)(place % LIFE_MS);
    return now >= away_at && now < away_at + w->away_ms;
}

static void start_again(void) {
    source_input_free(folder);
    open_folder();
    if (value_count > 0)
        source_folder_resume(folder, stored_file, stored_records, stored_eof);
}

/* A sink writes objects of one to four records now and then, each after the one before it; a reader that is started
 * again now and then reads them. None is missed, no order is lost. */
static void live_through(struct weather *w, bool gaps) {
    long next = 0, written = 0;
    long *want = calloc(RECORDS_MAX, sizeof *want);
    uint64_t random = w->seed;
    value_count = 0;
    fake_store_hide(store, hidden_by, w);
    open_folder();
    w->start_ms = now;
    for (int step = 0; now < w->start_ms + LIFE_MS; step++) {
        random = mix(random, (uint64_t)step);
        for (uint64_t n = random % 5; n > 3; n--) {
            int count = 1 + (int)(mix(random, n) % 4);
            put_records(next, count);
            for (int i = 0; i < count; i++)
                want[written++] = next + i;
            next += count + (gaps && mix(random, n) % 7 == 0 ? 3 : 0);
        }
        ck_assert_msg(read_now() == 0, "seed %llu: %s", (unsigned long long)w->seed, err.text);
        pass(37);
        if (random % 97 == 0)
            start_again();
    }
    ck_assert_msg(read_for(4 * LIFE_MS) == 0, "seed %llu: %s", (unsigned long long)w->seed, err.text);
    for (long i = 0; i < written; i++)
        ck_assert_msg(values[i] == want[i], "seed %llu: record %ld is %ld", (unsigned long long)w->seed, want[i],
                      values[i]);
    free(want);
    folder = source_input_free(folder);
}

START_TEST(nothing_is_passed_over_whatever_listings_leave_out) {
    static const struct {
        int cut_percent, away_ms;
        bool gaps;
    } climates[] = {{0, 0, true}, {50, 0, false}, {95, 0, false}, {0, 999, false}, {50, 600, false}, {0, 999, true}};
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct weather w = {.seed = seed, .cut_percent = climates[_i].cut_percent, .away_ms = climates[_i].away_ms};
        store_free(store);
        store = fake_store_new();
        arena_reset(arena);
        live_through(&w, climates[_i].gaps);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3 source folder");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, objects_that_continue_each_other_are_read_at_once);
    tcase_add_test(tc, a_gap_is_believed_when_seen_twice);
    tcase_add_test(tc, a_gap_is_found_without_the_right_to_ask_for_objects);
    tcase_add_test(tc, a_folder_may_begin_anywhere);
    tcase_add_test(tc, several_partitions_in_a_folder_are_read_in_the_order_of_names);
    tcase_add_test(tc, a_stored_position_is_continued);
    suite_add_tcase(s, tc);
    tc = tcase_create("away");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_object_that_a_listing_leaves_out_is_asked_for);
    tcase_add_test(tc, an_object_that_is_away_while_it_is_replaced_is_waited_for);
    tcase_add_test(tc, what_only_the_first_listing_showed_is_read_too);
    tcase_add_test(tc, listings_that_never_agree_end_somewhere);
    tcase_add_test(tc, a_listed_object_that_is_not_found_is_tried_again);
    tcase_add_test(tc, a_listed_object_that_stays_away_is_an_error_that_names_it);
    tcase_add_test(tc, a_stored_object_that_is_gone_is_passed_over_after_a_second_look);
    tcase_add_test(tc, an_object_that_goes_away_while_it_is_read_is_read_on);
    tcase_add_test(tc, keys_that_are_away_are_waited_for);
    tcase_add_test(tc, keys_that_stay_away_are_missed_as_the_option_says);
    tcase_add_loop_test(tc, nothing_is_passed_over_whatever_listings_leave_out, 0, 6);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
