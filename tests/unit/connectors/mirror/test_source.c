/* The source connector without a cluster that it could change: shares, rules across options, connector offsets; and its
 * task on a cluster in this process. */
#include "connectors/mirror/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connect/kafka/client.h"
#include "connectors/mirror/acl_sync.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/records.h"
#include "connectors/mirror/shares.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/suite.h"

#define PLUGIN (&mirror_source_connector)
#define SYNCS  "mm2-offset-syncs.to.internal"

static struct kc_error err;

/* ---- Shares ---- */

static int seen;

static const char *kind_of(const cJSON *v) {
    return cJSON_GetStringValue(cJSON_GetObjectItem(v, "kind"));
}

/* "t0-0", "t0-1", … as topics with numbers of partitions. */
static void topics_of(const cJSON *partitions, struct topic_list *list) {
    const cJSON *item;
    *list = (struct topic_list){.items = calloc(16, sizeof *list->items)};
    cJSON_ArrayForEach(item, partitions) {
        const char *text = cJSON_GetStringValue(item), *dash = strrchr(text, '-');
        char *name = strndup(text, (size_t)(dash - text));
        struct topic_info *last = list->count ? &list->items[list->count - 1] : NULL;
        if (last && strcmp(last->name, name) == 0) {
            last->partitions++;
            free(name);
        } else {
            list->items[list->count++] = (struct topic_info){.name = name, .partitions = 1};
        }
    }
}

static void partition_shares(const cJSON *v, void *arg) {
    struct topic_list topics;
    struct kc_config *tasks[32], *config;
    (void)arg;
    if (strcmp(kind_of(v), "partition-shares") != 0)
        return;
    config = kc_config_new();
    topics_of(cJSON_GetObjectItem(v, "partitions"), &topics);
    kc_config_set(config, "name", "mm");
    int count = share_partitions(config, &topics, cJSON_GetObjectItem(v, "tasks_max")->valueint, tasks);
    const cJSON *want = cJSON_GetObjectItem(v, "tasks");
    ck_assert_int_eq(count, cJSON_GetArraySize(want));
    for (int i = 0; i < count; i++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetArrayItem(want, i))
            ck_assert_str_eq(kc_config_get(tasks[i], item->string), cJSON_GetStringValue(item));
        ck_assert_str_eq(kc_config_get(tasks[i], "name"), "mm");
        kc_config_free(tasks[i]);
    }
    kc_config_free(config);
    topic_list_done(&topics);
    seen++;
}

static void group_shares(const cJSON *v, void *arg) {
    struct kc_config *tasks[32], *config;
    char *groups[32];
    size_t count = 0;
    const cJSON *item;
    (void)arg;
    if (strcmp(kind_of(v), "group-shares") != 0)
        return;
    config = kc_config_new();
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(v, "groups")) groups[count++] = item->valuestring;
    int made = share_groups(config, groups, count, cJSON_GetObjectItem(v, "tasks_max")->valueint, tasks);
    const cJSON *want = cJSON_GetObjectItem(v, "tasks");
    ck_assert_int_eq(made, cJSON_GetArraySize(want));
    for (int i = 0; i < made; i++) {
        char joined[256] = "", index[16];
        size_t len = 0;
        cJSON_ArrayForEach(item, cJSON_GetArrayItem(want, i)) len +=
            (size_t)snprintf(joined + len, sizeof joined - len, "%s%s", len ? "," : "", item->valuestring);
        snprintf(index, sizeof index, "%d", i);
        ck_assert_str_eq(kc_config_get(tasks[i], "task.assigned.groups"), joined);
        ck_assert_str_eq(kc_config_get(tasks[i], "task.index"), index);
        kc_config_free(tasks[i]);
    }
    kc_config_free(config);
    seen++;
}

START_TEST(test_shares) {
    golden_each("mirror.jsonl", NULL, partition_shares, NULL);
    ck_assert_int_eq(seen, 3);
    golden_each("mirror.jsonl", NULL, group_shares, NULL);
    ck_assert_int_eq(seen, 6);
    struct kc_config *tasks[2], *config = kc_config_new();
    struct topic_list none = {0};
    ck_assert_int_eq(share_partitions(config, &none, 2, tasks), 0);
    ck_assert_int_eq(share_groups(config, NULL, 0, 2, tasks), 0);
    kc_config_free(config);
}
END_TEST

/* ---- Options ---- */

