/* The S3 sink on a store in memory: names and contents of objects, rotation, offsets, failures.
 * Worked timelines are those of the reference (spec 1.12.1). */
#include "connectors/s3/sink.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/sink_config.h"
#include "tests/support/fake_sink_context.h"
#include "tests/support/fake_store.h"
#include "tests/support/suite.h"

#define FORMAT       "io.confluent.connect.s3.format."
#define PARTITIONERS "io.confluent.connect.storage.partitioner."

static struct kc_config *config;
static struct kc_arena *conf_arena;
static struct sink_conf conf;
static struct fake_sink ctx;
static struct object_store *st;
static struct fake_batch batch;
static void *task;
static struct kc_error err;
static const struct kc_sink_task_ops *ops;

static void setup(void) {
    static const char *const base[] = {"s3.bucket.name",   "lake",
                                       "flush.size",       "3",
                                       "storage.class",    "io.confluent.connect.s3.storage.S3Storage",
                                       "format.class",     FORMAT "json.JsonFormat",
                                       "retry.backoff.ms", "0"};
    config = kc_config_new();
    for (size_t i = 0; i < COUNT_OF(base); i += 2)
        kc_config_set(config, base[i], base[i + 1]);
    conf_arena = arena_new(0);
    st = fake_store_new();
    ops = s3_sink_connector.sink_task;
    memset(&err, 0, sizeof(err));
    fake_sink_init(&ctx, config);
    fake_batch_init(&batch);
}

static void teardown(void) {
    if (task)
        ops->stop(task); /* frees the store */
    else
        store_free(st);
    task = NULL;
    fake_sink_done(&ctx);
    fake_batch_done(&batch);
    arena_free(conf_arena);
    kc_config_free(config);
    clock_fake_ms(-1);
}

static void set(const char *key, const char *value) {
    kc_config_set(config, key, value);
}

static void parse(void) {
    ck_assert_msg(config_parse(sink_options, config, conf_arena, &conf, sizeof(conf), &err) == 0, "%s", err.text);
}

static void start(void) {
    parse();
    ck_assert_msg(s3_sink_start(&ctx.ctx, &conf, st, &task, &err) == 0, "%s", err.text);
    struct kc_topic_partition tps[] = {{"t", 0}, {"t", 1}};
    ck_assert_int_eq(ops->open(task, tps, 2, &err), 0);
}

static enum kc_put put(void) {
    enum kc_put verdict = ops->put(task, &batch.batch, &err);
    batch.batch.count = 0;
    return verdict;
}

static int64_t committed(int32_t partition) {
    struct kc_topic_offset offset = {"t", partition, 1000};
    ck_assert_int_eq(ops->pre_commit(task, &offset, 1, &err), 0);
    return offset.offset;
}

/* Puts empty batches until `count` calls of `op` were made; the uploader works beside us. */
static void wait_calls(const char *op, int count) {
    for (int i = 0; fake_store_calls(st, op) < count && i < 400; i++) {
        clock_sleep_ms(5);
        ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
    }
    ck_assert_msg(fake_store_calls(st, op) >= count, "%s", fake_store_log(st));
}

static int64_t wait_committed(int32_t partition, int64_t offset) {
    int64_t got = -1;
    for (int i = 0; i < 400 && got != offset; i++) {
        int64_t now = committed(partition);
        got = now >= 0 ? now : got;
        if (got != offset)
            clock_sleep_ms(5);
    }
    return got;
}

static void expect_object(const char *key, const char *text) {
    const char *data = fake_store_object(st, key, NULL);
    ck_assert_msg(data != NULL, "no %s among %s", key, fake_store_keys(st));
    ck_assert_str_eq(data, text);
}

static struct kc_record *json(int64_t offset, const char *text) {
    return fake_batch_json(&batch, "t", 0, offset, NULL, text);
}

/* ---- Names and contents ---------------------------------------------------------------------------------------------
 */

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
    ck_assert_str_eq(fake_store_keys(st), keys);
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
    batch.batch.records[batch.batch.count++] =
        (struct kc_record){.topic = "t", .original_topic = "t", .offset = 5, .value = kc_bytes("\x01\x02", 2)};
    batch.batch.records[batch.batch.count++] =
        (struct kc_record){.topic = "t", .original_topic = "t", .offset = 6, .value = kc_date(1735787045000)};
    ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
    ck_assert_int_eq(wait_committed(0, 7), 7);
    expect_object(
        "topics/t/partition=0/t+0+0000000000.json",
        "{\"b\":1,\"a\":[1,null]}\n\"hello \\\"x\\\"\"\n7\n[true,1.5]\n9007199254740993\n\"AQI=\"\n1735787045000\n");
}
END_TEST

