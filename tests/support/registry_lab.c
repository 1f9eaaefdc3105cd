/* See registry_lab.h. */
#include "tests/support/registry_lab.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "tests/support/hex.h"

struct registry_lab sr;

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

void registry_lab_set_up(void) {
    log_sink(quiet, NULL);
    sr = (struct registry_lab){.arena = arena_new(0)};
}

void registry_lab_tear_down(void) {
    if (sr.run.plugin)
        converter_run_done(&sr.run);
    if (sr.server)
        http_script_stop(sr.server);
    arena_free(sr.arena);
    sr = (struct registry_lab){0};
}

void registry_lab_start(const struct kc_plugin *plugin, const char *option, const char *value) {
    struct kc_config *config = kc_config_new();
    bool chosen = option && strncmp(option, "use.", 4) == 0;
    kc_config_set(config, "converter.type", "value");
    kc_config_set(config, "schema.registry.url", sr.server ? http_script_url(sr.server) : "http://127.0.0.1:1");
    kc_config_set(config, "max.retries", "0");
    kc_config_set(config, "auto.register.schemas", chosen ? "false" : "true");
    if (option)
        kc_config_set(config, option, value);
    ck_assert_msg(converter_run_init(&sr.run, plugin, config, &sr.err) == 0, "%s", sr.err.text);
}

struct kc_value registry_lab_bytes(const char *hex) {
    AUTO_BUF out;
    buf_init(&out, 1 << 24);
    hex_add(&out, hex);
    return kc_bytes(kc_arena_copy(sr.arena, buf_text(&out), out.len), out.len);
}

const struct kc_schema *registry_lab_read(const char *hex, struct kc_value *v) {
    const struct kc_schema *schema = NULL;
    *v = registry_lab_bytes(hex);
    ck_assert_msg(converter_run_to(&sr.run, &schema, v, &sr.err) == 0, "%s\n%s", sr.err.text, sr.err.cause);
    return schema;
}

void registry_lab_assert_text(const struct kc_value *v, const char *expected) {
    ck_assert_str_eq(kc_value_to_text(sr.arena, v, &(size_t){0}), expected);
}
