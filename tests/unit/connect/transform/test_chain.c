/* Transforms, predicates and chains against what Kafka answers (tests/golden/transforms.jsonl), and how a chain goes on
 * after a record that failed. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/plugins.h"
#include "connect/transform/chain.h"
#include "tests/support/golden_value.h"

static void set_up(void) {
    struct kc_error err = {0};
    ck_assert_int_eq(plugins_init(NULL, &err), 0);
}

static void tear_down(void) {
    plugins_done();
}

/* ---- Golden vectors ---- */

static int64_t number(const cJSON *n) {
    return n->valuestring ? strtoll(n->valuestring, NULL, 10) : (int64_t)n->valuedouble;
}

static const cJSON *member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void read_record(struct kc_arena *arena, const cJSON *in, struct kc_record *r) {
    memset(r, 0, sizeof *r);
    r->topic = json_get_text(in, "topic");
    r->partition = cJSON_IsNumber(member(in, "partition")) ? (int32_t)number(member(in, "partition")) : -1;
    r->timestamp = cJSON_IsNumber(member(in, "timestamp")) ? number(member(in, "timestamp")) : KC_NO_TIMESTAMP;
    r->offset = member(in, "offset") ? number(member(in, "offset")) : 0;
    if (strcmp(json_get_text(in, "kind"), "sink") == 0)
        r->original_topic = r->topic ? r->topic : "";
    r->original_partition = r->partition;
    golden_pair(arena, member(in, "key"), &r->key_schema, &r->key);
    golden_pair(arena, member(in, "value"), &r->value_schema, &r->value);
    const cJSON *h;
    cJSON_ArrayForEach(h, member(in, "headers")) {
        const struct kc_schema *schema;
        struct kc_value value;
        golden_pair(arena, h, &schema, &value);
        kc_record_add_header(arena, r, json_get_text(h, "name"), schema, value);
    }
}

static void expect_record(const char *id, const cJSON *out, const struct kc_record *r) {
    const char *topic = json_get_text(out, "topic");
    ck_assert_msg((topic == NULL) == (r->topic == NULL), "%s: topic", id);
    if (topic)
        ck_assert_msg(strcmp(topic, r->topic) == 0, "%s: topic %s, not %s", id, r->topic, topic);
    int64_t partition = cJSON_IsNumber(member(out, "partition")) ? number(member(out, "partition")) : -1;
    ck_assert_msg(partition == r->partition, "%s: partition", id);
    int64_t ts = cJSON_IsNumber(member(out, "timestamp")) ? number(member(out, "timestamp")) : KC_NO_TIMESTAMP;
    ck_assert_msg(ts == r->timestamp, "%s: timestamp", id);
    golden_expect_pair(id, member(out, "key"), r->key_schema, &r->key);
    golden_expect_pair(id, member(out, "value"), r->value_schema, &r->value);
    const cJSON *headers = member(out, "headers");
    ck_assert_msg((uint32_t)cJSON_GetArraySize(headers) == r->header_count, "%s: %u headers", id,
                  (unsigned)r->header_count);
    for (uint32_t i = 0; i < r->header_count; i++) {
        const cJSON *h = cJSON_GetArrayItem(headers, (int)i);
        ck_assert_msg(strcmp(json_get_text(h, "name"), r->headers[i].key) == 0, "%s: header %u", id, (unsigned)i);
        golden_expect_pair(id, h, r->headers[i].schema, &r->headers[i].value);
    }
}

static void expect_result(const cJSON *vector, bool through, const struct kc_error *err, const struct kc_record *r) {
    const char *id = golden_id(vector);
    const cJSON *answer = golden_answer(vector), *out = member(answer, "out");
    if (golden_expect_error(answer, !through, err))
        return;
    bool dropped = cJSON_IsTrue(member(out, "dropped"));
    ck_assert_msg(r->dropped == dropped, "%s: %s", id, r->dropped ? "dropped" : "not dropped");
    if (!dropped)
        expect_record(id, cJSON_IsTrue(member(out, "same")) ? member(vector, "in") : out, r);
}

/* Configures a plugin alone, as the vectors of one transform or predicate do. */
static int configure_alone(const struct kc_plugin *plugin, const struct kc_config *config, struct kc_arena *arena,
                           void **ret_self, struct kc_error *err) {
    void *conf = plugin->conf_size ? kc_arena_zalloc(arena, plugin->conf_size) : NULL;
    if (plugin->options && config_parse(plugin->options, config, arena, conf, plugin->conf_size, err) < 0)
        return -1;
    return plugin->kind == KC_KIND_PREDICATE ? plugin->predicate->configure(config, conf, ret_self, err)
                                             : plugin->transformation->configure(config, conf, ret_self, err);
}

