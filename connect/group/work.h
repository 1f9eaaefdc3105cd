/* A set of connectors and tasks: what a member runs, gets, gives up. Plain data, one thread at a time. */
#ifndef CONNECT_GROUP_WORK_H
#define CONNECT_GROUP_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct work_task {
    char *connector;
    int32_t number;
};

/* Connectors and tasks that belong together: an assignment, what is revoked. Order is kept (the assignor revokes from
 * the front), nothing stands twice in it when only the functions below build it. Owns its names. `struct work w = {0};`
 * is empty. */
struct work {
    char **connectors;
    size_t connector_count;
    struct work_task *tasks;
    size_t task_count;
};

void work_done(struct work *w);                           /* frees the contents; the struct is empty afterwards */
void work_copy(struct work *to, const struct work *from); /* `to` must be empty */
bool work_empty(const struct work *w);
bool work_has_connector(const struct work *w, const char *connector);
bool work_has_task(const struct work *w, const char *connector, int32_t number);
void work_add_connector(struct work *w, const char *connector); /* at the end; again: no change */
void work_add_task(struct work *w, const char *connector, int32_t number);
void work_add_all(struct work *w, const struct work *more);
void work_remove_all(struct work *w, const struct work *gone);
void work_sort(struct work *w); /* connectors by name; tasks by connector, then number */
/* For readers of foreign bytes: without the search for an earlier one. */
void work_append_connector(struct work *w, const char *connector);
void work_append_task(struct work *w, const char *connector, int32_t number);
bool work_equal(const struct work *a, const struct work *b); /* same sets, any order */
/* Those of `of` that are (not) in `in`, in the order of `of`, added to `out`. */
void work_add_common(struct work *out, const struct work *of, const struct work *in);
void work_add_missing(struct work *out, const struct work *of, const struct work *in);
void work_unique(struct work *w); /* sorts and drops what stands twice */
/* What stands more than once in `w`, once, sorted, added to `out`. */
void work_add_repeated(struct work *out, const struct work *w);

#define AUTO_WORK __attribute__((cleanup(work_done))) struct work

#endif
