/* The checkpoint connector: the store, the plan of a group's offsets, rules across options; and its task on a cluster
 * in this process. */
#include "connectors/mirror/checkpoint.h"

#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connectors/mirror/checkpoint_store.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/group_sync.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/suite.h"

#define PLUGIN (&mirror_checkpoint_connector)
#define SYNCS  "mm2-offset-syncs.to.internal"
#define POINTS "from.checkpoints.internal"

static struct kc_error err;

/* ---- Store and plan ---- */

static struct checkpoint point_of(const char *group, int32_t partition, int64_t upstream, int64_t downstream) {
    return (struct checkpoint){.group = group,
                               .topic = "from.t",
                               .partition = partition,
                               .upstream = upstream,
                               .downstream = downstream,
                               .metadata = "m",
                               .metadata_len = 1};
}

START_TEST(test_what_is_news) {
    static const struct {
        int64_t upstream, downstream;
        bool news;
    } table[] = {
        {100, 50, false}, {101, 50, false}, {200, 49, false}, {101, 51, true},
        {100, 51, true},  {99, 50, true},   {99, 10, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct checkpoint_store *store = checkpoint_store_new();
        struct checkpoint first = point_of("g", 0, 100, 50);
        struct checkpoint next = point_of("g", 0, table[i].upstream, table[i].downstream);
        struct checkpoint other = point_of("g", 1, 0, 0), stranger = point_of("h", 0, 0, 0);
        ck_assert(checkpoint_store_is_news(store, &first));
        checkpoint_store_put(store, &first);
        ck_assert_msg(checkpoint_store_is_news(store, &next) == table[i].news, "row %zu", i);
        ck_assert(checkpoint_store_is_news(store, &other));
        ck_assert(checkpoint_store_is_news(store, &stranger));
        checkpoint_store_free(store);
    }
}
END_TEST

START_TEST(test_plan) {
    static const struct {
        int64_t committed; /* -2: not in the list */
        bool set;
    } table[] = {{-2, true}, {-1, true}, {49, true}, {50, false}, {51, false}};
    struct checkpoint_store *store = checkpoint_store_new();
    struct checkpoint point = point_of("g", 0, 100, 50);
    checkpoint_store_put(store, &point);
    const struct kept_group *group = map_get(checkpoint_store_groups(store), "g");
    ck_assert_ptr_nonnull(group);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_new(2);
        rd_kafka_topic_partition_list_add(committed, "from.t", 1)->offset = 1000;
        rd_kafka_topic_partition_list_add(committed, "other", 0)->offset = 1000;
        if (table[i].committed > -2)
            rd_kafka_topic_partition_list_add(committed, "from.t", 0)->offset = table[i].committed;
        rd_kafka_topic_partition_list_t *plan = group_sync_plan(group, committed);
        ck_assert_msg(!plan != table[i].set, "row %zu", i);
        if (plan) {
            ck_assert_int_eq(plan->cnt, 1);
            ck_assert_int_eq(plan->elems[0].offset, 50);
            ck_assert_uint_eq(plan->elems[0].metadata_size, 1);
            ck_assert_mem_eq(plan->elems[0].metadata, "m", 1);
            rd_kafka_topic_partition_list_destroy(plan);
        }
        rd_kafka_topic_partition_list_destroy(committed);
    }
    rd_kafka_topic_partition_list_t *all = group_sync_plan(group, NULL);
    ck_assert_int_eq(all->cnt, 1);
    rd_kafka_topic_partition_list_destroy(all);
    checkpoint_store_free(store);
}
END_TEST

/* ---- Connector ---- */

START_TEST(test_no_tasks_when_off) {
    static const char *const off[] = {"enabled=false", "emit.checkpoints.enabled=FALSE",
                                      "emit.checkpoints.interval.seconds=-5"};
    struct kc_arena *arena = arena_new(0);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        struct mirror_conf conf;
        struct kc_config *config = mock_kafka_props("name=mm\nsource.cluster.alias=from"), *tasks[2];
        struct kc_config *more = mock_kafka_props(off[i]);
        int count = -1;
        kc_config_set(config, kc_config_key(more, 0), kc_config_value(more, 0));
        ck_assert_int_eq(config_parse(PLUGIN->options, config, arena, &conf, sizeof conf, &err), 0);
        ck_assert_int_eq(PLUGIN->connector->task_configs(NULL, config, &conf, 1, tasks, &count, &err), 0);
        ck_assert_int_eq(count, 0);
        kc_config_free(more);
        kc_config_free(config);
    }
    arena_free(arena);
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
static rd_kafka_t *producer;

