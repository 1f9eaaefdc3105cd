/* The S3 source on a directory as its object store. */
#include "connectors/s3/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/store.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/suite.h"

#define FOLDER "topics/t/partition=3/"

static char root[64];
static struct kc_config *config;
static struct kc_arena *conf_arena, *arena;
static struct s3_source_conf conf;
static struct fake_source context;
static struct object_store *store;
static void *task;
static struct kc_record records[500];
static struct kc_batch batch;
static struct kc_error err;
static int64_t now;

/* Time passes for the task. */
static void pass(int64_t ms) {
    clock_fake_ms(now += ms);
}

static void setup(void) {
    snprintf(root, sizeof root, "/tmp/kc-source-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    char url[128], bucket[128];
    pass(1000);
    snprintf(url, sizeof url, "file://%s", root);
    snprintf(bucket, sizeof bucket, "%s/b", root);
    ck_assert_int_eq(access(root, W_OK), 0);
    config = kc_config_new();
    kc_config_set(config, "format.class", "io.confluent.connect.s3.format.json.JsonFormat");
    kc_config_set(config, "s3.bucket.name", "b");
    kc_config_set(config, "store.url", url);
    kc_config_set(config, "s3.poll.interval.ms", "1");
    kc_config_set(config, "folders", FOLDER);
    arena = arena_new(0);
    conf_arena = arena_new(0);
    struct store_conf sc;
    store_conf_init(&sc);
    sc.url = url;
    sc.bucket = "b";
    char command[256];
    snprintf(command, sizeof command, "mkdir -p %s", bucket);
    ck_assert_int_eq(system(command), 0);
    store = store_open(&sc, &err);
    ck_assert_msg(store != NULL, "%s", err.text);
}

static void teardown(void) {
    char command[256];
    if (task)
        s3_source_task_ops.stop(task);
    fake_source_done(&context);
    store_free(store);
    arena_free(arena);
    arena_free(conf_arena);
    kc_config_free(config);
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
    clock_fake_ms(-1);
}

static void put_bytes(const char *key, const void *data, size_t len) {
    ck_assert_msg(store_put(store, key, data, len, NULL, &err) == 0, "%s", err.text);
}

static void put(const char *key, const char *text) {
    put_bytes(key, text, strlen(text));
}

static void start(const char *offset) {
    ck_assert_msg(config_parse(s3_source_options, config, conf_arena, &conf, sizeof conf, &err) == 0, "%s", err.text);
    fake_source_init(&context, config);
    if (offset)
        kc_config_set(context.offsets, "{\"folder\":\"" FOLDER "\"}", offset);
    ck_assert_msg(s3_source_task_ops.start(&context.ctx, &conf, &task, &err) == 0, "%s", err.text);
}

static int poll_once(void) {
    arena_reset(arena);
    memset(records, 0, sizeof records);
    batch = (struct kc_batch){.arena = arena, .records = records, .capacity = COUNT_OF(records)};
    return s3_source_task_ops.poll(task, &batch, &err);
}

static void poll_ok(uint32_t count) {
    ck_assert_msg(poll_once() == 0, "%s", err.text);
    ck_assert_uint_eq(batch.count, count);
}

/* After the second look at what is not there. */
static void poll_late(uint32_t count) {
    poll_ok(0);
    ck_assert_int_le(context.waited_ms, 1000);
    pass(1000);
    poll_ok(count);
}

static const char *json(const struct kc_value *v) {
    return kc_value_to_json(arena, v, NULL);
}

START_TEST(restores_values_keys_and_headers_in_order) {
    put(FOLDER "t+3+0000000000.headers.json",
        "{\"headers\":[{\"key\":\"h\",\"value\":\"a\"},{\"key\":\"h\",\"value\":null}]}\n{\"headers\":[]}\n");
    put(FOLDER "t+3+0000000000.keys.json", "\"k0\"\n{\"id\":1}\n");
    put(FOLDER "t+3+0000000000.json", "{\"b\":1.5,\"a\":null}\n[1,2]\n");
    put(FOLDER "t+3+0000000002.json", "3\n");
    start(NULL);
    poll_ok(2);
    ck_assert_str_eq(records[0].topic, "t");
    ck_assert_int_eq(records[0].partition, 3);
    ck_assert_str_eq(json(&records[0].value), "{\"b\":1.5,\"a\":null}");
    ck_assert_str_eq(json(&records[0].key), "\"k0\"");
    ck_assert_uint_eq(records[0].header_count, 2);
    ck_assert_str_eq(records[0].headers[0].key, "h");
    ck_assert_str_eq(json(&records[0].headers[0].value), "\"a\"");
    ck_assert_int_eq(records[0].headers[1].value.tag, KC_V_NULL);
    ck_assert_str_eq(json(&records[1].key), "{\"id\":1}");
    ck_assert_uint_eq(records[1].header_count, 0);
    ck_assert_str_eq(json(&records[0].source_offset),
                     "{\"lastFileRead\":\"" FOLDER "t+3+0000000000.json\",\"fileOffset\":\"1\",\"eof\":\"false\"}");
    ck_assert_str_eq(json(&records[1].source_offset),
                     "{\"lastFileRead\":\"" FOLDER "t+3+0000000000.json\",\"fileOffset\":\"2\",\"eof\":\"true\"}");
    ck_assert_str_eq(fake_source_partition(records[0].source_partition), "{\"folder\":\"" FOLDER "\"}");
    poll_late(1);
    ck_assert_int_gt(context.waited_ms, 0);
    ck_assert_int_eq(records[0].key.tag, KC_V_NULL);
    ck_assert_str_eq(json(&records[0].value), "3");
    poll_ok(0);
    put(FOLDER "t+3+0000000003.json", "4");
    pass(1);
    poll_ok(1);
    ck_assert_str_eq(json(&records[0].value), "4");
}
END_TEST

START_TEST(resumes_behind_the_stored_offset) {
    put(FOLDER "t+3+0000000000.json", "0\n1\n2\n");
    put(FOLDER "t+3+0000000000.keys.json", "\"k0\"\n\"k1\"\n\"k2\"\n");
    put(FOLDER "t+3+0000000003.json", "3\n");
    start("{\"lastFileRead\":\"" FOLDER "t+3+0000000000.json\",\"fileOffset\":\"2\",\"eof\":\"false\"}");
    poll_late(1); /* headers might be there, too */
    ck_assert_str_eq(json(&records[0].value), "2");
    ck_assert_str_eq(json(&records[0].key), "\"k2\"");
    poll_late(1);
    ck_assert_str_eq(json(&records[0].value), "3");
}
END_TEST

START_TEST(begins_after_a_finished_object) {
    put(FOLDER "t+3+0000000000.json", "0\n1\n");
    put(FOLDER "t+3+0000000002.json", "2\n");
    start("{\"lastFileRead\":\"" FOLDER "t+3+0000000000.json\",\"fileOffset\":\"2\",\"eof\":\"true\"}");
    poll_ok(1);
    ck_assert_str_eq(json(&records[0].value), "2");
}
END_TEST

START_TEST(a_bad_record_fails_after_the_good_ones_before_it) {
    put(FOLDER "t+3+0000000000.json", "0\nnot json\n2\n");
    start(NULL);
    poll_ok(1);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(poll_once(), -1);
        ck_assert_ptr_nonnull(strstr(err.text, FOLDER "t+3+0000000000.json in bucket b, record 2"));
        ck_assert(!err.retriable);
    }
}
END_TEST