static void bytes(int64_t offset, const void *data, size_t len) {
    struct kc_record *r = json(offset, "1");
    r->value = kc_bytes(data, len);
}

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
    const char *data = fake_store_object(st, "topics/t/partition=0/t+0+0000000000.log", &len);
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
    ck_assert_str_eq(err.exception, KC_DATA_EXCEPTION);
    ck_assert_str_eq(fake_store_log(st), "bucket ");
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
    const char *data = fake_store_object(st, "topics/t/partition=0/t+0+0000000000.json.gz", &len);
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
        struct kc_record *r = fake_batch_json(&batch, "t", 0, i, i ? "k1" : "k0", "{\"i\":0}");
        kc_record_add_header(batch.batch.arena, r, "h", NULL, kc_string("v"));
        kc_record_add_header(batch.batch.arena, r, "n", NULL, i ? kc_null() : kc_int(KC_INT32, 5));
    }
    ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
    ck_assert_int_eq(wait_committed(0, 2), 2);
    expect_object("topics/t/partition=0/t+0+0000000000.keys.json", "\"k0\"\n\"k1\"\n");
    expect_object("topics/t/partition=0/t+0+0000000000.headers.json",
                  "{\"headers\":[{\"key\":\"h\",\"value\":\"v\"},{\"key\":\"n\",\"value\":\"5\"}]}\n"
                  "{\"headers\":[{\"key\":\"h\",\"value\":\"v\"},{\"key\":\"n\",\"value\":null}]}\n");
    expect_object("topics/t/partition=0/t+0+0000000000.json", "{\"i\":0}\n{\"i\":0}\n");
    const char *log = fake_store_log(st), *base = "complete topics/t/partition=0/t+0+0000000000";
    char names[3][128];
    for (int i = 0; i < 3; i++)
        snprintf(names[i], sizeof(names[i]), "%s%s", base, (const char *[]){".keys.json", ".headers.json", ".json"}[i]);
    ck_assert_msg(strstr(log, names[0]) < strstr(log, names[1]) && strstr(log, names[1]) < strstr(log, names[2]), "%s",
                  log);
}
END_TEST

START_TEST(a_missing_key_or_header_refuses_the_whole_record) {
    store_parts();
    ctx.tolerant = true;
    set("flush.size", "1");
    start();
    struct kc_record *r = json(0, "{}");
    kc_record_add_header(batch.batch.arena, r, "h", NULL, kc_string("v"));
    fake_batch_json(&batch, "t", 0, 1, "k", "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_str_eq(
        buf_text(&ctx.log),
        "report 0 Key cannot be null for SinkRecord: SinkRecord{kafkaOffset=0, topic='t', kafkaPartition=0} , "
        "report 1 Headers cannot be null for SinkRecord: SinkRecord{kafkaOffset=1, topic='t', kafkaPartition=0} ");
    ck_assert_str_eq(fake_store_keys(st), "");
}
END_TEST

/* ---- Null values ----------------------------------------------------------------------------------------------------
 */

START_TEST(null_values_fail) {
    start();
    json(0, "{}");
    json(1, NULL);
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_str_eq(err.text, "Null valued records are not writeable with current behavior.on.null.values 'settings.");
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
    ck_assert_str_eq(buf_text(&ctx.log), ""); /* no dead letter queue */
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
        fake_batch_json(&batch, "t", 0, i, (const char *[]){"a", "b", "c", "d"}[i], i % 2 ? NULL : "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 4), 4);
    ck_assert_str_eq(fake_store_keys(st), "topics/t/gone/t+0+0000000001.keys.json "
                                          "topics/t/partition=0/t+0+0000000000.json "
                                          "topics/t/partition=0/t+0+0000000000.keys.json ");
    expect_object("topics/t/gone/t+0+0000000001.keys.json", "\"b\"\n\"d\"\n");
    expect_object("topics/t/partition=0/t+0+0000000000.keys.json", "\"a\"\n\"c\"\n");
}
END_TEST

/* ---- Rotation -------------------------------------------------------------------------------------------------------
 */

static const struct kc_schema *country_schema(void) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    ck_assert_int_eq(kc_schema_add_field(b, "c", kc_schema_of(KC_STRING, true), &err), 0);
    return kc_schema_keep(conf_arena, kc_schema_build(b));
}

