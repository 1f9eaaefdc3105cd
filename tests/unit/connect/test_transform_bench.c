/* `kconnectd transform`: lines in, lines out. */
#include "connect/transform_bench.h"

#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugins.h"
#include "tests/support/suite.h"

static void set_up(void) {
    struct kc_error err = {0};
    ck_assert_int_eq(plugins_init(NULL, &err), 0);
}

static void tear_down(void) {
    plugins_done();
}

/* The output for these lines, malloc'ed. */
static char *run(const char *const *pairs, const char *input, size_t *ret_failed) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    FILE *in = tmpfile(), *out = tmpfile();
    ck_assert(in && out);
    ck_assert_uint_eq(fwrite(input, 1, strlen(input), in), strlen(input));
    rewind(in);
    ck_assert_msg(transform_bench(config, NULL, in, out, ret_failed, &err) == 0, "%s", err.text);
    long len = ftell(out);
    char *text = calloc(1, (size_t)len + 1);
    rewind(out);
    ck_assert_uint_eq(fread(text, 1, (size_t)len, out), (size_t)len);
    fclose(in);
    fclose(out);
    return text;
}

#define CLASS "org.apache.kafka.connect.transforms."

static const char *const insert[] = {"transforms",
                                     "i",
                                     "transforms.i.type",
                                     CLASS "InsertField$Value",
                                     "transforms.i.topic.field",
                                     "t",
                                     "transforms.i.offset.field",
                                     "o",
                                     NULL};
static const char *const cast[] = {
    "transforms", "first,c",           "transforms.first.type", "DropHeaders",       "transforms.first.headers",
    "x",          "transforms.c.type", CLASS "Cast$Value",      "transforms.c.spec", "n:int8",
    NULL};
static const char *const drop[] = {"transforms",
                                   "d",
                                   "transforms.d.type",
                                   "Filter",
                                   "transforms.d.predicate",
                                   "p",
                                   "predicates",
                                   "p",
                                   "predicates.p.type",
                                   "RecordIsTombstone",
                                   NULL};
static const char *const text_value[] = {
    "transforms",      "h", "transforms.h.type", CLASS "HoistField$Value", "transforms.h.field", "f", "value.converter",
    "StringConverter", NULL};
static const char *const source[] = {"connector.class",
                                     "FileStreamSource",
                                     "transforms",
                                     "i",
                                     "transforms.i.type",
                                     CLASS "InsertField$Value",
                                     "transforms.i.partition.field",
                                     "p",
                                     "value.converter",
                                     "StringConverter",
                                     NULL};
static const char *const logical[] = {"transforms", "c", "transforms.c.type", CLASS "Cast$Value", "transforms.c.spec",
                                      "int64",      NULL};

#define TIMESTAMP \
    "{\"type\":\"int64\",\"optional\":false,\"name\":\"org.apache.kafka.connect.data.Timestamp\",\"version\":1}"

