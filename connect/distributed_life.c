/* Birth and end of the herder: what it owns, the thread, reading the internal topics, the ordered shutdown.
 * main.c calls herder_new, herder_start, herder_stop, herder_free; see distributed.h. */
#include "connect/distributed_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"
#include "connect/session_key.h"

enum { POOL_THREADS = 16, STOP_EXTRA_MS = 15000, SAY_EVERY_MS = 30000, CLUSTER_ID_MS = 1000, QUEUE_END_MS = 2000 };

/* ---- construction ------------------------------------------------------------------------------------------------ */

static int check_settings(const struct worker_conf *conf, struct kc_error *err) {
    size_t len;
    bool listed = false;
    if (session_key_length(conf->inter_worker_key_algorithm, conf->inter_worker_key_size, &len, err) < 0)
        return -1;
    for (size_t i = 0; i < conf->inter_worker_verification_algorithms.count; i++)
        listed = listed || strcmp(conf->inter_worker_verification_algorithms.items[i],
                                  conf->inter_worker_signature_algorithm) == 0;
    if (!listed)
        return err_set(
            err, ERR_BAD_CONFIG,
            "Signature algorithm (inter.worker.signature.algorithm) must be present in signature verification "
            "algorithms (inter.worker.verification.algorithms)");
    return 0;
}

static void init_state(struct herder *h) {
    list_init(&h->ops);
    list_init(&h->starting);
    list_init(&h->settling);
    h->rebalance_resolved = h->can_read_configs = true;
    h->rejoining = true;
    h->scheduled_rebalance_ms = h->key_expiration_ms = NEVER_MS;
    h->backoff_retries = HERDER_BACKOFF_RETRIES;
    h->updated_connectors = map_new(NULL);
    h->updated_targets = map_new(NULL);
    h->updated_tasks = map_new(NULL);
    h->restarts = map_new(free);
    h->reconfigs = map_new(reconfig_state_free);
    h->ttls = map_new(free);
    h->fencings = map_new(fencing_free);
    h->transitions = map_new(NULL);
}

struct herder *herder_new(const struct herder_setup *setup, struct kc_error *err) {
    if (!setup->conf->standalone && check_settings(setup->conf, err) < 0)
        return NULL;
    struct herder *h = calloc(1, sizeof(*h));
    if (!h)
        abort();
    h->setup = *setup;
    h->conf = setup->conf;
    h->url = strdup(setup->url);
    h->worker_id = strdup(setup->worker_id);
    h->protocol = h->conf->standalone                                        ? GROUP_COMPATIBLE
                  : strcasecmp(h->conf->connect_protocol, "eager") == 0      ? GROUP_EAGER
                  : strcasecmp(h->conf->connect_protocol, "compatible") == 0 ? GROUP_COMPATIBLE
                                                                             : GROUP_SESSIONED;
    h->stage = stage_new();
    h->mailbox = mailbox_new();
    h->store_jobs = job_queue_new("store", 1, h->mailbox, MSG_JOB);
    h->pool = job_queue_new("herder-pool", POOL_THREADS, h->mailbox, MSG_JOB);
    pthread_mutex_init(&h->door, NULL);
    pthread_cond_init(&h->ended_cond, NULL);
    init_state(h);
    h->configs = config_store_new(h->conf, &herder_config_listener, h);
    h->offsets = offset_store_new(h->conf);
    h->statuses = status_store_new(h->conf);
    h->snap = config_store_snapshot(h->configs);
    return h;
}

static void free_collections(struct herder *h) {
    struct list *link;
    while ((link = list_pop(&h->ops)))
        op_free(CONTAINER_OF(link, struct op, link));
    map_free(h->updated_connectors);
    map_free(h->updated_targets);
    map_free(h->updated_tasks);
    map_free(h->restarts);
    map_free(h->reconfigs);
    map_free(h->ttls);
    map_free(h->fencings);
    map_free(h->transitions);
    work_done(&h->running);
    work_done(&h->revoked);
    work_done(&h->tasks_to_restart);
    assignment_free(h->asg);
    assignment_free(h->new_asg);
}

struct herder *herder_free(struct herder *h) {
    if (!h)
        return NULL;
    membership_free(h->member);
    client_security_free(h->security);
    job_queue_free(h->store_jobs);
    job_queue_free(h->pool);
    config_snapshot_unref(h->snap);
    config_store_free(h->configs);
    offset_store_free(h->offsets);
    status_store_free(h->statuses);
    free_collections(h);
    loop_drain(h);
    mailbox_free(h->mailbox);
    stage_free(h->stage);
    pthread_cond_destroy(&h->ended_cond);
    pthread_mutex_destroy(&h->door);
    free(atomic_load(&h->cluster_id));
    free(h->url);
    free(h->worker_id);
    free(h);
    return NULL;
}

/* ---- start-up ---------------------------------------------------------------------------------------------------- */

