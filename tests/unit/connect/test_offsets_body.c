/* Offsets in REST bodies: shapes, sink rules, texts of refusals. */
#include "connect/offsets_body.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "tests/support/suite.h"

static struct kc_arena *arena;

static void set_up(void) {
    arena = arena_new(0);
}
static void tear_down(void) {
    arena_free(arena);
}

static const struct {
    const char *text;
    int code;
    const char *part;
} shapes[] = {
    {"{}", ERR_BAD_REQUEST, "Partitions / offsets need to be provided for an alter offsets request"},
    {"{\"offsets\":null}", ERR_BAD_REQUEST, "Partitions / offsets need to be provided"},
    {"{\"offsets\":[]}", ERR_BAD_REQUEST, "Partitions / offsets need to be provided"},
    {"{bad", ERR_INTERNAL, ""},
    {"", ERR_INTERNAL, ""},
    {"null", ERR_INTERNAL, "Cannot invoke"},
    {"[]", ERR_INTERNAL, "Cannot deserialize value of type"},
    {"{\"offsets\":{}}", ERR_INTERNAL, "Cannot deserialize value of type"},
    {"{\"offsets\":[1]}", ERR_INTERNAL, "Cannot construct instance"},
    {"{\"offsets\":[null]}", ERR_INTERNAL, "Cannot invoke"},
    {"{\"offsets\":[{\"partition\":[],\"offset\":{}}]}", ERR_INTERNAL, "Cannot deserialize value of type"},
    {"{\"foo\":1}", ERR_INTERNAL, "Unrecognized field \"foo\""},
    {"{\"offsets\":[{\"partition\":{},\"offset\":{},\"more\":1}]}", ERR_INTERNAL, "Unrecognized field \"more\""},
};

START_TEST(refuses_shape) {
    struct offsets_body body;
    struct kc_error err = {0};
    ck_assert_int_eq(offsets_body_parse(arena, shapes[_i].text, strlen(shapes[_i].text), &body, &err), -1);
    ck_assert_int_eq(err.code, shapes[_i].code);
    ck_assert_msg(strstr(err.text, shapes[_i].part) != NULL, "%s", err.text);
}
END_TEST

static int parse_sink(const char *entries, struct kc_topic_offset **ret, size_t *ret_count, struct kc_error *err) {
    struct offsets_body body;
    char text[1024];
    snprintf(text, sizeof(text), "{\"offsets\":[%s]}", entries);
    ck_assert_int_eq(offsets_body_parse(arena, text, strlen(text), &body, err), 0);
    return offsets_body_sink(arena, &body, ret, ret_count, err);
}

START_TEST(sink_entries) {
    struct kc_topic_offset *offsets;
    size_t count;
    struct kc_error err = {0};
    int rc = parse_sink(
        "{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":0,\"x\":1},\"offset\":{\"kafka_offset\":5}},"
        "{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":\"1\"},\"offset\":{\"kafka_offset\":\"7\"}},"
        "{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":2},\"offset\":null},"
        "{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":0},"
        "\"offset\":{\"kafka_offset\":9007199254740993}}",
        &offsets, &count, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(offsets[0].offset, 9007199254740993);
    ck_assert_str_eq(offsets[1].topic, "t");
    ck_assert_int_eq(offsets[1].partition, 1);
    ck_assert_int_eq(offsets[1].offset, 7);
    ck_assert_int_eq(offsets[2].offset, -1);
}
END_TEST

#define P "\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":0}"
static const struct {
    const char *entry;
    int code;
    const char *text;
} sinks[] = {
    {"{\"offset\":{\"kafka_offset\":1}}", ERR_BAD_REQUEST,
     "The partition for a sink connector offset cannot be null or missing"},
    {"{\"partition\":{\"kafka_topic\":\"t\"}}", ERR_BAD_REQUEST,
     "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'"},
    {"{\"partition\":{\"kafka_topic\":null,\"kafka_partition\":0}}", ERR_BAD_REQUEST,
     "Kafka topic names must be valid strings and may not be null"},
    {"{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":null}}", ERR_BAD_REQUEST,
     "Kafka partitions must be valid numbers and may not be null"},
    {"{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":1.5}}", ERR_BAD_REQUEST,
     "Failed to parse the following Kafka partition value in the provided offsets: '1.5'. Partition values for sink "
     "connectors need to be integers."},
    {"{\"partition\":{\"kafka_topic\":\"t\",\"kafka_partition\":2147483648}}", ERR_BAD_REQUEST,
     "Failed to parse the following Kafka partition value in the provided offsets: '2147483648'. Partition values for "
     "sink "
     "connectors need to be integers."},
    {"{" P ",\"offset\":{}}", ERR_BAD_REQUEST,
     "The offset for a sink connector should either be null or contain the key 'kafka_offset'"},
    {"{" P ",\"offset\":{\"kafka_offset\":\"x\"}}", ERR_BAD_REQUEST,
     "Failed to parse the following Kafka offset value in the provided offsets: 'x'. Offset values for sink connectors "
     "need "
     "to be integers."},
    {"{" P ",\"offset\":{\"kafka_offset\":null}}", ERR_BAD_REQUEST,
     "Failed to parse the following Kafka offset value in the provided offsets: 'null'. Offset values for sink "
     "connectors "
     "need to be integers."},
    {"{" P ",\"offset\":{\"kafka_offset\":-1}}", ERR_INTERNAL, "Invalid negative offset"},
};

START_TEST(refuses_sink_entry) {
    struct kc_topic_offset *offsets;
    size_t count;
    struct kc_error err = {0};
    ck_assert_int_eq(parse_sink(sinks[_i].entry, &offsets, &count, &err), -1);
    ck_assert_int_eq(err.code, sinks[_i].code);
    ck_assert_str_eq(err.text, sinks[_i].text);
}
END_TEST

START_TEST(source_values_are_primitive) {
    static const struct {
        const char *map, *text;
    } rows[] = {
        {"{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":null,\"e\":1.5}", NULL},
        {"{\"x\":{\"y\":1}}", "Offsets may only contain primitive types as values, but field x contains MAP"},
        {"{\"x\":[1]}", "Offsets may only contain primitive types as values, but field x contains ARRAY"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct offsets_body body;
        struct kc_error err = {0};
        char text[256];
        snprintf(text, sizeof(text), "{\"offsets\":[{\"partition\":%s,\"offset\":null}]}", rows[i].map);
        ck_assert_int_eq(offsets_body_parse(arena, text, strlen(text), &body, &err), 0);
        ck_assert_int_eq(offsets_body_check_primitive(&body.partitions[0], &err), rows[i].text ? -1 : 0);
        if (rows[i].text)
            ck_assert_str_eq(err.text, rows[i].text);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("offsets_body");
    TCase *tc = tcase_create("offsets_body");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, refuses_shape, 0, (int)COUNT_OF(shapes));
    tcase_add_test(tc, sink_entries);
    tcase_add_loop_test(tc, refuses_sink_entry, 0, (int)COUNT_OF(sinks));
    tcase_add_test(tc, source_values_are_primitive);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
