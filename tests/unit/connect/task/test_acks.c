/* Contiguous acknowledged offsets: what may be committed, and when the memory of a record is let go. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/task/acks.h"
#include "tests/support/suite.h"

enum { RECORDS = 8 };

static struct kc_arena *arena;
static struct acks *acks;
static struct ack entries[RECORDS];
static struct kc_record records[RECORDS];
static char released[RECORDS + 1]; /* '.' = still held, 'r' = released */

static void on_release(void *arg, struct ack *ack) {
    ck_assert_ptr_eq(arg, released);
    released[ack - entries] = 'r';
}

static void set_up(void) {
    arena = arena_new(0);
    acks = acks_new(on_release, released);
    memset(released, '.', RECORDS);
    for (int i = 0; i < RECORDS; i++) {
        records[i] = (struct kc_record){0};
        records[i].source_offset = kc_map_new(arena, 1);
        kc_map_put(&records[i].source_offset, "position", kc_int(KC_INT64, i));
        entries[i] = (struct ack){.record = &records[i]};
    }
}

static void tear_down(void) {
    acks_free(acks);
    arena_free(arena);
}

static struct kc_source_partition *partition(const char *key) {
    return acks_partition(acks, strdup(key), strlen(key));
}

struct seen {
    int count;
    int64_t sum;
    bool store;
};

static bool see(void *arg, struct kc_source_partition *part) {
    struct seen *seen = arg;
    const struct kc_value *position = kc_map_get(&part->committable, "position");
    ck_assert_ptr_nonnull(position);
    seen->count++;
    seen->sum += position->i;
    return seen->store;
}

static int64_t committable(void) {
    struct seen seen = {0};
    acks_each_dirty(acks, see, &seen);
    ck_assert_int_le(seen.count, 1);
    return seen.count ? seen.sum : -1;
}

START_TEST(test_orders) {
    static const struct {
        const char *order;   /* of the acknowledgements, '|' = advance */
        const char *held;    /* afterwards */
        int64_t committable; /* -1: nothing */
    } rows[] = {
        {"0123|", "rrrr", 3}, {"3210|", "rrrr", 3},    {"123|", "....", -1},    {"013|", "rr..", 1},
        {"1|0|", "rr..", 1},  {"0|1|2|3|", "rrrr", 3}, {"2|0|3|1|", "rrrr", 3}, {"0", "....", -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up();
        struct kc_source_partition *part = partition("p");
        for (int k = 0; k < 4; k++)
            acks_submit(acks, &entries[k], part);
        for (const char *c = rows[i].order; *c; c++)
            if (*c == '|')
                acks_advance(acks);
            else
                acks_ack(acks, &entries[*c - '0']);
        ck_assert_msg(strncmp(released, rows[i].held, 4) == 0, "%s: %s", rows[i].order, released);
        ck_assert_msg(committable() == rows[i].committable, "%s", rows[i].order);
        tear_down();
    }
}
END_TEST

START_TEST(test_partitions_are_independent) {
    set_up();
    struct kc_source_partition *a = partition("a"), *b = partition("b");
    ck_assert_ptr_ne(a, b);
    ck_assert_ptr_eq(a, partition("a"));
    for (int k = 0; k < 4; k++)
        acks_submit(acks, &entries[k], k % 2 ? b : a);
    ck_assert_uint_eq(acks_outstanding(acks), 4);
    acks_ack(acks, &entries[1]);
    acks_ack(acks, &entries[3]);
    acks_advance(acks);
    ck_assert_int_eq(committable(), 3);
    ck_assert_str_eq(released, ".r.r....");
    ck_assert_uint_eq(acks_outstanding(acks), 2);
    tear_down();
}
END_TEST

START_TEST(test_offsets_survive_their_batch) {
    set_up();
    acks_submit(acks, &entries[0], partition("a"));
    acks_ack(acks, &entries[0]);
    acks_advance(acks);
    arena_reset(arena); /* the batch is gone, poisoned under ASan */
    ck_assert_int_eq(committable(), 0);
    tear_down();
}
END_TEST

START_TEST(test_dirty_until_stored) {
    set_up();
    struct kc_source_partition *part = partition("a");
    ck_assert(!acks_any_dirty(acks));
    acks_submit(acks, &entries[0], part);
    acks_submit(acks, &entries[1], part);
    acks_ack(acks, &entries[0]);
    acks_advance(acks);
    struct seen seen = {0};
    acks_each_dirty(acks, see, &seen); /* a flush that failed */
    ck_assert(acks_any_dirty(acks));
    acks_ack(acks, &entries[1]);
    acks_advance(acks);
    ck_assert_int_eq(committable(), 1); /* the newer offset wins */
    seen = (struct seen){.store = true};
    acks_each_dirty(acks, see, &seen);
    ck_assert_int_eq(seen.count, 1);
    ck_assert(!acks_any_dirty(acks));
    tear_down();
}
END_TEST

START_TEST(test_records_without_offset) {
    set_up();
    acks_submit(acks, &entries[0], NULL);
    acks_submit(acks, &entries[1], NULL);
    acks_ack(acks, &entries[1]);
    ck_assert_str_eq(released, ".r......");
    ck_assert_uint_eq(acks_outstanding(acks), 1);
    acks_advance(acks);
    ck_assert(!acks_any_dirty(acks));
    acks_ack(acks, &entries[0]);
    ck_assert_str_eq(released, "rr......");
    tear_down();
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("acks");
    TCase *tc = tcase_create("acks");
    tcase_add_test(tc, test_orders);
    tcase_add_test(tc, test_partitions_are_independent);
    tcase_add_test(tc, test_offsets_survive_their_batch);
    tcase_add_test(tc, test_dirty_until_stored);
    tcase_add_test(tc, test_records_without_offset);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
