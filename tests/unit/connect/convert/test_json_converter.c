/* JsonConverter against every vector of Java's. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/convert/converters.h"
#include "connect/data/schema.h"
#include "tests/support/converter_run.h"
#include "tests/support/golden_run.h"

static const struct {
    const char *file, *op;
    int count, left_out;
} vectors[] = {
    {"json_converter.jsonl", "from", 511, 10}, /* structs with defaults, unpaired surrogates */
    {"json_converter.jsonl", "to", 553, 3},
    {"json_converter.jsonl", "accept", 10, 0},
    {"json_converter.jsonl", "configure", 13, 0},
};

START_TEST(golden) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each(vectors[_i].file, vectors[_i].op, golden_check, &tally), vectors[_i].count);
    ck_assert_int_eq(tally.left_out, vectors[_i].left_out);
}
END_TEST

/* ---- what no single vector shows ---- */

#define ENVELOPE(payload)                                                                                 \
    "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"field\":\"a\"}],\"name\":\"E\"}," \
    "\"payload\":" payload "}"

static struct kc_batch batch_of(struct kc_arena *arena, const char *const *texts, uint32_t count) {
    struct kc_batch batch = {.arena = arena, .count = count, .capacity = count};
    batch.records = kc_arena_zalloc(arena, count * sizeof(*batch.records));
    for (uint32_t i = 0; i < count; i++)
        if (texts[i])
            batch.records[i].value = kc_bytes(texts[i], strlen(texts[i]));
    return batch;
}

static void init(struct converter_run *run, const char *schemas_enable, const char *cache_size) {
    struct kc_error err = {0};
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "converter.type", "value");
    kc_config_set(config, "schemas.enable", schemas_enable);
    kc_config_set(config, "schemas.cache.size", cache_size);
    ck_assert_int_eq(converter_run_init(run, &json_converter_plugin, config, &err), 0);
}

/* Records with the same envelope share one schema, whether it comes from the last record or from the cache; nothing
 * stays alive when the batch and the converter are gone. */
START_TEST(one_schema_for_all) {
    static const char *const texts[] = {
        ENVELOPE("{\"a\":1}"),
        ENVELOPE(" {\"a\":2} "),
        ENVELOPE("{\"a\":3}") " tail",
        NULL,
        "{\"schema\":{\"type\":\"int8\"},\"payload\":7}",
        ENVELOPE("{\"a\":4}"),
        "{\"payload\":{\"a\":5},\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"field\":\"a\"}],"
        "\"name\":\"E\"}}",
    };
    static const char *const caches[] = {"1000", "1", "0"};
    for (size_t c = 0; c < COUNT_OF(caches); c++) {
        size_t before = schema_alive();
        struct converter_run run;
        struct kc_error err = {0};
        init(&run, "true", caches[c]);
        struct kc_batch batch = batch_of(run.arena, texts, COUNT_OF(texts));
        uint32_t done = json_converter_plugin.converter->to_connect(run.self, &batch, 0, false, &err);
        ck_assert_msg(done == batch.count, "%u: %s", done, err.text);
        for (uint32_t i = 0, a = 1; i < batch.count; i++) {
            const struct kc_record *r = &batch.records[i];
            if (i == 3 || i == 4)
                continue;
            ck_assert_ptr_eq(r->value_schema, batch.records[0].value_schema);
            ck_assert_int_eq(kc_struct_get(&r->value, "a")->i, a++);
        }
        ck_assert_int_eq(batch.records[3].value.tag, KC_V_NULL);
        ck_assert_ptr_null(batch.records[3].value_schema);
        ck_assert_int_eq(batch.records[4].value.i, 7);
        converter_run_done(&run);
        ck_assert_uint_eq(schema_alive(), before);
    }
}
END_TEST

/* A conversion says where it stopped, and goes on from anywhere; dropped records are left alone. */
START_TEST(stops_at_the_bad_record) {
    static const char *const texts[] = {"[1]", "not json", "{\"b\":2}", "[", "3"};
    struct converter_run run;
    struct kc_error err = {0};
    init(&run, "false", "10");
    const struct kc_converter_ops *ops = json_converter_plugin.converter;
    struct kc_batch batch = batch_of(run.arena, texts, COUNT_OF(texts));
    ck_assert_uint_eq(ops->to_connect(run.self, &batch, 0, false, &err), 1);
    ck_assert_str_eq(err.text, "Converting byte[] to Kafka Connect data failed due to serialization error: ");
    ck_assert_ptr_nonnull(strstr(err.cause, "org.apache.kafka.common.errors.SerializationException: "));
    ck_assert_ptr_nonnull(strstr(err.cause, "Unrecognized token 'not'"));
    batch.records[3].dropped = true;
    ck_assert_uint_eq(ops->to_connect(run.self, &batch, 2, false, &err), COUNT_OF(texts));
    ck_assert_int_eq(batch.records[3].value.tag, KC_V_BYTES);
    ck_assert_int_eq(batch.records[4].value.i, 3);
    converter_run_done(&run);
}
END_TEST