START_TEST(timeline_a_all_open_files_end_together) {
    static const char *const countries[] = {"US", "DE", "US", "FR"};
    const struct kc_schema *schema = country_schema();
    set("partitioner.class", PARTITIONERS "FieldPartitioner");
    set("partition.field.name", "c");
    start();
    for (int i = 0; i < 4; i++) {
        struct kc_record *r = json(10 + i, "1");
        r->value_schema = schema;
        r->value = kc_struct_new(batch.batch.arena, schema);
        r->value.st->fields[0] = kc_string(countries[i]);
    }
    ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
    ck_assert_int_eq(wait_committed(0, 13), 13);
    ck_assert_str_eq(fake_store_keys(st), "topics/t/c=DE/t+0+0000000011.json topics/t/c=US/t+0+0000000010.json ");
    expect_object("topics/t/c=US/t+0+0000000010.json", "{\"c\":\"US\"}\n{\"c\":\"US\"}\n");
}
END_TEST

static int64_t at(int hour, int minute) {
    return 1735776000000 + (hour * 60 + minute) * 60000LL; /* 2025-01-02 */
}

static void hourly(const char *on_change) {
    set("partitioner.class", PARTITIONERS "HourlyPartitioner");
    set("timestamp.extractor", "Record");
    set("locale", "en");
    set("timezone", "UTC");
    set("flush.size", "1000");
    set("rotate.interval.ms", "3600000");
    set("rotate.file.on.partition.change", on_change);
    start();
    static const int times[][2] = {{10, 10}, {10, 50}, {11, 5}, {10, 55}, {11, 6}, {11, 10}};
    for (int i = 0; i < 5 + !strcmp(on_change, "false"); i++)
        json(i, "{}")->timestamp = at(times[i][0], times[i][1]);
    ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
}

#define H10 "topics/t/year=2025/month=01/day=02/hour=10/t+0+000000000"
#define H11 "topics/t/year=2025/month=01/day=02/hour=11/t+0+000000000"

START_TEST(timeline_b_each_change_of_directory_ends_files) {
    hourly("true");
    ck_assert_int_eq(wait_committed(0, 4), 4);
    ck_assert_str_eq(fake_store_keys(st), H10 "0.json " H10 "3.json " H11 "2.json ");
}
END_TEST

START_TEST(timeline_b_only_record_time_counts) {
    hourly("false");
    ck_assert_int_eq(wait_committed(0, 5), 5);
    ck_assert_str_eq(fake_store_keys(st), H10 "0.json " H11 "2.json ");
    expect_object(H10 "0.json", "{}\n{}\n{}\n");
}
END_TEST

START_TEST(timeline_c_the_schedule_ends_idle_files) {
    set("rotate.schedule.interval.ms", "600000");
    set("timezone", "UTC");
    set("flush.size", "1000");
    start();
    clock_fake_ms(at(10, 3));
    json(0, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(ctx.timeout_ms, 7 * 60000);
    clock_fake_ms(at(10, 9));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(committed(0), -1);
    clock_fake_ms(at(10, 10));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    clock_fake_ms(-1);
    ck_assert_int_eq(wait_committed(0, 1), 1);
    /* after a quiet time the first record is not flushed alone */
    clock_fake_ms(at(12, 1));
    json(1, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(ctx.timeout_ms, 9 * 60000);
}
END_TEST

START_TEST(timeline_d_refused_records_do_not_count) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    ctx.tolerant = true;
    start();
    for (int i = 0; i < 4; i++)
        if (i == 1)
            json(i, "{}");
        else
            bytes(i, "x", 1);
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 4), 4);
    expect_object("topics/t/partition=0/t+0+0000000000.bin", "x\nx\nx\n");
}
END_TEST

