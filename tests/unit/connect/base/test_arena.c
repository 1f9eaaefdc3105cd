/* Arena: alignment, growth in place, what a reset keeps and runs, and poisoning under ASan. */
#include "connect/base/arena.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

START_TEST(aligned_and_separate) {
    AUTO(arena) arena = arena_new(0);
    unsigned char *blocks[500];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = kc_arena_alloc(arena, i);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_eq(blocks[i][j], i & 0xff);
    }
    ck_assert_uint_eq(arena_used(arena), 500 * 499 / 2);
    arena_reset(arena);
    ck_assert_uint_eq(arena_used(arena), 0);
}
END_TEST

START_TEST(memory_is_kept_over_a_reset) {
    AUTO(arena) arena = arena_new(1024);
    char *first = kc_arena_alloc(arena, 100);
    arena_reset(arena);
    ck_assert_ptr_eq(kc_arena_alloc(arena, 100), first);
}
END_TEST

START_TEST(large_and_small) {
    AUTO(arena) arena = arena_new(0);
    for (int round = 0; round < 5; round++) {
        char *large = kc_arena_alloc(arena, 3 * 1024 * 1024);
        memset(large, 1, 3 * 1024 * 1024);
        for (int i = 0; i < 20000; i++)
            memset(kc_arena_alloc(arena, 100), 2, 100);
        ck_assert_int_eq(large[3 * 1024 * 1024 - 1], 1);
        arena_reset(arena);
    }
}
END_TEST

START_TEST(texts) {
    AUTO(arena) arena = arena_new(0);
    ck_assert_str_eq(kc_arena_strdup(arena, "abc"), "abc");
    ck_assert_str_eq(kc_arena_copy(arena, "abcdef", 3), "abc");
    ck_assert_str_eq(kc_arena_copy(arena, NULL, 0), "");
    ck_assert_str_eq(kc_arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    char *cleared = kc_arena_zalloc(arena, 10000);
    for (size_t i = 0; i < 10000; i++)
        ck_assert_int_eq(cleared[i], 0);
}
END_TEST

START_TEST(grows) {
    AUTO(arena) arena = arena_new(1024);
    char *text = kc_arena_alloc(arena, 10);
    memcpy(text, "123456789", 10);
    ck_assert_ptr_eq(arena_grow(arena, text, 10, 200), text); /* the last one: in place */
    ck_assert_ptr_eq(arena_grow(arena, text, 200, 20), text);
    ck_assert_uint_eq(arena_used(arena), 20);
    char *next = kc_arena_alloc(arena, 10);
    ck_assert(next >= text + 20 && next < text + 100); /* what was given back is used */
    char *moved = arena_grow(arena, text, 20, 100);
    ck_assert_ptr_ne(moved, text);
    ck_assert_str_eq(moved, "123456789");
    char *far = arena_grow(arena, moved, 100, 100000);
    ck_assert_str_eq(far, "123456789");
    ck_assert_ptr_eq(arena_grow(arena, moved, 100, 50), moved);
    ck_assert_ptr_nonnull(arena_grow(arena, NULL, 0, 10));
}
END_TEST

static char order[8];
static void note(void *arg) {
    order[strlen(order)] = *(char *)arg;
}

START_TEST(runs_at_reset_newest_first) {
    AUTO(arena) arena = arena_new(0);
    arena_at_reset(arena, note, "a");
    arena_at_reset(arena, note, "b");
    arena_reset(arena);
    ck_assert_str_eq(order, "ba");
    arena_reset(arena);
    ck_assert_str_eq(order, "ba");
    arena_at_reset(arena, note, "c");
    arena_free(TAKE(arena));
    ck_assert_str_eq(order, "bac");
}
END_TEST

#ifdef __SANITIZE_ADDRESS__
static volatile char seen;

START_TEST(asan_sees_reads_after_a_reset) {
    AUTO(arena) arena = arena_new(0);
    volatile char *old = kc_arena_strdup(arena, "old");
    arena_reset(arena);
    seen = old[0];
}
END_TEST

START_TEST(asan_sees_overruns) {
    AUTO(arena) arena = arena_new(0);
    volatile char *text = kc_arena_alloc(arena, 16);
    kc_arena_alloc(arena, 16);
    seen = text[16];
}
END_TEST
#endif

START_TEST(absurd_sizes_abort) {
    AUTO(arena) arena = arena_new(0);
    kc_arena_alloc(arena, SIZE_MAX - 5);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, aligned_and_separate);
    tcase_add_test(tcase, memory_is_kept_over_a_reset);
    tcase_add_test(tcase, large_and_small);
    tcase_add_test(tcase, texts);
    tcase_add_test(tcase, grows);
    tcase_add_test(tcase, runs_at_reset_newest_first);
    tcase_add_test_raise_signal(tcase, absurd_sizes_abort, SIGABRT);
#ifdef __SANITIZE_ADDRESS__
    tcase_add_exit_test(tcase, asan_sees_reads_after_a_reset, 1);
    tcase_add_exit_test(tcase, asan_sees_overruns, 1);
#endif
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
