/* The S3 sink on a store in memory: when files end, which offsets are committed, what a failure does.
 * Worked timelines are those of the reference (spec 1.12.1). */
#include "connectors/s3/writer.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/sink.h"
#include "tests/support/sink_run.h"
#include "tests/support/suite.h"

/* ---- Rotation ---------------------------------------------------------------------------------------------------- */

static const struct kc_schema *country_schema(void) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    ck_assert_int_eq(kc_schema_add_field(b, "c", kc_schema_of(KC_STRING, true), &run.err), 0);
    return kc_schema_keep(run.arena, kc_schema_build(b));
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
        r->value = kc_struct_new(run.batch.batch.arena, schema);
        r->value.st->fields[0] = kc_string(countries[i]);
    }
    ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
    ck_assert_int_eq(wait_committed(0, 13), 13);
    ck_assert_str_eq(fake_store_keys(run.st), "topics/t/c=DE/t+0+0000000011.json topics/t/c=US/t+0+0000000010.json ");
    expect_object("topics/t/c=US/t+0+0000000010.json", "{\"c\":\"US\"}\n{\"c\":\"US\"}\n");
}
END_TEST

START_TEST(what_the_partitioner_refuses) {
    static const struct {
        const char *field;
        enum kc_put verdict;
    } rows[] = {{"c", KC_PUT_DONE}, {"d", KC_PUT_FAIL}};
    set("partitioner.class", PARTITIONERS "FieldPartitioner");
    set("partition.field.name", rows[_i].field);
    run.ctx.tolerant = true;
    start();
    json(0, "{}"); /* no struct: a matter of this record */
    struct kc_record *r = json(1, "{}");
    r->value_schema = country_schema();
    r->value = kc_struct_new(run.batch.batch.arena, r->value_schema);
    ck_assert_int_eq(put(), rows[_i].verdict);
    if (rows[_i].verdict == KC_PUT_FAIL)
        ck_assert_str_eq(run.err.text, "Field 'd' is not present in the schema.");
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
    ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
}

#define H10 "topics/t/year=2025/month=01/day=02/hour=10/t+0+000000000"
#define H11 "topics/t/year=2025/month=01/day=02/hour=11/t+0+000000000"

START_TEST(timeline_b_each_change_of_directory_ends_files) {
    hourly("true");
    ck_assert_int_eq(wait_committed(0, 4), 4);
    ck_assert_str_eq(fake_store_keys(run.st), H10 "0.json " H10 "3.json " H11 "2.json ");
}
END_TEST

START_TEST(timeline_b_only_record_time_counts) {
    hourly("false");
    ck_assert_int_eq(wait_committed(0, 5), 5);
    ck_assert_str_eq(fake_store_keys(run.st), H10 "0.json " H11 "2.json ");
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
    ck_assert_int_eq(run.ctx.timeout_ms, 7 * 60000);
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
    ck_assert_int_eq(run.ctx.timeout_ms, 9 * 60000);
}
END_TEST

START_TEST(timeline_d_refused_records_do_not_count) {
    set("format.class", FORMAT "bytearray.ByteArrayFormat");
    run.ctx.tolerant = true;
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
            r->value = kc_struct_new(run.batch.batch.arena, schema);
        }
    }
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    ck_assert_str_eq(fake_store_keys(run.st),
                     "topics/t/partition=0/t+0+0000000000.json topics/t/partition=0/t+0+0000000001.json ");
}
END_TEST

static const struct kc_schema *order_schema(int version) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "io.x.Order");
    if (version)
        kc_schema_version(b, version);
    ck_assert_int_eq(kc_schema_add_field(b, "id", kc_schema_of(version > 2 ? KC_INT32 : KC_INT64, false), &run.err), 0);
    if (version > 1)
        ck_assert_int_eq(kc_schema_add_field(b, "note", kc_schema_of(KC_STRING, true), &run.err), 0);
    return kc_schema_keep(run.arena, kc_schema_build(b));
}

static void order(int64_t offset, int version) {
    struct kc_record *r = json(offset, "{}");
    r->value_schema = order_schema(version);
    r->value = kc_struct_new(run.batch.batch.arena, r->value_schema);
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
    ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
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
    ck_assert_str_eq(run.err.text, "Schema version required for BACKWARD compatibility");
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
    ck_assert_int_eq(fake_store_calls(run.st, "complete"), 0);
    for (int i = 11; i < 20; i++)
        bytes(i, value, sizeof(value));
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 20), 20);
    const char *key = "topics/t/partition=0/t+0+0000000000.bin";
    char log[512]; /* exactly two parts: no empty third */
    snprintf(log, sizeof(log), "bucket , begin %s, part %s 5242880, part %s 5242880, complete %s", key, key, key, key);
    ck_assert_str_eq(fake_store_log(run.st), log);
}
END_TEST

