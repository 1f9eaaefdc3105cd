/* Vectors of converters and header converters. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/plugins.h"
#include "tests/support/converter_run.h"
#include "tests/support/golden_run.h"

static void run_conversion(struct converter_run *run, const cJSON *vector) {
    const char *op = json_get_text(vector, "op"), *id = golden_id(vector);
    const cJSON *in = golden_member(vector, "in");
    const cJSON *out = golden_member(golden_answer(vector), "out");
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

/* `configure` vectors give converter.type themselves, or leave it out and say so. */
static bool adds_type(const cJSON *vector) {
    if (strcmp(json_get_text(vector, "op"), "configure") != 0)
        return true;
    return !golden_member(golden_member(vector, "cfg"), "converter.type") && !json_get_text(vector, "note");
}

static void run_vector(const struct kc_plugin *plugin, const cJSON *vector) {
    struct converter_run run;
    struct kc_error err = {0};
    struct kc_config *config = golden_config(golden_member(vector, "cfg"));
    if (adds_type(vector))
        kc_config_set(config, "converter.type", "value");
    int rc = converter_run_init(&run, plugin, config, &err);
    if (rc < 0 || strcmp(json_get_text(vector, "op"), "configure") == 0)
        golden_expect_error(vector, rc < 0, &err);
    else
        run_conversion(&run, vector);
    converter_run_done(&run);
}

static void run_header(const struct kc_header_converter_ops *ops, void *self, struct kc_arena *arena,
                       const cJSON *vector) {
    const cJSON *in = golden_member(vector, "in"), *out = golden_member(golden_answer(vector), "out");
    struct kc_header header = {.key = "h"};
    struct kc_value bytes = kc_null();
    struct kc_error err = {0};
    if (strcmp(json_get_text(vector, "op"), "from") == 0) {
        golden_pair(arena, in, &header.schema, &header.value);
        int rc = ops->from_connect(self, arena, "t", &header, &bytes, &err);
        if (!golden_expect_error(vector, rc < 0, &err))
            golden_expect_bytes(golden_id(vector), out, &bytes);
        return;
    }
    bytes = golden_bytes(arena, in);
    const void *data = bytes.tag == KC_V_NULL ? NULL : bytes.bytes ? bytes.bytes : (const uint8_t *)"";
    int rc = ops->to_connect(self, arena, "t", data, bytes.len, &header, &err);
    if (!golden_expect_error(vector, rc < 0, &err))
        golden_expect_pair(golden_id(vector), out, header.schema, &header.value);
}

static void run_header_vector(const struct kc_plugin *plugin, const cJSON *vector) {
    const struct kc_header_converter_ops *ops = plugin->header_converter;
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    void *self = NULL;
    kc_config_set(config, "converter.type", "header");
    void *conf = kc_arena_zalloc(arena, plugin->conf_size + 1);
    int rc = config_parse(plugin->options, config, arena, conf, plugin->conf_size, &err);
    if (rc == 0 && ops->configure)
        rc = ops->configure(config, conf, &self, &err);
    if (rc < 0)
        golden_expect_error(vector, true, &err);
    else
        run_header(ops, self, arena, vector);
    if (rc == 0 && ops->close)
        ops->close(self);
}

/* Files with both kinds say `converter` in each vector; the header converters' ids begin with `header-`. */
const char *golden_conversion(const cJSON *vector) {
    const char *class_name = json_get_text(vector, "converter"), *op = json_get_text(vector, "op");
    bool header = strncmp(golden_id(vector), "header-", 7) == 0;
    if (golden_has_utf16(vector))
        return "strings hold UTF-8, which has no unpaired surrogates";
    if (golden_member(vector, "quirk") && strcmp(op, "from") == 0)
        return "structs have no default values, in Java they cannot be used either";
    if (!class_name)
        class_name = "org.apache.kafka.connect.json.JsonConverter";
    const struct kc_plugin *plugin = plugins_find(class_name, header ? KC_KIND_HEADER_CONVERTER : KC_KIND_CONVERTER);
    if (!plugin)
        plugin = plugins_find(class_name, header ? KC_KIND_CONVERTER : KC_KIND_HEADER_CONVERTER);
    ck_assert_msg(plugin != NULL, "%s: no class %s", golden_id(vector), class_name);
    if (header || !plugin->converter)
        run_header_vector(plugin, vector);
    else
        run_vector(plugin, vector);
    return NULL;
}
