/* murmur2 against Kafka's own test values (UtilsTest.testMurmur2). */
#include "connect/base/murmur2.h"
#include "tests/support/suite.h"

#include <string.h>

START_TEST(known_values) {
    static const struct {
        const char *text;
        int32_t hash;
    } table[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_int_eq((int32_t)murmur2(table[i].text, strlen(table[i].text)), table[i].hash);
}
END_TEST

START_TEST(partitions_are_in_range) {
    for (int i = 0; i < 1000; i++) {
        int32_t partition = murmur2_partition(&i, sizeof(i), 7);
        ck_assert_int_ge(partition, 0);
        ck_assert_int_lt(partition, 7);
    }
    ck_assert_int_eq(murmur2_partition("", 0, 1), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("murmur2");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, known_values);
    tcase_add_test(tcase, partitions_are_in_range);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