START_TEST(test_rows) {
    static const struct {
        const char *key, *value, *says; /* NULL: fine */
    } table[] = {
        {"topics", "^foo.*, bar", NULL},
        {"topics", "", NULL},
        {"topics", "*bad", NULL}, /* fails to start, as in Java */
        {"offset-syncs.topic.location", "target", NULL},
        {"offset-syncs.topic.location", "Source", "String must be one of: source, target"},
        {"refresh.topics.interval.seconds", "-1", NULL},
        {"refresh.topics.interval.seconds", "0", "refresh.topics.interval.seconds: Value must not be 0"},
        {"replication.factor", "70000", NULL},
        {"replication.policy.class", " org.apache.kafka.connect.mirror.IdentityReplicationPolicy", NULL},
        {"replication.policy.class", "no.such.Policy", "Class no.such.Policy could not be found."},
        {"security.protocol", "sasl_ssl", NULL},
        {"metric.names.formats", "legacy,new", NULL},
        {"metric.names.formats", "old", "String must be one of: legacy, new"},
    };
    struct kc_arena *arena = arena_new(0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mirror_conf conf;
        struct kc_config *config = mock_kafka_props("name=mm\nsource.cluster.alias=from");
        kc_config_set(config, table[i].key, table[i].value);
        int rc = config_parse(PLUGIN->options, config, arena, &conf, sizeof conf, &err);
        ck_assert_msg(rc == (table[i].says ? -1 : 0), "%s=%s: %s", table[i].key, table[i].value, err.text);
        if (rc < 0)
            ck_assert_msg(strstr(err.text, table[i].says), "%s=%s: %s", table[i].key, table[i].value, err.text);
        kc_config_free(config);
    }
    arena_free(arena);
}
END_TEST

START_TEST(test_not_enabled) {
    struct kc_arena *arena = arena_new(0);
    struct mirror_conf conf;
    struct kc_config *config = mock_kafka_props("name=mm\nsource.cluster.alias=from\nenabled=False"), *tasks[2];
    struct kc_connector_context ctx = {.name = "mm"};
    void *self;
    int count = -1;
    ck_assert_int_eq(config_parse(PLUGIN->options, config, arena, &conf, sizeof conf, &err), 0);
    ck_assert_int_eq(PLUGIN->connector->start(&ctx, config, &conf, &self, &err), 0);
    ck_assert_int_eq(PLUGIN->connector->task_configs(self, config, &conf, 1, tasks, &count, &err), 0);
    ck_assert_int_eq(count, 0);
    PLUGIN->connector->stop(self);
    kc_config_free(config);
    arena_free(arena);
}
END_TEST

START_TEST(test_alter_offsets) {
    static const struct {
        const char *partition, *offset, *says; /* NULL: fine */
    } table[] = {
        {"{\"cluster\":\"a\",\"topic\":\"t\",\"partition\":0}", "{\"offset\":5}", NULL},
        {"{\"cluster\":\"a\",\"topic\":\"t\"}", "{\"offset\":5}", "is missing the 'partition' key, which is required"},
        {"{\"cluster\":\"a\",\"topic\":\"t\",\"partition\":-1}", "{\"offset\":5}",
         "has an invalid value -1 for the 'partition' key, which cannot be negative"},
        {"{\"cluster\":\"a\",\"topic\":\"t\",\"partition\":2147483648}", "{\"offset\":5}",
         "has an invalid value 2147483648 for the 'partition' key, which must be an integer"},
        {"{\"cluster\":\"a\",\"topic\":\"t\",\"partition\":1.5}", "{\"offset\":5}",
         "has an invalid value 1.5 for the 'partition' key, which must be an integer"},
        {"{\"cluster\":\"a\",\"topic\":\"t\",\"partition\":0}", "{\"offset\":-1}",
         "has an invalid value -1 for the 'offset' key, which cannot be negative"},
    };
    struct kc_arena *arena = arena_new(0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct kc_value partition, offset;
        ck_assert_int_eq(kc_value_from_json(arena, table[i].partition, strlen(table[i].partition), &partition, &err),
                         0);
        ck_assert_int_eq(kc_value_from_json(arena, table[i].offset, strlen(table[i].offset), &offset, &err), 0);
        partition = kc_json_expand(arena, partition);
        offset = kc_json_expand(arena, offset);
        int rc = PLUGIN->connector->alter_offsets(NULL, &partition, &offset, 1, &err);
        ck_assert_msg(rc == (table[i].says ? -1 : 0), "%s: %s", table[i].partition, err.text);
        if (rc < 0)
            ck_assert_msg(strstr(err.text, table[i].says), "%s", err.text);
    }
    arena_free(arena);
}
END_TEST

