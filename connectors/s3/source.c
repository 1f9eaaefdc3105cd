/* Restores a backup that the S3 sink wrote. The connector watches for folders and hands whole folders to tasks, so that
 * the order within a partition is kept; a task reads the objects of its folders in the order of their names. With
 * mode=GENERIC it reads any objects: the tasks look for them themselves (source_scan.c). @source s3-connectors 3.1 */
#include "connectors/s3/source.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/base/thread.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/source_naming.h"
#include "connectors/s3/source_offset.h"

#define LOG "io.confluent.connect.s3.source.S3SourceConnector"

struct s3_source {
    struct kc_connector_context *ctx;
    const struct s3_source_conf *conf;
    struct object_store *store;
    struct source_naming naming;
    pthread_t monitor;
    bool monitoring;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    struct map *folders; /* names, under lock; missed_once or any other value */
};

/* A folder that one listing did not show may only have been rewritten at that moment. */
static char missed_once[1];

static bool is_stopping(void *arg) {
    struct s3_source *c = arg;
    pthread_mutex_lock(&c->lock);
    bool stopping = c->stopping;
    pthread_mutex_unlock(&c->lock);
    return stopping;
}

struct listing {
    struct s3_source *c;
    struct map *folders;
};

static int on_object(void *arg, const struct store_object *object, struct kc_error *err) {
    struct listing *l = arg;
    (void)err;
    if (source_object_kind(&l->c->naming, object->key) != OBJECT_VALUES)
        return 0;
    size_t len = source_folder_length(&l->c->naming, object->key);
    AUTO_TEXT folder = strndup(object->key, len);
    if (len > 0 && !map_has(l->folders, folder))
        map_put(l->folders, folder, l->c);
    return 0;
}

/* The folders under topics.dir that hold objects of the format. NULL on error. */
static struct map *find_folders(struct s3_source *c, struct kc_error *err) {
    struct map *folders = map_new(NULL);
    struct listing l = {c, folders};
    AUTO_BUF prefix;
    buf_init(&prefix, 4096);
    if (c->conf->topics_dir && *c->conf->topics_dir)
        (void)buf_printf(&prefix, "%s%s", c->conf->topics_dir, c->conf->delim);
    if (store_list(c->store, buf_text(&prefix), NULL, on_object, &l, err) < 0)
        return map_free(folders);
    return folders;
}

/* Folders that were there before and are not now stay until they are missed again. */
static void keep_once(const struct map *before, struct map *now) {
    const char *name;
    void *mark;
    for (size_t i = 0; map_next(before, &i, &name, &mark);) {
        if (!map_has(now, name) && mark != missed_once)
            map_put(now, name, missed_once);
    }
}

static bool same_folders(const struct map *a, const struct map *b) {
    const char *name;
    if (map_count(a) != map_count(b))
        return false;
    for (size_t i = 0; map_next(a, &i, &name, NULL);) {
        if (!map_has(b, name))
            return false;
    }
    return true;
}

