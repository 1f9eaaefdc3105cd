/* The memory of updated schemas: what it keeps, what goes first, and that nothing is lost or freed too early. */
#include <stdlib.h>

#include "connect/base/arena.h"
#include "connect/data/schema.h"
#include "connect/transform/schema_memo.h"
#include "tests/support/suite.h"

static int updates;

/* The optional variant of a named schema; a version of 13 fails half way. */
static int update(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    struct kc_schema_builder *b = schema_builder_like(from);
    kc_schema_optional(b, true);
    ck_assert_ptr_eq(self, &updates);
    updates++;
    ret->plan = malloc(16);
    ret->schema = kc_schema_build(b);
    return from->version == 13 ? kc_fail(err, KC_DATA_EXCEPTION, "thirteen") : 0;
}

static const struct kc_schema *numbered(struct kc_arena *arena, int32_t version) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_INT32);
    kc_schema_name(b, "n");
    kc_schema_version(b, version);
    return kc_schema_keep(arena, kc_schema_build(b));
}

START_TEST(test_once_per_schema) {
    struct kc_error err = {0};
    struct schema_memo memo;
    size_t alive = schema_alive();
    struct kc_arena *arena = arena_new(0);
    updates = 0;
    schema_memo_init(&memo, update, &updates);
    for (int batch = 0; batch < 3; batch++) {
        schema_memo_start(&memo);
        for (int32_t i = 0; i < 32; i++) {
            const struct updated_schema *to =
                schema_memo_get(&memo, arena, numbered(arena, i % SCHEMA_MEMO_SIZE % 12), &err);
            ck_assert(to && to->schema->optional && to->plan);
            ck_assert_int_eq(to->schema->version, i % SCHEMA_MEMO_SIZE % 12);
        }
    }
    ck_assert_int_eq(updates, 12);
    schema_memo_done(&memo);
    arena_free(arena);
    ck_assert_uint_eq(schema_alive(), alive);
}
END_TEST

START_TEST(test_the_oldest_goes) {
    struct kc_error err = {0};
    struct schema_memo memo;
    AUTO(arena) arena = arena_new(0);
    updates = 0;
    schema_memo_init(&memo, update, &updates);
    schema_memo_start(&memo);
    const struct kc_schema *first = NULL;
    for (int32_t i = 100; i < 100 + SCHEMA_MEMO_SIZE; i++) {
        const struct updated_schema *to = schema_memo_get(&memo, arena, numbered(arena, i), &err);
        first = i == 100 ? to->schema : first;
    }
    ck_assert(schema_memo_get(&memo, arena, numbered(arena, 101), &err)); /* used again: 100 is the oldest, then 102 */
    ck_assert(schema_memo_get(&memo, arena, numbered(arena, 200), &err));
    ck_assert_int_eq(updates, SCHEMA_MEMO_SIZE + 1);
    ck_assert_int_eq(first->version, 100); /* still there for the records of this batch */
    ck_assert(schema_memo_get(&memo, arena, numbered(arena, 101), &err));
    ck_assert_int_eq(updates, SCHEMA_MEMO_SIZE + 1);
    ck_assert_ptr_eq(schema_memo_get(&memo, arena, numbered(arena, 100), &err)->schema, first);
    ck_assert_int_eq(updates, SCHEMA_MEMO_SIZE + 2);
    schema_memo_done(&memo);
}
END_TEST

START_TEST(test_failures_are_not_kept) {
    struct kc_error err = {0};
    struct schema_memo memo;
    AUTO(arena) arena = arena_new(0);
    updates = 0;
    schema_memo_init(&memo, update, &updates);
    schema_memo_start(&memo);
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(schema_memo_get(&memo, arena, numbered(arena, 13), &err));
        ck_assert_str_eq(err.text, "thirteen");
    }
    ck_assert_int_eq(updates, 2);
    schema_memo_done(&memo);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("schema_memo");
    TCase *tc = tcase_create("schema_memo");
    tcase_add_test(tc, test_once_per_schema);
    tcase_add_test(tc, test_the_oldest_goes);
    tcase_add_test(tc, test_failures_are_not_kept);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
