/* Offset topic: keys as Java writes them, spellings of one partition, captured records. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/base/murmur2.h"
#include "connect/store/offset_picture.h"
#include "tests/support/hex.h"

static struct kc_value map_of(struct kc_arena *arena, const char *json) {
    struct kc_value v;
    struct kc_error err = {0};
    ck_assert_int_eq(kc_value_from_json(arena, json, strlen(json), &v, &err), 0);
    return v;
}

static const struct {
    const char *connector, *partition, *key;
} keys[] = {
    /* order of java.util.HashMap, as executed */
    {"mm2", "{\"topic\":\"orders\",\"partition\":0,\"cluster\":\"us-west\"}",
     "[\"mm2\",{\"cluster\":\"us-west\",\"partition\":0,\"topic\":\"orders\"}]"},
    {"mm2", "{\"topic\":\"t\",\"consumerGroupId\":\"g\",\"partition\":1}",
     "[\"mm2\",{\"consumerGroupId\":\"g\",\"partition\":1,\"topic\":\"t\"}]"},
    {"mm2", "{\"targetClusterAlias\":\"b\",\"sourceClusterAlias\":\"a\"}",
     "[\"mm2\",{\"sourceClusterAlias\":\"a\",\"targetClusterAlias\":\"b\"}]"},
    {"s3", "{\"objectKey\":\"k\",\"bucket\":\"b\"}", "[\"s3\",{\"bucket\":\"b\",\"objectKey\":\"k\"}]"},
    {"file-source", "{\"filename\":\"/tmp/in.txt\"}", "[\"file-source\",{\"filename\":\"/tmp/in.txt\"}]"},
    {"c", "null", "[\"c\",null]"},
    {"c", "{}", "[\"c\",{}]"},
    {"c\"\xF0\x9F\x98\x80", "{\"a\":\"\xC3\xA9\xF0\x9F\x98\x80\\u0001\"}",
     "[\"c\\\"\\uD83D\\uDE00\",{\"a\":\"\xC3\xA9\\uD83D\\uDE00\\u0001\"}]"},
    {"c", "{\"d\":1e10,\"n\":null,\"t\":true,\"i\":9223372036854775807}",
     "[\"c\",{\"d\":1.0E10,\"t\":true,\"i\":9223372036854775807,\"n\":null}]"},
};

START_TEST(encode_keys) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF out;
    buf_init(&out, 4096);
    struct kc_error err = {0};
    struct kc_value partition = map_of(arena, keys[_i].partition);
    ck_assert_msg(offset_key_encode(arena, keys[_i].connector, &partition, &out, &err) == 0, "%s", err.text);
    ck_assert_str_eq(buf_text(&out), keys[_i].key);
    struct offset_key key;
    ck_assert_msg(offset_key_parse(arena, out.data, out.len, &key, &err) == 0, "%s", err.text);
    ck_assert_str_eq(key.connector, keys[_i].connector);
    ck_assert_int_eq(key.null_partition, partition.tag == KC_V_NULL);
}
END_TEST

START_TEST(bad_partitions) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF out;
    buf_init(&out, 4096);
    static const struct {
        const char *partition, *text;
    } cases[] = {
        {"[1]", "Offsets must be specified as a Map"},
        {"\"x\"", "Offsets must be specified as a Map"},
        {"{\"f\":{\"a\":1}}", "Offsets may only contain primitive types as values, but field f contains MAP"},
        {"{\"f\":[1]}", "Offsets may only contain primitive types as values, but field f contains ARRAY"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        struct kc_value partition = map_of(arena, cases[i].partition);
        ck_assert_int_lt(offset_key_encode(arena, "c", &partition, &out, &err), 0);
        ck_assert_str_eq(err.text, cases[i].text);
        ck_assert_str_eq(err.exception, KC_DATA_EXCEPTION);
    }
    struct kc_value map = kc_map_new(arena, 1);
    kc_map_put(&map, "1", kc_null());
    map.entries[0].key = kc_int(KC_INT32, 1);
    struct kc_error err = {0};
    ck_assert_int_lt(offset_key_encode(arena, "c", &map, &out, &err), 0);
    ck_assert_str_eq(err.text, "Offsets may only use String keys");
}
END_TEST

START_TEST(bad_keys) {
    static const char *const texts[] = {"",           "{}",           "[]",        "[\"c\"]",           "[1,{}]",
                                        "[\"c\",[]]", "[\"c\",{},1]", "[\"c\",1]", "[\"c\\u0000\",{}]", "nonsense"};
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct offset_key key;
        struct kc_error err = {0};
        ck_assert_msg(offset_key_parse(arena, texts[i], strlen(texts[i]), &key, &err) < 0, "%s", texts[i]);
        ck_assert_int_ne(err.text[0], 0);
    }
}
END_TEST

