/* One transform at work; see transform_run.h. */
#include "tests/support/transform_run.h"

#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"

void transform_run_init(struct transform_run *run, const struct kc_plugin *plugin, const char *const *pairs) {
    struct kc_error err = {0};
    *run = (struct transform_run){
        .plugin = plugin, .config = kc_config_new(), .options = arena_new(0), .arena = arena_new(0)};
    for (; *pairs; pairs += 2)
        kc_config_set(run->config, pairs[0], pairs[1]);
    void *conf = kc_arena_zalloc(run->options, plugin->conf_size + 1);
    ck_assert_msg(config_parse(plugin->options, run->config, run->options, conf, plugin->conf_size, &err) == 0 &&
                      plugin->transformation->configure(run->config, conf, &run->self, &err) == 0,
                  "%s: %s", plugin->class_name, err.text);
}

void transform_run_done(struct transform_run *run) {
    if (run->plugin->transformation->close)
        run->plugin->transformation->close(run->self);
    arena_free(run->arena);
    arena_free(run->options);
    kc_config_free(run->config);
}

int transform_run_one(struct transform_run *run, struct kc_record *r, struct kc_error *err) {
    struct kc_batch batch = {.arena = run->arena, .records = r, .count = 1, .capacity = 1};
    return run->plugin->transformation->apply(run->self, &batch, 0, err) == 1 ? 0 : -1;
}

void transform_run_json(struct transform_run *run, const char *value, const char *expected) {
    struct kc_error err = {0};
    struct kc_record r = {.topic = "orders", .original_topic = "orders", .partition = 3, .offset = 42};
    r.timestamp = 1700000000123;
    ck_assert(!value || kc_value_from_json(run->arena, value, strlen(value), &r.value, &err) == 0);
    ck_assert_msg(transform_run_one(run, &r, &err) == 0, "%s: %s", run->plugin->class_name, err.text);
    ck_assert_str_eq(kc_value_to_json(run->arena, &r.value, NULL), expected);
}