static char *join_servers(const struct worker_conf *c) {
    AUTO_BUF servers;
    buf_init(&servers, 1 << 20);
    for (size_t i = 0; i < c->bootstrap_servers.count; i++)
        buf_printf(&servers, "%s%s", i ? "," : "", c->bootstrap_servers.items[i]);
    return buf_take(&servers);
}

static void say_waiting(const struct herder *h, int64_t *next_ms, const struct kc_error *err) {
    int64_t now = clock_ms();
    if (now < *next_ms)
        return;
    *next_ms = now + SAY_EVERY_MS;
    char *servers = join_servers(h->conf);
    kc_log(KC_WARN, LOG_HERDER, "Waiting for Kafka brokers at %s (%s), retrying", servers, err->text);
    free(servers);
}

/* The id of the Kafka cluster; tries until there is a broker or the herder is stopped. @thread store */
static int fetch_cluster_id(struct herder *h, struct kc_error *err) {
    int64_t say_ms = clock_ms() + 3000;
    AUTO(rd) rk = admin_open(h->conf->text, err);
    char *id = NULL;
    if (!rk)
        return -1;
    while (admin_cluster_id(rk, CLUSTER_ID_MS, &id, err) < 0) {
        if (atomic_load(&h->cancel_start))
            return err_set(err, ERR_STOPPING, "Worker is shutting down");
        if (err->code == ERR_AUTH) /* the brokers are there, and waiting will not make them like us */
            return -1;
        say_waiting(h, &say_ms, err);
        clock_sleep_ms(100);
    }
    kc_log(KC_INFO, LOG_HERDER, "Kafka cluster ID: %s", id);
    atomic_store(&h->cluster_id, id);
    h->setup.on_news(h->setup.arg);
    return 0;
}

static int open_stores(struct herder *h, struct errand *e) {
    if (fetch_cluster_id(h, &e->err) < 0 || offset_store_start(h->offsets, &e->err) < 0 ||
        status_store_start(h->statuses, &e->err) < 0)
        return -1;
    return config_store_start(h->configs, &e->err);
}

static struct group_member *new_member(struct herder *h, const char *servers, const char *client_id,
                                       struct kc_error *err) {
    const struct worker_conf *c = h->conf;
    const char *setup_timeout = kc_config_get(c->text, "socket.connection.setup.timeout.ms"); /* checked as a LONG */
    struct group_member_conf conf = {.bootstrap_servers = servers,
                                     .client_id = client_id,
                                     .security = h->security,
                                     .group_id = c->group_id,
                                     .url = h->url,
                                     .protocol = h->protocol,
                                     .session_timeout_ms = c->session_timeout_ms,
                                     .heartbeat_interval_ms = c->heartbeat_interval_ms,
                                     .rebalance_timeout_ms = c->rebalance_timeout_ms,
                                     .request_timeout_ms = c->request_timeout_ms,
                                     .retry_backoff_ms = c->retry_backoff_ms,
                                     .retry_backoff_max_ms = c->retry_backoff_max_ms,
                                     .reconnect_backoff_ms = c->reconnect_backoff_ms,
                                     .reconnect_backoff_max_ms = c->reconnect_backoff_max_ms,
                                     .metadata_max_age_ms = c->metadata_max_age_ms,
                                     .connection_setup_timeout_ms =
                                         setup_timeout ? strtoll(setup_timeout, NULL, 10) : 10000,
                                     .scheduled_rebalance_max_delay_ms = c->scheduled_rebalance_max_delay_ms};
    return group_member_new(&conf, &herder_group_callbacks, h, err);
}

static int join_group(struct herder *h, struct kc_error *err) {
    char client_id[512];
    if (h->conf->client_id && h->conf->client_id[0])
        snprintf(client_id, sizeof(client_id), "%s", h->conf->client_id);
    else
        snprintf(client_id, sizeof(client_id), "connect-%s", h->worker_id);
    h->security = client_security(h->conf->text, err);
    if (!h->security)
        return -1;
    char *servers = join_servers(h->conf);
    struct group_member *member = new_member(h, servers, client_id, err);
    free(servers);
    if (!member)
        return -1;
    h->member = membership_in_group(member);
    return membership_start(h->member, err);
}

static int make_member(struct herder *h, struct kc_error *err) {
    if (!h->conf->standalone)
        return join_group(h, err);
    h->member = membership_alone(group_alone_new(h->url, &herder_group_callbacks, h));
    return membership_start(h->member, err);
}

static void stores_open(struct herder *h, struct errand *e) {
    herder_end(h);
    if (h->stopping)
        return;
    if (e->rc < 0) {
        herder_fail(h, &e->err);
        return;
    }
    struct worker_setup setup = {.conf = h->conf,
                                 .worker_id = h->worker_id,
                                 .cluster_id = atomic_load(&h->cluster_id),
                                 .substitute = h->setup.substitute,
                                 .statuses = h->statuses,
                                 .offsets = h->offsets,
                                 .listener = &herder_connector_listener,
                                 .listener_arg = h,
                                 .guard = &herder_task_guard,
                                 .guard_arg = h,
                                 .reply = h->mailbox,
                                 .reply_type = MSG_JOB};
    h->worker = worker_new(&setup);
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    struct kc_error err = {0};
    if (make_member(h, &err) < 0) {
        herder_fail(h, &err);
        return;
    }
    kc_log(KC_INFO, LOG_HERDER, "Herder started");
    h->started = true;
    atomic_store(&h->topics_read, true);
    answer_reads(h);
}