/* Waits for the poll interval; false: stop. */
static bool wait_interval(struct s3_source *c) {
    int64_t until_ms = clock_after_ms(c->conf->poll_interval_ms);
    pthread_mutex_lock(&c->lock);
    while (!c->stopping && cond_wait_until(&c->changed, &c->lock, until_ms))
        ;
    bool go_on = !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *monitor(void *arg) {
    struct s3_source *c = arg;
    while (wait_interval(c)) {
        struct kc_error err = {0};
        struct map *now = find_folders(c, &err);
        if (!now) {
            if (!is_stopping(c))
                kc_log(KC_WARN, LOG, "Cannot look for new folders: %s; trying again in %lld ms", err.text,
                       (long long)c->conf->poll_interval_ms);
            continue;
        }
        pthread_mutex_lock(&c->lock);
        keep_once(c->folders, now);
        bool differs = !same_folders(c->folders, now);
        map_free(c->folders);
        c->folders = now;
        pthread_mutex_unlock(&c->lock);
        if (differs)
            c->ctx->request_task_reconfiguration(c->ctx);
    }
    return NULL;
}

static void connector_stop(void *self) {
    struct s3_source *c = self;
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (c->monitoring)
        pthread_join(c->monitor, NULL);
    map_free(c->folders);
    store_free(c->store);
    source_naming_done(&c->naming);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    free(c);
}

/* The bucket must be there; then the first look for folders. */
static int look_around(struct s3_source *c, struct kc_error *err) {
    enum store_bucket state;
    if (store_bucket(c->store, &state, err) < 0)
        return -1;
    if (state == STORE_BUCKET_ABSENT)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Non-existent S3 bucket: %s", c->conf->bucket);
    c->folders = s3_source_is_generic(c->conf) ? map_new(NULL) : find_folders(c, err);
    return c->folders ? 0 : -1;
}

static int connector_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                           void **ret_self, struct kc_error *err) {
    struct s3_source *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(err, ERR_INTERNAL, "out of memory");
    c->ctx = ctx;
    c->conf = conf;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (source_naming_init(&c->naming, conf, err) < 0 ||
        !(c->store = s3_source_store(conf, config, is_stopping, c, err)) || look_around(c, err) < 0 ||
        (!s3_source_is_generic(conf) && thread_start(&c->monitor, "s3-folders", monitor, c, err) < 0)) {
        connector_stop(c);
        return -1;
    }
    c->monitoring = !s3_source_is_generic(conf);
    *ret_self = c;
    return 0;
}

static int compare_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every task looks at all objects and takes its share of them. */
static void generic_configs(const struct kc_config *config, int count, struct kc_config **ret_configs) {
    char number[16];
    for (int t = 0; t < count; t++) {
        ret_configs[t] = kc_config_copy(config);
        snprintf(number, sizeof number, "%d", t);
        kc_config_set(ret_configs[t], "task.index", number);
        snprintf(number, sizeof number, "%d", count);
        kc_config_set(ret_configs[t], "task.count", number);
    }
}

/* Folders in order of name, in as many contiguous groups as there are tasks; the first groups get one more. */
static int task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                        struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    struct s3_source *c = self;
    const char *name;
    size_t n = 0;
    (void)err;
    if (s3_source_is_generic(conf)) {
        generic_configs(config, max_tasks, ret_configs);
        *ret_count = max_tasks;
        return 0;
    }
    pthread_mutex_lock(&c->lock);
    size_t count = map_count(c->folders);
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && map_next(c->folders, &i, &name, NULL);)
        names[n++] = strdup(name);
    pthread_mutex_unlock(&c->lock);
    if (n > 1)
        qsort(names, n, sizeof *names, compare_text);
    size_t tasks = n < (size_t)max_tasks ? n : (size_t)max_tasks, next = 0;
    for (size_t t = 0; t < tasks; t++) {
        size_t share = n / tasks + (t < n % tasks);
        AUTO_BUF folders;
        buf_init(&folders, 64 << 20);
        for (size_t i = 0; i < share; i++)
            (void)buf_printf(&folders, "%s%s", i ? "\n" : "", names[next++]);
        ret_configs[t] = kc_config_copy(config);
        kc_config_set(ret_configs[t], "folders", buf_text(&folders));
    }
    *ret_count = (int)tasks;
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)names[i]);
    free(names);
    return 0;
}

static int alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                         const struct kc_value *offsets, size_t count, struct kc_error *err) {
    (void)config;
    return source_offsets_check(partitions, offsets, count, err);
}

static const struct kc_connector_ops connector_ops = {.validate = s3_source_validate,
                                                      .start = connector_start,
                                                      .task_configs = task_configs,
                                                      .stop = connector_stop,
                                                      .alter_offsets = alter_offsets};

const struct kc_plugin s3_source_connector = {.abi = KC_ABI,
                                              .kind = KC_KIND_SOURCE,
                                              .class_name = "io.confluent.connect.s3.source.S3SourceConnector",
                                              .task_class = "io.confluent.connect.s3.source.S3SourceTask",
                                              .version = "2.6.0",
                                              .options = s3_source_options,
                                              .conf_size = sizeof(struct s3_source_conf),
                                              .connector = &connector_ops,
                                              .source_task = &s3_source_task_ops};
