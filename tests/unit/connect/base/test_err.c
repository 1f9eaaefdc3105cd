/* Errors: the code table, wrapping, prefixes, traces, texts that are too long or come from the error itself. */
#include "connect/base/err.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/auto.h"

START_TEST(codes) {
    struct kc_error err = {0};
    ck_assert_int_eq(err_set(&err, ERR_REBALANCING, "wait %d", 5), -1);
    ck_assert_int_eq(err.code, ERR_REBALANCING);
    ck_assert(err.retriable);
    ck_assert_str_eq(err.text, "wait 5");
    ck_assert_str_eq(err.exception, "org.apache.kafka.connect.runtime.distributed.RebalanceNeededException");
    ck_assert_int_eq(err_http(ERR_REBALANCING), 409);
    ck_assert_int_eq(err_http((enum err_code)9999), 500);
    ck_assert_int_eq(err_set_class(&err, ERR_IO, "java.io.EOFException", "end"), -1);
    ck_assert_int_eq(err.code, ERR_IO);
    ck_assert(!err.retriable);
    ck_assert_str_eq(err.exception, "java.io.EOFException");
    ck_assert_int_eq(err_set(NULL, ERR_IO, "x"), -1);
}
END_TEST

START_TEST(plugins_fail_by_class) {
    static const struct {
        const char *exception;
        enum err_code code;
        bool retriable;
    } table[] = {
        {KC_CONNECT_EXCEPTION, ERR_INTERNAL, false},
        {KC_DATA_EXCEPTION, ERR_BAD_DATA, false},
        {KC_CONFIG_EXCEPTION, ERR_BAD_CONFIG, false},
        {KC_RETRIABLE_EXCEPTION, ERR_RETRIABLE, true},
        {KC_NOT_FOUND_EXCEPTION, ERR_NOT_FOUND, false},
        {"org.apache.kafka.common.errors.TimeoutException", ERR_TIMEOUT, true},
        {"java.lang.Anything", ERR_INTERNAL, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct kc_error err = {.fatal = true, .cause = "old"};
        ck_assert_int_eq(kc_fail(&err, table[i].exception, "text"), -1);
        ck_assert_int_eq(err.code, table[i].code);
        ck_assert_int_eq(err.retriable, table[i].retriable);
        ck_assert(!err.fatal);
        ck_assert_str_eq(err.exception, table[i].exception);
        ck_assert_str_eq(err.cause, "");
    }
    ck_assert_int_eq(kc_fail(NULL, KC_DATA_EXCEPTION, "x"), -1);
}
END_TEST

START_TEST(wrapped) {
    struct kc_error err = {0};
    err_set(&err, ERR_RETRIABLE, "inner");
    err.fatal = true;
    ck_assert_int_eq(err_wrap(&err, NULL, "outer of %s", err.text), -1);
    ck_assert_str_eq(err.exception, KC_CONNECT_EXCEPTION);
    ck_assert_str_eq(err.text, "outer of inner");
    ck_assert_str_eq(err.cause, KC_RETRIABLE_EXCEPTION ": inner");
    ck_assert(err.retriable && err.fatal);
    err_wrap(&err, KC_DATA_EXCEPTION, "outermost");
    char *trace = err_trace(&err);
    ck_assert_str_eq(trace, KC_DATA_EXCEPTION ": outermost\nCaused by: " KC_CONNECT_EXCEPTION
                                              ": outer of inner\nCaused by: " KC_RETRIABLE_EXCEPTION ": inner");
    free(trace);
    err_prefix(&err, "while %s", "testing");
    ck_assert_str_eq(err.text, "while testing: outermost");
}
END_TEST

START_TEST(own_text_as_argument) {
    struct kc_error err = {0};
    err_set(&err, ERR_IO, "one");
    err_set(&err, ERR_IO, "%s and %s", err.text, err.exception);
    ck_assert_str_eq(err.text, "one and java.io.IOException");
}
END_TEST

START_TEST(too_long) {
    char text[3 * KC_ERROR_TEXT];
    memset(text, 'a', sizeof(text));
    for (size_t shift = 0; shift < 3; shift++) {
        for (size_t i = shift; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "\xe2\x82\xac", 3);
        text[sizeof(text) - 1] = 0;
        struct kc_error err = {0};
        err_set(&err, ERR_IO, "%s", text);
        size_t len = strlen(err.text);
        ck_assert_uint_gt(len, KC_ERROR_TEXT - 5);
        ck_assert_uint_eq((len - shift) % 3, 0); /* no half character */
        err_wrap(&err, NULL, "%s", text);
        err_wrap(&err, NULL, "%s", text);
        err_prefix(&err, "%s", text);
        ck_assert_uint_lt(strlen(err.cause), KC_ERROR_TEXT);
        ck_assert_uint_lt(strlen(err.text), KC_ERROR_TEXT);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("err");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, codes);
    tcase_add_test(tcase, plugins_fail_by_class);
    tcase_add_test(tcase, wrapped);
    tcase_add_test(tcase, own_text_as_argument);
    tcase_add_test(tcase, too_long);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
