/* Java's toString of values; expected texts were printed by Java 17. */
#include "connect/data/value_text.h"

#include "connect/base/arena.h"
#include "connect/data/value.h"
#include "tests/support/suite.h"

START_TEST(dates) {
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "Thu Jan 01 00:00:00 UTC 1970"},
        {-1, "Wed Dec 31 23:59:59 UTC 1969"},
        {-12219292800000, "Fri Oct 15 00:00:00 UTC 1582"},
        {-12219292800001, "Thu Oct 04 23:59:59 UTC 1582"},
        {-62135596800001, "Sun Jan 02 23:59:59 UTC 1"},
        {-62135769600000, "Sat Jan 01 00:00:00 UTC 1"},
        {-62135769600001, "Fri Dec 31 23:59:59 UTC 1"},
        {-99999999999999, "Thu Feb 26 14:13:20 UTC 1200"},
        {253402300799999, "Fri Dec 31 23:59:59 UTC 9999"},
        {1582934400000, "Sat Feb 29 00:00:00 UTC 2020"},
        {951782400000, "Tue Feb 29 00:00:00 UTC 2000"},
        {-2203891200000, "Thu Mar 01 00:00:00 UTC 1900"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF text;
        buf_init(&text, 100);
        ck_assert_int_eq(value_date_text(&text, rows[i].ms), 0);
        ck_assert_str_eq(buf_text(&text), rows[i].text);
    }
}
END_TEST

START_TEST(containers) {
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    ck_assert_int_eq(kc_schema_add_field(b, "a", kc_schema_of(KC_INT32, true), &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "b", kc_schema_of(KC_STRING, true), &err), 0);
    struct kc_value st = kc_struct_new(arena, kc_schema_keep(arena, kc_schema_build(b)));
    ck_assert_str_eq(kc_value_to_text(arena, &st, NULL), "Struct{}");
    ck_assert_int_eq(kc_struct_put(&st, "b", kc_string("x, y"), &err), 0);
    ck_assert_str_eq(kc_value_to_text(arena, &st, NULL), "Struct{b=x, y}");
    struct kc_value list = value_array_new(arena, 4);
    list.items[0] = st;
    list.items[2] = kc_float(0.1f);
    list.items[3] = kc_bytes("\1\2", 2);
    size_t len;
    ck_assert_str_eq(kc_value_to_text(arena, &list, &len), "[Struct{b=x, y}, null, 0.1, AQI=]");
    ck_assert_uint_eq(len, 33);
    struct kc_value json;
    const char text[] = "{\"z\":[1,2.50,null],\"a\":{}}";
    ck_assert_int_eq(kc_value_from_json(arena, text, sizeof(text) - 1, &json, &err), 0);
    ck_assert_str_eq(kc_value_to_text(arena, &json, NULL), "{a={}, z=[1, 2.5, null]}");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("value_text");
    TCase *tc = tcase_create("value_text");
    tcase_add_test(tc, dates);
    tcase_add_test(tc, containers);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
