/* The S3 sink on a store in memory: names and contents of objects, null values, configuration. */
#include "connectors/s3/sink.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "config/def.h"
#include "config/parse.h"
#include "tests/support/sink_run.h"
#include "tests/support/suite.h"

/* ---- Names and contents ------------------------------------------------------------------------------------------ */

START_TEST(names_follow_the_options) {
    static const struct {
        const char *option, *value, *key;
    } rows[] = {
        {"flush.size", "1", "topics/t/partition=0/t+0+0000000042.json"},
        {"topics.dir", "", "t/partition=0/t+0+0000000042.json"},
        {"topics.dir", "a/b", "a/b/t/partition=0/t+0+0000000042.json"},
        {"filename.offset.zero.pad.width", "4", "topics/t/partition=0/t+0+0042.json"},
        {"filename.offset.zero.pad.width", "0", "topics/t/partition=0/t+0+42.json"},
        {"filename.offset.zero.pad.width", "1", "topics/t/partition=0/t+0+42.json"},
        {"file.delim", "-", "topics/t/partition=0/t-0-0000000042.json"},
        {"directory.delim", "_", "topics_t_partition=0_t+0+0000000042.json"},
        {"s3.compression.type", "gzip", "topics/t/partition=0/t+0+0000000042.json.gz"},
        {"s3.schema.partition.affix.type", "PREFIX", "topics/t/schema_name=null/partition=0/t+0+0000000042.json"},
        {"s3.schema.partition.affix.type", "SUFFIX", "topics/t/partition=0/schema_name=null/t+0+0000000042.json"},
    };
    set("flush.size", "1");
    set(rows[_i].option, rows[_i].value);
    start();
    json(42, "{\"a\":1}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 43), 43);
    char keys[256];
    snprintf(keys, sizeof(keys), "%s ", rows[_i].key);
    ck_assert_str_eq(fake_store_keys(run.st), keys);
}
END_TEST

START_TEST(lines_are_compact_json) {
    set("flush.size", "7");
    start();
    json(0, "{\"b\":1, \"a\" : [ 1 , null ]}");
    json(1, "\"hello \\\"x\\\"\"");
    json(2, "7");
    json(3, "[true,1.5]");
    json(4, "9007199254740993");
    run.batch.batch.records[run.batch.batch.count++] =
        (struct kc_record){.topic = "t", .original_topic = "t", .offset = 5, .value = kc_bytes("\x01\x02", 2)};
    run.batch.batch.records[run.batch.batch.count++] =
        (struct kc_record){.topic = "t", .original_topic = "t", .offset = 6, .value = kc_date(1735787045000)};
    ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
    ck_assert_int_eq(wait_committed(0, 7), 7);
    expect_object(
        "topics/t/partition=0/t+0+0000000000.json",
        "{\"b\":1,\"a\":[1,null]}\n\"hello \\\"x\\\"\"\n7\n[true,1.5]\n9007199254740993\n\"AQI=\"\n1735787045000\n");
}
END_TEST

START_TEST(bytes_are_followed_by_the_separator) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    set("format.bytearray.extension", ".log");
    set("format.bytearray.separator", " ;");
    start();
    bytes(0, "ab", 2);
    bytes(1, "", 0);
    bytes(2, "c\0d", 3);
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    size_t len;
    const char *data = fake_store_object(run.st, "topics/t/partition=0/t+0+0000000000.log", &len);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(len, 11);
    ck_assert_mem_eq(data, "ab ; ;c\0d ;", 11);
}
END_TEST

START_TEST(bytes_refuse_other_values) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    start();
    json(0, "{}");
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_str_eq(run.err.exception, KC_DATA_EXCEPTION);
    ck_assert_str_eq(fake_store_log(run.st), "bucket ");
}
END_TEST

