/* Avro bytes of one schema as those of another one, against what Avro 1.12.0 made of them (GenericDatumReader with both
 * schemas, written again with the second; tests/golden/avro_resolve.jsonl), and hostile bytes. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/avro_data.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

static struct kc_error err;

static int resolve(const char *reader_text, const char *writer_text, const char *hex, struct buf *out) {
    AUTO(avro_doc) reader = NULL;
    AUTO(avro_doc) writer = NULL;
    AUTO_BUF data;
    buf_init(&data, 1 << 20);
    hex_add(&data, hex);
    err = (struct kc_error){0};
    ck_assert_int_eq(avro_doc_parse(reader_text, strlen(reader_text), NULL, 0, &reader, &err), 0);
    ck_assert_int_eq(avro_doc_parse(writer_text, strlen(writer_text), NULL, 0, &writer, &err), 0);
    return avro_resolve(out, avro_doc_root(reader), avro_doc_root(writer), data.data, data.len, &err);
}

static void check(const cJSON *vector, void *arg) {
    const char *id = json_get_text(vector, "id"), *expected = json_get_text(vector, "out");
    AUTO_BUF out;
    (void)arg;
    buf_init(&out, 1 << 20);
    int rc =
        resolve(json_get_text(vector, "reader"), json_get_text(vector, "writer"), json_get_text(vector, "hex"), &out);
    ck_assert_msg((rc == 0) == (expected != NULL), "%s: %s %s", id, rc < 0 ? err.text : "no error", err.cause);
    if (rc < 0) {
        ck_assert_str_eq(err.exception, SERIALIZATION_EXCEPTION);
        ck_assert_ptr_nonnull(strstr(err.cause, "org.apache.avro.AvroTypeException: "));
        return;
    }
    AUTO_TEXT actual = hex_text(buf_text(&out), out.len);
    ck_assert_msg(strcmp(actual, expected) == 0, "%s: %s and not %s", id, actual, expected);
}

START_TEST(vectors) {
    ck_assert_int_gt(golden_each("avro_resolve.jsonl", "avro_resolve", check, NULL), 120);
}
END_TEST

/* What no writer has written. */
static const struct {
    const char *writer, *hex, *what;
} hostiles[] = {
    {"\"int\"", "", "the data ends within a number"},
    {"\"string\"", "feffffffffffffffff01", "the data ends within a value"},
    {"[\"int\",\"string\"]", "04", "a union has no such branch"},
    {"[\"int\",\"string\"]", "01", "a union has no such branch"},
    {"{\"type\":\"array\",\"items\":\"int\"}", "feffffffffffffffff01", "the data ends within an array"},
    {"{\"type\":\"array\",\"items\":\"null\"}", "80a8d6b90700", "too many elements that take no bytes"},
    {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "02", "an enum has no such symbol"},
};

START_TEST(hostile) {
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    ck_assert_int_eq(resolve(hostiles[_i].writer, hostiles[_i].writer, hostiles[_i].hex, &out), -1);
    ck_assert_str_eq(err.exception, SERIALIZATION_EXCEPTION);
    ck_assert_msg(strstr(err.text, hostiles[_i].what), "%s", err.text);
}
END_TEST

START_TEST(recursion_ends) {
    static const char node[] =
        "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",\"N\"]}]}";
    AUTO_BUF hex, out;
    buf_init(&hex, 1 << 20);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 10000; i++)
        (void)buf_add_text(&hex, "02");
    ck_assert_int_eq(resolve(node, node, buf_text(&hex), &out), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "nested too deeply"));
}
END_TEST

START_TEST(too_large) {
    AUTO_BUF out;
    buf_init(&out, 2);
    ck_assert_int_eq(resolve("\"string\"", "\"string\"", "06616263", &out), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "the value is too large"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("avro_resolve");
    TCase *t = tcase_create("all");
    tcase_add_test(t, vectors);
    tcase_add_loop_test(t, hostile, 0, COUNT_OF(hostiles));
    tcase_add_test(t, recursion_ends);
    tcase_add_test(t, too_large);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
