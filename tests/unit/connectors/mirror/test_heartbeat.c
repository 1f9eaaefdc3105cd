/* The heartbeat connector and its task; connector offsets from outside. */
#include "connectors/mirror/heartbeat.h"

#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/records.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/suite.h"

#define PLUGIN (&mirror_heartbeat_connector)

static struct kc_arena *arena;
static struct mirror_conf conf;
static struct kc_config *config;
static struct kc_error err;

static void setup(void) {
    log_set_level("root", LOG_OFF);
    arena = arena_new(0);
    config = mock_kafka_props("name=beat\nsource.cluster.alias=from\ntarget.cluster.alias=to");
    err = (struct kc_error){0};
}

static void parse(void) {
    ck_assert_msg(config_parse(PLUGIN->options, config, arena, &conf, sizeof conf, &err) == 0, "%s", err.text);
}

static void teardown(void) {
    arena_free(arena);
    kc_config_free(config);
    clock_fake_ms(-1);
}

START_TEST(test_one_task_unless_off) {
    static const struct {
        const char *key, *value;
        int tasks;
    } table[] = {{"emit.heartbeats.enabled", "true", 1},
                 {"emit.heartbeats.enabled", "FALSE", 0},
                 {"emit.heartbeats.interval.seconds", "-1", 0},
                 {"emit.heartbeats.interval.seconds", "0", 1},
                 {"enabled", "false", 1}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct kc_config *tasks[2], *own = kc_config_copy(config);
        int count = -1;
        kc_config_set(own, table[i].key, table[i].value);
        ck_assert_int_eq(config_parse(PLUGIN->options, own, arena, &conf, sizeof conf, &err), 0);
        ck_assert_int_eq(PLUGIN->connector->task_configs(NULL, own, &conf, 1, tasks, &count, &err), 0);
        ck_assert_int_eq(count, table[i].tasks);
        if (count) {
            ck_assert_str_eq(kc_config_get(tasks[0], "source.cluster.alias"), "from");
            kc_config_free(tasks[0]);
        }
        kc_config_free(own);
    }
}
END_TEST

START_TEST(test_no_target) {
    void *self = NULL;
    struct kc_connector_context ctx = {.name = "beat"};
    parse();
    ck_assert_int_eq(PLUGIN->connector->start(&ctx, config, &conf, &self, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "target.cluster.bootstrap.servers"));
}
END_TEST

START_TEST(test_start_and_stop) {
    struct mock_kafka kafka = mock_kafka_start(1);
    void *self = NULL;
    struct kc_connector_context ctx = {.name = "beat"};
    mock_kafka_topic(&kafka, "heartbeats", 1);
    kc_config_set(config, "target.cluster.bootstrap.servers", kafka.bootstrap);
    parse();
    ck_assert_msg(PLUGIN->connector->start(&ctx, config, &conf, &self, &err) == 0, "%s", err.text);
    PLUGIN->connector->stop(self);
    mock_kafka_stop(&kafka);
}
END_TEST

