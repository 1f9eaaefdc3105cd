/* Hash codes and the order of java.util.HashMap; the expected numbers and texts were printed by Java 17. */
#include "connect/data/java_hash.h"

#include <math.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/decimal.h"
#include "connect/data/value.h"
#include "connect/data/value_text.h"
#include "tests/support/suite.h"

static struct kc_value decimal_of(struct kc_arena *arena, const char *text) {
    struct kc_decimal dec;
    ck_assert_int_eq(decimal_parse(arena, text, strlen(text), &dec), 0);
    return decimal_value(arena, dec);
}

/* The keys of the sample, in the order of insertion, with Java's hash codes. */
enum { SAMPLES = 18 };
static void sample(struct kc_arena *arena, struct kc_value keys[SAMPLES], int32_t hashes[SAMPLES]) {
    struct kc_value list = value_array_new(arena, 2), map = kc_map_new(arena, 1);
    list.items[0] = kc_int(KC_INT64, 1);
    list.items[1] = kc_string("x");
    kc_map_put(&map, "a", kc_int(KC_INT64, 1));
    const struct {
        struct kc_value key;
        int32_t hash;
    } rows[SAMPLES] = {
        {kc_int(KC_INT64, 1), 1},
        {kc_int(KC_INT64, -1), 0},
        {kc_double(1.5), 1073217536},
        {kc_double(-0.0), INT32_MIN},
        {kc_float(2.5f), 1075838976},
        {kc_bool(true), 1231},
        {kc_bool(false), 1237},
        {decimal_of(arena, "1.50"), 4652},
        {decimal_of(arena, "-4294967296"), -961},
        {decimal_of(arena, "-4294967295"), 31},
        {decimal_of(arena, "123456789012345678901234567890.5"), 1113278083},
        {kc_int(KC_INT8, -3), -3},
        {kc_int(KC_INT16, 300), 300},
        {kc_date(1577934245678), 1681247809},
        {list, 1112},
        {map, 96},
        {kc_int(KC_INT64, INT64_MIN), INT32_MIN},
        {kc_double(NAN), 2146959360},
    };
    for (int i = 0; i < SAMPLES; i++) {
        keys[i] = rows[i].key;
        hashes[i] = rows[i].hash;
    }
}

START_TEST(hash_codes) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value keys[SAMPLES];
    int32_t hashes[SAMPLES];
    sample(arena, keys, hashes);
    for (int i = 0; i < SAMPLES; i++)
        ck_assert_msg((int32_t)java_hash(&keys[i]) == hashes[i], "%s: %d", kc_value_to_text(arena, &keys[i], NULL),
                      (int32_t)java_hash(&keys[i]));
    struct kc_value text = kc_string("\xf0\x9f\x98\x80");
    ck_assert_int_eq((int32_t)java_hash(&text), 1772899);
}
END_TEST

static void expect_text(struct kc_arena *arena, const struct kc_value *v, const char *text) {
    ck_assert_str_eq(kc_value_to_text(arena, v, NULL), text);
}

START_TEST(order_of_a_hash_map) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value keys[SAMPLES];
    int32_t hashes[SAMPLES];
    sample(arena, keys, hashes);
    struct kc_value map = kc_map_new(arena, SAMPLES);
    for (int i = 0; i < SAMPLES; i++)
        map.entries[map.len++] = (struct kc_entry){keys[i], kc_int(KC_INT32, hashes[i])};
    map.flags = KC_MAP_UNORDERED;
    expect_text(
        arena, &map,
        "{-1=0, -0.0=-2147483648, 2.5=1075838976, -4294967296=-961, {a=1}=96, -9223372036854775808=-2147483648, "
        "1=1, -3=-3, 1.50=4652, 300=300, true=1231, Thu Jan 02 03:04:05 UTC 2020=1681247809, false=1237, "
        "1.5=1073217536, 123456789012345678901234567890.5=1113278083, [1, x]=1112, NaN=2146959360, "
        "-4294967295=31}");
}
END_TEST

START_TEST(order_of_names) {
    static const char *const names[] = {"id",
                                        "name",
                                        "email",
                                        "active",
                                        "score",
                                        "address",
                                        "street",
                                        "city",
                                        "zip",
                                        "tags",
                                        "created",
                                        "balance",
                                        "note",
                                        "é",
                                        "😀",
                                        "Aa",
                                        "BB",
                                        "schema",
                                        "payload",
                                        "f1",
                                        "f2",
                                        "key with blanks",
                                        "zzzzzzzzzzzzzzzzzzzz",
                                        "a",
                                        "b",
                                        "c"};
    AUTO(arena) arena = arena_new(0);
    struct kc_value map = kc_map_new(arena, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        kc_map_put(&map, names[i], kc_int(KC_INT32, 1));
    map.flags = KC_MAP_UNORDERED;
    expect_text(arena, &map,
                "{Aa=1, BB=1, schema=1, note=1, city=1, f1=1, f2=1, score=1, balance=1, payload=1, street=1, id=1, "
                "key with blanks=1, email=1, zip=1, a=1, b=1, address=1, c=1, created=1, active=1, é=1, "
                "zzzzzzzzzzzzzzzzzzzz=1, tags=1, name=1, 😀=1}");
    map.len = 5;
    expect_text(arena, &map, "{score=1, name=1, active=1, id=1, email=1}");
    map.flags = 0;
    expect_text(arena, &map, "{id=1, name=1, email=1, active=1, score=1}");
}
END_TEST

START_TEST(last_wins) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value map = kc_map_new(arena, 200);
    for (int i = 0; i < 200; i++)
        map.entries[map.len++] = (struct kc_entry){kc_int(KC_INT64, i % 70), kc_int(KC_INT64, i)};
    java_map_last_wins(&map);
    ck_assert_uint_eq(map.len, 70);
    for (int i = 0; i < 70; i++) {
        ck_assert_int_eq(map.entries[i].key.i, i);
        ck_assert_int_eq(map.entries[i].value.i, i < 60 ? 140 + i : 70 + i);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("java_hash");
    TCase *tc = tcase_create("java_hash");
    tcase_add_test(tc, hash_codes);
    tcase_add_test(tc, order_of_a_hash_map);
    tcase_add_test(tc, order_of_names);
    tcase_add_test(tc, last_wins);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
