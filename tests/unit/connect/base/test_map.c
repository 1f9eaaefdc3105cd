/* Maps against a plain array that does the same slowly, and configurations. */
#include "connect/base/map.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/config_map.h"
#include "connect/base/name_index.h"

AUTO_FREE(map, struct map, map_free)

START_TEST(like_an_array) {
    enum { KEYS = 300 };
    static struct {
        bool present;
        uintptr_t value;
    } model[KEYS];
    AUTO(map) m = map_new(NULL);
    unsigned seed = 7;
    for (uintptr_t step = 1; step < 100000; step++) {
        seed = seed * 1103515245 + 12345;
        size_t k = (seed >> 8) % KEYS;
        char key[16];
        snprintf(key, sizeof(key), "key-%zu", k);
        switch ((seed >> 24) % 4) {
        case 0:
            ck_assert_int_eq(map_remove(m, key), model[k].present);
            model[k].present = false;
            break;
        case 1:
            ck_assert_uint_eq((uintptr_t)map_take(m, key), model[k].present ? model[k].value : 0);
            model[k].present = false;
            break;
        default:
            map_put(m, key, (void *)step);
            model[k].present = true;
            model[k].value = step;
        }
        ck_assert_int_eq(map_has(m, key), model[k].present);
        ck_assert_uint_eq((uintptr_t)map_get(m, key), model[k].present ? model[k].value : 0);
    }
    size_t count = 0;
    for (size_t k = 0; k < KEYS; k++)
        count += model[k].present;
    ck_assert_uint_eq(map_count(m), count);
    const char *key;
    void *value;
    for (size_t i = 0; map_next(m, &i, &key, &value); count--) {
        size_t k = strtoul(key + 4, NULL, 10);
        ck_assert(model[k].present && model[k].value == (uintptr_t)value);
    }
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(keeps_the_order) {
    static const char *const keys[] = {"z", "a", "m", "", "b"};
    AUTO(map) m = map_new(NULL);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        map_put(m, keys[i], NULL);
    map_put(m, "a", (void *)keys);
    const char *key;
    size_t n = 0;
    for (size_t i = 0; map_next(m, &i, &key, NULL); n++)
        ck_assert_str_eq(key, keys[n]);
    ck_assert_uint_eq(n, COUNT_OF(keys));
    ck_assert_ptr_null(map_get(m, "z"));
    ck_assert(map_has(m, "z"));
    ck_assert(!map_has(m, "x"));
}
END_TEST

START_TEST(removing_while_iterating) {
    AUTO(map) m = map_new(free);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        map_put(m, key, strdup(key));
    }
    const char *key;
    void *value;
    for (size_t i = 0, n = 0; map_next(m, &i, &key, &value); n++) {
        ck_assert_str_eq(key, value);
        if (n % 2)
            ck_assert(map_remove(m, key));
    }
    ck_assert_uint_eq(map_count(m), 500);
    for (size_t i = 0; map_next(m, &i, &key, &value);)
        ck_assert_int_eq(strtol(key, NULL, 10) % 2, 0);
}
END_TEST

START_TEST(bytes_and_values_freed) {
    AUTO(map) m = map_new(free);
    map_put_bytes(m, "a\0b", 3, strdup("first"));
    map_put_bytes(m, "a\0c", 3, strdup("second"));
    map_put_bytes(m, "a\0b", 3, strdup("third")); /* frees the first */
    ck_assert_str_eq(map_get_bytes(m, "a\0b", 3), "third");
    ck_assert_str_eq(map_get_bytes(m, "a\0c", 3), "second");
    ck_assert_ptr_null(map_get_bytes(m, "a", 1));
    char *same = map_get_bytes(m, "a\0b", 3);
    map_put_bytes(m, "a\0b", 3, same); /* the same value again is kept */
    ck_assert_str_eq(same, "third");
    map_clear(m);
    ck_assert_uint_eq(map_count(m), 0);
    map_put(m, "x", strdup("y"));
    ck_assert_uint_eq(map_count(m), 1);
    ck_assert_ptr_null(map_free(NULL));
}
END_TEST

START_TEST(configurations) {
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "b.x", "1");
    kc_config_set(config, "a", NULL);
    kc_config_set(config, "b.y", "2");
    kc_config_set(config, "b.", "3");
    kc_config_set(config, "b.x", "4");
    kc_config_set(config, "b.x", kc_config_get(config, "b.x")); /* its own value */
    ck_assert_uint_eq(kc_config_count(config), 4);
    const char *value = "untouched";
    ck_assert(!config_find(config, "b", name_hash("b"), &value));
    ck_assert_str_eq(value, "untouched");
    ck_assert(config_find(config, "b.y", name_hash("b.y"), &value));
    ck_assert_str_eq(value, "2");
    ck_assert(config_find(config, "a", name_hash("a"), &value));
    ck_assert_ptr_null(value);
    ck_assert_str_eq(kc_config_key(config, 0), "b.x");
    ck_assert_str_eq(kc_config_value(config, 0), "4");
    ck_assert_ptr_null(kc_config_key(config, 4));
    ck_assert(kc_config_has(config, "a"));
    ck_assert_ptr_null(kc_config_get(config, "a"));
    ck_assert(!kc_config_has(config, "c"));

    AUTO(props) part = kc_config_with_prefix(config, "b.");
    ck_assert_uint_eq(kc_config_count(part), 2);
    ck_assert_str_eq(kc_config_get(part, "x"), "4");
    ck_assert_str_eq(kc_config_get(part, "y"), "2");

    AUTO(props) copy = kc_config_copy(config);
    kc_config_remove(config, "a");
    kc_config_remove(config, "a");
    ck_assert_uint_eq(kc_config_count(config), 3);
    ck_assert_str_eq(kc_config_key(config, 1), "b.y");
    ck_assert_str_eq(kc_config_get(config, "b."), "3");
    kc_config_set(config, "a", "new");
    ck_assert_str_eq(kc_config_key(config, 3), "a");
    ck_assert_uint_eq(kc_config_count(copy), 4);
    ck_assert(kc_config_has(copy, "a"));
    ck_assert_ptr_null(kc_config_free(NULL));
}
END_TEST

START_TEST(large_configurations) {
    AUTO(props) config = kc_config_new();
    char key[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof(key), "%d", i % 10000);
        kc_config_set(config, key, key);
    }
    ck_assert_uint_eq(kc_config_count(config), 10000);
    ck_assert_str_eq(kc_config_get(config, "9999"), "9999");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("map");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, like_an_array);
    tcase_add_test(tcase, keeps_the_order);
    tcase_add_test(tcase, removing_while_iterating);
    tcase_add_test(tcase, bytes_and_values_freed);
    tcase_add_test(tcase, configurations);
    tcase_add_test(tcase, large_configurations);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