START_TEST(bad_records_and_names_are_ignored_on_request) {
    kc_config_set(config, "behavior.on.error", "ignore");
    put(FOLDER "t+3+0000000000.json", "0\nnot json\n2\n");
    put(FOLDER "readme.json", "1\n");
    start(NULL);
    poll_late(2);
    ck_assert_str_eq(json(&records[1].value), "2");
}
END_TEST

START_TEST(a_name_without_partition_is_an_error_that_names_it) {
    put(FOLDER "readme.json", "1\n");
    start(NULL);
    poll_ok(0);
    pass(1000);
    ck_assert_int_eq(poll_once(), -1);
    ck_assert_ptr_nonnull(strstr(err.text, FOLDER "readme.json"));
}
END_TEST

START_TEST(keys_that_do_not_fit_are_left_out_or_refused) {
    put(FOLDER "t+3+0000000000.json", "0\n1\n");
    put(FOLDER "t+3+0000000000.keys.json", "\"k0\"\n");
    start(NULL);
    poll_ok(2);
    ck_assert_int_eq(records[0].key.tag, KC_V_NULL);
    s3_source_task_ops.stop(task);
    fake_source_done(&context);
    kc_config_set(config, "store.kafka.keys", "true");
    start(NULL);
    poll_ok(1);
    ck_assert_int_eq(poll_once(), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "keys.json"));
}
END_TEST

static void put_gzip(const char *key, const char *text) {
    unsigned char out[65536];
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = out;
    z.avail_out = sizeof out;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    put_bytes(key, out, sizeof out - z.avail_out);
    deflateEnd(&z);
}

