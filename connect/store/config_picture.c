/* The reader's state per connector and the rules that change it. Configurations are counted and shared between the
 * picture and its snapshots, so that a snapshot copies pointers only. */
#include "connect/store/config_picture.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/map.h"

/* ---- Counted configurations ---- */

struct shared {
    int refs; /* atomic: snapshots are dropped on any thread */
    struct kc_config *config;
};

static struct shared *shared_new(struct kc_config *config) {
    struct shared *s = malloc(sizeof(*s));
    if (!s)
        abort();
    *s = (struct shared){.refs = 1, .config = config};
    return s;
}

static struct shared *shared_ref(struct shared *s) {
    if (s)
        __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

static struct shared *shared_unref(struct shared *s) {
    if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        kc_config_free(s->config);
        free(s);
    }
    return NULL;
}

/* ---- Task configurations by number, sorted ---- */

struct task {
    int id;
    struct shared *config;
};
struct tasks {
    struct task *items;
    size_t count, cap;
};

static size_t tasks_find(const struct tasks *t, int id) {
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t->items[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Takes one reference. */
static void tasks_put(struct tasks *t, int id, struct shared *config) {
    size_t at = tasks_find(t, id);
    if (at < t->count && t->items[at].id == id) {
        shared_unref(t->items[at].config);
        t->items[at].config = config;
        return;
    }
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 4;
        t->items = realloc(t->items, t->cap * sizeof(*t->items));
        if (!t->items)
            abort();
    }
    memmove(&t->items[at + 1], &t->items[at], (t->count - at) * sizeof(*t->items));
    t->items[at] = (struct task){.id = id, .config = config};
    t->count++;
}

static void tasks_clear(struct tasks *t) {
    for (size_t i = 0; i < t->count; i++)
        shared_unref(t->items[i].config);
    free(t->items);
    *t = (struct tasks){0};
}

/* How many of 0 … count-1 are there. */
static size_t tasks_in_range(const struct tasks *t, int count) {
    return tasks_find(t, count) - tasks_find(t, 0);
}

/* ---- The picture ---- */

struct entry {
    struct shared *config, *applied;
    bool has_target;
    enum target_state target;
    struct tasks tasks, deferred;
    bool deferred_seen; /* a task record was read since the connector's removal */
    int task_count, generation, task_count_record;
    bool inconsistent, pending_fencing;
};

struct config_picture {
    struct map *entries; /* by connector name; kept for ever: most of an entry outlives the connector */
    int64_t offset;
    bool has_session_key;
    struct session_key session_key;
    struct config_snapshot *snapshot; /* of the present state, or NULL */
};

static void entry_free(void *entry) {
    struct entry *e = entry;
    shared_unref(e->config);
    shared_unref(e->applied);
    tasks_clear(&e->tasks);
    tasks_clear(&e->deferred);
    free(e);
}

static struct entry *entry_get(struct config_picture *p, const char *name) {
    struct entry *e = map_get(p->entries, name);
    if (e)
        return e;
    e = calloc(1, sizeof(*e));
    if (!e)
        abort();
    e->generation = e->task_count_record = -1;
    map_put(p->entries, name, e);
    return e;
}

struct config_picture *config_picture_new(void) {
    struct config_picture *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->entries = map_new(entry_free);
    p->offset = -1;
    return p;
}

struct config_picture *config_picture_free(struct config_picture *p) {
    if (!p)
        return NULL;
    config_snapshot_unref(p->snapshot);
    map_free(p->entries);
    explicit_bzero(&p->session_key, sizeof(p->session_key));
    free(p);
    return NULL;
}

size_t config_picture_deferred(const struct config_picture *p, const char *connector) {
    const struct entry *e = map_get(p->entries, connector);
    return e ? e->deferred.count : 0;
}

/* ---- Rules ---- */

static void remove_connector(struct entry *e) {
    e->config = shared_unref(e->config);
    e->applied = shared_unref(e->applied);
    e->task_count = 0;
    tasks_clear(&e->tasks);
    tasks_clear(&e->deferred);
    e->deferred_seen = false;
}

static enum config_event apply_target(struct entry *e, const struct config_record *r) {
    if (r->tombstone) {
        e->has_target = e->config != NULL;
        e->target = TARGET_STARTED;
        return CONFIG_EVENT_NONE;
    }
    bool changed = !e->has_target || e->target != r->target;
    e->has_target = true;
    e->target = r->target;
    return changed && e->config ? CONFIG_EVENT_TARGET_CHANGED : CONFIG_EVENT_NONE;
}

static enum config_event apply_connector(struct entry *e, struct config_record *r) {
    if (r->tombstone) {
        remove_connector(e);
        return CONFIG_EVENT_CONNECTOR_REMOVED;
    }
    shared_unref(e->config);
    e->config = shared_new(TAKE(r->properties));
    if (!e->has_target) {
        e->has_target = true;
        e->target = TARGET_STARTED;
    }
    return CONFIG_EVENT_CONNECTOR_UPDATED;
}

static enum config_event apply_task(struct entry *e, struct config_record *r) {
    if (r->tombstone)
        return CONFIG_EVENT_NONE;
    e->deferred_seen = true;
    tasks_put(&e->deferred, r->task, shared_new(TAKE(r->properties)));
    return CONFIG_EVENT_NONE;
}

static enum config_event apply_commit(struct entry *e, const struct config_record *r) {
    if (!e->config) { /* compaction has removed the tombstone, but not this */
        remove_connector(e);
        return CONFIG_EVENT_NONE;
    }
    if (r->tombstone)
        return CONFIG_EVENT_NONE;
    bool complete = tasks_in_range(&e->deferred, r->count) == (size_t)r->count;
    if (complete) {
        for (size_t i = 0; i < e->deferred.count; i++)
            tasks_put(&e->tasks, e->deferred.items[i].id, shared_ref(e->deferred.items[i].config));
        if (e->deferred_seen)
            e->generation++;
        shared_unref(e->applied);
        e->applied = shared_ref(e->config);
    }
    e->inconsistent = !complete;
    tasks_clear(&e->deferred);
    e->task_count = r->count;
    e->pending_fencing = true;
    return CONFIG_EVENT_TASKS_UPDATED;
}

static enum config_event apply_fencing(struct entry *e, const struct config_record *r) {
    if (!r->tombstone) {
        e->task_count_record = r->count;
        e->pending_fencing = false;
    }
    return CONFIG_EVENT_NONE;
}

static enum config_event apply_known(struct config_picture *p, struct config_record *r) {
    switch (r->kind) {
    case CONFIG_TARGET_STATE:
        return apply_target(entry_get(p, r->name), r);
    case CONFIG_CONNECTOR:
        return apply_connector(entry_get(p, r->name), r);
    case CONFIG_TASK:
        return apply_task(entry_get(p, r->name), r);
    case CONFIG_COMMIT:
        return apply_commit(entry_get(p, r->name), r);
    case CONFIG_TASKS_FENCING:
        return apply_fencing(entry_get(p, r->name), r);
    case CONFIG_RESTART:
        return r->tombstone ? CONFIG_EVENT_NONE : CONFIG_EVENT_RESTART;
    case CONFIG_SESSION_KEY:
        if (r->tombstone)
            return CONFIG_EVENT_NONE;
        p->session_key = r->session_key;
        p->has_session_key = true;
        return CONFIG_EVENT_SESSION_KEY;
    case CONFIG_LOGGER:
        return r->tombstone ? CONFIG_EVENT_NONE : CONFIG_EVENT_LOGGER;
    case CONFIG_OTHER:
        break;
    }
    return CONFIG_EVENT_NONE;
}

enum config_event config_picture_apply(struct config_picture *p, struct config_record *record, int64_t offset) {
    p->offset = offset + 1;
    p->snapshot = config_snapshot_unref(p->snapshot);
    /* A commit is looked at even when malformed: without a connector it cleans up. */
    if (record->malformed && record->kind != CONFIG_COMMIT)
        return CONFIG_EVENT_NONE;
    if (record->malformed) {
        struct entry *e = entry_get(p, record->name);
        if (!e->config)
            remove_connector(e);
        return CONFIG_EVENT_NONE;
    }
    return apply_known(p, record);
}

/* ---- Snapshots ---- */

/* The public struct comes first; everything it points to is one allocation behind it. */
struct snapshot {
    struct config_snapshot public;
    struct shared **held;
    size_t held_count;
};

struct config_snapshot *config_snapshot_ref(struct config_snapshot *snap) {
    __atomic_add_fetch(&snap->refs, 1, __ATOMIC_RELAXED);
    return snap;
}

struct config_snapshot *config_snapshot_unref(struct config_snapshot *snap) {
    if (!snap || __atomic_sub_fetch(&snap->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return NULL;
    struct snapshot *s = CONTAINER_OF(snap, struct snapshot, public);
    for (size_t i = 0; i < s->held_count; i++)
        shared_unref(s->held[i]);
    for (size_t i = 0; i < snap->count; i++) {
        free((char *)snap->connectors[i].name);
        free((struct snapshot_task *)snap->connectors[i].tasks);
    }
    free((struct snapshot_connector *)snap->connectors);
    free(s->held);
    explicit_bzero(&snap->session_key, sizeof(snap->session_key));
    free(s);
    return NULL;
}

static const struct kc_config *hold(struct snapshot *s, struct shared *config) {
    if (!config)
        return NULL;
    s->held[s->held_count++] = shared_ref(config);
    return config->config;
}

static void fill_tasks(struct snapshot *s, const struct entry *e, struct snapshot_connector *c) {
    size_t from = tasks_find(&e->tasks, 0), to = tasks_find(&e->tasks, e->task_count);
    struct snapshot_task *tasks = calloc(to - from + 1, sizeof(*tasks));
    if (!tasks)
        abort();
    for (size_t i = from; i < to; i++)
        tasks[i - from] =
            (struct snapshot_task){.id = e->tasks.items[i].id, .config = hold(s, e->tasks.items[i].config)};
    c->tasks = tasks;
    c->tasks_len = to - from;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct snapshot_connector *)a)->name, ((const struct snapshot_connector *)b)->name);
}