START_TEST(gzip_has_javas_header_and_the_same_lines) {
    set("s3.compression.type", "gzip");
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{\"a\":1}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    size_t len;
    const char *data = fake_store_object(run.st, "topics/t/partition=0/t+0+0000000000.json.gz", &len);
    ck_assert_mem_eq(data, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    char plain[256];
    z_stream z = {
        .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len, .next_out = (Bytef *)plain, .avail_out = 255};
    ck_assert_int_eq(inflateInit2(&z, 31), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END); /* checks CRC and size */
    plain[z.total_out] = '\0';
    inflateEnd(&z);
    ck_assert_str_eq(plain, "{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n");
}
END_TEST

static void store_parts(void) {
    set("store.kafka.keys", "true");
    set("keys.format.class", FORMAT "json.JsonFormat");
    set("store.kafka.headers", "true");
    set("headers.format.class", FORMAT "json.JsonFormat");
}

START_TEST(keys_and_headers_are_complete_before_values) {
    store_parts();
    set("flush.size", "2");
    start();
    for (int i = 0; i < 2; i++) {
        struct kc_record *r = fake_batch_json(&run.batch, "t", 0, i, i ? "k1" : "k0", "{\"i\":0}");
        kc_record_add_header(run.batch.batch.arena, r, "h", NULL, kc_string("v"));
        kc_record_add_header(run.batch.batch.arena, r, "n", NULL, i ? kc_null() : kc_int(KC_INT32, 5));
    }
    ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
    ck_assert_int_eq(wait_committed(0, 2), 2);
    expect_object("topics/t/partition=0/t+0+0000000000.keys.json", "\"k0\"\n\"k1\"\n");
    expect_object("topics/t/partition=0/t+0+0000000000.headers.json",
                  "{\"headers\":[{\"key\":\"h\",\"value\":\"v\"},{\"key\":\"n\",\"value\":\"5\"}]}\n"
                  "{\"headers\":[{\"key\":\"h\",\"value\":\"v\"},{\"key\":\"n\",\"value\":null}]}\n");
    expect_object("topics/t/partition=0/t+0+0000000000.json", "{\"i\":0}\n{\"i\":0}\n");
    const char *log = fake_store_log(run.st), *base = "complete topics/t/partition=0/t+0+0000000000";
    char names[3][128];
    for (int i = 0; i < 3; i++)
        snprintf(names[i], sizeof(names[i]), "%s%s", base, (const char *[]){".keys.json", ".headers.json", ".json"}[i]);
    ck_assert_msg(strstr(log, names[0]) < strstr(log, names[1]) && strstr(log, names[1]) < strstr(log, names[2]), "%s",
                  log);
}
END_TEST

START_TEST(a_missing_key_or_header_refuses_the_whole_record) {
    store_parts();
    run.ctx.tolerant = true;
    set("flush.size", "1");
    start();
    struct kc_record *r = json(0, "{}");
    kc_record_add_header(run.batch.batch.arena, r, "h", NULL, kc_string("v"));
    fake_batch_json(&run.batch, "t", 0, 1, "k", "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_str_eq(
        buf_text(&run.ctx.log),
        "report 0 Key cannot be null for SinkRecord: SinkRecord{kafkaOffset=0, topic='t', kafkaPartition=0} , "
        "report 1 Headers cannot be null for SinkRecord: SinkRecord{kafkaOffset=1, topic='t', kafkaPartition=0} ");
    ck_assert_str_eq(fake_store_keys(run.st), "");
}
END_TEST

/* ---- Null values ------------------------------------------------------------------------------------------------- */

START_TEST(null_values_fail) {
    start();
    json(0, "{}");
    json(1, NULL);
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_str_eq(run.err.text,
                     "Null valued records are not writeable with current behavior.on.null.values 'settings.");
}
END_TEST

START_TEST(null_values_are_ignored) {
    set("behavior.on.null.values", "ignore");
    start();
    for (int i = 0; i < 5; i++)
        json(i, i % 2 ? NULL : "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 5), 5);
    expect_object("topics/t/partition=0/t+0+0000000000.json", "{}\n{}\n{}\n");
    ck_assert_str_eq(buf_text(&run.ctx.log), ""); /* no dead letter queue */
}
END_TEST

START_TEST(null_values_are_written_as_tombstones) {
    set("behavior.on.null.values", "write");
    set("store.kafka.keys", "true");
    set("keys.format.class", FORMAT "json.JsonFormat");
    set("tombstone.encoded.partition", "gone");
    set("flush.size", "4");
    start();
    for (int i = 0; i < 4; i++)
        fake_batch_json(&run.batch, "t", 0, i, (const char *[]){"a", "b", "c", "d"}[i], i % 2 ? NULL : "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 4), 4);
    ck_assert_str_eq(fake_store_keys(run.st), "topics/t/gone/t+0+0000000001.keys.json "
                                              "topics/t/partition=0/t+0+0000000000.json "
                                              "topics/t/partition=0/t+0+0000000000.keys.json ");
    expect_object("topics/t/gone/t+0+0000000001.keys.json", "\"b\"\n\"d\"\n");
    expect_object("topics/t/partition=0/t+0+0000000000.keys.json", "\"a\"\n\"c\"\n");
}
END_TEST

/* ---- Configuration ----------------------------------------------------------------------------------------------- */

static const char *problems_of(const char *key, const char *value, const char *name) {
    static char text[1024];
    struct kc_problems *p = problems_new();
    if (value)
        kc_config_set(run.config, key, value);
    else
        kc_config_remove(run.config, key);
    config_validate(sink_options, run.config, run.arena, &run.conf, sizeof(run.conf), p);
    sink_conf_validate(run.config, &run.conf, p);
    struct option_value *o = problems_find(p, name);
    *text = '\0';
    for (size_t i = 0; o && i < o->error_count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s|", o->errors[i]);
    problems_free(p);
    return text;
}

START_TEST(validation_names_the_option) {
    static const struct {
        const char *key, *value, *name, *text;
    } rows[] = {
        {"flush.size", NULL, "flush.size",
         "Missing required configuration \"flush.size\" which has no default value.|"},
        {"s3.part.size", "5242879", "s3.part.size",
         "Invalid value 5242879 for configuration s3.part.size: Part size must be at least: 5242880 bytes (5MB)|"},
        {"s3.compression.type", "zip", "s3.compression.type",
         "Invalid value zip for configuration s3.compression.type: Value must be one of: [none, gzip]|"},
        {"behavior.on.null.values", "write", "store.kafka.keys",
         "Writing Kafka record keys to storage is mandatory when tombstone writing is enabled.|"},
        {"s3.wan.mode", "true", "s3.wan.mode",
         "Both accelerate mode and path style access are being enabled. Either s3.wan.mode or "
         "s3.path.style.access.enabled may be true, not both.|"},
        {"partitioner.class", PARTITIONERS "FieldPartitioner", "partition.field.name",
         "Partition field name cannot be null or empty when using FieldPartitioner.|"},
        {"format.class", "no.such.Format", "format.class",
         "Invalid value no.such.Format for configuration format.class: Class no.such.Format could not be found.|"},
        {"timezone", "Mars/Base", "timezone",
         "Invalid value Mars/Base for configuration timezone: The datetime zone id 'Mars/Base' is not recognised|"},
        {"store.kafka.keys", "true", "keys.format.class",
         "Invalid value " FORMAT "avro.AvroFormat for configuration keys.format.class: this worker writes " FORMAT
         "json.JsonFormat and " FORMAT "bytearray.ByteArrayFormat only|"},
        {"timezone", "Europe/Berlin", "timezone", ""},
        {"s3.credentials.provider.class", "java.lang.String", "s3.credentials.provider.class",
         "Invalid value java.lang.String for configuration s3.credentials.provider.class: Class must extend: interface "
         "software.amazon.awssdk.auth.credentials.AwsCredentialsProvider|"},
        {"s3.credentials.provider.class", "no.such.Provider", "s3.credentials.provider.class",
         "Invalid value no.such.Provider for configuration s3.credentials.provider.class: Class no.such.Provider could "
         "not be found.|"},
    };
    ck_assert_str_eq(problems_of(rows[_i].key, rows[_i].value, rows[_i].name), rows[_i].text);
}
END_TEST

START_TEST(rules_across_options_wait_for_a_whole_configuration) {
    static const struct {
        const char *key, *value;
    } rows[] = {{"s3.part.size", "1"}, {"storage.class", "no.such.Storage"}, {"rotate.schedule.interval.ms", "10"}};
    set("behavior.on.null.values", "write");
    ck_assert_str_eq(problems_of(rows[_i].key, rows[_i].value, "store.kafka.keys"), "");
}
END_TEST

START_TEST(options_are_numbered_as_in_java) {
    static const struct {
        const char *name;
        int order; /* 0: not there */
    } rows[] = {{"format.class", 1},
                {"retry.backoff.ms", 8},
                {"shutdown.timeout.ms", 0},
                {"filename.offset.zero.pad.width", 10},
                {"parquet.codec", 13},
                {"enable.conditional.writes", 33},
                {"max.files.scan.limit", -1},
                {"s3.elastic.buffer.init.capacity", 7},
                {"file.delim", 5},
                {"timestamp.field", 8}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int order = 0;
        for (const struct kc_option *o = sink_options; o->name; o++)
            if (!strcmp(o->name, rows[i].name))
                order = option_order(sink_options, o);
        ck_assert_msg(order == rows[i].order, "%s is number %d", rows[i].name, order);
    }
}
END_TEST

START_TEST(the_start_refuses_what_validation_cannot_see) {
    static const struct {
        const char *zone, *locale, *extractor, *text;
    } rows[] = {{"UTC", "", "Record", "Locale cannot be empty."},
                {"", "en", "Record", "Timezone cannot be empty."},
                {"UTC", "en", "Nope", "Invalid timestamp extractor: Nope"}};
    set("partitioner.class", PARTITIONERS "HourlyPartitioner");
    set("timezone", rows[_i].zone);
    set("locale", rows[_i].locale);
    set("timestamp.extractor", rows[_i].extractor);
    parse();
    ck_assert_int_eq(s3_sink_start(&run.ctx.ctx, &run.conf, run.st, &run.task, &run.err), -1);
    ck_assert_msg(strstr(run.err.text, rows[_i].text) != NULL, "%s", run.err.text);
    run.task = NULL;
    run.st = fake_store_new(); /* the other one was taken */
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/sink");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, sink_run_setup, sink_run_teardown);
    tcase_add_loop_test(t, names_follow_the_options, 0, 11);
    tcase_add_test(t, lines_are_compact_json);
    tcase_add_test(t, bytes_are_followed_by_the_separator);
    tcase_add_test(t, bytes_refuse_other_values);
    tcase_add_test(t, gzip_has_javas_header_and_the_same_lines);
    tcase_add_test(t, keys_and_headers_are_complete_before_values);
    tcase_add_test(t, a_missing_key_or_header_refuses_the_whole_record);
    tcase_add_test(t, null_values_fail);
    tcase_add_test(t, null_values_are_ignored);
    tcase_add_test(t, null_values_are_written_as_tombstones);
    tcase_add_loop_test(t, validation_names_the_option, 0, 12);
    tcase_add_loop_test(t, rules_across_options_wait_for_a_whole_configuration, 0, 3);
    tcase_add_test(t, options_are_numbered_as_in_java);
    tcase_add_loop_test(t, the_start_refuses_what_validation_cannot_see, 0, 3);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
