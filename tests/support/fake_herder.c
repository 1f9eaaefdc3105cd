#include "tests/support/fake_herder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

void fake_herder_init(struct herder *h) {
    *h = (struct herder){.http = 200, .json = "{}"};
    pthread_mutex_init(&h->lock, NULL);
}

void fake_herder_order(struct herder *h) {
    pthread_mutex_lock(&h->lock);
    pthread_mutex_unlock(&h->lock);
}

static void answer(struct herder *h, struct herder_request *req) {
    pthread_mutex_lock(&h->lock);
    req->http = h->http;
    req->created = h->created;
    if (h->error)
        err_set(&req->err, ERR_INTERNAL, "%s", h->error);
    if (h->forward_url)
        req->forward_url = strdup(h->forward_url);
    if (h->json)
        (void)buf_add_text(&req->json, h->json);
    pthread_mutex_unlock(&h->lock);
    req->done(req, req->arg);
}

void herder_submit(struct herder *h, struct herder_request *req) {
    pthread_mutex_lock(&h->lock);
    h->op = req->op;
    snprintf(h->connector, sizeof h->connector, "%s", req->connector ? req->connector : "");
    h->task = req->task;
    h->include_tasks = req->include_tasks;
    h->only_failed = req->only_failed;
    h->expand_status = req->expand_status;
    h->expand_info = req->expand_info;
    h->config[0] = '\0';
    for (size_t i = 0; req->config && i < kc_config_count(req->config); i++) {
        const char *value = kc_config_value(req->config, i);
        size_t used = strlen(h->config);
        snprintf(h->config + used, sizeof h->config - used, "%s=%s;", kc_config_key(req->config, i),
                 value ? value : "null");
    }
    bool hold = h->hold;
    if (hold)
        h->held[h->held_count++] = req;
    pthread_mutex_unlock(&h->lock);
    if (!hold)
        answer(h, req);
}

bool herder_read(struct herder *h, struct herder_request *req) {
    (void)h, (void)req;
    return false; /* everything goes the long way */
}

void fake_herder_release(struct herder *h) {
    pthread_mutex_lock(&h->lock);
    size_t count = h->held_count;
    h->held_count = 0;
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < count; i++)
        answer(h, h->held[i]);
}

struct herder_request *herder_request_new(enum herder_op op, const char *connector) {
    struct herder_request *req = calloc(1, sizeof *req);
    req->op = op;
    req->connector = connector ? strdup(connector) : NULL;
    buf_init(&req->json, 1 << 20);
    return req;
}

struct herder_request *herder_request_free(struct herder_request *req) {
    free(req->connector);
    free(req->plugin);
    free(req->logger);
    free(req->level);
    kc_config_free(req->config);
    for (int i = 0; i < req->task_count; i++)
        kc_config_free(req->tasks[i]);
    free(req->tasks);
    free(req->initial_state);
    free(req->body);
    free(req->signature);
    free(req->signature_algorithm);
    buf_done(&req->json);
    free(req->forward_url);
    free(req);
    return NULL;
}

char *herder_stage_text(struct herder *h) {
    (void)h;
    return strdup(
        "Request timed out. The worker is currently polling the group coordinator until interrupted, which began at "
        "2026-01-31T08:15:30Z.");
}

bool herder_was_ready(struct herder *h) {
    return h->ready;
}

const char *herder_cluster_id(const struct herder *h) {
    (void)h;
    return "cluster";
}
