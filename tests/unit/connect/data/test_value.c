/* Values: maps, deep copies, equality as Java's, class names; JSON as values; batches and headers. */
#include "connect/data/value.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/decimal.h"
#include "connect/data/java_hash.h"
#include "tests/support/suite.h"

static struct kc_value json(struct kc_arena *arena, const char *text) {
    struct kc_value v;
    struct kc_error err = {0};
    ck_assert_msg(kc_value_from_json(arena, text, strlen(text), &v, &err) == 0, "%s: %s", text, err.text);
    return v;
}

START_TEST(scalars_from_json) {
    AUTO(arena) arena = arena_new(0);
    static const struct {
        const char *text;
        enum kc_tag tag;
    } rows[] = {
        {"", KC_V_NULL},       {"null", KC_V_NULL},    {" true ", KC_V_BOOLEAN}, {"5", KC_V_INT64},
        {"5.0", KC_V_FLOAT64}, {"\"x\"", KC_V_STRING}, {"[]", KC_V_JSON},        {"{}", KC_V_JSON},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        ck_assert_int_eq(json(arena, rows[i].text).tag, rows[i].tag);
    struct kc_value low = json(arena, "12345678901234567890");
    ck_assert(low.i == -6101065172474983726);
    struct kc_value zero = json(arena, "-0.0");
    ck_assert(!signbit(zero.f));
    struct kc_value text = json(arena, "\"a\\u0000\\ud83d\\ude00\\ud83d!\"");
    ck_assert_uint_eq(text.len, 10);
    ck_assert_mem_eq(text.s, "a\0\xf0\x9f\x98\x80\xef\xbf\xbd!", 10);
    struct kc_error err = {0};
    ck_assert_int_eq(kc_value_from_json(arena, "{", 1, &text, &err), -1);
}
END_TEST

START_TEST(expanding) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value v = json(arena, "{\"a\":{\"b\":[1,{}]},\"c\":[],\"a\":7}");
    struct kc_value whole = kc_json_expand(arena, v);
    ck_assert_int_eq(whole.tag, KC_V_MAP);
    ck_assert_int_eq(whole.flags, KC_MAP_UNORDERED);
    ck_assert_uint_eq(whole.len, 2);
    ck_assert_int_eq(kc_map_get(&whole, "a")->i, 7);
    ck_assert_int_eq(kc_map_get(&whole, "c")->tag, KC_V_ARRAY);
    ck_assert_ptr_null(kc_map_get(&whole, "b"));
    struct kc_value opened = kc_json_open(arena, json(arena, "{\"a\" : {\"b\":[1,{}]}, \"c\":1}"));
    ck_assert_int_eq(kc_map_get(&opened, "a")->tag, KC_V_JSON);
    struct kc_value inner = kc_json_expand(arena, *kc_map_get(&opened, "a"));
    ck_assert_int_eq(kc_map_get(&inner, "b")->items[1].tag, KC_V_MAP);
    struct kc_value number = kc_int(KC_INT8, 1), same = kc_json_expand(arena, number);
    ck_assert(kc_value_equal(&number, &same));
}
END_TEST

/* More elements than fit the first stack. */
START_TEST(long_arrays) {
    AUTO(arena) arena = arena_new(0);
    char text[8001] = "[";
    for (int i = 0; i < 1000; i++)
        strncat(text, i ? ",[1,2]" : "[1,2]", sizeof(text) - strlen(text) - 1);
    strncat(text, "]", sizeof(text) - strlen(text) - 1);
    struct kc_value v = kc_json_expand(arena, json(arena, text));
    ck_assert_uint_eq(v.len, 1000);
    for (uint32_t i = 0; i < v.len; i++)
        ck_assert_int_eq(v.items[i].items[1].i, 2);
}
END_TEST

START_TEST(equality) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value a, b;
    const struct {
        struct kc_value a, b;
        bool equal;
    } rows[] = {
        {kc_int(KC_INT8, 1), kc_int(KC_INT16, 1), false},
        {kc_double(NAN), kc_double(-NAN), true},
        {kc_double(0.0), kc_double(-0.0), false},
        {kc_float(1), kc_double(1), false},
        {kc_string("a"), kc_text("ab", 1), true},
        {kc_string("a"), kc_bytes("a", 1), false},
        {kc_string(NULL), kc_null(), true},
        {kc_date(5), kc_int(KC_INT64, 5), false},
        {json(arena, "{\"a\":1,\"b\":[2]}"), json(arena, "{\"b\":[2],\"a\":1}"), true},
        {json(arena, "{\"a\":1,\"b\":[2]}"), json(arena, "{\"b\":[2],\"a\":2}"), false},
        {json(arena, "{\"a\":1}"), json(arena, "{\"a\":1,\"b\":1}"), false},
        {json(arena, "[1.0]"), json(arena, "[ 1e0 ]"), true},
        {json(arena, "[1]"), json(arena, "[1.0]"), false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        a = rows[i].a;
        b = rows[i].b;
        ck_assert_msg(kc_value_equal(&a, &b) == rows[i].equal && kc_value_equal(&b, &a) == rows[i].equal, "row %zu", i);
    }
}
END_TEST

