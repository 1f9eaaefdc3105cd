/* Statuses in maps by name and number. */
#include "connect/store/status_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"

struct entry {
    bool known;         /* a status was read */
    int64_t written_ms; /* its record's timestamp */
    struct status status;
    uint64_t number; /* of the last put */
    bool owned;      /* what was put last is of something that this worker has, not a last word on it */
    struct status own;
    int task;
};

struct connector {
    struct entry *self; /* NULL: none */
    struct map *tasks;  /* number as text → entry */
    struct map *topics; /* name → topic_mark */
};

struct status_picture {
    struct map *connectors;
    uint64_t numbers;
};

static void entry_free(void *entry) {
    struct entry *e = entry;
    if (e) {
        status_done(&e->status);
        status_done(&e->own);
    }
    free(e);
}

static void connector_free(void *connector) {
    struct connector *c = connector;
    entry_free(c->self);
    map_free(c->tasks);
    map_free(c->topics);
    free(c);
}

struct status_picture *status_picture_new(void) {
    struct status_picture *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->connectors = map_new(connector_free);
    return p;
}

struct status_picture *status_picture_free(struct status_picture *p) {
    if (!p)
        return NULL;
    map_free(p->connectors);
    free(p);
    return NULL;
}

static char *copy(const char *text) {
    return text ? strdup(text) : NULL;
}

struct status status_copy(const struct status *s) {
    struct status c = *s;
    c.connector = copy(s->connector);
    c.trace = copy(s->trace);
    c.worker_id = copy(s->worker_id);
    c.version = copy(s->version);
    return c;
}

/* ---- Entries ---- */

static struct connector *connector_get(struct status_picture *p, const char *name) {
    struct connector *c = map_get(p->connectors, name);
    if (c)
        return c;
    c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->tasks = map_new(entry_free);
    c->topics = map_new(free);
    map_put(p->connectors, name, c);
    return c;
}

static const struct entry *entry_find(const struct status_picture *p, const char *connector, int task) {
    const struct connector *c = map_get(p->connectors, connector);
    char number[16];
    if (!c)
        return NULL;
    if (task < 0)
        return c->self;
    snprintf(number, sizeof(number), "%d", task);
    return map_get(c->tasks, number);
}

static struct entry *entry_get(struct status_picture *p, const char *connector, int task) {
    struct connector *c = connector_get(p, connector);
    struct entry *e = (struct entry *)entry_find(p, connector, task);
    if (e)
        return e;
    e = calloc(1, sizeof(*e));
    if (!e)
        abort();
    e->task = task;
    char number[16];
    snprintf(number, sizeof(number), "%d", task);
    if (task < 0)
        c->self = e;
    else
        map_put(c->tasks, number, e);
    return e;
}

/* ---- Reading ---- */

static void remove_status(struct status_picture *p, const struct status_record *r) {
    struct connector *c = map_get(p->connectors, r->connector);
    char number[16];
    if (!c)
        return;
    if (r->kind == STATUS_TASK) {
        snprintf(number, sizeof(number), "%d", r->status.task);
        map_remove(c->tasks, number);
        return;
    }
    entry_free(c->self); /* and all of its tasks, but those of a new life: the partitions are read in no order */
    c->self = NULL;
    void *value;
    const char *key;
    for (size_t i = 0; map_next(c->tasks, &i, &key, &value);) {
        if (((const struct entry *)value)->written_ms <= r->timestamp_ms)
            map_remove(c->tasks, key);
    }
}

static void apply_topic(struct status_picture *p, const struct status_record *r) {
    if (!r->tombstone) {
        status_picture_topic(p, r->connector, r->topic, true)->read = true;
        return;
    }
    struct connector *c = map_get(p->connectors, r->connector);
    if (c)
        map_remove(c->topics, r->topic);
}

void status_picture_apply(struct status_picture *p, struct status_record *r) {
    if (r->kind == STATUS_TOPIC) {
        apply_topic(p, r);
        return;
    }
    if (r->tombstone) {
        remove_status(p, r);
        return;
    }
    struct entry *e = entry_get(p, r->connector, r->status.task);
    /* A late word of the previous owner. */
    if (r->kind == STATUS_TASK && e->known && r->status.state == STATE_UNASSIGNED && e->status.state == STATE_RUNNING &&
        e->status.generation >= r->status.generation)
        return;
    status_done(&e->status);
    e->status = r->status;
    e->known = true;
    e->written_ms = r->timestamp_ms;
    r->status = (struct status){0};
}