static rd_kafka_t *new_producer(void) {
    char why[256];
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    rd_kafka_conf_set(c, "bootstrap.servers", kafka.bootstrap, why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
    ck_assert_ptr_nonnull(rk);
    return rk;
}

static void setup_task(void) {
    log_set_level("root", LOG_OFF);
    kafka = mock_kafka_start(1);
    mock_kafka_topic(&kafka, SYNCS, 1);
    mock_kafka_topic(&kafka, POINTS, 1);
    producer = new_producer();
    config = mock_kafka_props("name=mm\nsource.cluster.alias=from\ntarget.cluster.alias=to\ntask.index=0\n"
                              "task.assigned.groups=g,absent\nemit.checkpoints.interval.seconds=1");
    kc_config_set(config, "source.cluster.bootstrap.servers", kafka.bootstrap);
    kc_config_set(config, "target.cluster.bootstrap.servers", kafka.bootstrap);
    conf_arena = arena_new(0);
    arena = arena_new(0);
    batch = (struct kc_batch){.arena = arena, .records = records, .capacity = 100};
    fake_source_init(&source, config);
}

static void teardown_task(void) {
    if (task)
        PLUGIN->source_task->stop(task);
    rd_kafka_destroy(producer);
    arena_free(arena);
    arena_free(conf_arena);
    fake_source_done(&source);
    kc_config_free(config);
    mock_kafka_stop(&kafka);
}

static void produce(const char *topic, const struct buf *key, const struct buf *value) {
    rd_kafka_resp_err_t code = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_KEY(key->data, key->len),
        RD_KAFKA_V_VALUE(value->data, value->len), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(rd_kafka_flush(producer, 10000), 0);
}

static void write_sync(const char *topic, int32_t partition, int64_t upstream, int64_t downstream) {
    struct buf key, value;
    struct offset_sync sync = {topic, partition, upstream, downstream};
    buf_init(&key, MIRROR_RECORD_MAX);
    buf_init(&value, MIRROR_RECORD_MAX);
    ck_assert_int_eq(offset_sync_write(&sync, &key, &value, &err), 0);
    produce(SYNCS, &key, &value);
    buf_done(&key);
    buf_done(&value);
}

static void write_point(const struct checkpoint *point) {
    struct buf key, value;
    buf_init(&key, MIRROR_RECORD_MAX);
    buf_init(&value, MIRROR_RECORD_MAX);
    ck_assert_int_eq(checkpoint_write(point, &key, &value, &err), 0);
    produce(POINTS, &key, &value);
    buf_done(&key);
    buf_done(&value);
}

/* The cluster in this process cannot list a group's offsets, so nothing comes of them here; what a task makes of them
 * is tested on a real one. */
START_TEST(test_reads_what_is_there) {
    struct checkpoint mine = point_of("g", 0, 150, 41), foreign = point_of("not-mine", 0, 1, 1);
    struct buf garbage;
    buf_init(&garbage, 16);
    buf_add_text(&garbage, "?");
    write_point(&mine);
    write_point(&foreign);
    produce(POINTS, &garbage, &garbage);
    write_sync("t", 0, 100, 40);
    produce(SYNCS, &garbage, &garbage);
    buf_done(&garbage);
    ck_assert_msg(config_parse(PLUGIN->task_options, config, conf_arena, &conf, sizeof conf, &err) == 0, "%s",
                  err.text);
    ck_assert_msg(PLUGIN->source_task->start(&source.ctx, &conf, &task, &err) == 0, "%s", err.text);
    for (int64_t end = clock_ms() + 4000; clock_ms() < end;) {
        ck_assert_int_eq(PLUGIN->source_task->poll(task, &batch, &err), 0);
        ck_assert_uint_eq(batch.count, 0);
        clock_sleep_ms(5); /* the fake context does not wait */
    }
    ck_assert_int_gt(source.waited_ms, 0); /* it has read everything and waits for its intervals */
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror checkpoint");
    TCase *tc = tcase_create("connector");
    tcase_add_test(tc, test_what_is_news);
    tcase_add_test(tc, test_plan);
    tcase_add_test(tc, test_no_tasks_when_off);
    suite_add_tcase(s, tc);
    tc = tcase_create("task");
    tcase_add_checked_fixture(tc, setup_task, teardown_task);
    tcase_set_timeout(tc, 90);
    tcase_add_test(tc, test_reads_what_is_there);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
