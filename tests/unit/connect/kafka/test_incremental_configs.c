/* IncrementalAlterConfigs v0 byte for byte. */
#include "connect/kafka/incremental_configs.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(test_request) {
    static const struct config_change changes[] = {{"a", "1", CONFIG_SET}, {"bc", "ignored", CONFIG_DELETE}};
    static const struct topic_changes topics[] = {{"t", changes, 2}, {"u", changes, 0}};
    static const uint8_t want[] = {0,   0, 0, 2,   2,   0, 1,    't',  0, 0, 0, 2,   0, 1, 'a', 0, 0, 1,
                                   '1', 0, 2, 'b', 'c', 1, 0xFF, 0xFF, 2, 0, 1, 'u', 0, 0, 0,   0, 0};
    struct buf out;
    buf_init(&out, 1024);
    ck_assert_int_eq(incremental_configs_encode(&out, topics, 2), 0);
    ck_assert_uint_eq(out.len, sizeof want);
    ck_assert_mem_eq(out.data, want, sizeof want);
    buf_done(&out);
    buf_init(&out, 8);
    ck_assert_int_eq(incremental_configs_encode(&out, topics, 2), -1);
    buf_done(&out);
}
END_TEST

struct results {
    int count;
    char names[4];
    char texts[4][64];
};

static void on_result(void *arg, const char *topic, const struct kc_error *err) {
    struct results *r = arg;
    r->names[r->count] = topic[0];
    snprintf(r->texts[r->count++], 64, "%.60s", err ? err->text : "");
}

static const uint8_t answer[] = {0, 0,   0, 0,  0, 0, 0,   2,   0,   0,   0xFF, 0xFF, 2, 0,
                                 1, 't', 0, 40, 0, 4, 'o', 'h', ' ', 'n', 2,    0,    1, 'u'};

START_TEST(test_answer) {
    struct results r = {0};
    struct kc_error err = {0};
    struct wire_response resp = {.api = WIRE_INCREMENTAL_ALTER_CONFIGS, .body = answer, .len = sizeof answer};
    ck_assert_int_eq(incremental_configs_decode(&resp, on_result, &r, &err), 0);
    ck_assert_int_eq(r.count, 2);
    ck_assert_str_eq(r.texts[0], "");
    ck_assert_msg(strstr(r.texts[1], "oh n"), "%s", r.texts[1]);
    ck_assert_int_eq(r.names[0], 't');
    ck_assert_int_eq(r.names[1], 'u');
    for (size_t cut = 0; cut < sizeof answer; cut++) {
        r.count = 0;
        resp.len = cut;
        ck_assert_int_eq(incremental_configs_decode(&resp, on_result, &r, &err), -1);
    }
}
END_TEST

START_TEST(test_no_broker) {
    struct results r = {0};
    struct kc_error err = {0};
    struct kc_config *java = kc_config_new();
    static const struct topic_changes topics[] = {{"t", NULL, 0}};
    kc_config_set(java, "bootstrap.servers", "127.0.0.1:1,127.0.0.1:2");
    ck_assert_int_eq(incremental_configs(java, topics, 1, 2000, NULL, on_result, &r, &err), -1);
    ck_assert_int_eq(r.count, 0);
    ck_assert(err.text[0]);
    kc_config_set(java, "bootstrap.servers", "nonsense");
    ck_assert_int_eq(incremental_configs(java, topics, 1, 2000, NULL, on_result, &r, &err), -1);
    ck_assert_str_eq(err.text, "Invalid url in bootstrap.servers: nonsense");
    kc_config_free(java);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("incremental configs");
    TCase *tc = tcase_create("v0");
    tcase_add_test(tc, test_request);
    tcase_add_test(tc, test_answer);
    tcase_add_test(tc, test_no_broker);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