START_TEST(reads_gzip_and_bytes_with_a_separator) {
    kc_config_set(config, "format.class", "io.confluent.connect.s3.format.bytearray.ByteArrayFormat");
    kc_config_set(config, "format.bytearray.separator", "\\r\\n");
    put_gzip(FOLDER "t+3+0000000000.bin.gz", "a\r\nb\nc\r\n\r\n");
    put(FOLDER "t+3+0000000003.bin", "last\r\n");
    put(FOLDER "t+3+0000000003.keys.bin", "kk\r\n");
    start(NULL);
    poll_late(4);
    ck_assert_uint_eq(records[1].value.len, 3);
    ck_assert_int_eq(memcmp(records[1].value.bytes, "b\nc", 3), 0);
    ck_assert_uint_eq(records[2].value.len, 0);
    ck_assert_int_eq(records[3].key.tag, KC_V_BYTES);
    ck_assert_int_eq(memcmp(records[3].key.bytes, "kk", 2), 0);
}
END_TEST

START_TEST(gzip_that_is_cut_off_is_an_error) {
    unsigned char broken[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b};
    put_bytes(FOLDER "t+3+0000000000.json.gz", broken, sizeof broken);
    start(NULL);
    ck_assert_int_eq(poll_once(), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "gzip"));
}
END_TEST

START_TEST(values_in_envelopes_have_schemas) {
    kc_config_set(config, "format.json.schema.enable", "true");
    kc_config_set(config, "behavior.on.error", "ignore");
    put(FOLDER "t+3+0000000000.keys.json", "\"k\"\n2\n3\n4\n");
    put(FOLDER "t+3+0000000000.json", "{\"schema\":{\"type\":\"int32\",\"optional\":false},\"payload\":5}\n"
                                      "{\"payload\":5}\n"
                                      "{\"schema\":{\"type\":\"int32\",\"optional\":false},\"payload\":6}\n"
                                      "{\"schema\":null,\"payload\":{\"a\":1}}\n");
    start(NULL);
    poll_ok(3);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(records[i].value_schema->type, KC_INT32);
        ck_assert_int_eq(records[i].value.tag, KC_V_INT32);
        ck_assert_int_eq(records[i].value.i, 5 + i);
    }
    ck_assert_str_eq(json(&records[0].key), "\"k\"");
    ck_assert_ptr_null(records[0].key_schema);
    ck_assert_ptr_null(records[2].value_schema);
    ck_assert_str_eq(json(&records[2].value), "{\"a\":1}");
}
END_TEST

START_TEST(an_object_is_one_record_without_a_separator) {
    kc_config_set(config, "format.class", "io.confluent.connect.s3.format.bytearray.ByteArrayFormat");
    put(FOLDER "t+3+0000000000.bin", "a\nb\n");
    start(NULL);
    poll_ok(1);
    ck_assert_uint_eq(records[0].value.len, 4);
}
END_TEST

START_TEST(an_object_that_is_replaced_while_it_is_read_is_not_mixed) {
    enum { LINE = 1 << 20, LINES = 6 }; /* more than is fetched at a time */
    char *text = malloc(LINE * LINES);
    for (int i = 0; i < 2; i++) {
        memset(text, 'a' + i, LINE * LINES);
        for (int j = 1; j <= LINES; j++)
            text[LINE * j - 1] = '\n';
        if (i == 0) {
            kc_config_set(config, "format.class", "io.confluent.connect.s3.format.bytearray.ByteArrayFormat");
            kc_config_set(config, "format.bytearray.separator", "\\n");
            kc_config_set(config, "record.batch.max.size", "1");
        }
        put_bytes(FOLDER "t+3+0000000000.bin", text, LINE * LINES);
        if (i == 0) {
            start(NULL);
            poll_ok(1);
        }
    }
    free(text);
    int rc = 0, records_seen = 1;
    for (; records_seen < LINES && (rc = poll_once()) == 0; records_seen++)
        ck_assert_int_eq(records[0].value.bytes[0], 'a');
    ck_assert_int_eq(rc, -1);
    ck_assert(err.retriable);
    ck_assert_msg(strstr(err.text, "was replaced while it was read") != NULL, "%s", err.text);
    for (; records_seen < LINES; records_seen++) {
        poll_ok(1); /* of the new object, behind what was read */
        ck_assert_int_eq(records[0].value.bytes[0], 'b');
    }
}
END_TEST

