/* What both assignors share: configuration snapshots, the owner map, the agreement on a config offset; and the choice
 * of the assignor. */
#include "connect/group/assign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"
#include "connect/group/assign_internal.h"

static void *allocated(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size);
    if (!p)
        abort();
    return p;
}

struct group_config *group_config_new(int64_t offset) {
    struct group_config *config = allocated(1, sizeof *config);
    config->offset = offset;
    return config;
}

void group_config_add(struct group_config *config, const char *connector, int32_t task_count) {
    size_t n = config->connector_count;
    if ((n & (n - 1)) == 0) { /* room is a power of two */
        config->connectors = reallocarray(config->connectors, n ? n * 2 : 1, sizeof *config->connectors);
        if (!config->connectors)
            abort();
    }
    config->connectors[n] = (struct group_connector){.name = strdup(connector), .task_count = task_count};
    if (!config->connectors[n].name)
        abort();
    config->connector_count++;
}

struct group_config *group_config_free(struct group_config *config) {
    if (!config)
        return NULL;
    for (size_t i = 0; i < config->connector_count; i++)
        free(config->connectors[i].name);
    free(config->connectors);
    free(config);
    return NULL;
}

void group_config_work(const struct group_config *config, struct work *out) {
    for (size_t i = 0; i < config->connector_count; i++) {
        const struct group_connector *c = &config->connectors[i];
        work_append_connector(out, c->name);
        for (int32_t task = 0; task < c->task_count; task++)
            work_append_task(out, c->name, task);
    }
    work_unique(out);
}

/* ---- owners ---- */

/* Keys: the connector's name, a NUL, the task number. */
struct owner_map {
    struct map *urls;
};

static struct owner_map *owner_map_new(void) {
    struct owner_map *owners = allocated(1, sizeof *owners);
    owners->urls = map_new(free);
    return owners;
}

struct owner_map *owner_map_free(struct owner_map *owners) {
    if (!owners)
        return NULL;
    map_free(owners->urls);
    free(owners);
    return NULL;
}

static char *owner_key(const char *connector, int32_t task, size_t *ret_len) {
    size_t name = strlen(connector) + 1;
    char *key = allocated(1, name + sizeof task);
    memcpy(key, connector, name);
    memcpy(key + name, &task, sizeof task);
    *ret_len = name + sizeof task;
    return key;
}

static void owner_map_put(struct owner_map *owners, const char *connector, int32_t task, const char *url) {
    size_t len;
    AUTO_TEXT key = owner_key(connector, task, &len);
    map_put_bytes(owners->urls, key, len, strdup(url));
}

void owner_map_add(struct owner_map *owners, const struct work *w, const char *url) {
    for (size_t i = 0; i < w->connector_count; i++)
        owner_map_put(owners, w->connectors[i], -1, url);
    for (size_t i = 0; i < w->task_count; i++)
        owner_map_put(owners, w->tasks[i].connector, w->tasks[i].number, url);
}

const char *owner_map_url(const struct owner_map *owners, const char *connector, int32_t task) {
    size_t len;
    AUTO_TEXT key = owner_key(connector, task, &len);
    return map_get_bytes(owners->urls, key, len);
}

/* ---- plans ---- */

struct assign_plan *assign_plan_free(struct assign_plan *plan) {
    if (!plan)
        return NULL;
    for (size_t i = 0; i < plan->count; i++)
        assignment_free(plan->assignments[i]);
    free(plan->assignments);
    owner_map_free(plan->owners);
    free(plan);
    return NULL;
}

/* Empty assignments that name leader, offset and error. */
static struct assign_plan *assign_plan_new(const struct assign_input *in, int64_t offset, int16_t error) {
    struct assign_plan *plan = allocated(1, sizeof *plan);
    plan->assignments = allocated(in->member_count, sizeof(struct assignment *));
    plan->owners = owner_map_new();
    const char *leader_url = "";
    for (size_t i = 0; i < in->member_count; i++)
        if (strcmp(in->members[i].id, in->leader) == 0)
            leader_url = in->members[i].url;
    for (size_t i = 0; i < in->member_count; i++) {
        struct assignment *asg = assignment_new();
        asg->version = (int16_t)in->protocol;
        asg->error = error;
        asg->offset = offset;
        asg->leader = strdup(in->leader);
        asg->leader_url = strdup(leader_url);
        plan->assignments[plan->count++] = asg;
    }
    return plan;
}

struct assign_plan *assignor_run(struct assignor *assignor, const struct assign_input *in, struct group_config **config,
                                 struct group_config *(*fresh)(void *arg), void *arg) {
    int64_t max_offset = INT64_MIN;
    for (size_t i = 0; i < in->member_count; i++)
        if (in->members[i].offset > max_offset)
            max_offset = in->members[i].offset;
    int64_t offset = max_offset;
    if ((*config)->offset < max_offset) {
        struct group_config *newer = fresh(arg);
        if (newer->offset < max_offset) {
            group_config_free(newer);
            return assign_plan_new(in, max_offset, ASSIGNMENT_CONFIG_MISMATCH);
        }
        group_config_free(*config);
        *config = newer;
        offset = newer->offset;
    }
    struct assign_plan *plan = assign_plan_new(in, offset, ASSIGNMENT_OK);
    if (in->protocol == GROUP_EAGER)
        assign_eager(in, *config, plan);
    else
        assign_cooperative(assignor, in, *config, plan);
    return plan;
}
