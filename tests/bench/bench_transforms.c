/* A chain of transforms on schemaless JSON: JsonConverter reads, the chain transforms, JsonConverter writes. Whole
 * batches, as a task has them. TransformBench.java does the same with Java's classes.
 *
 *     bench_transforms CHAIN.properties ORDER.json [BATCHES]
 *
 * Prints {"records_per_cpu_s":…,"allocations":…,"topic":…,"value":…}. */
#include "config/properties.h"
#include "connect/base/arena.h"
#include "connect/convert/converters.h"
#include "connect/convert/json.h"
#include "connect/plugins.h"
#include "connect/transform/chain.h"
#include "tests/bench/measure.h"

enum { BATCH = 500, ORDER_MAX = 4096 };

struct task {
    struct json_converter *reads, *writes;
    struct chain *chain;
    struct kc_batch batch;
    char *order;
    size_t order_len;
};

static void fail(const struct kc_error *err) {
    fprintf(stderr, "bench_transforms: %s: %s\n%s\n", err->exception, err->text, err->cause);
    exit(1);
}

static struct kc_record new_record(const struct task *task) {
    return (struct kc_record){.topic = "eu-orders",
                              .partition = 3,
                              .timestamp = 1700000000123,
                              .value = kc_bytes(task->order, task->order_len),
                              .original_topic = "eu-orders",
                              .original_partition = 3,
                              .offset = 42};
}

static void run_batch(void *arg) {
    const struct kc_converter_ops *ops = json_converter_plugin.converter;
    struct task *task = arg;
    struct kc_error err;
    struct chain_pos pos = {0};
    arena_reset(task->batch.arena);
    for (uint32_t i = 0; i < BATCH; i++)
        task->batch.records[i] = new_record(task);
    if (ops->to_connect(task->reads, &task->batch, 0, false, &err) < BATCH ||
        !chain_apply(task->chain, &task->batch, &pos, &err) ||
        ops->from_connect(task->writes, &task->batch, 0, false, &err) < BATCH)
        fail(&err);
}

static struct chain *load_chain(const char *file) {
    struct kc_error err = {0};
    struct kc_config *config = kc_config_new();
    if (plugins_init(NULL, &err) < 0 || properties_load(file, config, &err) < 0)
        fail(&err);
    struct chain *chain = chain_new(config, &err);
    if (!chain)
        fail(&err);
    kc_config_free(config);
    return chain;
}

static void load_order(struct task *task, const char *file) {
    struct kc_error err = {0};
    task->order = file_read(file, ORDER_MAX, &task->order_len, &err);
    if (!task->order)
        fail(&err);
    while (task->order_len && task->order[task->order_len - 1] == '\n')
        task->order_len--;
}

int main(int argc, char **argv) {
    static struct kc_record records[BATCH];
    struct task task = {.batch = {.records = records, .count = BATCH, .capacity = BATCH}};
    if (argc < 3) {
        fprintf(stderr, "usage: bench_transforms CHAIN.properties ORDER.json [BATCHES]\n");
        return 2;
    }
    task.chain = load_chain(argv[1]);
    load_order(&task, argv[2]);
    task.reads = json_converter_new(false, false, true, 1000);
    task.writes = json_converter_new(false, false, true, 1000);
    task.batch.arena = arena_new(0);
    struct measured m = measure(run_batch, &task, argc > 3 ? strtol(argv[3], NULL, 10) : 200);
    printf("{\"records_per_cpu_s\":%.0f,\"allocations\":%.3f,\"topic\":\"%s\",\"value\":%.*s}\n", BATCH / m.ns * 1e9,
           m.allocations / BATCH, records[0].topic, (int)records[0].value.len, records[0].value.s);
    json_converter_free(task.reads);
    json_converter_free(task.writes);
    chain_free(task.chain);
    arena_free(task.batch.arena);
    free(task.order);
    plugins_done();
    return 0;
}