void status_picture_forget(struct status_picture *p, const char *connector, int task) {
    struct entry *e = (struct entry *)entry_find(p, connector, task);
    if (e)
        e->known = false;
}

const struct status *status_picture_get(const struct status_picture *p, const char *connector, int task) {
    const struct entry *e = entry_find(p, connector, task);
    return e && e->known ? &e->status : NULL;
}

static int by_task(const void *a, const void *b) {
    int x = ((const struct status *)a)->task, y = ((const struct status *)b)->task;
    return (x > y) - (x < y);
}

struct status *status_picture_tasks(const struct status_picture *p, const char *connector, size_t *ret_count) {
    const struct connector *c = map_get(p->connectors, connector);
    struct status *all = calloc((c ? map_count(c->tasks) : 0) + 1, sizeof(*all));
    size_t count = 0;
    void *value;
    if (!all)
        abort();
    for (size_t i = 0; c && map_next(c->tasks, &i, NULL, &value);) {
        const struct entry *e = value;
        if (e->known)
            all[count++] = status_copy(&e->status);
    }
    qsort(all, count, sizeof(*all), by_task);
    *ret_count = count;
    return all;
}

static bool has_status(const struct connector *c) {
    void *value;
    if (c->self && c->self->known)
        return true;
    for (size_t i = 0; map_next(c->tasks, &i, NULL, &value);) {
        if (((const struct entry *)value)->known)
            return true;
    }
    return false;
}

char **status_picture_connectors(const struct status_picture *p, size_t *ret_count) {
    char **names = calloc(map_count(p->connectors) + 1, sizeof(*names));
    const char *name;
    void *value;
    size_t count = 0;
    if (!names)
        abort();
    for (size_t i = 0; map_next(p->connectors, &i, &name, &value);) {
        if (has_status(value))
            names[count++] = strdup(name);
    }
    *ret_count = count;
    return names;
}

/* ---- Writing ---- */

static bool same_worker(const struct status *a, const struct status *b) {
    return a->worker_id && b->worker_id && strcmp(a->worker_id, b->worker_id) == 0;
}

bool status_picture_safe(const struct status_picture *p, const struct status *s) {
    const struct status *cached = status_picture_get(p, s->connector, s->task);
    return !cached || same_worker(cached, s) || cached->generation <= s->generation;
}

uint64_t status_picture_put(struct status_picture *p, const char *connector, int task) {
    return entry_get(p, connector, task)->number = ++p->numbers;
}

void status_picture_own(struct status_picture *p, const struct status *s, bool written) {
    struct entry *e = entry_get(p, s->connector, s->task);
    status_done(&e->own);
    e->own = status_copy(s);
    e->owned = written && s->state != STATE_UNASSIGNED && s->state != STATE_DESTROYED && s->state != STATE_RESTARTING;
}

const struct status *status_picture_contradicted(const struct status_picture *p, const struct status_record *r) {
    const struct entry *e = r->kind == STATUS_TOPIC || r->tombstone || r->status.state != STATE_UNASSIGNED
                                ? NULL
                                : entry_find(p, r->connector, r->status.task);
    bool wrong = e && e->owned && e->own.generation > r->status.generation && !same_worker(&e->own, &r->status);
    return wrong ? &e->own : NULL;
}

uint64_t status_picture_number(const struct status_picture *p, const char *connector, int task) {
    const struct entry *e = entry_find(p, connector, task);
    return e ? e->number : 0;
}

/* ---- Topics ---- */

struct topic_mark *status_picture_topic(struct status_picture *p, const char *connector, const char *topic, bool add) {
    struct connector *c = add ? connector_get(p, connector) : map_get(p->connectors, connector);
    struct topic_mark *mark = c ? map_get(c->topics, topic) : NULL;
    if (mark || !add)
        return mark;
    mark = calloc(1, sizeof(*mark));
    if (!mark)
        abort();
    map_put(c->topics, topic, mark);
    return mark;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **status_picture_topics(const struct status_picture *p, const char *connector, size_t *ret_count) {
    const struct connector *c = map_get(p->connectors, connector);
    char **names = calloc((c ? map_count(c->topics) : 0) + 1, sizeof(*names));
    const char *name;
    void *value;
    size_t count = 0;
    if (!names)
        abort();
    for (size_t i = 0; c && map_next(c->topics, &i, &name, &value);) {
        if (((const struct topic_mark *)value)->read)
            names[count++] = strdup(name);
    }
    qsort(names, count, sizeof(*names), by_text);
    *ret_count = count;
    return names;
}