/* ---- Offsets, failures ------------------------------------------------------------------------------------------- */

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
    s3_sink_connector.sink_task->close(run.task, &tp, 1);
    fake_batch_json(&run.batch, "t", 1, 0, NULL, "1")->value = kc_bytes("x", 1); /* the other one goes on */
    ck_assert_int_eq(put(), KC_PUT_DONE);
    bytes(1, "x", 1);
    ck_assert_int_eq(put(), KC_PUT_FAIL);
    ck_assert_msg(strstr(run.err.text, "No writer found for topic partition t-0") != NULL, "%s", run.err.text);
    for (int i = 0; i < 400 && !fake_store_calls(run.st, "abort"); i++)
        clock_sleep_ms(5);
    ck_assert_int_eq(fake_store_calls(run.st, "abort"), 1);
    ck_assert_str_eq(fake_store_keys(run.st), "");
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
    fake_store_rules(run.st, fail_some, &rules[_i]);
    start();
    for (int i = 0; i < 8; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 3), 3);
    for (int i = 0; i < 400 && !strstr(buf_text(&run.ctx.log), "resume"); i++) {
        clock_sleep_ms(5);
        ck_assert_int_eq(put(), KC_PUT_DONE);
    }
    ck_assert_str_eq(buf_text(&run.ctx.log), "rewind t-0 3, pause t-0, resume t-0");
    for (int i = 3; i < 9; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 9), 9);
    ck_assert_str_eq(fake_store_keys(run.st),
                     "topics/t/partition=0/t+0+0000000000.json topics/t/partition=0/t+0+0000000003.json "
                     "topics/t/partition=0/t+0+0000000006.json ");
}
END_TEST

START_TEST(other_failures_end_the_task) {
    static struct failing rule = {"begin", 1, 1, ERR_FORBIDDEN};
    fake_store_rules(run.st, fail_some, &rule);
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{}");
    enum kc_put verdict = put();
    for (int i = 0; i < 400 && verdict == KC_PUT_DONE; i++) {
        clock_sleep_ms(5);
        verdict = put();
    }
    ck_assert_int_eq(verdict, KC_PUT_FAIL);
    ck_assert_msg(strstr(run.err.text, "begin topics/t/partition=0/t+0+0000000000.json fails") != NULL, "%s",
                  run.err.text);
    ck_assert_int_eq(committed(0), -1);
}
END_TEST

START_TEST(scheduled_files_never_replace_an_object) {
    set("rotate.schedule.interval.ms", "600000");
    set("timezone", "UTC");
    ck_assert_int_eq(store_put(run.st, "topics/t/partition=0/t+0+0000000000.json", "old\n", 4, NULL, &run.err), 0);
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    for (int i = 0; i < 400 && !strstr(buf_text(&run.ctx.log), "rewind"); i++) {
        clock_sleep_ms(5);
        ck_assert_int_eq(put(), KC_PUT_DONE);
    }
    ck_assert_msg(strstr(buf_text(&run.ctx.log), "rewind t-0 1") != NULL, "%s", buf_text(&run.ctx.log));
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

START_TEST(an_object_that_exists_and_does_not_is_an_error) {
    static struct failing rule = {"complete", 1, 1, ERR_ALREADY_EXISTS};
    fake_store_rules(run.st, fail_some, &rule);
    set("rotate.schedule.interval.ms", "600000");
    set("timezone", "UTC");
    start();
    for (int i = 0; i < 3; i++)
        json(i, "{}");
    enum kc_put verdict = put();
    for (int i = 0; i < 400 && verdict == KC_PUT_DONE; i++) {
        clock_sleep_ms(5);
        verdict = put();
    }
    ck_assert_int_eq(verdict, KC_PUT_FAIL);
    ck_assert_msg(strstr(run.err.text, "Contradicting response") != NULL, "%s", run.err.text);
    ck_assert_int_eq(committed(0), -1);
}
END_TEST

START_TEST(objects_are_tagged) {
    static struct failing rule = {"tag", 2, 2, ERR_S3};
    fake_store_rules(run.st, fail_some, &rule);
    set("s3.object.tagging", "true");
    set("s3.object.tagging.key.value.pairs", "team:data,env:x:y");
    set("flush.size", "2");
    start();
    for (int i = 4; i < 8; i++)
        json(i, "{}");
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 8), 8); /* a failing tag is only logged */
    ck_assert_str_eq(fake_store_tags(run.st), "startOffset=4 endOffset=5 recordCount=2 team=data env=x ");
}
END_TEST

START_TEST(a_batch_may_be_cut_by_time) {
    set("max.write.duration.ms", "-1");
    set("flush.size", "100");
    start();
    for (int i = 0; i < 100; i++)
        json(i, "{}");
    uint32_t count = run.batch.batch.count;
    ck_assert_int_eq(put(), KC_PUT_RETRY);
    run.batch.batch.count = count; /* the same batch again */
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 100), 100);
    size_t len;
    ck_assert_ptr_nonnull(fake_store_object(run.st, "topics/t/partition=0/t+0+0000000000.json", &len));
    ck_assert_uint_eq(len, 300);
}
END_TEST

START_TEST(a_renamed_topic_names_the_folder) {
    set("flush.size", "1");
    start();
    json(0, "{}")->topic = "renamed";
    ck_assert_int_eq(put(), KC_PUT_DONE);
    ck_assert_int_eq(wait_committed(0, 1), 1);
    ck_assert_str_eq(fake_store_keys(run.st), "topics/renamed/partition=0/t+0+0000000000.json ");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/writer");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, sink_run_setup, sink_run_teardown);
    tcase_add_test(t, timeline_a_all_open_files_end_together);
    tcase_add_loop_test(t, what_the_partitioner_refuses, 0, 2);
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
    tcase_add_test(t, an_object_that_exists_and_does_not_is_an_error);
    tcase_add_test(t, objects_are_tagged);
    tcase_add_test(t, a_batch_may_be_cut_by_time);
    tcase_add_test(t, a_renamed_topic_names_the_folder);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