START_TEST(a_change_of_schema_ends_the_file) {
    const struct kc_schema *schema = country_schema();
    set("flush.size", "1000");
    start();
    for (int i = 0; i < 4; i++) {
        struct kc_record *r = json(i, "{}");
        if (i == 1 || i == 2) {
            r->value_schema = schema;
            r->value = kc_struct_new(batch.batch.arena, schema);
        }
    }
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    ck_assert_str_eq(fake_store_keys(st),
                     "topics/t/partition=0/t+0+0000000000.json topics/t/partition=0/t+0+0000000001.json ");
}
END_TEST

static const struct kc_schema *order_schema(int version) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "io.x.Order");
    if (version)
        kc_schema_version(b, version);
    ck_assert_int_eq(kc_schema_add_field(b, "id", kc_schema_of(version > 2 ? KC_INT32 : KC_INT64, false), &err), 0);
    if (version > 1)
        ck_assert_int_eq(kc_schema_add_field(b, "note", kc_schema_of(KC_STRING, true), &err), 0);
    return kc_schema_keep(conf_arena, kc_schema_build(b));
}

static void order(int64_t offset, int version) {
    struct kc_record *r = json(offset, "{}");
    r->value_schema = order_schema(version);
    r->value = kc_struct_new(batch.batch.arena, r->value_schema);
    r->value.st->fields[0] = kc_int(version > 2 ? KC_INT32 : KC_INT64, offset);
    if (version > 1)
        r->value.st->fields[1] = kc_string("n");
}

START_TEST(schemas_change_by_mode) {
    static const struct {
        const char *mode;
        int versions[5];
        const char *first, *second; /* the second file begins at offset 2 */
    } rows[] = {
        {"NONE",
         {1, 1, 2, 2, 2},
         "{\"id\":0}\n{\"id\":1}\n",
         "{\"id\":2,\"note\":\"n\"}\n{\"id\":3,\"note\":\"n\"}\n{\"id\":4,\"note\":\"n\"}\n"},
        {"BACKWARD",
         {1, 1, 2, 1, 2},
         "{\"id\":0}\n{\"id\":1}\n",
         "{\"id\":2,\"note\":\"n\"}\n{\"id\":3,\"note\":null}\n{\"id\":4,\"note\":\"n\"}\n"},
        {"FULL",
         {1, 1, 2, 1, 2},
         "{\"id\":0}\n{\"id\":1}\n",
         "{\"id\":2,\"note\":\"n\"}\n{\"id\":3,\"note\":null}\n{\"id\":4,\"note\":\"n\"}\n"},
        {"FORWARD",
         {2, 2, 1, 2, 1},
         "{\"id\":0,\"note\":\"n\"}\n{\"id\":1,\"note\":\"n\"}\n",
         "{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n"},
        {"FORWARD", {1, 1, 3, 3, 3}, NULL, NULL}, /* INT32 fits INT64: one file of three */
        {"BACKWARD",
         {3, 3, 2, 2, 2},
         "{\"id\":0,\"note\":\"n\"}\n{\"id\":1,\"note\":\"n\"}\n", /* INT64 does not fit INT32 */
         "{\"id\":2,\"note\":\"n\"}\n{\"id\":3,\"note\":\"n\"}\n{\"id\":4,\"note\":\"n\"}\n"},
    };
    set("schema.compatibility", rows[_i].mode);
    start();
    for (int i = 0; i < 5; i++)
        order(i, rows[_i].versions[i]);
    ck_assert_msg(put() == KC_PUT_DONE, "%s", err.text);
    if (!rows[_i].first) {
        ck_assert_int_eq(wait_committed(0, 3), 3);
        expect_object("topics/t/partition=0/t+0+0000000000.json", "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n");
        return;
    }
    ck_assert_int_eq(wait_committed(0, 5), 5);
    expect_object("topics/t/partition=0/t+0+0000000000.json", rows[_i].first);
    expect_object("topics/t/partition=0/t+0+0000000002.json", rows[_i].second);
}
END_TEST

START_TEST(modes_need_versions) {
    set("schema.compatibility", "BACKWARD");
    start();
    order(0, 1);
    order(1, 0);
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_str_eq(err.text, "Schema version required for BACKWARD compatibility");
}
END_TEST

