/* MirrorSourceConnector: finds the topics to mirror, makes and keeps alike their remote topics, and shares their
 * partitions among tasks (source_task.c). All work is done by the jobs thread, from start to stop; the connector's
 * thread only reads the list of topics that it leaves behind. @source MirrorSourceConnector */
#include "connectors/mirror/source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/version.h"
#include "connectors/mirror/acl_sync.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/config_sync.h"
#include "connectors/mirror/filter.h"
#include "connectors/mirror/jobs.h"
#include "connectors/mirror/offsets.h"
#include "connectors/mirror/policy.h"
#include "connectors/mirror/shares.h"
#include "connectors/mirror/topics.h"

#define LOGGER MIRROR_LOG("MirrorSourceConnector")

enum { START_WAIT_MS = 10000 };

struct source_connector {
    struct kc_connector_context *ctx;
    const struct kc_config *config;
    const struct mirror_conf *conf;
    struct mirror_policy policy;
    struct filter topics, properties;
    rd_kafka_t *source, *target;   /* admin clients */
    struct kc_config *target_java; /* properties of the second one */
    struct jobs *jobs;             /* NULL: not enabled */
    bool told_no_acls;             /* jobs thread */
    pthread_mutex_t lock;          /* of what follows; the jobs thread alone writes it */
    struct topic_list known;       /* topics that are mirrored */
    bool loaded;                   /* they were looked for with success */
};

static bool syncs_on_target(const struct mirror_conf *conf) {
    return strcmp(conf->syncs_location, "target") == 0;
}

/* ---- Jobs ---- */

static int create_syncs_topic(void *arg, struct kc_error *err) {
    struct source_connector *c = arg;
    bool on_target = syncs_on_target(c->conf);
    AUTO_TEXT topic = policy_offset_syncs(&c->policy, on_target ? c->conf->source : c->conf->target);
    rd_kafka_t *admin = mirror_client(c->config, CLIENT_ADMIN, on_target ? MIRROR_TARGET : MIRROR_SOURCE,
                                      on_target ? "offset-syncs-target-admin" : "offset-syncs-source-admin", err);
    if (!admin)
        return -1;
    int rc = mirror_create_internal(admin, topic, c->conf->syncs_replication_factor, c->conf->admin_timeout_ms,
                                    jobs_stopping(c->jobs), err);
    client_free(admin);
    return rc;
}

static bool is_wanted(void *arg, const char *topic) {
    const struct source_connector *c = arg;
    return filter_replicates(&c->topics, &c->policy, c->conf->target, c->conf->replicate_heartbeats, topic);
}

static char *remote_name(void *arg, const char *topic) {
    const struct source_connector *c = arg;
    return is_wanted(arg, topic) ? policy_remote(&c->policy, c->conf->source, topic) : NULL;
}

/* What is missing on the target: topics, or partitions of them. Arrays are as long as the list of source topics. */
struct missing {
    struct new_topic *fresh;
    const char **upstream; /* name on the source of fresh[i] */
    struct topic_info *grown;
    size_t fresh_count, grown_count;
};

static void missing_done(struct missing *m) {
    for (size_t i = 0; i < m->fresh_count; i++) {
        free((void *)(uintptr_t)m->fresh[i].name);
        kc_config_free(m->fresh[i].configs);
    }
    for (size_t i = 0; i < m->grown_count; i++)
        free(m->grown[i].name);
    free(m->fresh);
    free(m->upstream);
    free(m->grown);
}

