/* The cache of JsonConverter: order of use, bounds, ownership. */
#include "connect/convert/schema_cache.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static int freed;

static void count_free(void *value) {
    freed += (int)(intptr_t)value;
}

static void *number(int n) {
    return (void *)(intptr_t)n;
}

START_TEST(least_recently_used_goes) {
    struct schema_cache *cache = schema_cache_new(2, count_free);
    freed = 0;
    ck_assert(schema_cache_put(cache, "a", 1, number(1)));
    ck_assert(schema_cache_put(cache, "b", 1, number(10)));
    ck_assert_ptr_eq(schema_cache_get(cache, "a", 1), number(1));
    ck_assert(schema_cache_put(cache, "c", 1, number(100)));
    ck_assert_int_eq(freed, 10);
    ck_assert_ptr_null(schema_cache_get(cache, "b", 1));
    ck_assert_ptr_eq(schema_cache_get(cache, "a", 1), number(1));
    ck_assert_ptr_null(schema_cache_get(cache, "ab", 2));
    schema_cache_free(cache);
    ck_assert_int_eq(freed, 111);
}
END_TEST

START_TEST(nothing_is_kept) {
    static const int sizes[] = {0, -1};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct schema_cache *cache = schema_cache_new(sizes[i], count_free);
        ck_assert(!schema_cache_put(cache, "a", 1, number(1)));
        ck_assert_ptr_null(schema_cache_get(cache, "a", 1));
        schema_cache_free(cache);
    }
    struct schema_cache *cache = schema_cache_new(10, count_free);
    static char large[100000];
    ck_assert(!schema_cache_put(cache, large, sizeof(large), number(1)));
    schema_cache_free(cache);
    schema_cache_free(NULL);
}
END_TEST

START_TEST(many) {
    struct schema_cache *cache = schema_cache_new(1000, count_free);
    char key[16];
    for (int i = 1; i <= 5000; i++)
        ck_assert(schema_cache_put(cache, key, (size_t)snprintf(key, sizeof(key), "%d", i), number(i)));
    for (int i = 1; i <= 5000; i++) {
        size_t len = (size_t)snprintf(key, sizeof(key), "%d", i);
        ck_assert_ptr_eq(schema_cache_get(cache, key, len), i > 4000 ? number(i) : NULL);
    }
    schema_cache_free(cache);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("schema_cache");
    TCase *tc = tcase_create("schema_cache");
    tcase_add_test(tc, least_recently_used_goes);
    tcase_add_test(tc, nothing_is_kept);
    tcase_add_test(tc, many);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
