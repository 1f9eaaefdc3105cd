/* Vectors of transforms, predicates and chains. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/plugins.h"
#include "connect/transform/chain.h"
#include "tests/support/golden_run.h"

/* ---- records ---- */

static void read_record(struct kc_arena *arena, const cJSON *in, struct kc_record *r) {
    const cJSON *partition = golden_member(in, "partition"), *timestamp = golden_member(in, "timestamp"), *h;
    memset(r, 0, sizeof *r);
    r->topic = json_get_text(in, "topic");
    r->partition = cJSON_IsNumber(partition) ? (int32_t)golden_integer(partition) : -1;
    r->timestamp = cJSON_IsNumber(timestamp) ? golden_integer(timestamp) : KC_NO_TIMESTAMP;
    r->offset = golden_member(in, "offset") ? golden_integer(golden_member(in, "offset")) : 0;
    if (strcmp(json_get_text(in, "kind"), "sink") == 0)
        r->original_topic = r->topic ? r->topic : "";
    r->original_partition = r->partition;
    golden_pair(arena, golden_member(in, "key"), &r->key_schema, &r->key);
    golden_pair(arena, golden_member(in, "value"), &r->value_schema, &r->value);
    cJSON_ArrayForEach(h, golden_member(in, "headers")) {
        const struct kc_schema *schema;
        struct kc_value value;
        golden_pair(arena, h, &schema, &value);
        kc_record_add_header(arena, r, json_get_text(h, "name"), schema, value);
    }
}

static void expect_number(const char *id, const char *what, const cJSON *expected, int64_t none, int64_t actual) {
    int64_t wanted = cJSON_IsNumber(expected) ? golden_integer(expected) : none;
    ck_assert_msg(wanted == actual, "%s: expected %s %lld, got %lld", id, what, (long long)wanted, (long long)actual);
}

static void expect_record(const char *id, const cJSON *out, const struct kc_record *r) {
    const char *topic = json_get_text(out, "topic");
    ck_assert_msg(topic && r->topic ? strcmp(topic, r->topic) == 0 : !topic && !r->topic,
                  "%s: expected topic %s, got %s", id, topic ? topic : "null", r->topic ? r->topic : "null");
    expect_number(id, "partition", golden_member(out, "partition"), -1, r->partition);
    expect_number(id, "timestamp", golden_member(out, "timestamp"), KC_NO_TIMESTAMP, r->timestamp);
    if (golden_member(out, "offset"))
        expect_number(id, "offset", golden_member(out, "offset"), 0, r->offset);
    golden_expect_pair(id, golden_member(out, "key"), r->key_schema, &r->key);
    golden_expect_pair(id, golden_member(out, "value"), r->value_schema, &r->value);
    const cJSON *headers = golden_member(out, "headers");
    ck_assert_msg((uint32_t)cJSON_GetArraySize(headers) == r->header_count, "%s: expected %d headers, got %u", id,
                  cJSON_GetArraySize(headers), (unsigned)r->header_count);
    for (uint32_t i = 0; i < r->header_count; i++) {
        const cJSON *h = cJSON_GetArrayItem(headers, (int)i);
        ck_assert_msg(strcmp(json_get_text(h, "name"), r->headers[i].key) == 0, "%s: expected header %s, got %s", id,
                      json_get_text(h, "name"), r->headers[i].key);
        golden_expect_pair(id, h, r->headers[i].schema, &r->headers[i].value);
    }
}

/* ---- answers ---- */

/* `configured`: whether the error, if there is one, came from the record and not from the configuration. */
static bool expect_error(const cJSON *vector, bool failed, bool configured, const struct kc_error *err) {
    if (!golden_expect_error(vector, failed, err))
        return false;
    const char *phase = json_get_text(golden_member(golden_answer(vector), "error"), "phase");
    if (phase)
        ck_assert_msg(strcmp(phase, configured ? "apply" : "configure") == 0,
                      "%s: expected an error in %s, got one in %s", golden_id(vector), phase,
                      configured ? "apply" : "configure");
    return true;
}

