/* What is different in standalone mode: a request that changes something is answered when the change is in force,
 * connector started and tasks made, not when it is written; and there are no other workers to speak to.
 * Runs on the herder's loop. @source StandaloneHerder (rest-api 11, distributed-worker 17) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"

/* A request whose answer waits until the herder is done with the connector. */
struct settling {
    struct list link;
    struct herder_request *req;
    int http;
    bool failed;
    struct kc_error err;
};

void settle_later(struct herder *h, struct herder_request *req, int http) {
    struct settling *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->req = req;
    s->http = http;
    list_append(&h->settling, &s->link);
}

static bool is_config_change(const struct settling *s) {
    return s->req->op == HERDER_CREATE || s->req->op == HERDER_PUT_CONFIG || s->req->op == HERDER_PATCH_CONFIG;
}

void settle_failed(struct herder *h, const char *connector, const struct kc_error *err) {
    for (struct list *link = h->settling.next; link != &h->settling; link = link->next) {
        struct settling *s = CONTAINER_OF(link, struct settling, link);
        if (s->failed || !is_config_change(s) || strcmp(s->req->connector, connector) != 0)
            continue;
        s->failed = true;
        s->err = *err;
    }
}

void note_transition(struct herder *h, const char *connector, uint64_t ticket) {
    if (h->conf->standalone)
        map_put(h->transitions, connector, (void *)(uintptr_t)ticket);
}

/* No change of the connector is under way. What has to stop or start because of written configurations is done when
 * there is no turn to take. */
static bool is_settled(struct herder *h, const struct settling *s) {
    const char *connector = s->req->connector;
    const struct reconfig_state *rs = map_get(h->reconfigs, connector);
    bool computing = rs && (rs->wanted || rs->queued || rs->in_flight || rs->result);
    if (s->failed || s->req->op == HERDER_DELETE)
        return true;
    return !map_has(h->transitions, connector) && !computing;
}

static void settle(struct herder *h, struct settling *s) {
    struct herder_request *req = s->req;
    const struct snapshot_connector *c = config_snapshot_find(h->snap, req->connector);
    if (s->failed) {
        answer_error(req, &s->err);
    } else {
        if (is_config_change(s))
            herder_json_info(&req->json, req->connector, c ? c->config : req->config, c ? c->task_count : 0);
        answer(req, s->http);
    }
    free(s);
}

void settle_turn(struct herder *h) {
    for (struct list *link = h->settling.next, *next; link != &h->settling; link = next) {
        struct settling *s = CONTAINER_OF(link, struct settling, link);
        next = link->next;
        if (!is_settled(h, s))
            continue;
        list_remove(&s->link);
        settle(h, s);
    }
}

void settle_end(struct herder *h) {
    struct list *link;
    while ((link = list_pop(&h->settling))) {
        struct settling *s = CONTAINER_OF(link, struct settling, link);
        answer_fail(s->req, ERR_STOPPING, "Worker is shutting down");
        free(s);
    }
}

bool standalone_refuses(struct herder *h, struct herder_request *req) {
    switch (req->op) {
    case HERDER_PUT_TASKS:
        answer_fail(req, ERR_INTERNAL,
                    "Kafka Connect in standalone mode does not support externally setting task configurations.");
        return true;
    case HERDER_FENCE:
        answer_fail(req, ERR_INTERNAL,
                    "Kafka Connect in standalone mode does not support exactly-once source connectors.");
        return true;
    case HERDER_HEALTH:
        if (atomic_load(&h->ready))
            return false;
        herder_json_health(&req->json, "starting", "Worker is still starting up.");
        answer(req, 503);
        return true;
    default:
        return false;
    }
}
