/* Session keys: sizes, fit, expiry. */
#include "connect/session_key.h"

#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/suite.h"

static const struct {
    const char *algorithm;
    int bits;
    size_t len; /* 0: refused */
} sizes[] = {
    {"HmacSHA256", 0, 32},     {"HmacSHA1", 0, 64},   {"HmacMD5", 0, 64},
    {"HmacSHA224", 0, 28},     {"HmacSHA384", 0, 48}, {"HmacSHA512", 0, 64},
    {"HmacSHA256", 40, 5},     {"HmacSHA256", 41, 6}, {"HmacSHA256", 256, 32},
    {"HmacSHA256", 1024, 128}, {"HmacSHA256", 39, 0}, {"HmacSHA256", -8, 0},
    {"HmacSHA256", 1025, 0},   {"AES", 0, 0},
};

START_TEST(length) {
    struct kc_error err = {0};
    size_t len = 0;
    int rc = session_key_length(sizes[_i].algorithm, sizes[_i].bits, &len, &err);
    ck_assert_int_eq(rc, sizes[_i].len ? 0 : -1);
    ck_assert_uint_eq(len, sizes[_i].len);
    if (rc < 0) {
        ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
        ck_assert_ptr_nonnull(strstr(err.text, "inter.worker.key."));
    }
}
END_TEST

START_TEST(made_keys_are_fresh_and_fit) {
    struct kc_error err = {0};
    struct session_key a = {0}, b = {0};
    clock_fake_ms(1700000000000);
    ck_assert_int_eq(session_key_make("HmacSHA256", 0, &a, &err), 0);
    ck_assert_int_eq(session_key_make("HmacSHA256", 0, &b, &err), 0);
    clock_fake_ms(-1);
    ck_assert_uint_eq(a.len, 32);
    ck_assert_str_eq(a.algorithm, "HmacSHA256");
    ck_assert_int_eq(a.created_ms, 1700000000000);
    ck_assert_mem_ne(a.key, b.key, 32);
    ck_assert(session_key_fits(&a, "HmacSHA256", 0));
    ck_assert(session_key_fits(&a, "HmacSHA256", 256));
    ck_assert(!session_key_fits(&a, "HmacSHA256", 512));
    ck_assert(!session_key_fits(&a, "HmacSHA512", 0));
}
END_TEST

START_TEST(expiration) {
    struct session_key key = {.created_ms = 1000};
    ck_assert_int_eq(session_key_expiration(&key, 500), 1500);
    ck_assert_int_eq(session_key_expiration(&key, 0), INT64_MAX);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("session_key");
    TCase *tc = tcase_create("session_key");
    tcase_add_loop_test(tc, length, 0, (int)COUNT_OF(sizes));
    tcase_add_test(tc, made_keys_are_fresh_and_fit);
    tcase_add_test(tc, expiration);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