static void expect_result(const cJSON *vector, bool through, bool configured, const struct kc_error *err,
                          const struct kc_record *r) {
    const char *id = golden_id(vector);
    const cJSON *out = golden_member(golden_answer(vector), "out");
    if (expect_error(vector, !through, configured, err))
        return;
    bool dropped = cJSON_IsTrue(golden_member(out, "dropped"));
    ck_assert_msg(r->dropped == dropped, "%s: expected a record that is %s, got one that is %s", id,
                  dropped ? "dropped" : "not dropped", r->dropped ? "dropped" : "not dropped");
    if (!dropped)
        expect_record(id, cJSON_IsTrue(golden_member(out, "same")) ? golden_member(vector, "in") : out, r);
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

/* ---- operations ---- */

static bool has_bigint(const cJSON *item) {
    if (!item)
        return false;
    if (item->string && strcmp(item->string, "bigint") == 0)
        return true;
    for (const cJSON *child = item->child; child; child = child->next)
        if (has_bigint(child))
            return true;
    return false;
}

static const char *beyond_us(const cJSON *vector) {
    if (has_bigint(vector))
        return "BigInteger is no value of Connect's";
    if (golden_member(vector, "quirk"))
        return "structs have no default values, in Java they cannot be used either";
    return golden_has_utf16(vector) ? "strings hold UTF-8, which has no unpaired surrogates" : NULL;
}

const char *golden_apply(const cJSON *vector) {
    const char *why = beyond_us(vector);
    if (why)
        return why;
    const struct kc_plugin *plugin = plugins_find(json_get_text(vector, "smt"), KC_KIND_TRANSFORMATION);
    ck_assert_msg(plugin != NULL, "%s: no class %s", golden_id(vector), json_get_text(vector, "smt"));
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    void *self = NULL;
    read_record(arena, golden_member(vector, "in"), &r);
    struct kc_batch batch = {.arena = arena, .records = &r, .count = 1, .capacity = 1};
    bool configured = configure_alone(plugin, config, arena, &self, &err) == 0;
    bool through = configured && plugin->transformation->apply(self, &batch, 0, &err) == 1;
    expect_result(vector, through, configured, &err, &r);
    if (configured && plugin->transformation->close)
        plugin->transformation->close(self);
    return NULL;
}

const char *golden_predicate(const cJSON *vector) {
    const char *why = beyond_us(vector);
    if (why)
        return why;
    const struct kc_plugin *plugin = plugins_find(json_get_text(vector, "predicate"), KC_KIND_PREDICATE);
    ck_assert_msg(plugin != NULL, "%s: no class %s", golden_id(vector), json_get_text(vector, "predicate"));
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    void *self = NULL;
    int test = -1;
    read_record(arena, golden_member(vector, "in"), &r);
    bool configured = configure_alone(plugin, config, arena, &self, &err) == 0;
    if (configured)
        test = plugin->predicate->test(self, &r, &err);
    if (!expect_error(vector, test < 0, configured, &err)) {
        bool wanted = cJSON_IsTrue(golden_member(golden_member(golden_answer(vector), "out"), "test"));
        ck_assert_msg((test == 1) == wanted, "%s: expected %d, got %d", golden_id(vector), wanted, test);
    }
    if (configured && plugin->predicate->close)
        plugin->predicate->close(self);
    return NULL;
}

const char *golden_chain(const cJSON *vector) {
    const char *why = beyond_us(vector);
    if (why)
        return why;
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    struct kc_error err = {0};
    struct kc_record r;
    struct chain_pos pos = {0};
    read_record(arena, golden_member(vector, "in"), &r);
    struct kc_batch batch = {.arena = arena, .records = &r, .count = 1, .capacity = 1};
    AUTO(chain) chain = chain_new(config, &err);
    bool through = chain && chain_apply(chain, &batch, &pos, &err);
    expect_result(vector, through, chain != NULL, &err, &r);
    return NULL;
}