/* ---- ACLs ---- */

static char *remote(void *arg, const char *topic) {
    char *name = NULL;
    (void)arg;
    if (strcmp(topic, "private") != 0 && asprintf(&name, "from.%s", topic) < 0)
        abort();
    return name;
}

START_TEST(test_acls) {
    enum { ALLOW = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, DENY = RD_KAFKA_ACL_PERMISSION_TYPE_DENY };
    static const struct {
        rd_kafka_ResourceType_t resource;
        const char *name;
        rd_kafka_ResourcePatternType_t pattern;
        rd_kafka_AclOperation_t operation;
        int permission, want; /* the operation that it becomes; -1: nothing */
    } table[] = {
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_READ, ALLOW,
         RD_KAFKA_ACL_OPERATION_READ},
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_WRITE, ALLOW, -1},
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_ALL, ALLOW,
         RD_KAFKA_ACL_OPERATION_READ},
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_WRITE, DENY,
         RD_KAFKA_ACL_OPERATION_WRITE},
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_ALL, DENY,
         RD_KAFKA_ACL_OPERATION_ALL},
        {RD_KAFKA_RESOURCE_TOPIC, "t", RD_KAFKA_RESOURCE_PATTERN_PREFIXED, RD_KAFKA_ACL_OPERATION_READ, ALLOW, -1},
        {RD_KAFKA_RESOURCE_GROUP, "t", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_READ, ALLOW, -1},
        {RD_KAFKA_RESOURCE_TOPIC, "private", RD_KAFKA_RESOURCE_PATTERN_LITERAL, RD_KAFKA_ACL_OPERATION_READ, ALLOW, -1},
    };
    struct acl_rules rules = {.remote = remote};
    char why[128];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        rd_kafka_AclBinding_t *acl =
            rd_kafka_AclBinding_new(table[i].resource, table[i].name, table[i].pattern, "User:u", "*",
                                    table[i].operation, (rd_kafka_AclPermissionType_t)table[i].permission, why, 128);
        rd_kafka_AclBinding_t *got = acl_translate(acl, &rules);
        ck_assert_msg(!got == (table[i].want < 0), "ACL %zu", i);
        if (got) {
            ck_assert_str_eq(rd_kafka_AclBinding_name(got), "from.t");
            ck_assert_str_eq(rd_kafka_AclBinding_principal(got), "User:u");
            ck_assert_int_eq((int)rd_kafka_AclBinding_operation(got), table[i].want);
            ck_assert_int_eq((int)rd_kafka_AclBinding_permission_type(got), table[i].permission);
            rd_kafka_AclBinding_destroy(got);
        }
        rd_kafka_AclBinding_destroy(acl);
    }
}
END_TEST

/* ---- Task ---- */

static struct mock_kafka kafka;
static struct kc_config *config;
static struct kc_arena *conf_arena, *arena;
static struct mirror_conf conf;
static struct fake_source source;
static struct kc_record records[100];
static struct kc_batch batch;
static void *task;

static void setup_task(void) {
    log_set_level("root", LOG_OFF);
    kafka = mock_kafka_start(1);
    mock_kafka_topic(&kafka, "t", 2);
    mock_kafka_topic(&kafka, SYNCS, 1);
    config = mock_kafka_props("name=mm\nsource.cluster.alias=from\ntarget.cluster.alias=to\n"
                              "task.assigned.partitions=t-0,t-1\ntask.index=0");
    kc_config_set(config, "source.cluster.bootstrap.servers", kafka.bootstrap);
    conf_arena = arena_new(0);
    arena = arena_new(0);
    batch = (struct kc_batch){.arena = arena, .records = records, .capacity = 100};
    fake_source_init(&source, config);
}

static void start_task(void) {
    ck_assert_msg(config_parse(PLUGIN->task_options, config, conf_arena, &conf, sizeof conf, &err) == 0, "%s",
                  err.text);
    ck_assert_msg(PLUGIN->source_task->start(&source.ctx, &conf, &task, &err) == 0, "%s", err.text);
}

