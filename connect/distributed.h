/* The herder: group membership, internal topics, desired state, requests. One thread with one libuv loop that never
 * blocks; everything reaches it through one mailbox. main.c makes it after the REST server is bound, starts and stops
 * it. Requests: connect/herder.h.
 *
 * In standalone mode (conf->standalone) it is the same machine with other ends: a group of one (connect/group/alone.h),
 * configurations and statuses in memory, offsets in a file (connect/store/store_log.h), and requests that are answered
 * when what they ask for is done (standalone.c). @source DistributedHerder, StandaloneHerder (distributed-worker 6, 7,
 * 17) */
#ifndef CONNECT_DISTRIBUTED_H
#define CONNECT_DISTRIBUTED_H

#include "config/substitute.h"
#include "config/worker_options.h"
#include "connect/base/auto.h"
#include "connect/herder.h"

struct herder_setup { /* borrowed for the herder's life, texts are copied */
    const struct worker_conf *conf;
    struct substitute *substitute;
    const char *url;       /* advertised, with a slash at its end */
    const char *worker_id; /* host:port */
    /* Something to look at: the id of the Kafka cluster is known (herder_cluster_id: requests may come), or the herder
     * cannot go on (herder_failed: call herder_stop). @thread any  @blocks no */
    void (*on_news)(void *arg);
    void *arg;
};

/* @errors ERR_BAD_CONFIG: settings that contradict each other or are not supported */
struct herder *herder_new(const struct herder_setup *setup, struct kc_error *err);
/* Starts the thread: cluster id, internal topics, group, then the tick loop. */
int herder_start(struct herder *h, struct kc_error *err) KC_CHECKED;
/* Ordered stop: requests are refused, connectors and tasks stopped, the group left, stores closed. Requests submitted
 * later are answered at once. false: something did not end in time; the process must end without freeing the herder.
 * @thread main  @blocks up to worker.sync.timeout.ms + task.shutdown.graceful.timeout.ms + 15 s */
bool herder_stop(struct herder *h);
bool herder_failed(const struct herder *h); /* start-up failed, or refused by the group */
/* Standalone: the connectors of the command line are there: /health may say so; or they are not, and the worker has to
 * end. @thread any */
void herder_set_ready(struct herder *h);
void herder_give_up(struct herder *h, const struct kc_error *err);
struct herder *herder_free(struct herder *h); /* after a successful stop, or never started */

AUTO_FREE(herder, struct herder, herder_free)

#endif