static void find_missing(struct source_connector *c, const struct topic_list *source, const struct topic_list *target,
                         struct missing *m) {
    *m = (struct missing){.fresh = calloc(source->count + 1, sizeof *m->fresh),
                          .upstream = calloc(source->count + 1, sizeof *m->upstream),
                          .grown = calloc(source->count + 1, sizeof *m->grown)};
    if (!m->fresh || !m->upstream || !m->grown)
        abort();
    for (size_t i = 0; i < source->count; i++) {
        const struct topic_info *topic = &source->items[i];
        char *remote = policy_remote(&c->policy, c->conf->source, topic->name);
        const struct topic_info *there = topic_list_find(target, remote);
        if (!there) {
            m->upstream[m->fresh_count] = topic->name;
            m->fresh[m->fresh_count++] = (struct new_topic){.name = remote, .partitions = topic->partitions};
        } else if (there->partitions < topic->partitions) {
            m->grown[m->grown_count++] = (struct topic_info){.name = remote, .partitions = topic->partitions};
        } else {
            free(remote);
        }
    }
}

static struct config_rules rules_of(const struct source_connector *c) {
    return (struct config_rules){.properties = &c->properties, .source_defaults = filter_source_defaults(c->config)};
}

static int create_fresh(struct source_connector *c, struct missing *m, struct kc_error *err) {
    struct stop_check stop = stop_on(jobs_stopping(c->jobs));
    struct config_rules rules = rules_of(c);
    struct map *configs =
        topic_configs_read(c->source, m->upstream, m->fresh_count, &rules, c->conf->admin_timeout_ms, stop, err);
    if (!configs)
        return -1;
    for (size_t i = 0; i < m->fresh_count; i++) {
        const struct topic_config *config = map_get(configs, m->upstream[i]);
        m->fresh[i].configs = config ? topic_config_for_new(config) : NULL;
    }
    map_free(configs);
    return topics_create(c->target, m->fresh, m->fresh_count, (int16_t)c->conf->replication_factor,
                         c->conf->admin_timeout_ms, stop, err);
}

static int make_missing(struct source_connector *c, struct missing *m, struct kc_error *err) {
    if (m->fresh_count && create_fresh(c, m, err) < 0)
        return -1;
    return m->grown_count ? topics_grow(c->target, m->grown, m->grown_count, c->conf->admin_timeout_ms,
                                        stop_on(jobs_stopping(c->jobs)), err)
                          : 0;
}

/* Takes `source` when it is another list than before. True: tasks must be shared anew. */
static bool learn(struct source_connector *c, struct topic_list *source, const struct missing *m) {
    pthread_mutex_lock(&c->lock);
    bool first = !c->loaded, changed = !topic_list_equal(&c->known, source);
    if (first || changed)
        kc_log(KC_INFO, LOGGER,
               "Mirroring %zu topics of %s to %s (%zu before), %zu of them new there, %zu with new partitions",
               source->count, c->conf->source, c->conf->target, c->known.count, m->fresh_count, m->grown_count);
    if (changed) {
        struct topic_list old = c->known;
        c->known = *source;
        *source = old;
    }
    c->loaded = true;
    pthread_mutex_unlock(&c->lock);
    return changed || first;
}

static int refresh_topics(void *arg, struct kc_error *err) {
    struct source_connector *c = arg;
    struct stop_check stop = stop_on(jobs_stopping(c->jobs));
    struct topic_list source = {0}, target = {0};
    struct missing missing;
    if (topic_list_read(&source, c->source, c->conf->admin_timeout_ms, stop, err) < 0 ||
        topic_list_read(&target, c->target, c->conf->admin_timeout_ms, stop, err) < 0) {
        topic_list_done(&source);
        return -1;
    }
    topic_list_filter(&source, is_wanted, c);
    find_missing(c, &source, &target, &missing);
    int rc = make_missing(c, &missing, err);
    if (learn(c, &source, &missing))
        c->ctx->request_task_reconfiguration(c->ctx);
    missing_done(&missing);
    topic_list_done(&source);
    topic_list_done(&target);
    return rc;
}

static int sync_acls(void *arg, struct kc_error *err) {
    struct source_connector *c = arg;
    struct acl_rules rules = {.remote = remote_name, .arg = c, .told_disabled = &c->told_no_acls};
    return acl_sync(c->source, c->target, &rules, c->conf->admin_timeout_ms, stop_on(jobs_stopping(c->jobs)), err);
}

