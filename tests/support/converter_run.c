/* Converter plugins as the framework runs them; see converter_run.h. */
#include "tests/support/converter_run.h"

#include "config/parse.h"
#include "connect/base/arena.h"

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