START_TEST(parts_leave_while_records_arrive) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    set("s3.part.size", "5242880");
    set("flush.size", "20");
    start();
    static char value[524287];
    for (int i = 0; i < 11; i++)
        bytes(i, value, sizeof(value));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    wait_calls("part", 1);
    ck_assert_int_eq(fake_store_calls(st, "complete"), 0);
    for (int i = 11; i < 20; i++)
        bytes(i, value, sizeof(value));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 20), 20);
    const char *key = "topics/t/partition=0/t+0+0000000000.bin";
    char log[512]; /* exactly two parts: no empty third */
    snprintf(log, sizeof(log), "bucket , begin %s, part %s 5242880, part %s 5242880, complete %s", key, key, key, key);
    ck_assert_str_eq(fake_store_log(st), log);
}
END_TEST

/* ---- Offsets, failures ----------------------------------------------------------------------------------------------
 */

START_TEST(open_files_are_dropped_by_close) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    set("s3.part.size", "5242880");
    start();
    static char value[6000000];
    bytes(0, value, sizeof(value));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    wait_calls("part", 1);
    ck_assert_int_eq(committed(0), -1);
    struct kc_topic_partition tp = {"t", 0};
    ops->close(task, &tp, 1);
    fake_batch_json(&batch, "t", 1, 0, NULL, "1")->value = kc_bytes("x", 1); /* the other one goes on */
    ck_assert_int_eq(put(), KC_PUT_DONE);
    bytes(1, "x", 1);
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_msg(strstr(err.text, "No writer found for topic partition t-0") != NULL, "%s", err.text);
    for (int i = 0; i < 400 && !fake_store_calls(st, "abort"); i++)
        clock_sleep_ms(5);
    ck_assert_int_eq(fake_store_calls(st, "abort"), 1);
    ck_assert_str_eq(fake_store_keys(st), "");
}
END_TEST

struct failing {
    const char *op;
    int from, to, code;
};

static int fail_some(void *arg, const char *op, const char *key, int nth) {
    (void)key;
    const struct failing *f = arg;
    return !strcmp(op, f->op) && nth >= f->from && nth <= f->to ? f->code : 0;
}

START_TEST(a_failure_that_may_pass_reads_the_records_again) {
    static struct failing rules[] = {
        {"begin", 2, 2, ERR_S3_RETRIABLE}, {"part", 2, 2, ERR_S3_RETRIABLE}, {"complete", 2, 2, ERR_S3_RETRIABLE}};
    fake_store_rules(st, fail_some, &rules[_i]);
    start();
    for (int i = 0; i < 8; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    for (int i = 0; i < 400 && !strstr(buf_text(&ctx.log), "resume"); i++) {
        clock_sleep_ms(5);
        ck_assert_int_eq(put(), KC_PUT_DONE);
    }
    ck_assert_str_eq(buf_text(&ctx.log), "rewind t-0 3, pause t-0, resume t-0");
    for (int i = 3; i < 9; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 9), 9);
    ck_assert_str_eq(fake_store_keys(st),
                     "topics/t/partition=0/t+0+0000000000.json topics/t/partition=0/t+0+0000000003.json "
                     "topics/t/partition=0/t+0+0000000006.json ");
}
END_TEST

START_TEST(other_failures_end_the_task) {
    static struct failing rule = {"begin", 1, 1, ERR_FORBIDDEN};
    fake_store_rules(st, fail_some, &rule);
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    enum kc_put verdict = KC_PUT_DONE;
    for (int i = 0; i < 400 && verdict == KC_PUT_DONE; i++) {
        clock_sleep_ms(5);
        verdict = put();
    }
    ck_assert_int_eq(verdict, KC_PUT_FAIL);
    ck_assert_msg(strstr(err.text, "begin topics/t/partition=0/t+0+0000000000.json fails") != NULL, "%s", err.text);
    ck_assert_int_eq(committed(0), -1);
}
END_TEST