/* BigInteger is no value of Connect's; structs with defaults cannot be built, in Java neither. */
static bool is_beyond_us(const cJSON *item) {
    if (!item)
        return false;
    if (item->string && strcmp(item->string, "bigint") == 0)
        return true;
    for (const cJSON *child = item->child; child; child = child->next)
        if (is_beyond_us(child))
            return true;
    return member(item, "quirk") || golden_has_utf16(item);
}

static void run_apply(const cJSON *vector, void *arg) {
    const struct kc_plugin *plugin = plugins_find(json_get_text(vector, "smt"), KC_KIND_TRANSFORMATION);
    if (is_beyond_us(vector))
        return;
    ck_assert_msg(plugin != NULL, "%s: no class %s", golden_id(vector), json_get_text(vector, "smt"));
    ++*(int *)arg;
    struct kc_arena *arena = arena_new(0);
    AUTO(props) config = golden_config(member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    void *self = NULL;
    read_record(arena, member(vector, "in"), &r);
    struct kc_batch batch = {.arena = arena, .records = &r, .count = 1, .capacity = 1};
    bool configured = configure_alone(plugin, config, arena, &self, &err) == 0;
    bool through = configured && plugin->transformation->apply(self, &batch, 0, &err) == 1;
    expect_result(vector, through, &err, &r);
    if (configured && plugin->transformation->close)
        plugin->transformation->close(self);
    arena_free(arena);
}

static void run_predicate(const cJSON *vector, void *arg) {
    const struct kc_plugin *plugin = plugins_find(json_get_text(vector, "predicate"), KC_KIND_PREDICATE);
    ck_assert_msg(plugin != NULL, "%s", golden_id(vector));
    ++*(int *)arg;
    struct kc_arena *arena = arena_new(0);
    AUTO(props) config = golden_config(member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    void *self = NULL;
    int test = -1;
    read_record(arena, member(vector, "in"), &r);
    bool configured = configure_alone(plugin, config, arena, &self, &err) == 0;
    if (configured)
        test = plugin->predicate->test(self, &r, &err);
    if (!golden_expect_error(golden_answer(vector), test < 0, &err))
        ck_assert_msg((test == 1) == cJSON_IsTrue(member(member(vector, "out"), "test")), "%s: %d", golden_id(vector),
                      test);
    if (configured && plugin->predicate->close)
        plugin->predicate->close(self);
    arena_free(arena);
}

static void run_chain(const cJSON *vector, void *arg) {
    ++*(int *)arg;
    struct kc_arena *arena = arena_new(0);
    AUTO(props) config = golden_config(member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    struct chain_pos pos = {0};
    read_record(arena, member(vector, "in"), &r);
    struct kc_batch batch = {.arena = arena, .records = &r, .count = 1, .capacity = 1};
    AUTO(chain) chain = chain_new(config, &err);
    bool through = chain && chain_apply(chain, &batch, &pos, &err);
    expect_result(vector, through, &err, &r);
    arena_free(arena);
}

START_TEST(test_golden_apply) {
    int ran = 0;
    golden_each("transforms.jsonl", "apply", run_apply, &ran);
    ck_assert_int_eq(ran, 1017);
}
END_TEST

START_TEST(test_golden_predicates) {
    int ran = 0;
    golden_each("transforms.jsonl", "predicate", run_predicate, &ran);
    ck_assert_int_eq(ran, 29);
}
END_TEST

START_TEST(test_golden_chains) {
    int ran = 0;
    golden_each("transforms.jsonl", "chain", run_chain, &ran);
    ck_assert_int_eq(ran, 50);
}
END_TEST

/* ---- Going on after a failure ---- */

enum { RECORDS = 6 };

struct run {
    struct kc_arena *arena;
    struct kc_record records[RECORDS];
    struct kc_batch batch;
    struct chain *chain;
};

static void run_init(struct run *run, const char *const *pairs) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    memset(run, 0, sizeof *run);
    run->arena = arena_new(0);
    run->batch = (struct kc_batch){run->arena, run->records, RECORDS, RECORDS};
    for (int i = 0; i < RECORDS; i++)
        run->records[i].topic = kc_arena_printf(run->arena, "t%d", i);
    run->chain = chain_new(config, &err);
    ck_assert_msg(run->chain != NULL, "%s", err.text);
}

static void run_done(struct run *run) {
    chain_free(run->chain);
    arena_free(run->arena);
}

/* Topic t3 matches, but its replacement refers to a group that is not there; then every topic gets a prefix. */
static const char *const failing[] = {"transforms",
                                      "bad,all",
                                      "transforms.bad.type",
                                      "RegexRouter",
                                      "transforms.bad.regex",
                                      "t3",
                                      "transforms.bad.replacement",
                                      "$1",
                                      "transforms.all.type",
                                      "RegexRouter",
                                      "transforms.all.regex",
                                      "(.*)",
                                      "transforms.all.replacement",
                                      "x-$1",
                                      NULL};

START_TEST(test_skip_and_go_on) {
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, failing);
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err));
    ck_assert_uint_eq(pos.index, 3);
    ck_assert_uint_eq(pos.stage, 0);
    ck_assert_str_eq(err.exception, "java.lang.IndexOutOfBoundsException");
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err)); /* trying again changes nothing */
    ck_assert_uint_eq(pos.index, 3);
    run.records[3].dropped = true;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++)
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i != 3);
    run_done(&run);
}
END_TEST