START_TEST(several_batches_keep_the_order) {
    char text[4096] = "";
    kc_config_set(config, "record.batch.max.size", "100");
    for (int i = 0; i < 250; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d\n", i);
    put(FOLDER "t+3+0000000000.json", text);
    start(NULL);
    int next = 0;
    while (next < 250) {
        ck_assert_int_eq(poll_once(), 0);
        ck_assert_uint_le(batch.count, 100);
        for (uint32_t i = 0; i < batch.count; i++, next++)
            ck_assert_int_eq(strtol(json(&records[i].value), NULL, 10), next);
    }
}
END_TEST

START_TEST(wrong_options_are_all_reported) {
    kc_config_set(config, "mode", "GENERIC");
    kc_config_set(config, "aws.access.key.id", "id");
    kc_config_set(config, "filename.regex", "(");
    kc_config_set(config, "s3.credentials.provider.class", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain");
    AUTO(problems) problems = problems_new();
    config_validate(s3_source_options, config, conf_arena, &conf, sizeof conf, problems);
    ck_assert(kc_problem_has(problems, "filename.regex"));
    s3_source_validate(config, &conf, problems);
    ck_assert(kc_problem_has(problems, "topic.regex.list"));
    ck_assert(kc_problem_has(problems, "aws.secret.access.key"));
    ck_assert(!kc_problem_has(problems, "s3.credentials.provider.class"));
}
END_TEST

/* ---- mode=GENERIC ---- */

static void start_generic(const char *topics) {
    kc_config_set(config, "mode", "GENERIC");
    kc_config_set(config, "topics.dir", "logs");
    kc_config_set(config, "topic.regex.list", topics);
    kc_config_set(config, "task.batch.size", "2");
    kc_config_set(config, "record.batch.max.size", "2");
    start(NULL);
}

static int compare_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Polls until nothing comes any more: "topic=value …", sorted. */
static const char *poll_all(void) {
    static char text[1024];
    char *all[64];
    size_t count = 0;
    for (int idle = 0; idle < 4; idle++, pass(1000)) {
        while (ck_assert_msg(poll_once() == 0, "%s", err.text), batch.count > 0) {
            for (uint32_t i = 0; i < batch.count; i++)
                ck_assert_int_ge(asprintf(&all[count++], "%s=%s ", records[i].topic, json(&records[i].value)), 0);
            ck_assert_int_eq(records[0].partition, -1);
            ck_assert_int_eq(records[0].key.tag, KC_V_NULL);
        }
    }
    qsort(all, count, sizeof *all, compare_text);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", all[i]);
        free(all[i]);
    }
    return text;
}

START_TEST(generic_objects_go_where_their_path_says) {
    put("logs/app/1.json", "1\n2\n3\n");
    put("logs/app/deep/er.json", "4\n");
    put("logs/db/1.json", "5\n");
    put("logs/db/1.keys.json", "6\n"); /* a name like any other */
    put("logs/db/1.txt", "7\n");
    put("logs/none.json", "8\n");
    put("elsewhere/app/1.json", "9\n");
    start_generic("a:.*/app/.*,b:.*/db/.*,c:.*/(app|db)/.*");
    ck_assert_str_eq(poll_all(), "a=1 a=2 a=3 a=4 b=5 b=6 ");
    put("logs/app/0.json", "10\n"); /* whatever its place in the order of names */
    put("logs/app/1.json", "1\n2\n3\n11\n");
    ck_assert_str_eq(poll_all(), "a=10 ");
}
END_TEST

START_TEST(generic_offsets_are_those_of_each_object) {
    kc_config_set(config, "record.batch.max.size", "1");
    put("logs/a.json", "1\n2\n");
    put("logs/b.json", "3\n");
    start_generic("t:.*");
    poll_ok(2);
    ck_assert_str_eq(fake_source_partition(records[0].source_partition), "{\"file\":\"logs/a.json\"}");
    ck_assert_str_eq(json(&records[0].source_offset),
                     "{\"lastFileRead\":\"logs/a.json\",\"fileOffset\":\"1\",\"eof\":\"false\"}");
    ck_assert_str_eq(json(&records[1].source_offset),
                     "{\"lastFileRead\":\"logs/a.json\",\"fileOffset\":\"2\",\"eof\":\"true\"}");
}
END_TEST

START_TEST(generic_objects_are_continued_and_not_repeated) {
    put("logs/a.json", "1\n2\n");
    put("logs/b.json", "3\n4\n");
    put("logs/c.json", "5\n");
    kc_config_set(config, "mode", "GENERIC");
    for (int again = 0; again < 2; again++) {
        start_generic("t:.*");
        kc_config_set(context.offsets, "{\"file\":\"logs/a.json\"}",
                      "{\"lastFileRead\":\"logs/a.json\",\"fileOffset\":\"2\",\"eof\":\"true\"}");
        kc_config_set(context.offsets, "{\"file\":\"logs/b.json\"}",
                      "{\"lastFileRead\":\"logs/b.json\",\"fileOffset\":\"1\",\"eof\":\"false\"}");
        ck_assert_str_eq(poll_all(), "t=4 t=5 ");
        s3_source_task_ops.stop(task);
        task = NULL;
        fake_source_done(&context);
    }
    fake_source_init(&context, config);
}
END_TEST

START_TEST(generic_tasks_share_the_objects) {
    char key[64], text[64], all[512] = "", number[8];
    for (int i = 10; i < 40; i++) {
        snprintf(key, sizeof key, "logs/%d.json", i);
        snprintf(text, sizeof text, "%d\n", i);
        put(key, text);
    }
    kc_config_set(config, "task.count", "3");
    for (int t = 0; t < 3; t++) {
        snprintf(number, sizeof number, "%d", t);
        kc_config_set(config, "task.index", number);
        start_generic("t:.*");
        const char *mine = poll_all();
        ck_assert_uint_gt(strlen(mine), 0);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s", mine);
        s3_source_task_ops.stop(task);
        task = NULL;
        fake_source_done(&context);
    }
    fake_source_init(&context, config);
    ck_assert_uint_eq(strlen(all), 30 * strlen("t=10 "));
    for (int i = 10; i < 40; i++) {
        snprintf(text, sizeof text, "t=%d ", i);
        ck_assert_ptr_nonnull(strstr(all, text));
    }
}
END_TEST

START_TEST(generic_objects_that_are_too_old_or_bad_are_left_out) {
    char now_ms[32];
    kc_config_set(config, "behavior.on.error", "log");
    put("logs/bad.json", "no json\n1\n");
    put("logs/bad.json.gz", "no gzip\n");
    start_generic("t:.*");
    ck_assert_str_eq(poll_all(), "t=1 ");
    s3_source_task_ops.stop(task);
    fake_source_done(&context);
    clock_fake_ms(-1);
    snprintf(now_ms, sizeof now_ms, "%lld", (long long)clock_wall_ms() + 60000);
    kc_config_set(config, "file.discovery.starting.timestamp", now_ms);
    start_generic("t:.*");
    ck_assert_str_eq(poll_all(), "");
}
END_TEST

START_TEST(generic_topics_are_checked) {
    static const char *const bad[] = {"t", ":x", "t:", "t:(", "t:.*,u"};
    kc_config_set(config, "mode", "GENERIC");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        kc_config_set(config, "topic.regex.list", bad[i]);
        AUTO(problems) problems = problems_new();
        config_validate(s3_source_options, config, conf_arena, &conf, sizeof conf, problems);
        ck_assert_msg(kc_problem_has(problems, "topic.regex.list"), "%s", bad[i]);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3 source");
    TCase *tc = tcase_create("task");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, restores_values_keys_and_headers_in_order);
    tcase_add_test(tc, resumes_behind_the_stored_offset);
    tcase_add_test(tc, begins_after_a_finished_object);
    tcase_add_test(tc, a_bad_record_fails_after_the_good_ones_before_it);
    tcase_add_test(tc, bad_records_and_names_are_ignored_on_request);
    tcase_add_test(tc, a_name_without_partition_is_an_error_that_names_it);
    tcase_add_test(tc, keys_that_do_not_fit_are_left_out_or_refused);
    tcase_add_test(tc, reads_gzip_and_bytes_with_a_separator);
    tcase_add_test(tc, gzip_that_is_cut_off_is_an_error);
    tcase_add_test(tc, values_in_envelopes_have_schemas);
    tcase_add_test(tc, an_object_is_one_record_without_a_separator);
    tcase_add_test(tc, an_object_that_is_replaced_while_it_is_read_is_not_mixed);
    tcase_add_test(tc, several_batches_keep_the_order);
    tcase_add_test(tc, wrong_options_are_all_reported);
    suite_add_tcase(s, tc);
    tc = tcase_create("generic");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, generic_objects_go_where_their_path_says);
    tcase_add_test(tc, generic_offsets_are_those_of_each_object);
    tcase_add_test(tc, generic_objects_are_continued_and_not_repeated);
    tcase_add_test(tc, generic_tasks_share_the_objects);
    tcase_add_test(tc, generic_objects_that_are_too_old_or_bad_are_left_out);
    tcase_add_test(tc, generic_topics_are_checked);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
