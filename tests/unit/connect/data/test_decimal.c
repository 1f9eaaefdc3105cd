/* BigDecimal: text both ways, casts, bytes. */
#include "connect/data/decimal.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/schema.h"
#include "tests/support/suite.h"

START_TEST(as_java) {
    static const struct {
        const char *in, *text;
        int64_t whole;
        double value;
        const char *unscaled; /* hexadecimal */
    } rows[] = {
        {"1.50", "1.50", 1, 1.5, "0096"},
        {"1E+3", "1E+3", 1000, 1000, "01"},
        {"1E-7", "1E-7", 0, 1e-7, "01"},
        {"0.000001", "0.000001", 0, 1e-6, "01"},
        {"0.0000001", "1E-7", 0, 1e-7, "01"},
        {"123E-10", "1.23E-8", 0, 1.23e-8, "7b"},
        {"-0", "0", 0, 0, "00"},
        {"0E+5", "0E+5", 0, 0, "00"},
        {"0E-7", "0E-7", 0, 0, "00"},
        {"00012.300", "12.300", 12, 12.3, "300c"},
        {"1e10", "1E+10", 10000000000, 1e10, "01"},
        {"-1.5E-5", "-0.000015", 0, -1.5e-5, "f1"},
        {"12345678901234567890123456789e-5", "123456789012345678901234.56789", -7269072992350064654,
         1.2345678901234569e23, "27e41b3246bec9b16e398115"},
        {".5", "0.5", 0, 0.5, "05"},
        {"5.", "5", 5, 5, "05"},
        {"+7", "7", 7, 7, "07"},
        {"127", "127", 127, 127, "7f"},
        {"128", "128", 128, 128, "0080"},
        {"-128", "-128", -128, -128, "80"},
        {"-129", "-129", -129, -129, "ff7f"},
        {"-1.56", "-1.56", -1, -1.56, "ff64"},
        {"-4294967296", "-4294967296", -4294967296, -4294967296.0, "ff00000000"},
        {"18446744073709551616", "18446744073709551616", 0, 18446744073709551616.0, "010000000000000000"},
        {"1E-2147483647", "1E-2147483647", 0, 0, "01"},
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_decimal dec;
        ck_assert_msg(decimal_parse(arena, rows[i].in, strlen(rows[i].in), &dec) == 0, "%s", rows[i].in);
        AUTO_BUF text;
        buf_init(&text, 1000);
        ck_assert_int_eq(decimal_text(&text, &dec), 0);
        ck_assert_str_eq(buf_text(&text), rows[i].text);
        ck_assert_msg(decimal_to_int64(&dec) == rows[i].whole, "%s", rows[i].in);
        ck_assert_msg(decimal_to_double(&dec) == rows[i].value, "%s", rows[i].in);
        buf_clear(&text);
        size_t len;
        const uint8_t *bytes = decimal_bytes(&dec, &len);
        for (size_t k = 0; k < len; k++)
            buf_printf(&text, "%02x", bytes[k]);
        ck_assert_str_eq(buf_text(&text), rows[i].unscaled);
    }
}
END_TEST

START_TEST(refused) {
    static const char *const rows[] = {
        "",   "-", ".", "1e", "1e+", "e5", " 1", "1 ", "1.2.3", "0x1", "1e2147483649", "1e99999999999", "1E-2147483648",
        "NaN"};
    AUTO(arena) arena = arena_new(0);
    struct kc_decimal dec;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        ck_assert_msg(decimal_parse(arena, rows[i], strlen(rows[i]), &dec) == -1, "%s", rows[i]);
    ck_assert_int_eq(decimal_parse(arena, "1e0000000000000005", 18, &dec), 0);
    ck_assert_int_eq(dec.scale, -5);
}
END_TEST

START_TEST(equality) {
    AUTO(arena) arena = arena_new(0);
    static const uint8_t padded[] = {0xff, 0xff, 0x64}, empty[1];
    struct kc_decimal a = decimal_from_bytes(padded, 3, 2), b = decimal_from_int64(arena, -156, 2), c = b;
    ck_assert(decimal_equal(&a, &b));
    c.scale = 3;
    ck_assert(!decimal_equal(&b, &c));
    struct kc_decimal none = decimal_from_bytes(empty, 0, 0), zero = decimal_from_int64(arena, 0, 0);
    ck_assert(decimal_equal(&none, &zero));
    ck_assert_int_eq(decimal_from_double(arena, 0.1, &a), 0);
    ck_assert_int_eq(a.scale, 1);
    ck_assert_int_eq(decimal_from_double(arena, 1.0 / 0.0, &a), -1);
}
END_TEST

/* Large numbers, and what is too large. */
START_TEST(large) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF text;
    AUTO_BUF again;
    buf_init(&text, 2 * DECIMAL_MAX_DIGITS);
    buf_init(&again, 2 * DECIMAL_MAX_DIGITS);
    for (int i = 0; i < 3000; i++)
        buf_add_char(&text, (char)('1' + i * 7 % 9));
    struct kc_decimal dec;
    ck_assert_int_eq(decimal_parse(arena, text.data, text.len, &dec), 0);
    ck_assert_int_eq(decimal_text(&again, &dec), 0);
    ck_assert_str_eq(again.data, text.data);
    for (int i = 3000; i <= DECIMAL_MAX_DIGITS; i++)
        buf_add_char(&text, '1');
    ck_assert_int_eq(decimal_parse(arena, text.data, text.len, &dec), -1);
    dec = decimal_from_bytes((const uint8_t *)text.data, text.len, 0);
    buf_clear(&again);
    ck_assert_int_eq(decimal_text(&again, &dec), -1);
    ck_assert(!again.failed);
}
END_TEST

START_TEST(scale_of_a_schema) {
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"2", NULL},
        {"-3", NULL},
        {"+4", NULL},
        {"", "Invalid scale parameter found in Decimal schema: "},
        {"x", "Invalid scale parameter found in Decimal schema: "},
        {" 2", "Invalid scale parameter found in Decimal schema: "},
        {"2147483648", "Invalid scale parameter found in Decimal schema: "},
        {NULL, "Invalid Decimal schema: scale parameter not found."},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_schema_builder *b = kc_schema_builder_new(KC_BYTES);
        kc_schema_name(b, SCHEMA_DECIMAL);
        kc_schema_parameter(b, rows[i].text ? "scale" : "other", rows[i].text);
        AUTO(schema) schema = kc_schema_build(b);
        struct kc_error err = {0};
        int32_t scale;
        int rc = decimal_scale(schema, &scale, &err);
        if (rows[i].error) {
            ck_assert_int_eq(rc, -1);
            ck_assert_str_eq(err.text, rows[i].error);
        } else {
            ck_assert_int_eq(rc, 0);
            ck_assert_int_eq(scale, (int)strtol(rows[i].text, NULL, 10));
        }
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("decimal");
    TCase *tc = tcase_create("decimal");
    tcase_add_test(tc, as_java);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, equality);
    tcase_add_test(tc, large);
    tcase_add_test(tc, scale_of_a_schema);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