/* Compaction is per partition of the topic. */
START_TEST(topic_partitions) {
    static const struct {
        const char *key;
        int mod5, mod25;
    } cases[] = {{"connector-foo", 1, 6},
                 {"status-connector-s3-sink", 4, 9},
                 {"status-task-s3-sink-0", 4, 9},
                 {"status-task-s3-sink-1", 3, 18},
                 {"status-topic-orders:connector-s3-sink", 2, 17},
                 {"[\"file-source\",{\"filename\":\"/tmp/in.txt\"}]", 3, 13},
                 {"[\"mm2\",{\"cluster\":\"us-west\",\"partition\":0,\"topic\":\"orders\"}]", 2, 7}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(murmur2_partition(cases[i].key, strlen(cases[i].key), 5), cases[i].mod5);
        ck_assert_int_eq(murmur2_partition(cases[i].key, strlen(cases[i].key), 25), cases[i].mod25);
    }
}
END_TEST

static void feed(struct offset_picture *p, const char *key, const char *value, int64_t timestamp) {
    struct kc_error err = {0};
    ck_assert_int_eq(offset_picture_apply(p, key, strlen(key), value, value ? strlen(value) : 0, timestamp, &err), 0);
}

static void list(void *arg, const char *partition, const char *offset) {
    char *text = arg;
    snprintf(text + strlen(text), 512 - strlen(text), "%s=%s ", partition, offset);
}

START_TEST(spellings) {
    static const char a[] = "[\"c\",{\"x\":1,\"y\":2}]", b[] = "[\"c\", {\"y\":2,\"x\":1}]";
    AUTO(arena) arena = arena_new(0);
    struct offset_picture *p = offset_picture_new();
    struct offset_key key;
    struct kc_error err = {0};
    char text[512] = "";
    size_t count;
    ck_assert_int_eq(offset_key_parse(arena, a, strlen(a), &key, &err), 0);
    ck_assert_ptr_null(offset_picture_find(p, &key));
    feed(p, a, "{\"o\":1}", 100);
    feed(p, b, "{\"o\":2}", 200);
    feed(p, "[\"c\",null]", "{\"o\":9}", 1);
    feed(p, "[\"d\",{}]", "{\"o\":8}", 1);
    feed(p, "[\"c\",{\"x\":1}]", NULL, 1);
    ck_assert_str_eq(offset_picture_find(p, &key)->key, b);
    offset_picture_spellings(p, &key, &count);
    ck_assert_uint_eq(count, 2);
    offset_picture_each(p, "c", list, text);
    ck_assert_str_eq(text, "{\"y\":2,\"x\":1}={\"o\":2} ");
    /* one that arrives later from another partition of the topic, but was written earlier */
    feed(p, a, "{\"o\":0}", 150);
    ck_assert_str_eq(offset_picture_find(p, &key)->value, "{\"o\":2}");
    feed(p, a, "{\"o\":3}", 200);
    ck_assert_str_eq(offset_picture_find(p, &key)->value, "{\"o\":3}");
    feed(p, a, NULL, 300);
    ck_assert_ptr_null(offset_picture_find(p, &key)->value);
    text[0] = 0;
    offset_picture_each(p, "c", list, text);
    ck_assert_str_eq(text, "");
    ck_assert_int_lt(offset_picture_apply(p, "x", 1, "{}", 2, 0, &err), 0);
    offset_picture_free(p);
}
END_TEST

static size_t keys_seen;

static void check_record(const cJSON *vector, void *arg) {
    struct offset_picture *p = arg;
    if (strcmp(json_get_text(vector, "kind"), "record") != 0 || strcmp(json_get_text(vector, "store"), "offset") != 0)
        return;
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF raw, out;
    buf_init(&raw, 4096);
    buf_init(&out, 4096);
    hex_add(&raw, json_get_text(vector, "key_hex"));
    struct offset_key key;
    struct kc_error err = {0};
    ck_assert_int_eq(offset_key_parse(arena, raw.data, raw.len, &key, &err), 0);
    struct kc_value partition = map_of(arena, key.partition);
    ck_assert_int_eq(offset_key_encode(arena, key.connector, &partition, &out, &err), 0);
    hex_assert_eq(out.data, out.len, json_get_text(vector, "key_hex"));
    feed(p, json_get_text(vector, "key"), json_get_text(vector, "value"), (int64_t)keys_seen);
    keys_seen++;
}

START_TEST(captured_records) {
    struct offset_picture *p = offset_picture_new();
    char text[512] = "";
    golden_each("cluster.jsonl", NULL, check_record, p);
    ck_assert_uint_ge(keys_seen, 8);
    offset_picture_each(p, "es", list, text);
    ck_assert_str_eq(text, "{\"filename\":\"in.txt\"}={\"position\":19} ");
    offset_picture_free(p);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("offset_picture");
    TCase *t = tcase_create("offset_picture");
    tcase_add_loop_test(t, encode_keys, 0, (int)COUNT_OF(keys));
    tcase_add_test(t, bad_partitions);
    tcase_add_test(t, bad_keys);
    tcase_add_test(t, topic_partitions);
    tcase_add_test(t, spellings);
    tcase_add_test(t, captured_records);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
