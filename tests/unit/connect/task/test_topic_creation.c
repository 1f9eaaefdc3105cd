/* topic.creation.*: which group a topic belongs to, and what is refused. Creating topics is tested with a real broker.
 */
#include <string.h>

#include "connect/base/err.h"
#include "connect/task/topic_creation.h"
#include "tests/support/suite.h"

static struct kc_config *config(const char *const *pairs) {
    struct kc_config *c = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(c, pairs[0], pairs[1]);
    return c;
}

#define DEFAULTS "topic.creation.default.replication.factor", "1", "topic.creation.default.partitions", "-1"

START_TEST(test_groups) {
    static const char *const pairs[] = {DEFAULTS,
                                        "topic.creation.groups",
                                        "never, a,default,b",
                                        "topic.creation.a.include",
                                        "x.*, yy",
                                        "topic.creation.a.exclude",
                                        "x1|x2",
                                        "topic.creation.b.include",
                                        "x.*|z+",
                                        "topic.creation.default.include",
                                        "nothing",
                                        "topic.creation.b.partitions",
                                        "7",
                                        "topic.creation.b.cleanup.policy",
                                        "compact",
                                        NULL};
    static const struct {
        const char *topic, *group;
    } rows[] = {{"x", "a"},         {"x0", "a"},  {"x1", "b"},        {"yy", "a"},
                {"yyy", "default"}, {"zzz", "b"}, {"azz", "default"}, {"", "default"}};
    struct kc_error err = {0};
    AUTO(props) c = config(pairs);
    AUTO(topic_creation) tc = NULL;
    ck_assert_int_eq(topic_creation_new(c, true, &tc, &err), 0);
    ck_assert_ptr_nonnull(tc);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        ck_assert_str_eq(topic_creation_group(tc, rows[i].topic), rows[i].group);
}
END_TEST

START_TEST(test_inactive) {
    static const char *const none[] = {"topic", "t", NULL}, *const some[] = {DEFAULTS, NULL};
    struct kc_error err = {0};
    AUTO(props) without = config(none);
    AUTO(props) with = config(some);
    struct topic_creation *tc = NULL;
    ck_assert_int_eq(topic_creation_new(without, true, &tc, &err), 0);
    ck_assert_ptr_null(tc);
    ck_assert_int_eq(topic_creation_new(with, false, &tc, &err), 0); /* topic.creation.enable=false */
    ck_assert_ptr_null(tc);
}
END_TEST

START_TEST(test_refused) {
    static const struct {
        const char *pairs[8];
        const char *text;
    } rows[] = {
        {{"topic.creation.groups", "a"},
         "Missing required configuration \"topic.creation.default.replication.factor\" which has no default value."},
        {{"topic.creation.default.replication.factor", "1"},
         "Missing required configuration \"topic.creation.default.partitions\" which has no default value."},
        {{"topic.creation.default.replication.factor", "0", "topic.creation.default.partitions", "1"},
         "Invalid value 0 for configuration replication.factor: Replication factor must be "
         "positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"},
        {{DEFAULTS, "topic.creation.groups", "a", "topic.creation.a.partitions", "-2"},
         "Invalid value -2 for configuration partitions: Number of partitions must be positive, or -1 to use the "
         "broker's "
         "default"},
        {{DEFAULTS, "topic.creation.groups", "a", "topic.creation.a.partitions", "many"},
         "Invalid value many for configuration topic.creation.a.partitions: Not a number of type INT"},
        {{DEFAULTS, "topic.creation.groups", "a", "topic.creation.a.include", "a(, b)"},
         "Invalid value [a(, b)] for configuration include: Syntax error in regular expression: Unclosed group near "
         "index 2\na("},
        {{DEFAULTS, "topic.creation.groups", "a", "topic.creation.a.exclude", "["},
         "Invalid value [[] for configuration exclude: Syntax error in regular expression: Unclosed character class"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *pairs[9] = {NULL};
        struct kc_error err = {0};
        struct topic_creation *tc = NULL;
        memcpy(pairs, rows[i].pairs, sizeof rows[i].pairs);
        AUTO(props) c = config(pairs);
        ck_assert_int_eq(topic_creation_new(c, true, &tc, &err), -1);
        ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
        ck_assert_msg(strncmp(err.text, rows[i].text, strlen(rows[i].text)) == 0, "%zu: %s", i, err.text);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("topic_creation");
    TCase *tc = tcase_create("topic_creation");
    tcase_add_test(tc, test_groups);
    tcase_add_test(tc, test_inactive);
    tcase_add_test(tc, test_refused);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
