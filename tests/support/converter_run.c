/* Converter plugins under golden vectors; see converter_run.h. */
#include "tests/support/converter_run.h"

#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "tests/support/golden_value.h"

int converter_run_init(struct converter_run *run, const struct kc_plugin *plugin, struct kc_config *config,
                       struct kc_error *err) {
    *run = (struct converter_run){.plugin = plugin, .config = config, .arena = arena_new(0)};
    void *conf = kc_arena_zalloc(run->arena, plugin->conf_size + 1);
    if (config_parse(plugin->options, config, run->arena, conf, plugin->conf_size, err) < 0)
        return -1;
    return plugin->converter->configure(config, conf, false, &run->self, err);
}

void converter_run_done(struct converter_run *run) {
    if (run->self && run->plugin->converter->close)
        run->plugin->converter->close(run->self);
    kc_config_free(run->config);
    arena_free(run->arena);
}

static int convert(struct converter_run *run, bool to, const struct kc_schema **schema, struct kc_value *v,
                   struct kc_error *err) {
    struct kc_record r = {.topic = "t", .value_schema = *schema, .value = *v};
    struct kc_batch batch = {.arena = run->arena, .records = &r, .count = 1, .capacity = 1};
    const struct kc_converter_ops *ops = run->plugin->converter;
    uint32_t done = (to ? ops->to_connect : ops->from_connect)(run->self, &batch, 0, false, err);
    *schema = r.value_schema;
    *v = r.value;
    return done == 1 ? 0 : -1;
}

int converter_run_to(struct converter_run *run, const struct kc_schema **schema, struct kc_value *v,
                     struct kc_error *err) {
    return convert(run, true, schema, v, err);
}

int converter_run_from(struct converter_run *run, const struct kc_schema **schema, struct kc_value *v,
                       struct kc_error *err) {
    return convert(run, false, schema, v, err);
}

static void run_conversion(struct converter_run *run, const cJSON *vector) {
    const char *op = json_get_text(vector, "op"), *id = golden_id(vector);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(vector, "in");
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(golden_answer(vector), "out");
    const struct kc_schema *schema = NULL;
    struct kc_value v;
    struct kc_error err = {0};
    if (strcmp(op, "from") == 0) {
        golden_pair(run->arena, in, &schema, &v);
        int rc = converter_run_from(run, &schema, &v, &err);
        if (!golden_expect_error(vector, rc < 0, &err))
            golden_expect_bytes(id, out, &v);
        return;
    }
    v = golden_bytes(run->arena, in);
    int rc = converter_run_to(run, &schema, &v, &err);
    if (golden_expect_error(vector, rc < 0, &err) || strcmp(op, "accept") == 0)
        return;
    struct kc_value whole = kc_json_expand(run->arena, v);
    golden_expect_pair(id, out, schema, &whole);
    golden_expect_pair(id, out, schema, &v);
}

void converter_run_vector(const struct kc_plugin *plugin, const cJSON *vector, bool adds_type) {
    bool configure_only = strcmp(json_get_text(vector, "op"), "configure") == 0;
    struct converter_run run;
    struct kc_error err = {0};
    struct kc_config *config = golden_config(cJSON_GetObjectItemCaseSensitive(vector, "cfg"));
    if (adds_type)
        kc_config_set(config, "converter.type", "value");
    int rc = converter_run_init(&run, plugin, config, &err);
    if (rc < 0 || configure_only)
        golden_expect_error(vector, rc < 0, &err);
    else
        run_conversion(&run, vector);
    converter_run_done(&run);
}

static void run_header(struct converter_run *run, void *self, const cJSON *vector) {
    const struct kc_header_converter_ops *ops = run->plugin->header_converter;
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(vector, "in");
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(golden_answer(vector), "out");
    struct kc_header header = {.key = "h"};
    struct kc_value bytes;
    struct kc_error err = {0};
    if (strcmp(json_get_text(vector, "op"), "from") == 0) {
        golden_pair(run->arena, in, &header.schema, &header.value);
        int rc = ops->from_connect(self, run->arena, "t", &header, &bytes, &err);
        if (!golden_expect_error(vector, rc < 0, &err))
            golden_expect_bytes(golden_id(vector), out, &bytes);
        return;
    }
    bytes = golden_bytes(run->arena, in);
    int rc =
        ops->to_connect(self, run->arena, "t", bytes.tag == KC_V_NULL ? NULL : bytes.bytes, bytes.len, &header, &err);
    if (!golden_expect_error(vector, rc < 0, &err))
        golden_expect_pair(golden_id(vector), out, header.schema, &header.value);
}

void converter_run_header_vector(const struct kc_plugin *plugin, const cJSON *vector) {
    struct kc_config *config = golden_config(cJSON_GetObjectItemCaseSensitive(vector, "cfg"));
    kc_config_set(config, "converter.type", "header");
    struct converter_run run;
    struct kc_error err = {0};
    ck_assert_msg(converter_run_init(&run, plugin, config, &err) == 0, "%s: %s", golden_id(vector), err.text);
    void *conf = kc_arena_zalloc(run.arena, plugin->conf_size + 1), *self = NULL;
    ck_assert_int_eq(config_parse(plugin->options, config, run.arena, conf, plugin->conf_size, &err), 0);
    ck_assert_int_eq(plugin->header_converter->configure(config, conf, &self, &err), 0);
    run_header(&run, self, vector);
    if (plugin->header_converter->close)
        plugin->header_converter->close(self);
    converter_run_done(&run);
}