static void teardown_task(void) {
    if (task)
        PLUGIN->source_task->stop(task);
    arena_free(arena);
    arena_free(conf_arena);
    fake_source_done(&source);
    kc_config_free(config);
    mock_kafka_stop(&kafka);
}

static rd_kafka_t *producer(void) {
    char why[256];
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    rd_kafka_conf_set(c, "bootstrap.servers", kafka.bootstrap, why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
    ck_assert_ptr_nonnull(rk);
    return rk;
}

static void produce(int partition, const char *key, const char *value, rd_kafka_headers_t *headers) {
    rd_kafka_vu_t vus[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = "t"},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key, key ? strlen(key) : 0}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value, value ? strlen(value) : 0}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = 1700000000123},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_t *rk = producer();
    ck_assert_ptr_null(rd_kafka_produceva(rk, vus, headers ? 7 : 6));
    ck_assert_int_eq(rd_kafka_flush(rk, 10000), 0);
    rd_kafka_destroy(rk);
}

/* Polls until there are `count` records in the batch. */
static void poll_records(uint32_t count) {
    struct kc_record kept[100];
    uint32_t got = 0;
    for (int64_t end = clock_ms() + 20000; got < count && clock_ms() < end;) {
        batch.count = 0;
        ck_assert_msg(PLUGIN->source_task->poll(task, &batch, &err) == 0, "%s", err.text);
        memcpy(kept + got, records, batch.count * sizeof *records);
        got += batch.count;
    }
    ck_assert_uint_eq(got, count);
    memcpy(records, kept, count * sizeof *records);
}

START_TEST(test_records_are_copied) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(3);
    rd_kafka_header_add(headers, "b", -1, "1", 1);
    rd_kafka_header_add(headers, "a", -1, NULL, 0);
    rd_kafka_header_add(headers, "b", -1, "", 0);
    produce(1, "k", "v", headers);
    produce(1, NULL, "", NULL);
    produce(1, "", NULL, NULL);
    start_task();
    poll_records(3);
    const struct kc_record *r = records;
    ck_assert_str_eq(r->topic, "from.t");
    ck_assert_int_eq(r->partition, 1);
    ck_assert_int_eq(r->timestamp, 1700000000123);
    ck_assert(r->key.tag == KC_V_BYTES && r->key.len == 1 && *r->key.bytes == 'k');
    ck_assert(r->value.tag == KC_V_BYTES && r->value.len == 1 && *r->value.bytes == 'v');
    ck_assert_ptr_eq(r->key_schema, kc_schema_of(KC_BYTES, true));
    ck_assert_ptr_eq(r->value_schema, kc_schema_of(KC_BYTES, false));
    ck_assert_uint_eq(r->header_count, 3);
    ck_assert_str_eq(r->headers[0].key, "b");
    ck_assert_int_eq(r->headers[1].value.tag, KC_V_NULL);
    ck_assert(r->headers[2].value.tag == KC_V_BYTES && r->headers[2].value.len == 0);
    ck_assert_str_eq(fake_source_partition(r->source_partition),
                     "{\"cluster\":\"from\",\"partition\":1,\"topic\":\"t\"}");
    ck_assert_str_eq(kc_value_to_json(arena, &r->source_offset, NULL), "{\"offset\":0}");
    ck_assert_int_eq(records[1].key.tag, KC_V_NULL);
    ck_assert(records[1].value.tag == KC_V_BYTES && records[1].value.len == 0);
    ck_assert(records[2].key.tag == KC_V_BYTES && records[2].key.len == 0);
    ck_assert_int_eq(records[2].value.tag, KC_V_NULL);
}
END_TEST

START_TEST(test_goes_on_behind_the_stored_offset) {
    for (int i = 0; i < 5; i++)
        produce(0, NULL, "v", NULL);
    produce(1, NULL, "v", NULL);
    kc_config_set(source.offsets, "{\"cluster\":\"from\",\"partition\":0,\"topic\":\"t\"}", "{\"offset\":2}");
    start_task();
    poll_records(3);
    int64_t offsets[2] = {3, 0};
    for (int i = 0; i < 3; i++) {
        const struct kc_value *offset = kc_map_get(&records[i].source_offset, "offset");
        ck_assert_int_eq(offset->i, offsets[records[i].partition]++);
    }
    ck_assert_int_eq(offsets[0], 5);
    ck_assert_int_eq(offsets[1], 1);
}
END_TEST