static void *herder_thread(void *arg) {
    struct herder *h = arg;
    herder_begin(h, "initializing and reading to the end of internal topics");
    errand_to_store(errand_new(h, open_stores, stores_open));
    loop_run(h);
    loop_drain(h);
    pthread_mutex_lock(&h->door);
    h->ended = true;
    pthread_cond_broadcast(&h->ended_cond);
    pthread_mutex_unlock(&h->door);
    return NULL;
}

int herder_start(struct herder *h, struct kc_error *err) {
    loop_init(h);
    if (thread_start(&h->thread, "herder", herder_thread, h, err) < 0) {
        loop_end(h);
        loop_run(h);
        return -1;
    }
    h->thread_started = true;
    return 0;
}

/* ---- shutdown ---------------------------------------------------------------------------------------------------- */

static void refuse_ops(struct herder *h) {
    struct list *link;
    while ((link = list_pop(&h->ops))) {
        struct herder_request *req = op_take(CONTAINER_OF(link, struct op, link)); /* tells a task, if it is one's */
        if (req)
            answer_fail(req, ERR_STOPPING, "Worker is shutting down");
    }
    restarts_fail(h);
    fencings_fail(h);
    settle_end(h);
}

static void cancel_stores(struct herder *h) {
    atomic_store(&h->cancel_start, true);
    config_store_cancel(h->configs);
    offset_store_cancel(h->offsets);
    status_store_cancel(h->statuses);
}

/* @thread pool */
static int stop_membership(struct herder *h, struct errand *e) {
    (void)e;
    if (h->member)
        membership_stop(h->member);
    return 0;
}

static void group_left(struct herder *h, struct errand *e) {
    (void)e;
    cancel_stores(h);
    herder_end(h);
    loop_end(h);
}

static void work_stopped(void *arg, size_t given_up) {
    struct herder *h = arg;
    if (given_up)
        kc_log(KC_WARN, LOG_HERDER, "%zu connectors or tasks did not stop in time", given_up);
    say_farewell(h);
}

void leave_group(struct herder *h) {
    errand_to_pool(errand_new(h, stop_membership, group_left));
}

/* Called after every message while stopping: waits for the operation under way (but not for long for the broker), then
 * stops the work, leaves the group and ends the loop. */
void shutdown_turn(struct herder *h) {
    refuse_ops(h);
    if (!h->stopping_ms) {
        h->stopping_ms = clock_ms();
        kc_log(KC_INFO, LOG_HERDER, "Herder stopping");
    }
    if (h->ending)
        return;
    if (h->busy) {
        if (!h->started || clock_ms() > h->stopping_ms + h->conf->worker_sync_timeout_ms)
            cancel_stores(h);
        return;
    }
    h->ending = true;
    herder_begin(h, "shutting down");
    if (h->worker) {
        AUTO_WORK all = {0};
        worker_all(h->worker, &all);
        worker_stop(h->worker, &all, work_stopped, h);
    } else {
        work_stopped(h, 0);
    }
}

static bool await_end(struct herder *h, int64_t deadline_ms) {
    pthread_mutex_lock(&h->door);
    while (!h->ended && cond_wait_until(&h->ended_cond, &h->door, deadline_ms))
        ;
    bool ended = h->ended;
    pthread_mutex_unlock(&h->door);
    return ended;
}

bool herder_stop(struct herder *h) {
    if (!h->thread_started)
        return true;
    event_post(h, event_new(EV_SHUTDOWN, NULL));
    if (!await_end(h, clock_add_ms(clock_after_ms(h->conf->task_graceful_timeout_ms),
                                   h->conf->worker_sync_timeout_ms + STOP_EXTRA_MS))) {
        kc_log(KC_ERROR, LOG_HERDER, "The herder did not stop in time");
        return false;
    }
    pthread_join(h->thread, NULL);
    h->thread_started = false;
    int64_t deadline = clock_ms() + QUEUE_END_MS;
    bool ended = job_queue_join(h->store_jobs, deadline);
    ended = job_queue_join(h->pool, deadline) && ended;
    ended = worker_free(h->worker, deadline) && ended;
    loop_drain(h);
    kc_log(KC_INFO, LOG_HERDER, "Herder stopped");
    return ended;
}

void herder_set_ready(struct herder *h) {
    atomic_store(&h->ready, true);
}

void herder_give_up(struct herder *h, const struct kc_error *err) {
    herder_fail(h, err);
}

bool herder_failed(const struct herder *h) {
    return atomic_load(&h->failed);
}
