/* MirrorCheckpointConnector: finds the consumer groups that have offsets of mirrored topics and shares them among tasks
 * (checkpoint_task.c). The jobs thread does the work, from start to stop; the connector's thread only reads the list of
 * groups that it leaves behind. @source MirrorCheckpointConnector */
#include "connectors/mirror/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/version.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/filter.h"
#include "connectors/mirror/groups.h"
#include "connectors/mirror/jobs.h"
#include "connectors/mirror/offsets.h"
#include "connectors/mirror/policy.h"
#include "connectors/mirror/shares.h"

#define LOGGER MIRROR_LOG("MirrorCheckpointConnector")

enum { START_WAIT_MS = 10000 };

struct checkpoint_connector {
    struct kc_connector_context *ctx;
    const struct mirror_conf *conf;
    struct mirror_policy policy;
    struct filter topics, groups;
    rd_kafka_t *source, *target; /* admin clients */
    struct jobs *jobs;           /* NULL: not enabled */
    pthread_mutex_t lock;        /* of what follows; the jobs thread alone writes it */
    struct group_list known;
    bool loaded;
};

/* ---- Jobs ---- */

static int create_topic(void *arg, struct kc_error *err) {
    struct checkpoint_connector *c = arg;
    AUTO_TEXT topic = policy_checkpoints(&c->policy, c->conf->source);
    return mirror_create_internal(c->target, topic, c->conf->checkpoints_replication_factor, c->conf->admin_timeout_ms,
                                  jobs_stopping(c->jobs), err);
}

static bool passes_filter(void *arg, size_t index, const char *group) {
    (void)index;
    return filter_accepts(&((struct checkpoint_connector *)arg)->groups, group);
}

struct useful { /* groups with at least one offset of a topic that is mirrored */
    const struct filter *topics;
    char *const *names;
    bool *found;
};

static void on_offsets(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets,
                       const struct kc_error *problem) {
    struct useful *u = arg;
    if (problem)
        kc_log(KC_ERROR, LOGGER, "Error querying offsets for consumer group %s: %s", u->names[index], problem->text);
    for (int i = 0; offsets && i < offsets->cnt && !u->found[index]; i++)
        u->found[index] = offsets->elems[i].offset >= 0 && filter_accepts(u->topics, offsets->elems[i].topic);
}

static bool is_useful(void *arg, size_t index, const char *group) {
    (void)group;
    return ((struct useful *)arg)->found[index];
}

/* Takes `groups` when it is another list than before. True: tasks must be shared anew. */
static bool learn(struct checkpoint_connector *c, struct group_list *groups) {
    pthread_mutex_lock(&c->lock);
    bool first = !c->loaded, changed = !group_list_equal(&c->known, groups);
    if (first || changed)
        kc_log(KC_INFO, LOGGER, "Checkpoints of %zu consumer groups of %s (%zu before)", groups->count, c->conf->source,
               c->known.count);
    if (changed) {
        struct group_list old = c->known;
        c->known = *groups;
        *groups = old;
    }
    c->loaded = true;
    pthread_mutex_unlock(&c->lock);
    return first || changed;
}

static int refresh_groups(void *arg, struct kc_error *err) {
    struct checkpoint_connector *c = arg;
    struct stop_check stop = stop_on(jobs_stopping(c->jobs));
    struct group_list groups = {0};
    if (group_list_read(&groups, c->source, c->conf->admin_timeout_ms, stop, err) < 0)
        return -1;
    group_list_filter(&groups, passes_filter, c);
    struct useful u = {.topics = &c->topics, .names = groups.names, .found = calloc(groups.count + 1, sizeof *u.found)};
    if (!u.found)
        abort();
    int rc =
        groups_offsets(c->source, groups.names, groups.count, c->conf->admin_timeout_ms, stop, on_offsets, &u, err);
    if (rc == 0) {
        group_list_filter(&groups, is_useful, &u);
        if (learn(c, &groups))
            c->ctx->request_task_reconfiguration(c->ctx);
    }
    free(u.found);
    group_list_done(&groups);
    return rc;
}

/* ---- Connector ---- */