/* The known topics with their remote names, as far as those exist. */
static struct config_pair *pairs_of(struct source_connector *c, const struct topic_list *target, size_t *ret_count) {
    struct config_pair *pairs = calloc(c->known.count + 1, sizeof *pairs);
    size_t count = 0;
    if (!pairs)
        abort();
    for (size_t i = 0; i < c->known.count; i++) {
        char *remote = policy_remote(&c->policy, c->conf->source, c->known.items[i].name);
        if (topic_list_find(target, remote))
            pairs[count++] = (struct config_pair){.topic = c->known.items[i].name, .remote = remote};
        else
            free(remote);
    }
    *ret_count = count;
    return pairs;
}

static int sync_configs(void *arg, struct kc_error *err) {
    struct source_connector *c = arg;
    const atomic_bool *stop = jobs_stopping(c->jobs);
    struct topic_list target;
    struct config_rules rules = rules_of(c);
    bool unsupported;
    size_t count;
    if (topic_list_read(&target, c->target, c->conf->admin_timeout_ms, stop_on(stop), err) < 0)
        return -1;
    struct config_pair *pairs = pairs_of(c, &target, &count);
    int rc = config_sync(c->source, c->target, c->target_java, pairs, count, &rules, c->conf->admin_timeout_ms, stop,
                         &unsupported, err);
    if (unsupported) {
        struct kc_error raised = {0};
        kc_fail(&raised, KC_CONNECT_EXCEPTION,
                "the target cluster '%s' is not compatible with IncrementalAlterConfigs API", c->conf->target);
        c->ctx->raise_error(c->ctx, &raised);
    }
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)pairs[i].remote);
    free(pairs);
    topic_list_done(&target);
    return rc;
}

/* ---- Connector ---- */

static void source_stop(void *self) {
    struct source_connector *c = self;
    jobs_free(c->jobs);
    client_free(c->source);
    client_free(c->target);
    kc_config_free(c->target_java);
    filter_done(&c->topics);
    filter_done(&c->properties);
    topic_list_done(&c->known);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static int open_clients(struct source_connector *c, struct kc_error *err) {
    c->source = mirror_client(c->config, CLIENT_ADMIN, MIRROR_SOURCE, "replication-source-admin", err);
    if (!c->source)
        return -1;
    c->target = mirror_client(c->config, CLIENT_ADMIN, MIRROR_TARGET, "replication-target-admin", err);
    c->target_java = mirror_wire_props(c->config, MIRROR_TARGET, "replication-target-admin", err);
    return c->target && c->target_java ? 0 : -1;
}

static int start_jobs(struct source_connector *c, struct kc_error *err) {
    const struct mirror_conf *conf = c->conf;
    c->jobs = jobs_new(LOGGER, c, conf->admin_timeout_ms);
    if (conf->emit_syncs)
        jobs_first(c->jobs, "creating upstream offset-syncs topic", create_syncs_topic);
    jobs_first(c->jobs, "loading initial set of topic-partitions", refresh_topics);
    if (conf->sync_acls)
        jobs_every(c->jobs, "syncing topic ACLs", mirror_interval_ms(conf->sync_acls_s), true, sync_acls);
    if (conf->sync_configs)
        jobs_every(c->jobs, "syncing topic configs", mirror_interval_ms(conf->sync_configs_s), true, sync_configs);
    if (conf->refresh_topics)
        jobs_every(c->jobs, "refreshing topics", mirror_interval_ms(conf->refresh_topics_s), false, refresh_topics);
    if (jobs_start(c->jobs, err) < 0)
        return -1;
    jobs_wait_first(c->jobs, START_WAIT_MS); /* tasks then begin with topics that are there */
    return 0;
}

static int source_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                        void **ret_self, struct kc_error *err) {
    struct source_connector *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->ctx = ctx;
    c->config = config;
    c->conf = conf;
    pthread_mutex_init(&c->lock, NULL);
    policy_init(&c->policy, config);
    if (!c->conf->enabled) {
        *ret_self = c;
        return 0;
    }
    if (filter_topics(&c->topics, config, err) < 0 || filter_properties(&c->properties, config, err) < 0 ||
        open_clients(c, err) < 0 || start_jobs(c, err) < 0) {
        source_stop(c);
        return -1;
    }
    *ret_self = c;
    return 0;
}