START_TEST(test_cut_and_go_on) {
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, failing);
    ck_assert(!chain_apply(run.chain, &run.batch, &pos, &err));
    run.batch.count = pos.index;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++)
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i < 3);
    run_done(&run);
}
END_TEST

START_TEST(test_predicate_leaves_others_alone) {
    static const char *const pairs[] = {"transforms",
                                        "r",
                                        "transforms.r.type",
                                        "RegexRouter",
                                        "transforms.r.regex",
                                        "(.*)",
                                        "transforms.r.replacement",
                                        "x-$1",
                                        "transforms.r.predicate",
                                        "p",
                                        "transforms.r.negate",
                                        "true",
                                        "predicates",
                                        "p",
                                        "predicates.p.type",
                                        "TopicNameMatches",
                                        "predicates.p.pattern",
                                        "t[135]",
                                        NULL};
    struct run run;
    struct chain_pos pos = {0};
    struct kc_error err = {0};
    run_init(&run, pairs);
    ck_assert_uint_eq(chain_length(run.chain), 1);
    ck_assert_str_eq(chain_class(run.chain, 0), "org.apache.kafka.connect.transforms.RegexRouter");
    run.records[0].dropped = true;
    ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
    for (int i = 0; i < RECORDS; i++) {
        ck_assert_int_eq(strncmp(run.records[i].topic, "x-t", 3) == 0, i % 2 == 0 && i > 0);
        ck_assert(!run.records[i].skipped);
    }
    run_done(&run);
}
END_TEST

/* The same memory with another name in the next batch: the router must not trust the pointer. */
START_TEST(test_router_after_memory_is_used_again) {
    struct run run;
    struct kc_error err = {0};
    run_init(&run, failing);
    char topic[8] = "one";
    run.batch.count = 1;
    for (int i = 0; i < 2; i++) {
        struct chain_pos pos = {0};
        strncpy(topic, i ? "two" : "one", sizeof topic - 1);
        run.records[0].topic = topic;
        ck_assert(chain_apply(run.chain, &run.batch, &pos, &err));
        ck_assert_str_eq(run.records[0].topic, i ? "x-two" : "x-one");
    }
    run_done(&run);
}
END_TEST

/* A name given twice is refused by validation only: connectors of older Java workers still start. */
START_TEST(test_repeated_names_start) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "transforms", "h");
    kc_config_set(config, "transforms.h.type", "DropHeaders");
    kc_config_set(config, "transforms.h.headers", "a,b,a");
    AUTO(chain) chain = chain_new(config, &err);
    ck_assert_msg(chain != NULL, "%s", err.text);
    ck_assert_str_eq(chain_alias(chain, 0), "h");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("chain");
    TCase *tc = tcase_create("chain");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_golden_apply);
    tcase_add_test(tc, test_golden_predicates);
    tcase_add_test(tc, test_golden_chains);
    tcase_add_test(tc, test_skip_and_go_on);
    tcase_add_test(tc, test_cut_and_go_on);
    tcase_add_test(tc, test_predicate_leaves_others_alone);
    tcase_add_test(tc, test_router_after_memory_is_used_again);
    tcase_add_test(tc, test_repeated_names_start);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
