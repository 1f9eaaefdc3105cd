/* Connect values and schemas to Protobuf and back, against what Confluent's ProtobufData answered
 * (tests/golden/protobuf_data.jsonl).
 *
 * op `proto_from`: cfg, a schema and a value → the text that is registered, the message's indexes in it and the
 * message's bytes (null: the value was null). op `proto_to`: cfg, a schema's text, the full name of a message in it,
 * the version that the registry gave (may be absent) and the message's bytes → schema and value. Errors of other
 * classes than Kafka's are compared by class. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/convert/protobuf_data.h"
#include "connect/convert/protobuf_options.h"
#include "tests/support/golden_value.h"
#include "tests/support/suite.h"

struct test_conf {
    struct protobuf_data_conf data;
};
static const struct kc_option rows[] = {PROTOBUF_DATA_OPTIONS(struct test_conf, data), KC_OPTION_END};

static void read_conf(struct kc_arena *arena, const cJSON *vector, struct test_conf *conf) {
    AUTO(props) config = golden_config(cJSON_GetObjectItemCaseSensitive(vector, "cfg"));
    struct kc_error err = {0};
    ck_assert_msg(config_parse(rows, config, arena, conf, sizeof(*conf), &err) == 0, "%s", err.text);
}

/* ---- from ---- */

static void check_indexes(const cJSON *vector, const struct protobuf_target *target) {
    const cJSON *index, *expected = cJSON_GetObjectItemCaseSensitive(golden_answer(vector), "out");
    AUTO_BUF actual;
    AUTO_BUF wanted;
    buf_init(&actual, SIZE_MAX);
    buf_init(&wanted, SIZE_MAX);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(expected, "indexes");
    int count = cJSON_GetArraySize(list);
    if (count > 1 || cJSON_GetArrayItem(list, 0)->valueint != 0)
        buf_add_char(&wanted, (char)(count * 2));
    cJSON_ArrayForEach(index, list) buf_add_char(&wanted, (char)(index->valueint * 2));
    ck_assert(protobuf_add_indexes(&actual, target->schema, target->root->full_name, false) == 0);
    ck_assert_msg(actual.len == wanted.len && memcmp(actual.data, wanted.data, wanted.len) == 0, "%s: indexes",
                  golden_id(vector));
}

static int from_connect(const struct protobuf_data_conf *conf, struct kc_arena *arena, const struct kc_schema *schema,
                        const struct kc_value *v, struct protobuf_target **ret_target, struct kc_value *ret_bytes,
                        struct kc_error *err) {
    struct protobuf_node *node;
    struct buf out;
    *ret_bytes = kc_null();
    if (!schema && v->tag == KC_V_NULL)
        return 0;
    if (protobuf_from_schema(conf, schema, ret_target, err) < 0)
        return -1;
    if (v->tag == KC_V_NULL)
        return 0;
    if (protobuf_from_value(conf, arena, *ret_target, schema, v, &node, err) < 0)
        return -1;
    buf_init(&out, SIZE_MAX);
    ck_assert(protobuf_encode(&out, node) == 0);
    *ret_bytes = kc_bytes(kc_arena_copy(arena, buf_text(&out), out.len), out.len);
    buf_done(&out);
    return 0;
}

static void check_from(const cJSON *vector, void *arg) {
    AUTO(arena) arena = arena_new(0);
    AUTO(protobuf_target) target = NULL;
    struct test_conf conf;
    struct kc_error err = {0};
    const struct kc_schema *schema;
    struct kc_value v, bytes;
    (void)arg;
    read_conf(arena, vector, &conf);
    golden_pair(arena, cJSON_GetObjectItemCaseSensitive(vector, "in"), &schema, &v);
    bool failed = from_connect(&conf.data, arena, schema, &v, &target, &bytes, &err) < 0;
    if (golden_expect_error(vector, failed, &err))
        return;
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(golden_answer(vector), "out");
    const char *text = json_get_text(out, "proto");
    if (target)
        ck_assert_msg(strcmp(buf_text(&target->text), text) == 0, "%s: %s\ninstead of\n%s", golden_id(vector),
                      buf_text(&target->text), text);
    else
        ck_assert_msg(text == NULL, "%s: no schema", golden_id(vector));
    golden_expect_bytes(golden_id(vector), out, &bytes);
    if (bytes.tag != KC_V_NULL)
        check_indexes(vector, target);
}

/* ---- to ---- */

static int to_connect(const struct protobuf_data_conf *conf, struct kc_arena *arena, const cJSON *in,
                      const struct kc_schema **ret_schema, struct kc_value *ret_value, struct kc_error *err) {
    const char *text = json_get_text(in, "proto");
    struct protobuf_schema *parsed = NULL;
    struct protobuf_node *node;
    if (protobuf_schema_new(text, strlen(text), NULL, NULL, &parsed, err) < 0)
        return -1;
    AUTO(protobuf_schema) schema = parsed;
    const struct protobuf_message *message = protobuf_message_named(schema, json_get_text(in, "message"));
    ck_assert(message != NULL);
    struct kc_value bytes = golden_bytes(arena, in);
    if (protobuf_decode(arena, message, bytes.bytes, bytes.len, &node, err) < 0)
        return -1;
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(in, "version");
    int32_t n = version ? version->valueint : 0;
    const struct kc_schema *made;
    if (protobuf_to_schema(conf, schema, message, version ? &n : NULL, &made, err) < 0)
        return -1;
    *ret_schema = kc_schema_keep(arena, made);
    if (protobuf_to_value(conf, arena, *ret_schema, node, ret_value, err) < 0)
        return -1;
    *ret_value = kc_value_copy(arena, ret_value); /* the schema of the messages goes first */
    return 0;
}

static void check_to(const cJSON *vector, void *arg) {
    AUTO(arena) arena = arena_new(0);
    struct test_conf conf;
    struct kc_error err = {0};
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_null();
    (void)arg;
    read_conf(arena, vector, &conf);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(vector, "in");
    bool failed = to_connect(&conf.data, arena, in, &schema, &v, &err) < 0;
    if (golden_expect_error(vector, failed, &err))
        return;
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(golden_answer(vector), "out");
    golden_expect_pair(golden_id(vector), out, schema, &v);
}

START_TEST(golden_from) {
    ck_assert_int_gt(golden_each("protobuf_data.jsonl", "proto_from", check_from, NULL), 200);
}
END_TEST

START_TEST(golden_to) {
    ck_assert_int_gt(golden_each("protobuf_data.jsonl", "proto_to", check_to, NULL), 200);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("protobuf_data");
    TCase *tc = tcase_create("data");
    tcase_add_test(tc, golden_from);
    tcase_add_test(tc, golden_to);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
