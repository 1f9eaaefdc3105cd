/* Builder rules and texts, interning, references. */
#include "connect/data/schema.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "tests/support/suite.h"

static const struct kc_schema *pair_schema(const char *doc) {
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "Pair");
    kc_schema_doc(b, doc);
    kc_schema_version(b, 2);
    kc_schema_parameter(b, "p", "1");
    kc_schema_parameter(b, "q", "2");
    ck_assert_int_eq(kc_schema_add_field(b, "a", kc_schema_of(KC_INT32, false), &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "b", kc_schema_of(KC_STRING, true), &err), 0);
    return kc_schema_build(b);
}

START_TEST(equal_schemas_are_one) {
    size_t before = schema_alive();
    const struct kc_schema *a = pair_schema("d"), *b = pair_schema("d"), *c = pair_schema("e");
    ck_assert_ptr_eq(a, b);
    ck_assert_ptr_ne(a, c);
    ck_assert(!kc_schema_equal(a, c));
    ck_assert_uint_eq(schema_alive(), before + 2);
    kc_schema_unref(a);
    ck_assert_str_eq(b->name, "Pair");
    kc_schema_unref(b);
    kc_schema_unref(c);
    ck_assert_uint_eq(schema_alive(), before);
}
END_TEST

START_TEST(plain_schemas_are_static) {
    for (int t = KC_INT8; t <= KC_BYTES; t++)
        for (int optional = 0; optional < 2; optional++) {
            struct kc_schema_builder *b = kc_schema_builder_new((enum kc_type)t);
            kc_schema_optional(b, optional);
            const struct kc_schema *s = kc_schema_build(b);
            ck_assert_ptr_eq(s, kc_schema_of((enum kc_type)t, optional));
            kc_schema_unref(kc_schema_ref(s));
            kc_schema_unref(s);
        }
    ck_assert_ptr_null(kc_schema_of(KC_STRUCT, false));
}
END_TEST

/* Parameters are a map: order makes two schemas that are equal, yet keep their order. */
START_TEST(order_of_parameters) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_INT8), *c = kc_schema_builder_new(KC_INT8);
    kc_schema_parameter(b, "x", "1");
    kc_schema_parameter(b, "y", "2");
    kc_schema_parameter(c, "y", "2");
    kc_schema_parameter(c, "x", "0");
    kc_schema_parameter(c, "x", "1");
    AUTO(schema) one = kc_schema_build(b);
    AUTO(schema) two = kc_schema_build(c);
    ck_assert_ptr_ne(one, two);
    ck_assert(kc_schema_equal(one, two));
    ck_assert_str_eq(two->parameters[0].name, "y");
    ck_assert_str_eq(schema_parameter(two, "x"), "1");
    ck_assert_ptr_null(schema_parameter(two, "z"));
}
END_TEST

START_TEST(set_twice) {
    static const char *const whats[] = {"name", "doc", "version", "optional", "default"};
    for (size_t i = 0; i < COUNT_OF(whats); i++) {
        struct kc_error err = {0};
        struct kc_schema_builder *b = kc_schema_builder_new(KC_INT32);
        struct kc_value one = kc_int(KC_INT32, 1), two = kc_int(KC_INT32, 2);
        for (int again = 0; again < 2; again++) { /* the same again is fine */
            kc_schema_name(b, "n");
            kc_schema_doc(b, "d");
            kc_schema_version(b, 1);
            kc_schema_optional(b, true);
            ck_assert_int_eq(kc_schema_default(b, &one, &err), 0);
        }
        if (i == 0)
            kc_schema_name(b, "m");
        else if (i == 1)
            kc_schema_doc(b, "m");
        else if (i == 2)
            kc_schema_version(b, 2);
        else if (i == 3)
            kc_schema_optional(b, false);
        ck_assert_int_eq(i == 4 ? kc_schema_default(b, &two, &err) : schema_builder_check(b, &err), -1);
        char text[100];
        snprintf(text, sizeof(text), "Invalid SchemaBuilder call: %s has already been set.", whats[i]);
        ck_assert_str_eq(err.text, text);
        ck_assert_str_eq(err.exception, SCHEMA_BUILDER_EXCEPTION);
        ck_assert_ptr_null(kc_schema_build(b));
    }
}
END_TEST

