/* Kafka's connectors for tests: what they make, what they print, how they fail. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connectors/tools/tools.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/suite.h"

/* ---- the standard output, caught ----------------------------------------------------------------------------------
 */

static char printed[65536];
static int real_stdout = -1;
static FILE *caught;

static void catch_output(void) {
    fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    caught = tmpfile();
    ck_assert_ptr_nonnull(caught);
    dup2(fileno(caught), STDOUT_FILENO);
}

/* What was printed, every "time_ms" being N. */
static const char *printed_lines(void) {
    fflush(stdout);
    dup2(real_stdout, STDOUT_FILENO);
    close(real_stdout);
    rewind(caught);
    char *raw = calloc(1, sizeof(printed));
    size_t len = 0;
    raw[fread(raw, 1, sizeof(printed) - 1, caught)] = 0;
    fclose(caught);
    for (const char *s = raw; *s && len < sizeof(printed) - 16; s++) {
        printed[len++] = *s;
        if (strncmp(s, "\"time_ms\":", 10) != 0)
            continue;
        memcpy(printed + len, s + 1, 9);
        len += 9;
        size_t digits = strspn(s + 10, "0123456789");
        ck_assert_uint_eq(digits, 13);
        printed[len++] = 'N';
        s += 9 + digits;
    }
    printed[len] = 0;
    free(raw);
    return printed;
}

static struct kc_config *config_of(const char *const *pairs) {
    struct kc_config *config = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    return config;
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

enum { BATCH = 3 };

struct source {
    const struct kc_source_task_ops *ops;
    struct fake_source ctx;
    struct kc_config *config;
    struct kc_arena *arena;
    void *self;
    struct kc_record records[BATCH];
    struct kc_batch batch;
    struct kc_error err;
};

static int source_init(struct source *s, const struct kc_plugin *plugin, const char *const *pairs) {
    memset(s, 0, sizeof(*s));
    s->ops = plugin->source_task;
    s->config = config_of(pairs);
    fake_source_init(&s->ctx, s->config);
    s->arena = arena_new(0);
    s->batch = (struct kc_batch){s->arena, s->records, 0, BATCH};
    return s->ops->start(&s->ctx.ctx, NULL, &s->self, &s->err);
}

static void source_done(struct source *s) {
    if (s->self)
        s->ops->stop(s->self);
    fake_source_done(&s->ctx);
    kc_config_free(s->config);
    arena_free(s->arena);
}

static uint32_t poll(struct source *s) {
    s->batch.count = 0;
    ck_assert_msg(s->ops->poll(s->self, &s->batch, &s->err) == 0, "%s", s->err.text);
    return s->batch.count;
}

#define VERIFIABLE "name", "v\"1", "id", "2", "topic", "t"

START_TEST(test_verifiable_source) {
    struct source s;
    ck_assert_int_eq(
        source_init(&s, &verifiable_source_connector, (const char *[]){VERIFIABLE, "throughput", "-1", NULL}), 0);
    kc_config_set(s.ctx.offsets, "{\"id\":2}", "{\"seqno\":41}");
    catch_output();
    ck_assert_uint_eq(poll(&s), BATCH);
    const struct kc_record *r = &s.records[1];
    s.ops->commit_record(s.self, r);
    ck_assert_str_eq(
        printed_lines(),
        "{\"task\":2,\"seqno\":42,\"time_ms\":N,\"name\":\"v\\\"1\",\"topic\":\"t\"}\n"
        "{\"task\":2,\"seqno\":43,\"time_ms\":N,\"name\":\"v\\\"1\",\"topic\":\"t\"}\n"
        "{\"task\":2,\"seqno\":44,\"time_ms\":N,\"name\":\"v\\\"1\",\"topic\":\"t\"}\n"
        "{\"committed\":true,\"task\":2,\"seqno\":43,\"time_ms\":N,\"name\":\"v\\\"1\",\"topic\":\"t\"}\n");
    ck_assert_str_eq(r->topic, "t");
    ck_assert(r->key_schema->type == KC_INT32 && r->key.tag == KC_V_INT32 && r->key.i == 2);
    ck_assert(r->value_schema->type == KC_INT64 && r->value.tag == KC_V_INT64 && r->value.i == 43);
    ck_assert_str_eq(fake_source_partition(r->source_partition), "{\"id\":2}");
    ck_assert_str_eq(kc_value_to_json(s.arena, &r->source_offset, NULL), "{\"seqno\":43}");
    source_done(&s);
}
END_TEST

START_TEST(test_complete_record_data) {
    struct source s;
    ck_assert_int_eq(source_init(&s, &verifiable_source_connector,
                                 (const char *[]){VERIFIABLE, "throughput", "0", "complete.record.data", "TRUE", NULL}),
                     0);
    catch_output();
    ck_assert_uint_eq(poll(&s), 1); /* throughput 0: one and no more */
    ck_assert_int_eq(s.records[0].value.tag, KC_V_STRUCT);
    ck_assert_int_eq(kc_struct_get(&s.records[0].value, "seqno")->i, 0);
    ck_assert_int_eq(kc_struct_get(&s.records[0].value, "task")->i, 2);
    ck_assert_uint_eq(poll(&s), 0);
    printed_lines();
    ck_assert_int_eq(s.ctx.waited_ms, 1000);
    source_done(&s);
}
END_TEST

START_TEST(test_schema_source) {
    struct source s;
    ck_assert_int_eq(source_init(&s, &schema_source_connector,
                                 (const char *[]){VERIFIABLE, "throughput", "-1", "num.messages", "2",
                                                  "multiple.schema", "true", "partition.count", "5", NULL}),
                     0);
    kc_config_set(s.ctx.offsets, "{\"id\":2}", "{\"seqno\":6}");
    catch_output();
    ck_assert_uint_eq(poll(&s), 2);
    const struct kc_record *r = s.records;
    ck_assert_str_eq(kc_value_to_text(s.arena, &r[0].value, NULL),
                     "Struct{boolean=true,int=12,long=12,float=12.2,double=12.2,partitioning=2,id=2,seqno=7}");
    ck_assert_str_eq(
        kc_value_to_text(s.arena, &r[1].value, NULL),
        "Struct{boolean=true,int=12,long=12,float=12.2,double=12.2,partitioning=3,string=def,id=2,seqno=8}");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(r[i].partition, 2);
        ck_assert_str_eq(r[i].value_schema->name, "record");
        ck_assert_int_eq(r[i].value_schema->version, i + 1);
        ck_assert_str_eq(kc_value_to_text(s.arena, &r[i].key, NULL), "key");
    }
    ck_assert_str_eq(kc_schema_field(r[1].value_schema, "string")->schema->default_value.s, "abc");
    ck_assert_uint_eq(poll(&s), 0);
    ck_assert_int_eq(s.ctx.waited_ms, 1000);
    ck_assert_str_eq(printed_lines(), "{\"task\": 2, \"seqno\": 7}\n{\"task\": 2, \"seqno\": 8}\n");
    source_done(&s);
}
END_TEST