START_TEST(test_beats) {
    struct fake_source source;
    struct kc_record records[2];
    struct kc_batch batch = {.arena = arena, .records = records, .capacity = 2};
    void *self = NULL;
    kc_config_set(config, "emit.heartbeats.interval.seconds", "20");
    parse();
    fake_source_init(&source, config);
    clock_fake_ms(1000000);
    ck_assert_int_eq(PLUGIN->source_task->start(&source.ctx, &conf, &self, &err), 0);
    ck_assert_int_eq(PLUGIN->source_task->poll(self, &batch, &err), 0);
    ck_assert_uint_eq(batch.count, 0); /* the first one after an interval */
    ck_assert_int_eq(source.waited_ms, 1000);
    for (int64_t now = 1020000; now <= 1040000; now += 20000) {
        struct heartbeat beat;
        clock_fake_ms(now);
        batch.count = 0;
        ck_assert_int_eq(PLUGIN->source_task->poll(self, &batch, &err), 0);
        ck_assert_uint_eq(batch.count, 1);
        const struct kc_record *r = &records[0];
        struct record_bytes bytes = {r->key.bytes, r->value.bytes, r->key.len, r->value.len};
        ck_assert_int_eq(heartbeat_read(&bytes, arena, &beat, &err), 0);
        ck_assert_str_eq(beat.source, "from");
        ck_assert_str_eq(beat.target, "to");
        ck_assert_int_eq(beat.timestamp_ms, now);
        ck_assert_int_eq(r->timestamp, now);
        ck_assert_str_eq(r->topic, "heartbeats");
        ck_assert_int_eq(r->partition, 0);
        ck_assert_str_eq(fake_source_partition(r->source_partition),
                         "{\"sourceClusterAlias\":\"from\",\"targetClusterAlias\":\"to\"}");
        ck_assert_str_eq(kc_value_to_json(arena, &r->source_offset, NULL), "{\"offset\":0}");
    }
    PLUGIN->source_task->stop(self);
    fake_source_done(&source);
}
END_TEST

START_TEST(test_alter_offsets) {
    static const struct {
        const char *partition, *offset, *says; /* NULL: fine */
    } table[] = {
        {"{\"sourceClusterAlias\":\"a\",\"targetClusterAlias\":\"b\"}", "{\"offset\":0}", NULL},
        {"{\"x\":1}", "null", NULL},
        {"null", "{\"offset\":0}", "Source partitions may not be null"},
        {"{\"sourceClusterAlias\":\"a\"}", "{\"offset\":0}",
         "Source partition {sourceClusterAlias=a} is missing the 'targetClusterAlias' key, which is required"},
        {"{\"sourceClusterAlias\":7,\"targetClusterAlias\":\"b\"}", "{\"offset\":0}",
         "Source partition {sourceClusterAlias=7, targetClusterAlias=b} has an invalid value 7 for the "
         "'sourceClusterAlias' key, which must be a string"},
        {"{\"sourceClusterAlias\":\"a\",\"targetClusterAlias\":\"b\"}", "{\"offset\":9}",
         "Source offset {offset=9} for source partition {sourceClusterAlias=a, targetClusterAlias=b} has an invalid "
         "value 9 for the 'offset' key; the only accepted value is 0"},
        {"{\"sourceClusterAlias\":\"a\",\"targetClusterAlias\":\"b\"}", "{\"offset\":\"0\"}",
         "Source offset {offset=0} for source partition {sourceClusterAlias=a, targetClusterAlias=b} has an invalid "
         "value 0 for the 'offset' key, which must be an integer"},
        {"{\"sourceClusterAlias\":\"a\",\"targetClusterAlias\":\"b\"}", "{}",
         "Source offset {} for source partition {sourceClusterAlias=a, targetClusterAlias=b} is missing the 'offset' "
         "key, which is required"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct kc_value partition, offset;
        ck_assert_int_eq(kc_value_from_json(arena, table[i].partition, strlen(table[i].partition), &partition, &err),
                         0);
        ck_assert_int_eq(kc_value_from_json(arena, table[i].offset, strlen(table[i].offset), &offset, &err), 0);
        partition = kc_json_expand(arena, partition);
        offset = kc_json_expand(arena, offset);
        int rc = PLUGIN->connector->alter_offsets(config, &partition, &offset, 1, &err);
        ck_assert_int_eq(rc, table[i].says ? -1 : 0);
        if (rc < 0)
            ck_assert_str_eq(err.text, table[i].says);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror heartbeat");
    TCase *tc = tcase_create("heartbeat");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_one_task_unless_off);
    tcase_add_test(tc, test_no_target);
    tcase_add_test(tc, test_start_and_stop);
    tcase_add_test(tc, test_beats);
    tcase_add_test(tc, test_alter_offsets);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
