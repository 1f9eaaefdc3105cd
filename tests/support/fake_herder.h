/* A herder for REST's tests: answers by what a test prepared, or not at all until told. Linking it replaces the real
 * one. */
#ifndef TESTS_SUPPORT_FAKE_HERDER_H
#define TESTS_SUPPORT_FAKE_HERDER_H

#include <pthread.h>

#include "connect/herder.h"

struct herder {
    pthread_mutex_t lock;
    bool hold; /* keep requests instead of answering */
    struct herder_request *held[64];
    size_t held_count;
    /* the answer to give */
    int http;
    const char *json;
    const char *error; /* text of an error of status http */
    bool created;
    const char *forward_url;
    bool ready;
    /* the last question */
    enum herder_op op;
    char connector[128];
    int task;
    char config[1024]; /* k=v; of the configuration */
    bool include_tasks, only_failed, expand_status, expand_info;
};
void fake_herder_init(struct herder *h);
/* The test reads and writes the fields above between requests; this orders it with the server's threads, which the
 * connections between them do only for the processor, not for the thread sanitizer. */
void fake_herder_order(struct herder *h);
void fake_herder_release(struct herder *h); /* answers what is held */

#endif
