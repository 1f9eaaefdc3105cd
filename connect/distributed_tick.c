/* What the herder does next: Java's tick() as a row of turns, each of which does one thing; see distributed_state.h.
 * @source DistributedHerder.tick (distributed-worker 6.1, 6.3) */
#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/session_key.h"

/* ---- reading the config topic again ------------------------------------------------------------------------------ */

static int refresh(struct herder *h, struct errand *e) {
    return config_store_refresh(h->configs, h->conf->worker_sync_timeout_ms, &e->err);
}

static void give_up_work(void *arg, size_t given_up) {
    struct herder *h = arg;
    (void)given_up;
    herder_end(h);
}

/* The topic could not be read: leave the group, so that others take over, and try again later. */
static void back_off(struct herder *h, const struct kc_error *err) {
    kc_log(KC_WARN, LOG_HERDER, "Didn't reach end of config log quickly enough (%s), leaving the group", err->text);
    membership_leave(h->member, "taking too long to read the log");
    h->can_read_configs = false;
    h->left_group = h->rejoining = true;
    int64_t ms = h->conf->worker_unsync_backoff_ms;
    if (herder_protocol_version(h) > GROUP_EAGER) {
        if (h->backoff_retries == 0) {
            h->backoff_retries = HERDER_BACKOFF_RETRIES;
            kc_log(KC_WARN, LOG_HERDER, "The config log could not be read for too long, stopping all work");
            herder_begin(h, "stopping %zu and %zu tasks", h->running.connector_count, h->running.task_count);
            AUTO_WORK all = h->running;
            h->running = (struct work){0};
            worker_stop(h->worker, &all, give_up_work, h);
            return;
        }
        ms = h->conf->scheduled_rebalance_max_delay_ms / 10 / h->backoff_retries--;
    }
    h->backoff_until_ms = clock_ms() + ms;
    stage_begin(h->stage, "sleeping for a backoff duration of %lldms", (long long)ms);
}

static void refreshed(struct herder *h, struct errand *e) {
    herder_end(h);
    if (h->stopping)
        return;
    if (e->rc < 0) {
        back_off(h, &e->err);
        return;
    }
    h->can_read_configs = true;
    h->backoff_retries = HERDER_BACKOFF_RETRIES;
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    kc_log(KC_INFO, LOG_HERDER,
           "Finished reading to end of log and updated config snapshot, new config log offset: %lld",
           (long long)h->snap->offset);
    if (h->left_group)
        request_rejoin(h);
    h->left_group = false;
}

void read_configs(struct herder *h) {
    herder_begin(h, "reading to the end of the config topic");
    errand_to_store(errand_new(h, refresh, refreshed));
}

/* ---- session key ------------------------------------------------------------------------------------------------- */

static int write_key(struct herder *h, struct errand *e) {
    return config_store_put_session_key(h->configs, &e->key, &e->err);
}

static void key_written(struct herder *h, struct errand *e) {
    herder_end(h);
    if (e->rc == 0 || h->stopping)
        return;
    kc_log(KC_INFO, LOG_HERDER,
           "Failed to write new session key to config topic; forcing a read to the end of the config "
           "topic before possibly retrying: %s",
           e->err.text);
    h->can_read_configs = false;
}

static bool signs(struct herder *h) {
    return herder_protocol_version(h) >= GROUP_SESSIONED;
}

static bool key_turn(struct herder *h) {
    const struct worker_conf *c = h->conf;
    if (!signs(h))
        return false;
    if (!h->has_key && h->snap->has_session_key) { /* written before this worker came: no listener told of it */
        h->key = h->snap->session_key;
        h->has_key = true;
        h->key_expiration_ms = session_key_expiration(&h->key, c->inter_worker_key_ttl_ms);
    }
    if (!herder_is_leader(h))
        return false;
    bool due = !h->has_key || h->key_expiration_ms <= clock_wall_ms() ||
               !session_key_fits(&h->key, c->inter_worker_key_algorithm, c->inter_worker_key_size);
    if (!due)
        return false;
    struct errand *e = errand_new(h, write_key, key_written);
    if (session_key_make(c->inter_worker_key_algorithm, c->inter_worker_key_size, &e->key, &e->err) < 0) {
        herder_fail(h, &e->err);
        errand_free(e);
        return false;
    }
    kc_log(KC_DEBUG, LOG_HERDER, "Internal key is %s, writing a new one", h->has_key ? "due for rotation" : "missing");
    h->key_expiration_ms = NEVER_MS;
    herder_begin(h, "writing a new session key to the config topic");
    errand_to_store(e);
    return true;
}

/* ---- turns ------------------------------------------------------------------------------------------------------- */

static bool op_turn(struct herder *h) {
    if (list_empty(&h->ops))
        return false;
    struct op *op = CONTAINER_OF(h->ops.next, struct op, link);
    if (op->due_ms > clock_ms())
        return false;
    list_remove(&op->link);
    op->run(h, op);
    return true;
}

/* A member of a stable group whose assignment is in force: only then requests are looked at. */
static bool active(struct herder *h) {
    return h->asg && !h->rejoining && h->rebalance_resolved && membership_stable(h->member);
}

static bool one_turn(struct herder *h) {
    if (h->busy)
        return false;
    if (rebalance_turn(h))
        return true;
    if (!h->can_read_configs) {
        if (clock_ms() < h->backoff_until_ms)
            return false;
        read_configs(h);
        return true;
    }
    if (!h->asg || h->rejoining)
        return false;
    if (h->scheduled_rebalance_ms <= clock_ms()) {
        h->scheduled_rebalance_ms = NEVER_MS;
        request_rejoin(h);
        return true;
    }
    if (!h->rebalance_resolved)
        return rebalance_complete(h);
    if (!active(h))
        return false;
    if (!h->conf->standalone)
        herder_set_ready(h);
    enum claim_turn claim = claim_turn(h);
    if (claim != CLAIM_NOT_NEEDED)
        return claim == CLAIM_BEGUN;
    /* Unlike in Java changes come before requests: these need not be refused then because a rebalance is expected. */
    return key_turn(h) || updates_turn(h) || op_turn(h) || restart_turn(h);
}

void tick_turns(struct herder *h) {
    while (!h->stopping && one_turn(h))
        ;
    if (h->busy || h->stopping || h->backoff_until_ms > clock_ms())
        return;
    if (active(h))
        settle_turn(h);
    if (!h->rejoining)
        stage_begin(h->stage, "polling the group coordinator until interrupted");
    else
        stage_begin(h->stage, "ensuring membership in the cluster");
}

int64_t tick_next_due_ms(struct herder *h) {
    int64_t due = NEVER_MS;
    if (!h->can_read_configs)
        return h->backoff_until_ms;
    if (!active(h))
        return due;
    if (h->scheduled_rebalance_ms < due)
        due = h->scheduled_rebalance_ms;
    if (h->unprivileged && herder_is_leader(h)) /* nothing else is done before */
        return h->claim_ms < due ? h->claim_ms : due;
    if (!list_empty(&h->ops)) {
        const struct op *op = CONTAINER_OF(h->ops.next, struct op, link);
        due = op->due_ms < due ? op->due_ms : due;
    }
    if (herder_is_leader(h) && signs(h) && h->key_expiration_ms != NEVER_MS) {
        int64_t key_due = clock_ms() + h->key_expiration_ms - clock_wall_ms();
        due = key_due < due ? key_due : due;
    }
    return due;
}