static struct config_snapshot *build(const struct config_picture *p) {
    struct snapshot *s = calloc(1, sizeof(*s));
    struct snapshot_connector *connectors = calloc(map_count(p->entries) + 1, sizeof(*connectors));
    const char *name;
    void *value;
    size_t references = 0, count = 0;
    for (size_t i = 0; map_next(p->entries, &i, &name, &value);)
        references += 2 + ((const struct entry *)value)->tasks.count;
    if (!s || !connectors || !(s->held = calloc(references + 1, sizeof(void *))))
        abort();
    for (size_t i = 0; map_next(p->entries, &i, &name, &value);) {
        const struct entry *e = value;
        if (!e->config)
            continue;
        struct snapshot_connector *c = &connectors[count++];
        *c = (struct snapshot_connector){.name = strdup(name),
                                         .config = hold(s, e->config),
                                         .applied = hold(s, e->applied),
                                         .target = e->has_target ? e->target : TARGET_STARTED,
                                         .inconsistent = e->inconsistent,
                                         .task_count = e->task_count,
                                         .generation = e->generation,
                                         .task_count_record = e->task_count_record,
                                         .pending_fencing = e->pending_fencing};
        fill_tasks(s, e, c);
    }
    qsort(connectors, count, sizeof(*connectors), by_name);
    s->public = (struct config_snapshot){.offset = p->offset,
                                         .connectors = connectors,
                                         .count = count,
                                         .has_session_key = p->has_session_key,
                                         .session_key = p->session_key,
                                         .refs = 1};
    return &s->public;
}

struct config_snapshot *config_picture_snapshot(struct config_picture *p) {
    if (!p->snapshot)
        p->snapshot = build(p);
    return config_snapshot_ref(p->snapshot);
}

const struct snapshot_connector *config_snapshot_find(const struct config_snapshot *snap, const char *connector) {
    struct snapshot_connector key = {.name = connector};
    return snap->count ? bsearch(&key, snap->connectors, snap->count, sizeof(key), by_name) : NULL;
}

int snapshot_assignable_tasks(const struct snapshot_connector *c) {
    return c->inconsistent ? 0 : c->task_count;
}

const struct kc_config *snapshot_task_config(const struct snapshot_connector *c, int task) {
    for (size_t i = 0; i < c->tasks_len; i++) {
        if (c->tasks[i].id == task)
            return c->tasks[i].config;
    }
    return NULL;
}