START_TEST(copies_stand_alone) {
    struct kc_arena *source = arena_new(0);
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "copied");
    ck_assert_int_eq(kc_schema_add_field(b, "x", kc_schema_of(KC_STRING, false), &err), 0);
    struct kc_value st = kc_struct_new(source, kc_schema_keep(source, kc_schema_build(b)));
    ck_assert_int_eq(kc_struct_put(&st, "x", kc_string(kc_arena_strdup(source, "text")), &err), 0);
    struct kc_value map = kc_map_new(source, 4);
    kc_map_put(&map, "struct", st);
    kc_map_put(&map, "decimal", decimal_value(source, decimal_from_int64(source, -156, 2)));
    kc_map_put(&map, "json", json(source, kc_arena_strdup(source, "{\"a\":[1]}")));
    kc_map_put(&map, "bytes", kc_bytes("", 0));
    struct kc_value copy = kc_value_copy(arena, &map);
    ck_assert(kc_value_equal(&map, &copy));
    arena_free(source);
    ck_assert_str_eq(kc_value_to_json(arena, &copy, NULL),
                     "{\"struct\":{\"x\":\"text\"},\"decimal\":-1.56,\"json\":{\"a\":[1]},\"bytes\":\"\"}");
}
END_TEST

START_TEST(class_names) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value map = kc_map_new(arena, 1), object = json(arena, "{}"), array = json(arena, "[{}]");
    struct kc_value whole = kc_json_expand(arena, object);
    ck_assert_str_eq(kc_value_java_class(&map), "java.util.LinkedHashMap");
    ck_assert_str_eq(kc_value_java_class(&object), "java.util.HashMap");
    ck_assert_str_eq(kc_value_java_class(&whole), "java.util.HashMap");
    ck_assert_str_eq(kc_value_java_class(&array), "java.util.ArrayList");
    ck_assert_int_eq(value_type(&array), KC_ARRAY);
    ck_assert_int_eq(value_type(&object), KC_MAP);
    struct kc_value date = kc_date(0);
    ck_assert_int_eq(value_type(&date), -1);
}
END_TEST

START_TEST(batches_and_headers) {
    AUTO(arena) arena = arena_new(0);
    struct kc_record records[2];
    struct kc_batch batch = {.arena = arena, .records = records, .capacity = 2};
    struct kc_record *r = kc_batch_add(&batch);
    ck_assert_int_eq(r->partition, -1);
    ck_assert(r->timestamp == KC_NO_TIMESTAMP);
    ck_assert(kc_record_live(r));
    ck_assert_ptr_nonnull(kc_batch_add(&batch));
    ck_assert_ptr_null(kc_batch_add(&batch));
    struct kc_header exact[1] = {{"zero", NULL, kc_null()}}; /* an array without room to grow */
    r->headers = exact;
    r->header_count = 1;
    for (int i = 0; i < 10; i++)
        kc_record_add_header(arena, r, "h", kc_schema_of(KC_INT32, false), kc_int(KC_INT32, i));
    ck_assert_uint_eq(r->header_count, 11);
    ck_assert_str_eq(r->headers[0].key, "zero");
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(r->headers[i + 1].value.i, i);
}
END_TEST

/* The deepest document that JSON may be, on a stack of the size that tasks have. */
static void *go_deep(void *arg) {
    AUTO(arena) arena = arena_new(0);
    char text[2 * 1000 + 1];
    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    text[2000] = '\0';
    struct kc_value v = json(arena, text), whole = kc_json_expand(arena, v), copy = kc_value_copy(arena, &whole);
    bool fine = kc_value_equal(&v, &copy) && java_hash(&whole) == java_hash(&copy) &&
                strcmp(kc_value_to_text(arena, &whole, NULL), text) == 0 &&
                strcmp(kc_value_to_json(arena, &whole, NULL), text) == 0;
    return fine ? arg : NULL;
}

START_TEST(deep_documents) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    size_t stack = 4 * 512 * 1024; /* frames are several times larger */
#else
    size_t stack = 512 * 1024;
#endif
    pthread_attr_t attr;
    pthread_t thread;
    void *result = NULL;
    int fine = 1;
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, stack), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, go_deep, &fine), 0);
    pthread_join(thread, &result);
    pthread_attr_destroy(&attr);
    ck_assert_ptr_eq(result, &fine);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("value");
    TCase *tc = tcase_create("value");
    tcase_add_test(tc, scalars_from_json);
    tcase_add_test(tc, expanding);
    tcase_add_test(tc, long_arrays);
    tcase_add_test(tc, equality);
    tcase_add_test(tc, copies_stand_alone);
    tcase_add_test(tc, class_names);
    tcase_add_test(tc, batches_and_headers);
    tcase_add_test(tc, deep_documents);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