static const struct {
    const char *const *pairs;
    const char *input, *output;
    size_t failed;
} cases[] = {
    {insert, "{\"topic\":\"a\",\"partition\":2,\"offset\":7,\"timestamp\":5,\"key\":\"k\",\"value\":{\"x\":[1, 2]}}\n",
     "{\"topic\":\"a\",\"partition\":2,\"timestamp\":5,\"key\":\"k\",\"value\":{\"x\":[1,2],\"t\":\"a\",\"o\":7},"
     "\"headers\":[]}\n",
     0},
    {insert,
     "{\"value\":{\"schema\":{\"type\":\"struct\",\"fields\":[{\"field\":\"a\",\"type\":\"int8\"}]},\"payload\":"
     "{\"a\":1}}}",
     "{\"topic\":\"topic\",\"partition\":0,\"timestamp\":null,\"key\":null,\"value\":{\"schema\":{\"type\":\"struct\","
     "\"fields\":[{\"type\":\"int8\",\"optional\":false,\"field\":\"a\"},{\"type\":\"string\",\"optional\":true,"
     "\"field\":\"t\"},{\"type\":\"int64\",\"optional\":true,\"field\":\"o\"}],\"optional\":false},\"payload\":{\"a\":"
     "1,"
     "\"t\":\"topic\",\"o\":0}},\"headers\":[]}\n",
     0},
    {cast,
     "{\"value\":{\"n\":\"300\"}}\n\n{\"value\":{\"n\":\"3\"},\"headers\":[{\"key\":\"x\",\"value\":1},{\"key\":\"y\","
     "\"value\":\"2020-01-02\"},{\"key\":\"z\"}]}\n",
     "{\"error\":\"org.apache.kafka.connect.errors.DataException: Value (300) was out of range for requested data "
     "type\",\"cause\":\"java.lang.NumberFormatException: For input string: "
     "\\\"300\\\"\",\"stage\":\"TRANSFORMATION\",\"transform\":\"c\","
     "\"class\":\"org.apache.kafka.connect.transforms.Cast$Value\",\"line\":1}\n"
     "{\"topic\":\"topic\",\"partition\":0,\"timestamp\":null,\"key\":null,\"value\":{\"n\":3},\"headers\":[{\"key\":"
     "\"y\",\"value\":\"2020-01-02\",\"type\":\"org.apache.kafka.connect.data.Date\"},{\"key\":\"z\",\"value\":null}]}"
     "\n",
     1},
    {drop, "{\"value\":null}\n{\"value\":1}\n",
     "{\"dropped\":true}\n{\"topic\":\"topic\",\"partition\":0,\"timestamp\":null,\"key\":null,\"value\":1,"
     "\"headers\":[]}\n",
     0},
    {text_value, "{\"value\":\"a b\"}",
     "{\"topic\":\"topic\",\"partition\":0,\"timestamp\":null,\"key\":null,\"value\":{\"schema\":{\"type\":\"struct\","
     "\"fields\":[{\"type\":\"string\",\"optional\":true,\"field\":\"f\"}],\"optional\":false},\"payload\":{\"f\":\"a "
     "b\"}},\"headers\":[]}\n",
     0},
    {source, "{\"topic\":\"a\",\"value\":{\"x\":1}}\n{\"partition\":1,\"value\":{}}\n", /* converters come later */
     "{\"topic\":\"a\",\"partition\":null,\"timestamp\":null,\"key\":null,\"value\":{\"x\":1},\"headers\":[]}\n"
     "{\"topic\":null,\"partition\":1,\"timestamp\":null,\"key\":null,\"value\":{\"p\":1},\"headers\":[]}\n",
     0},
    {logical, "{\"value\":{\"schema\":" TIMESTAMP ",\"payload\":5}}", /* Java's converter refuses what Cast made */
     "{\"error\":\"org.apache.kafka.connect.errors.DataException: the value cannot be written: Invalid type for "
     "Timestamp, expected Date but was class java.lang.Long\",\"line\":1}\n",
     1},
    {drop, "[1]\n{\"topic\":1}\n{\"partition\":-1}\n{\"headers\":1}\n{\"headers\":[{\"value\":1}]}\n",
     "{\"error\":\"a record must be a JSON object\",\"line\":1}\n{\"error\":\"topic must be a text\",\"line\":2}\n"
     "{\"error\":\"partition must be a whole number\",\"line\":3}\n{\"error\":\"headers must be an "
     "array\",\"line\":4}\n"
     "{\"error\":\"a header must be {\\\"key\\\":TEXT,\\\"value\\\":…}\",\"line\":5}\n",
     5},
};

START_TEST(test_lines) {
    size_t failed = 99;
    char *output = run(cases[_i].pairs, cases[_i].input, &failed);
    ck_assert_str_eq(output, cases[_i].output);
    ck_assert_uint_eq(failed, cases[_i].failed);
    free(output);
}
END_TEST

START_TEST(test_wrong_configuration) {
    struct kc_error err = {0};
    size_t failed;
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "transforms", "a");
    kc_config_set(config, "transforms.a.type", "no.Such");
    ck_assert_int_eq(transform_bench(config, NULL, stdin, stdout, &failed, &err), -1);
    ck_assert_str_eq(err.text,
                     "Invalid value no.Such for configuration transforms.a.type: Class no.Such could not be found.");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("transform_bench");
    TCase *tc = tcase_create("transform_bench");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_lines, 0, COUNT_OF(cases));
    tcase_add_test(tc, test_wrong_configuration);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