static void checkpoint_stop(void *self) {
    struct checkpoint_connector *c = self;
    jobs_free(c->jobs);
    client_free(c->source);
    client_free(c->target);
    filter_done(&c->topics);
    filter_done(&c->groups);
    group_list_done(&c->known);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static int open_clients(struct checkpoint_connector *c, const struct kc_config *config, struct kc_error *err) {
    c->source = mirror_client(config, CLIENT_ADMIN, MIRROR_SOURCE, "checkpoint-source-admin", err);
    if (!c->source)
        return -1;
    c->target = mirror_client(config, CLIENT_ADMIN, MIRROR_TARGET, "checkpoint-target-admin", err);
    return c->target ? 0 : -1;
}

static int start_jobs(struct checkpoint_connector *c, struct kc_error *err) {
    c->jobs = jobs_new(LOGGER, c, c->conf->admin_timeout_ms);
    jobs_first(c->jobs, "creating internal topics", create_topic);
    jobs_first(c->jobs, "loading initial consumer groups", refresh_groups);
    if (c->conf->refresh_groups)
        jobs_every(c->jobs, "refreshing consumer groups", mirror_interval_ms(c->conf->refresh_groups_s), false,
                   refresh_groups);
    if (jobs_start(c->jobs, err) < 0)
        return -1;
    jobs_wait_first(c->jobs, START_WAIT_MS);
    return 0;
}

static bool is_off(const struct mirror_conf *conf) {
    return !conf->enabled || !conf->emit_checkpoints || conf->emit_checkpoints_s < 0;
}

static int checkpoint_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                            void **ret_self, struct kc_error *err) {
    struct checkpoint_connector *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->ctx = ctx;
    c->conf = conf;
    pthread_mutex_init(&c->lock, NULL);
    policy_init(&c->policy, config);
    if (c->conf->enabled && (filter_topics(&c->topics, config, err) < 0 || filter_groups(&c->groups, config, err) < 0 ||
                             open_clients(c, config, err) < 0 || start_jobs(c, err) < 0)) {
        checkpoint_stop(c);
        return -1;
    }
    *ret_self = c;
    return 0;
}

static int checkpoint_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                                   struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    struct checkpoint_connector *c = self;
    *ret_count = 0;
    if (is_off(conf))
        return 0;
    pthread_mutex_lock(&c->lock);
    bool loaded = c->loaded;
    if (loaded)
        *ret_count = share_groups(config, c->known.names, c->known.count, max_tasks, ret_configs);
    pthread_mutex_unlock(&c->lock);
    return loaded ? 0 : kc_fail(err, KC_RETRIABLE_EXCEPTION, "Timeout while loading consumer groups.");
}

/* ---- Validation ---- */

static bool is_false(const struct kc_config *config, const char *key) {
    const char *given = kc_config_get(config, key);
    return given && strcmp(given, "false") == 0;
}

static void checkpoint_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems) {
    (void)conf;
    if (is_false(config, "enabled"))
        return;
    if (is_false(config, "emit.checkpoints.enabled"))
        kc_problem(problems, "emit.checkpoints.enabled",
                   "MirrorCheckpointConnector can't run with emit.checkpoints.enabled set to false");
    if (is_false(config, "emit.offset-syncs.enabled"))
        kc_problem(problems, "emit.offset-syncs.enabled", "MirrorCheckpointConnector can't run without offset syncs");
}

static int checkpoint_alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                                    const struct kc_value *offsets, size_t count, struct kc_error *err) {
    static const struct offset_shape shape = {.texts = {"group", "topic"}, .partition = true, .zero = true};
    (void)config;
    return mirror_check_offsets(&shape, partitions, offsets, count, err);
}

static const struct kc_connector_ops connector_ops = {
    .validate = checkpoint_validate,
    .start = checkpoint_start,
    .task_configs = checkpoint_task_configs,
    .stop = checkpoint_stop,
    .alter_offsets = checkpoint_alter_offsets,
};

const struct kc_plugin mirror_checkpoint_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.mirror.MirrorCheckpointConnector",
    .task_class = "org.apache.kafka.connect.mirror.MirrorCheckpointTask",
    .version = KAFKA_VERSION,
    .options = mirror_checkpoint_options,
    .conf_size = sizeof(struct mirror_conf),
    .task_options = mirror_checkpoint_task_options,
    .connector = &connector_ops,
    .source_task = &mirror_checkpoint_task_ops,
};
