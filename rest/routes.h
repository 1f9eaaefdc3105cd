/* The table of endpoints. */
#ifndef REST_ROUTES_H
#define REST_ROUTES_H

#include "rest/exchange.h"

struct route {
    const char *method; /* GET serves HEAD too */
    const char *path;   /* segments by '/', a {name} matches any one segment */
    void (*handle)(struct rest_exchange *ex);
    bool body;     /* takes a JSON body: Content-Type required when one is sent */
    bool any_type; /* no Content-Type rule at all: /, /health, internal endpoints */
    bool text;     /* answers plain text, whatever Accept says */
    bool admin;    /* lives on the admin listener when there is one */
};

extern const struct route routes[];

/* Decodes the target into segments and finds the route, or answers (400, 401, 404, 405, 406, 415, OPTIONS). */
void routes_match(struct rest_exchange *ex);

/* handlers by resource: root.c, connectors.c, offsets.c, plugins.c, loggers.c */
void handle_root(struct rest_exchange *ex);
void handle_health(struct rest_exchange *ex);
void handle_metrics(struct rest_exchange *ex);
void handle_list(struct rest_exchange *ex);
void handle_create(struct rest_exchange *ex);
void handle_info(struct rest_exchange *ex);
void handle_delete(struct rest_exchange *ex);
void handle_get_config(struct rest_exchange *ex);
void handle_put_config(struct rest_exchange *ex);
void handle_patch_config(struct rest_exchange *ex);
void handle_status(struct rest_exchange *ex);
void handle_restart(struct rest_exchange *ex);
void handle_pause(struct rest_exchange *ex);
void handle_resume(struct rest_exchange *ex);
void handle_stop(struct rest_exchange *ex);
void handle_tasks(struct rest_exchange *ex);
void handle_put_tasks(struct rest_exchange *ex);
void handle_fence(struct rest_exchange *ex);
void handle_leaving(struct rest_exchange *ex);
bool route_is_internal(const struct route *r); /* between workers: signed, so that no user is asked for */
void handle_task_status(struct rest_exchange *ex);
void handle_task_restart(struct rest_exchange *ex);
void handle_topics(struct rest_exchange *ex);
void handle_topics_reset(struct rest_exchange *ex);
void handle_offsets(struct rest_exchange *ex);
void handle_alter_offsets(struct rest_exchange *ex);
void handle_reset_offsets(struct rest_exchange *ex);
void handle_plugins(struct rest_exchange *ex);
void handle_plugin_config(struct rest_exchange *ex);
void handle_validate(struct rest_exchange *ex);
void handle_loggers(struct rest_exchange *ex);
void handle_logger(struct rest_exchange *ex);
void handle_set_logger(struct rest_exchange *ex);

#endif