START_TEST(scheduled_files_never_replace_an_object) {
    set("rotate.schedule.interval.ms", "600000");
    set("timezone", "UTC");
    ck_assert_int_eq(store_put(st, "topics/t/partition=0/t+0+0000000000.json", "old\n", 4, NULL, &err), 0);
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    for (int i = 0; i < 400 && !strstr(buf_text(&ctx.log), "rewind"); i++) {
        clock_sleep_ms(5);
        ck_assert_int_eq(put(), KC_PUT_DONE);
    }
    ck_assert_msg(strstr(buf_text(&ctx.log), "rewind t-0 1") != NULL, "%s", buf_text(&ctx.log));
    clock_sleep_ms(5);
    ck_assert_int_eq(put(), KC_PUT_DONE);
    for (int i = 1; i < 4; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 4), 4);
    expect_object("topics/t/partition=0/t+0+0000000000.json", "old\n");
    expect_object("topics/t/partition=0/t+0+0000000001.json", "{}\n{}\n{}\n");
}
END_TEST

START_TEST(objects_are_tagged) {
    static struct failing rule = {"tag", 2, 2, ERR_S3};
    fake_store_rules(st, fail_some, &rule);
    set("s3.object.tagging", "true");
    set("s3.object.tagging.key.value.pairs", "team:data,env:x");
    set("flush.size", "2");
    start();
    for (int i = 4; i < 8; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 8), 8); /* a failing tag is only logged */
    ck_assert_str_eq(fake_store_tags(st), "startOffset=4 endOffset=5 recordCount=2 team=data env=x ");
}
END_TEST

START_TEST(a_batch_may_be_cut_by_time) {
    set("max.write.duration.ms", "-1");
    set("flush.size", "100");
    start();
    for (int i = 0; i < 100; i++)
        json(i, "{}");
    uint32_t count = batch.batch.count;
    ck_assert_int_eq(put(), KC_PUT_RETRY);
    batch.batch.count = count; /* the same batch again */
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 100), 100);
    size_t len;
    ck_assert_ptr_nonnull(fake_store_object(st, "topics/t/partition=0/t+0+0000000000.json", &len));
    ck_assert_uint_eq(len, 300);
}
END_TEST

START_TEST(a_renamed_topic_names_the_folder) {
    set("flush.size", "1");
    start();
    json(0, "{}")->topic = "renamed";
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 1), 1);
    ck_assert_str_eq(fake_store_keys(st), "topics/renamed/partition=0/t+0+0000000000.json ");
}
END_TEST

/* ---- Configuration --------------------------------------------------------------------------------------------------
 */

static const char *problems_of(const char *key, const char *value, const char *name) {
    static char text[1024];
    struct kc_problems *p = problems_new();
    if (value)
        kc_config_set(config, key, value);
    else
        kc_config_remove(config, key);
    config_validate(sink_options, config, conf_arena, &conf, sizeof(conf), p);
    sink_conf_validate(config, &conf, p);
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
    };
    ck_assert_str_eq(problems_of(rows[_i].key, rows[_i].value, rows[_i].name), rows[_i].text);
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
    ck_assert_int_eq(s3_sink_start(&ctx.ctx, &conf, st, &task, &err), -1);
    ck_assert_msg(strstr(err.text, rows[_i].text) != NULL, "%s", err.text);
    task = NULL;
    st = fake_store_new(); /* the other one was taken */
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/sink");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
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
    tcase_add_test(t, timeline_a_all_open_files_end_together);
    tcase_add_test(t, timeline_b_each_change_of_directory_ends_files);
    tcase_add_test(t, timeline_b_only_record_time_counts);
    tcase_add_test(t, timeline_c_the_schedule_ends_idle_files);
    tcase_add_test(t, timeline_d_refused_records_do_not_count);
    tcase_add_test(t, a_change_of_schema_ends_the_file);
    tcase_add_loop_test(t, schemas_change_by_mode, 0, 6);
    tcase_add_test(t, modes_need_versions);
    tcase_add_test(t, parts_leave_while_records_arrive);
    tcase_add_test(t, open_files_are_dropped_by_close);
    tcase_add_loop_test(t, a_failure_that_may_pass_reads_the_records_again, 0, 3);
    tcase_add_test(t, other_failures_end_the_task);
    tcase_add_test(t, scheduled_files_never_replace_an_object);
    tcase_add_test(t, objects_are_tagged);
    tcase_add_test(t, a_batch_may_be_cut_by_time);
    tcase_add_test(t, a_renamed_topic_names_the_folder);
    tcase_add_loop_test(t, validation_names_the_option, 0, 10);
    tcase_add_loop_test(t, the_start_refuses_what_validation_cannot_see, 0, 3);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
