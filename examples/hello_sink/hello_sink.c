/* A complete sink connector on connect/plugin.h alone: appends "<greeting>, <value>!" to a file, one line per record.
 * Loaded from plugin.path; every callback runs on a thread of the worker (see the comments in plugin.h). README.md
 * beside this file walks through it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/plugin.h"

/* What the options below are parsed into, once for the connector and once for each task. */
struct hello_conf {
    const char *greeting;
    const char *file;
};

static const struct kc_option hello_options[] = {
    {.name = "hello.file",
     .type = KC_OPT_T_STRING,
     .offset = offsetof(struct hello_conf, file),
     .required = true,
     .not_empty = true,
     .importance = KC_HIGH,
     .width = KC_LONG,
     .group = "Hello",
     .display_name = "File",
     .doc = "File that receives one line per record."},
    {.name = "hello.greeting",
     .type = KC_OPT_T_STRING,
     .offset = offsetof(struct hello_conf, greeting),
     .def = "Hello",
     .not_empty = true,
     .importance = KC_LOW,
     .width = KC_MEDIUM_WIDTH,
     .group = "Hello",
     .display_name = "Greeting",
     .doc = "Word before every value."},
    KC_OPTION_END,
};

#define LOGGER "examples.HelloSink"

/* ---- The connector: how many tasks, with which configuration ---- */

static void hello_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems) {
    const struct hello_conf *c = conf;
    (void)config;
    if (c->greeting && strchr(c->greeting, '\n'))
        kc_problem(problems, "hello.greeting", "A greeting is one line.");
}

static int hello_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                              struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)err;
    for (int i = 0; i < max_tasks; i++)
        ret_configs[i] = kc_config_copy(config); /* all tasks do the same; Kafka spreads the partitions over them */
    *ret_count = max_tasks;
    return 0;
}

static const struct kc_connector_ops hello_connector = {
    .validate = hello_validate,
    .task_configs = hello_task_configs,
};

/* ---- The task: where records end ---- */

struct hello_task {
    struct kc_sink_context *ctx;
    const struct hello_conf *conf;
    FILE *out;
};

static int hello_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    const struct hello_conf *c = conf;
    struct hello_task *t = calloc(1, sizeof *t);
    if (!t)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "out of memory");
    t->ctx = ctx;
    t->conf = c;
    t->out = fopen(c->file, "a");
    if (!t->out) {
        free(t);
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Cannot open '%s': %s", c->file, strerror(errno));
    }
    kc_log(KC_INFO, LOGGER, "greeting into %s", c->file);
    *ret_self = t;
    return 0;
}

static enum kc_put hello_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct hello_task *t = self;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r))
            continue; /* filtered by a transform, or bad and tolerated */
        if (r->value.tag == KC_V_STRING) {
            fprintf(t->out, "%s, %.*s!\n", t->conf->greeting, (int)r->value.len, r->value.s);
        } else if (r->value.tag == KC_V_NULL) {
            /* A connector decides itself what it cannot store; the reporter applies errors.tolerance. */
            struct kc_error cause = {0};
            kc_fail(&cause, KC_DATA_EXCEPTION, "Nobody to greet in a record without value");
            if (t->ctx->report(t->ctx, r, &cause, err) < 0)
                return KC_PUT_FAIL;
        } else {
            size_t len;
            const char *json = kc_value_to_json(batch->arena, &r->value, &len);
            fprintf(t->out, "%s, %.*s!\n", t->conf->greeting, (int)len, json);
        }
    }
    if (!ferror(t->out))
        return KC_PUT_DONE;
    kc_fail(err, KC_CONNECT_EXCEPTION, "Cannot write '%s': %s", t->conf->file, strerror(errno));
    return KC_PUT_FAIL;
}

/* Called before offsets are committed: everything that was put must be safe now. */
static int hello_pre_commit(void *self, struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    struct hello_task *t = self;
    (void)offsets, (void)count;
    if (fflush(t->out) == 0)
        return 0;
    return kc_fail(err, KC_CONNECT_EXCEPTION, "Cannot write '%s': %s", t->conf->file, strerror(errno));
}

static void hello_stop(void *self) {
    struct hello_task *t = self;
    fclose(t->out);
    free(t);
}

static const struct kc_sink_task_ops hello_sink_task = {
    .start = hello_start,
    .put = hello_put,
    .pre_commit = hello_pre_commit,
    .stop = hello_stop,
};

/* ---- The table that the worker looks for ---- */

static const struct kc_plugin hello_sink = {
    .abi = KC_ABI,
    .kind = KC_KIND_SINK,
    .class_name = "examples.HelloSinkConnector",
    .task_class = "examples.HelloSinkTask",
    .version = "1.0.0",
    .options = hello_options,
    .conf_size = sizeof(struct hello_conf),
    .connector = &hello_connector,
    .sink_task = &hello_sink_task,
};

extern const struct kc_plugin *const kc_plugins[];
const struct kc_plugin *const kc_plugins[] = {&hello_sink, NULL};
