/* The herder of connect/distributed*.c in a test's hand: no threads, no group, no brokers. Events, errands and ops wait
 * until the test lets them go on, so that it decides what happens in between; the config store is a picture that the
 * test sets. A program that calls one of these functions gets this in the place of connect/distributed.c and of
 * connect/store/config_store.c. One thread, but for event_post and the config store. */
#ifndef TESTS_SUPPORT_FAKE_LOOP_H
#define TESTS_SUPPORT_FAKE_LOOP_H

#include "connect/distributed_state.h"

struct fake_loop {
    struct herder *h;
    bool leads;                     /* this worker is the leader */
    struct snapshot_connector c;    /* the one connector there is; its name NULL: none */
    struct kc_error refresh, write; /* what config_store_refresh, and every write, end with from now on; code 0: well */
    void (*on_refresh)(void);       /* called by the next config_store_refresh only */
    bool hold_pool;                 /* errands of the pool are not run */
    bool hold_answers;              /* those that have run do not come back */
    char done[1024];                /* "claim relinquish count(c)=2 …": what the config store was asked to write */
};
extern struct fake_loop fake_loop;

void fake_loop_begin(void);
struct worker_conf *fake_loop_conf(void); /* of the herder; group.id is "g" */
void fake_loop_end(void);                 /* everything must have come to its end */
/* Does one thing of what waits: an event, an errand of the store, one of the pool, an op that is due while the herder
 * is not busy; false: there is nothing. */
bool fake_loop_step(void);
void fake_loop_settle(void); /* as long as there is something */

#endif