/* Compact schemaless JSON is never copied: not when it is read, and not when it is written again. */
START_TEST(no_copy) {
    static const char *const texts[] = {"{\"a\":[1,\"x\",null]}", " { \"a\" : 1 } "};
    struct converter_run run;
    struct kc_error err = {0};
    init(&run, "false", "10");
    const struct kc_converter_ops *ops = json_converter_plugin.converter;
    struct kc_batch batch = batch_of(run.arena, texts, COUNT_OF(texts));
    ck_assert_uint_eq(ops->to_connect(run.self, &batch, 0, false, &err), 2);
    ck_assert_ptr_eq(batch.records[0].value.s, texts[0]);
    ck_assert_ptr_eq(batch.records[1].value.s, texts[1] + 1);
    ck_assert_uint_eq(ops->from_connect(run.self, &batch, 0, false, &err), 2);
    ck_assert_int_eq(batch.records[0].value.tag, KC_V_BYTES);
    ck_assert_ptr_eq(batch.records[0].value.s, texts[0]);
    ck_assert_uint_eq(batch.records[1].value.len, 7);
    ck_assert_mem_eq(batch.records[1].value.s, "{\"a\":1}", 7);
    converter_run_done(&run);
}
END_TEST

/* Keys and values have their own schemas. */
START_TEST(keys) {
    struct converter_run run;
    struct kc_error err = {0};
    init(&run, "true", "10");
    const struct kc_converter_ops *ops = json_converter_plugin.converter;
    const char *text = "{\"schema\":{\"type\":\"string\"},\"payload\":\"k\"}";
    struct kc_batch batch = batch_of(run.arena, &text, 1);
    batch.records[0].key = batch.records[0].value;
    ck_assert_uint_eq(ops->to_connect(run.self, &batch, 0, true, &err), 1);
    ck_assert_int_eq(batch.records[0].key.tag, KC_V_STRING);
    ck_assert_int_eq(batch.records[0].key_schema->type, KC_STRING);
    ck_assert_int_eq(batch.records[0].value.tag, KC_V_BYTES);
    ck_assert_uint_eq(ops->from_connect(run.self, &batch, 0, true, &err), 1);
    ck_assert_mem_eq(batch.records[0].key.s, "{\"schema\":{\"type\":\"string\",\"optional\":false},\"payload\":\"k\"}",
                     batch.records[0].key.len);
    converter_run_done(&run);
}
END_TEST

/* A default that cannot be written spoils the schema, wherever it stands. */
START_TEST(unwritable_default) {
    static const char decimal[] = "{\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\","
                                  "\"parameters\":{\"scale\":\"x\"},\"default\":1.5}";
    static const char *const forms[] = {
        "{\"schema\":{\"type\":\"map\",\"keys\":%s,\"values\":{\"type\":\"int8\"}},\"payload\":[]}",
        "{\"schema\":{\"type\":\"map\",\"keys\":{\"type\":\"int8\"},\"values\":%s},\"payload\":[]}",
        "{\"schema\":{\"type\":\"array\",\"items\":%s},\"payload\":[]}",
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct converter_run run;
        struct kc_error err = {0};
        init(&run, "true", "10");
        const char *place = strstr(forms[i], "%s");
        const char *text =
            kc_arena_printf(run.arena, "%.*s%s%s", (int)(place - forms[i]), forms[i], decimal, place + 2);
        const struct kc_schema *schema = NULL;
        struct kc_value v = kc_bytes(text, strlen(text));
        ck_assert_int_eq(converter_run_to(&run, &schema, &v, &err), 0);
        ck_assert_int_eq(converter_run_from(&run, &schema, &v, &err), -1);
        ck_assert_str_eq(err.text, "Invalid scale parameter found in Decimal schema: ");
        converter_run_done(&run);
    }
}
END_TEST

/* Nesting that the stack of a task could not follow is refused. */
START_TEST(deep_schemas) {
    for (int depth = 200; depth <= 201; depth++) {
        struct converter_run run;
        struct kc_error err = {0};
        init(&run, "true", "10");
        AUTO_BUF text;
        buf_init(&text, 100000);
        buf_add_text(&text, "{\"schema\":");
        for (int i = 1; i < depth; i++)
            buf_add_text(&text, "{\"type\":\"array\",\"items\":");
        buf_add_text(&text, "{\"type\":\"string\"}");
        for (int i = 1; i < depth; i++)
            buf_add_char(&text, '}');
        buf_add_text(&text, ",\"payload\":[]}");
        struct kc_batch batch = batch_of(run.arena, (const char *[]){buf_text(&text)}, 1);
        ck_assert_uint_eq(json_converter_plugin.converter->to_connect(run.self, &batch, 0, false, &err), depth == 200);
        if (depth == 201)
            ck_assert_str_eq(err.text, "Schemas nested deeper than 200 are not supported");
        converter_run_done(&run);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_converter");
    TCase *of_java = tcase_create("golden");
    tcase_set_timeout(of_java, 60);
    tcase_add_checked_fixture(of_java, golden_set_up, golden_tear_down);
    tcase_add_loop_test(of_java, golden, 0, COUNT_OF(vectors));
    suite_add_tcase(suite, of_java);
    TCase *tc = tcase_create("json_converter");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, one_schema_for_all);
    tcase_add_test(tc, stops_at_the_bad_record);
    tcase_add_test(tc, no_copy);
    tcase_add_test(tc, keys);
    tcase_add_test(tc, unwritable_default);
    tcase_add_test(tc, deep_schemas);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