START_TEST(test_no_reset_policy) {
    kc_config_set(config, "consumer.auto.offset.reset", "none");
    ck_assert_int_eq(config_parse(PLUGIN->task_options, config, conf_arena, &conf, sizeof conf, &err), 0);
    ck_assert_int_eq(PLUGIN->source_task->start(&source.ctx, &conf, &task, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "auto.offset.reset=none"));
    task = NULL;
}
END_TEST

START_TEST(test_bad_assignment) {
    static const char *const bad[] = {"t", "-1", "t-", "t-x", "t-99999999999", "t-1x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kc_config_set(config, "task.assigned.partitions", bad[i]);
        ck_assert_int_eq(config_parse(PLUGIN->task_options, config, conf_arena, &conf, sizeof conf, &err), 0);
        ck_assert_int_eq(PLUGIN->source_task->start(&source.ctx, &conf, &task, &err), -1);
        ck_assert_ptr_nonnull(strstr(err.text, "task.assigned.partitions"));
    }
    task = NULL;
}
END_TEST

/* ---- Offset syncs ---- */

static rd_kafka_t *sync_consumer(void) {
    char why[256];
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    rd_kafka_conf_set(c, "bootstrap.servers", kafka.bootstrap, why, sizeof why);
    rd_kafka_conf_set(c, "group.id", "test", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, why, sizeof why);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, SYNCS, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rk;
}

static void acknowledge(int partition, int64_t upstream, int64_t downstream) {
    struct kc_record r = {.offset = downstream};
    struct kc_value map = kc_map_new(arena, 3);
    kc_map_put(&map, "cluster", kc_string("from"));
    kc_map_put(&map, "partition", kc_int(KC_INT32, partition));
    kc_map_put(&map, "topic", kc_string("t"));
    r.source_partition = source.ctx.partition(&source.ctx, &map);
    r.source_offset = kc_map_new(arena, 1);
    kc_map_put(&r.source_offset, "offset", kc_int(KC_INT64, upstream));
    PLUGIN->source_task->commit_record(task, &r);
}

START_TEST(test_syncs) {
    static const struct offset_sync want[] = {{"t", 0, 0, 7}, {"t", 0, 101, 108}, {"t", 1, 5, 0}, {"t", 0, 150, 157}};
    start_task();
    for (int i = 0; i <= 150; i++)
        acknowledge(0, i, i + 7);
    acknowledge(1, 5, 0);
    acknowledge(1, 6, -1); /* was not written */
    PLUGIN->source_task->commit(task);
    PLUGIN->source_task->stop(task); /* waits for what is on its way */
    task = NULL;
    rd_kafka_t *rk = sync_consumer();
    for (size_t got = 0; got < sizeof want / sizeof *want;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 10000);
        ck_assert_ptr_nonnull(m);
        if (!m->err) {
            struct offset_sync sync;
            struct record_bytes bytes = {m->key, m->payload, m->key_len, m->len};
            ck_assert_int_eq(offset_sync_read(&bytes, arena, &sync, &err), 0);
            ck_assert_str_eq(sync.topic, want[got].topic);
            ck_assert_int_eq(sync.partition, want[got].partition);
            ck_assert_int_eq(sync.upstream, want[got].upstream);
            ck_assert_int_eq(sync.downstream, want[got].downstream);
            got++;
        }
        rd_kafka_message_destroy(m);
    }
    ck_assert_ptr_null(rd_kafka_consumer_poll(rk, 200));
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}
END_TEST

START_TEST(test_no_syncs) {
    kc_config_set(config, "emit.offset-syncs.enabled", "false");
    start_task();
    acknowledge(0, 0, 0);
    PLUGIN->source_task->commit(task);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror source");
    TCase *tc = tcase_create("connector");
    tcase_add_test(tc, test_shares);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_not_enabled);
    tcase_add_test(tc, test_alter_offsets);
    tcase_add_test(tc, test_acls);
    suite_add_tcase(s, tc);
    tc = tcase_create("task");
    tcase_add_checked_fixture(tc, setup_task, teardown_task);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_records_are_copied);
    tcase_add_test(tc, test_goes_on_behind_the_stored_offset);
    tcase_add_test(tc, test_no_reset_policy);
    tcase_add_test(tc, test_bad_assignment);
    tcase_add_test(tc, test_syncs);
    tcase_add_test(tc, test_no_syncs);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