START_TEST(test_bad_options) {
    static const struct {
        const struct kc_plugin *plugin;
        const char *pairs[14];
        const char *text, *cause;
    } rows[] = {
        {&verifiable_source_connector,
         {"id", "0"},
         "Invalid VerifiableSourceTask configuration",
         "java.lang.NumberFormatException: Cannot parse null string: null"},
        {&verifiable_source_connector,
         {"id", "0", "throughput", "1.5"},
         "Invalid VerifiableSourceTask configuration",
         "java.lang.NumberFormatException: For input string: \"1.5\""},
        {&verifiable_source_connector,
         {"id", "2147483648", "throughput", "1"},
         "Invalid VerifiableSourceTask configuration",
         "java.lang.NumberFormatException: For input string: \"2147483648\""},
        {&schema_source_connector,
         {"id", "0", "throughput", "1", "num.messages", " 1"},
         "Invalid SchemaSourceTask configuration",
         "java.lang.NumberFormatException: For input string: \" 1\""},
        {&schema_source_connector,
         {"id", "0", "throughput", "1", "num.messages", "1", "partition.count", "0"},
         "Invalid SchemaSourceTask configuration: partition.count is 0",
         ""},
        {&mock_source_connector, {"mock_mode", "task-failure", "delay_ms", "soon"}, "For input string: \"soon\"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct source s;
        ck_assert_int_eq(source_init(&s, rows[i].plugin, rows[i].pairs), -1);
        ck_assert_str_eq(s.err.text, rows[i].text);
        ck_assert_str_eq(s.err.cause, rows[i].cause);
        source_done(&s);
    }
}
END_TEST

START_TEST(test_stored_offset_of_another_kind) {
    struct source s;
    ck_assert_int_eq(
        source_init(&s, &verifiable_source_connector, (const char *[]){VERIFIABLE, "throughput", "-1", NULL}), 0);
    kc_config_set(s.ctx.offsets, "{\"id\":2}", "{\"position\":41}");
    ck_assert_int_eq(s.ops->poll(s.self, &s.batch, &s.err), -1);
    ck_assert_ptr_nonnull(strstr(s.err.text, "{\"id\":2} has no number as \"seqno\""));
    source_done(&s);
}
END_TEST

START_TEST(test_throttle) {
    static const struct {
        int64_t per_second, sent, elapsed_ms;
        uint32_t allowed;
        int64_t wait_ms;
    } rows[] = {
        {-1, 1000000, 0, 100, 0}, {0, 0, 5, 1, 0},    {0, 1, 5000, 0, 1000}, {10, 0, 0, 1, 0},
        {10, 1, 0, 0, 101},       {10, 1, 100, 1, 0}, {10, 1, 1000, 10, 0},  {10, 0, 100000, 100, 0},
        {10, 50, 1000, 0, 1000},  {1000, 1, 0, 0, 2}, {1, 2, 1999, 0, 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct throttle t = {.per_second = rows[i].per_second, .start_ms = 1000};
        int64_t wait_ms = 0;
        ck_assert_uint_eq(throttle_allows(&t, rows[i].sent, 1000 + rows[i].elapsed_ms, 100, &wait_ms), rows[i].allowed);
        ck_assert_int_eq(wait_ms, rows[i].wait_ms);
    }
}
END_TEST

/* ---- sinks ------------------------------------------------------------------------------------------------------- */

START_TEST(test_verifiable_sink) {
    const struct kc_sink_task_ops *ops = verifiable_sink_connector.sink_task;
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = config_of((const char *[]){"name", "sink", "id", "1", NULL});
    struct kc_sink_context ctx = {.config = config};
    struct kc_error err = {0};
    struct kc_record records[3] = {{.topic = "a", .partition = 0, .offset = 5, .key = kc_int(KC_INT64, 2)},
                                   {.topic = "b", .partition = 1, .offset = 6, .key = kc_string("k")},
                                   {.topic = "b", .partition = 1, .offset = 7, .dropped = true}};
    struct kc_batch batch = {arena, records, 3, 3};
    struct kc_topic_offset offsets[] = {{"b", 1, 8}, {"c", 0, 1}};
    void *self;
    records[0].value = kc_int(KC_INT64, 40);
    ck_assert_int_eq(ops->start(&ctx, NULL, &self, &err), 0);
    catch_output();
    ck_assert_int_eq(ops->put(self, &batch, &err), KC_PUT_DONE);
    for (int i = 0; i < 2; i++) /* told once */
        ck_assert_int_eq(ops->pre_commit(self, offsets, 2, &err), 0);
    ck_assert_str_eq(
        printed_lines(),
        "{\"task\":2,\"seqno\":40,\"offset\":5,\"time_ms\":N,\"name\":\"sink\",\"topic\":\"a\",\"sinkTask\":1}\n"
        "{\"task\":\"k\",\"seqno\":null,\"offset\":6,\"time_ms\":N,\"name\":\"sink\",\"topic\":\"b\",\"sinkTask\":1}\n"
        "{\"task\":\"k\",\"seqno\":null,\"offset\":6,\"time_ms\":N,\"name\":\"sink\",\"topic\":\"b\",\"sinkTask\":1,"
        "\"flushed\":true}\n");
    ck_assert_int_eq(offsets[0].offset, 8);
    ops->stop(self);
}
END_TEST

/* ---- mock -------------------------------------------------------------------------------------------------------- */

struct mock {
    struct kc_connector_context ctx;
    pthread_mutex_t lock;
    pthread_cond_t raised;
    struct kc_error err;
};

static void raise_error(struct kc_connector_context *ctx, const struct kc_error *err) {
    struct mock *m = (struct mock *)ctx;
    pthread_mutex_lock(&m->lock);
    m->err = *err;
    pthread_cond_signal(&m->raised);
    pthread_mutex_unlock(&m->lock);
}

START_TEST(test_connector_failure) {
    static const char *const delays[] = {"20", "600000", NULL}; /* fails; is stopped before; has the default delay */
    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        struct mock m = {.ctx = {.name = "m", .raise_error = raise_error},
                         .lock = PTHREAD_MUTEX_INITIALIZER,
                         .raised = PTHREAD_COND_INITIALIZER};
        AUTO(props) config = config_of((const char *[]){"mock_mode", "connector-failure", NULL});
        struct kc_error err = {0};
        void *self;
        if (delays[i])
            kc_config_set(config, "delay_ms", delays[i]);
        ck_assert_int_eq(mock_sink_connector.connector->start(&m.ctx, config, NULL, &self, &err), 0);
        pthread_mutex_lock(&m.lock);
        while (i == 0 && !m.err.code)
            pthread_cond_wait(&m.raised, &m.lock);
        pthread_mutex_unlock(&m.lock);
        mock_sink_connector.connector->stop(self);
        ck_assert_str_eq(m.err.exception, i == 0 ? "java.lang.RuntimeException" : "");
    }
}
END_TEST

START_TEST(test_task_failure) {
    struct source s;
    ck_assert_int_eq(
        source_init(&s, &mock_source_connector, (const char *[]){"mock_mode", "task-failure", "delay_ms", "-1", NULL}),
        0);
    ck_assert_int_eq(s.ops->poll(s.self, &s.batch, &s.err), -1);
    ck_assert_str_eq(s.err.exception, "java.lang.RuntimeException");
    source_done(&s);
    ck_assert_int_eq(source_init(&s, &mock_source_connector, (const char *[]){"mock_mode", "task-failure", NULL}), 0);
    ck_assert_uint_eq(poll(&s), 0);
    ck_assert_int_eq(s.ctx.waited_ms, 250);
    source_done(&s);
}
END_TEST

static int64_t asked_ms;
static void note_timeout(struct kc_sink_context *ctx, int64_t ms) {
    (void)ctx;
    asked_ms = ms;
}

START_TEST(test_sink_task_failure) {
    const struct kc_sink_task_ops *ops = mock_sink_connector.sink_task;
    static const struct {
        const char *mode, *delay;
        int64_t asked_ms;
        enum kc_put put;
    } rows[] = {{"task-failure", "-1", 1, KC_PUT_FAIL},
                {"task-failure", "100", 100, KC_PUT_DONE},
                {"task-failure", "60000", 250, KC_PUT_DONE},
                {"connector-failure", "-1", 0, KC_PUT_DONE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(props) config = config_of((const char *[]){"mock_mode", rows[i].mode, "delay_ms", rows[i].delay, NULL});
        struct kc_sink_context ctx = {.config = config, .timeout = note_timeout};
        struct kc_batch batch = {0};
        struct kc_error err = {0};
        void *self;
        asked_ms = 0;
        ck_assert_int_eq(ops->start(&ctx, NULL, &self, &err), 0);
        ck_assert_int_eq(asked_ms, rows[i].asked_ms);
        ck_assert_int_eq(ops->put(self, &batch, &err), rows[i].put);
        ops->stop(self);
    }
}
END_TEST

START_TEST(test_task_configs) {
    static const struct {
        const struct kc_plugin *plugin;
        int count;
    } rows[] = {{&verifiable_source_connector, 3},
                {&verifiable_sink_connector, 3},
                {&schema_source_connector, 3},
                {&mock_source_connector, 1},
                {&mock_sink_connector, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(props) config = config_of((const char *[]){"topic", "t", NULL});
        struct kc_config *tasks[3];
        struct kc_error err = {0};
        int count = 0;
        ck_assert_int_eq(rows[i].plugin->connector->task_configs(NULL, config, NULL, 3, tasks, &count, &err), 0);
        ck_assert_int_eq(count, rows[i].count);
        for (int t = 0; t < count; t++) {
            const char *id = kc_config_get(tasks[t], "id");
            ck_assert_str_eq(kc_config_get(tasks[t], "topic"), "t");
            if (rows[i].count > 1)
                ck_assert_int_eq(id[0] - '0', t);
            else
                ck_assert_ptr_null(id);
            kc_config_free(tasks[t]);
        }
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("tools");
    TCase *tc = tcase_create("tools");
    tcase_add_test(tc, test_verifiable_source);
    tcase_add_test(tc, test_complete_record_data);
    tcase_add_test(tc, test_schema_source);
    tcase_add_test(tc, test_bad_options);
    tcase_add_test(tc, test_stored_offset_of_another_kind);
    tcase_add_test(tc, test_throttle);
    tcase_add_test(tc, test_verifiable_sink);
    tcase_add_test(tc, test_connector_failure);
    tcase_add_test(tc, test_task_failure);
    tcase_add_test(tc, test_sink_task_failure);
    tcase_add_test(tc, test_task_configs);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