START_TEST(field_errors) {
    struct kc_error err = {0};
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    const struct kc_schema *plain = kc_schema_of(KC_INT8, false);
    ck_assert_int_eq(kc_schema_add_field(b, NULL, plain, &err), -1);
    ck_assert_str_eq(err.text, "fieldName cannot be null.");
    ck_assert_int_eq(kc_schema_add_field(b, "", plain, &err), -1);
    ck_assert_str_eq(err.text, "fieldName cannot be null.");
    ck_assert_int_eq(kc_schema_add_field(b, "f", NULL, &err), -1);
    ck_assert_str_eq(err.text, "fieldSchema for field f cannot be null.");
    ck_assert_int_eq(kc_schema_add_field(b, "f", plain, &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "f", plain, &err), -1);
    ck_assert_str_eq(err.text, "Cannot create field because of field name duplication f");
    AUTO(schema_builder) scalar = kc_schema_builder_new(KC_INT8);
    ck_assert_int_eq(kc_schema_add_field(scalar, "f", plain, &err), -1);
    ck_assert_str_eq(err.text, "Cannot create fields on type INT8");
    ck_assert_str_eq(err.exception, SCHEMA_BUILDER_EXCEPTION);
}
END_TEST

START_TEST(defaults) {
    struct kc_error err = {0};
    AUTO(schema_builder) b = kc_schema_builder_new(KC_INT32);
    struct kc_value wrong = kc_int(KC_INT64, 1), null = kc_null();
    ck_assert_int_eq(kc_schema_default(b, &wrong, &err), -1);
    ck_assert_str_eq(err.exception, SCHEMA_BUILDER_EXCEPTION);
    ck_assert_str_eq(err.text, "Invalid default value");
    ck_assert_ptr_nonnull(strstr(err.cause, "DataException: Invalid Java object for schema with type INT32: class "
                                            "java.lang.Long for value"));
    ck_assert_int_eq(kc_schema_default(b, &null, &err), -1);
    kc_schema_optional(b, true);
    ck_assert_int_eq(kc_schema_default(b, &null, &err), 0);
    const struct kc_schema *s = kc_schema_build(TAKE(b));
    ck_assert_ptr_eq(s, kc_schema_of(KC_INT32, true)); /* default null is no default */
}
END_TEST

/* Many fields: the index of names grows with them. */
START_TEST(wide_struct) {
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        ck_assert_int_eq(kc_schema_add_field(b, name, kc_schema_of(KC_INT8, i % 2), &err), 0);
    }
    ck_assert_int_eq(kc_schema_add_field(b, "f7", kc_schema_of(KC_INT8, false), &err), -1);
    AUTO(schema) s = kc_schema_build(b);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        ck_assert_int_eq(kc_schema_field(s, name)->index, i);
    }
    ck_assert_ptr_null(kc_schema_field(s, "f1000"));
}
END_TEST

START_TEST(kept_by_an_arena) {
    size_t before = schema_alive();
    struct kc_arena *arena = arena_new(0);
    kc_schema_keep(arena, pair_schema("kept"));
    kc_schema_keep(arena, pair_schema("kept"));
    kc_schema_keep(arena, NULL);
    kc_schema_keep(arena, kc_schema_of(KC_INT8, false));
    ck_assert_uint_eq(schema_alive(), before + 1);
    arena_reset(arena);
    ck_assert_uint_eq(schema_alive(), before);
    arena_free(arena);
}
END_TEST

static void *build_and_drop(void *arg) {
    for (int i = 0; i < 3000; i++)
        kc_schema_unref(pair_schema(arg));
    return NULL;
}

START_TEST(threads_share) {
    size_t before = schema_alive();
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, build_and_drop, "shared"), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(schema_alive(), before);
}
END_TEST

START_TEST(texts) {
    AUTO_BUF text;
    buf_init(&text, 1000);
    AUTO(schema) decimal = schema_of_logical(LOGICAL_DECIMAL, -3, true);
    schema_text(&text, kc_schema_of(KC_FLOAT32, false));
    buf_add_char(&text, ' ');
    schema_text(&text, decimal);
    ck_assert_str_eq(buf_text(&text), "Schema{FLOAT32} Schema{org.apache.kafka.connect.data.Decimal:BYTES}");
    ck_assert_str_eq(schema_parameter(decimal, "scale"), "-3");
    ck_assert_int_eq(schema_logical(decimal), LOGICAL_DECIMAL);
    ck_assert_int_eq(schema_logical(kc_schema_of(KC_BYTES, false)), LOGICAL_NONE);
    AUTO(schema) copy = kc_schema_build(schema_builder_like(decimal));
    ck_assert_str_eq(copy->name, decimal->name);
    ck_assert_int_eq(copy->version, 1);
    ck_assert(!copy->optional);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("schema");
    TCase *tc = tcase_create("schema");
    tcase_add_test(tc, equal_schemas_are_one);
    tcase_add_test(tc, plain_schemas_are_static);
    tcase_add_test(tc, order_of_parameters);
    tcase_add_test(tc, set_twice);
    tcase_add_test(tc, field_errors);
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, wide_struct);
    tcase_add_test(tc, kept_by_an_arena);
    tcase_add_test(tc, threads_share);
    tcase_add_test(tc, texts);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