/* While the source was never seen there is no telling: the tasks of before go on until there is. */
static int source_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                               struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    struct source_connector *c = self;
    (void)conf;
    *ret_count = 0;
    if (!c->jobs)
        return 0;
    pthread_mutex_lock(&c->lock);
    bool loaded = c->loaded;
    if (loaded)
        *ret_count = share_partitions(config, &c->known, max_tasks, ret_configs);
    pthread_mutex_unlock(&c->lock);
    return loaded ? 0
                  : kc_fail(err, KC_RETRIABLE_EXCEPTION, "Timeout while loading topics of the source cluster %s.",
                            c->conf->source);
}

/* ---- Validation ---- */

static bool is_exactly(const struct kc_config *config, const char *key, const char *value) {
    const char *given = kc_config_get(config, key);
    return given && strcmp(given, value) == 0;
}

static bool reads_committed(const struct kc_config *config) {
    AUTO(props) props = mirror_client_props(config, CLIENT_CONSUMER, MIRROR_SOURCE, "replication-consumer");
    return is_exactly(props, "isolation.level", "read_committed");
}

static void source_validate(const struct kc_config *config, const void *conf, struct kc_problems *problems) {
    (void)conf;
    if (is_exactly(config, "exactly.once.support", "required") && !reads_committed(config))
        kc_problem(problems, "exactly.once.support",
                   "MirrorSourceConnector can only provide exactly-once guarantees when its source consumer is "
                   "configured with isolation.level set to 'read_committed'; otherwise, records from aborted and "
                   "uncommitted transactions will be replicated from the source cluster to the target cluster.");
    if (!is_exactly(config, "emit.offset-syncs.enabled", "false"))
        return;
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i);
        if (strncmp(key, "offset-syncs-", 13) == 0 || strncmp(key, "offset-syncs.topic.", 19) == 0) {
            kc_problem(problems, "emit.offset-syncs.enabled",
                       "MirrorSourceConnector can't setup offset-syncs feature while emit.offset-syncs.enabled set to "
                       "false");
            return;
        }
    }
}

static int source_alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                                const struct kc_value *offsets, size_t count, struct kc_error *err) {
    static const struct offset_shape shape = {.texts = {"cluster", "topic"}, .partition = true};
    (void)config;
    return mirror_check_offsets(&shape, partitions, offsets, count, err);
}

static int source_exactly_once(const struct kc_config *config, struct kc_error *err) {
    (void)err;
    return reads_committed(config) ? KC_EXACTLY_ONCE_SUPPORTED : KC_EXACTLY_ONCE_UNSUPPORTED;
}

static const struct kc_connector_ops connector_ops = {
    .validate = source_validate,
    .start = source_start,
    .task_configs = source_task_configs,
    .stop = source_stop,
    .alter_offsets = source_alter_offsets,
    .exactly_once_support = source_exactly_once,
};

const struct kc_plugin mirror_source_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.mirror.MirrorSourceConnector",
    .task_class = "org.apache.kafka.connect.mirror.MirrorSourceTask",
    .version = KAFKA_VERSION,
    .options = mirror_source_options,
    .conf_size = sizeof(struct mirror_conf),
    .task_options = mirror_source_task_options,
    .connector = &connector_ops,
    .source_task = &mirror_source_task_ops,
};
