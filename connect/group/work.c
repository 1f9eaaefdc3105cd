/* Sets of connectors and tasks that keep their order. Searching for many at once goes through a sorted index of
 * pointers. */
#include "connect/group/work.h"

#include <stdlib.h>
#include <string.h>

static void *grown(void *items, size_t count, size_t size) {
    if (count & (count - 1)) /* room is a power of two */
        return items;
    void *more = reallocarray(items, count ? count * 2 : 1, size);
    if (!more)
        abort();
    return more;
}

static char *copied(const char *s) {
    char *copy = strdup(s);
    if (!copy)
        abort();
    return copy;
}

void work_done(struct work *w) {
    for (size_t i = 0; i < w->connector_count; i++)
        free(w->connectors[i]);
    for (size_t i = 0; i < w->task_count; i++)
        free(w->tasks[i].connector);
    free(w->connectors);
    free(w->tasks);
    *w = (struct work){0};
}

bool work_empty(const struct work *w) {
    return w->connector_count == 0 && w->task_count == 0;
}

void work_append_connector(struct work *w, const char *connector) {
    w->connectors = grown(w->connectors, w->connector_count, sizeof *w->connectors);
    w->connectors[w->connector_count++] = copied(connector);
}

void work_append_task(struct work *w, const char *connector, int32_t number) {
    w->tasks = grown(w->tasks, w->task_count, sizeof *w->tasks);
    w->tasks[w->task_count++] = (struct work_task){.connector = copied(connector), .number = number};
}

void work_copy(struct work *to, const struct work *from) {
    for (size_t i = 0; i < from->connector_count; i++)
        work_append_connector(to, from->connectors[i]);
    for (size_t i = 0; i < from->task_count; i++)
        work_append_task(to, from->tasks[i].connector, from->tasks[i].number);
}

bool work_has_connector(const struct work *w, const char *connector) {
    for (size_t i = 0; i < w->connector_count; i++)
        if (strcmp(w->connectors[i], connector) == 0)
            return true;
    return false;
}

bool work_has_task(const struct work *w, const char *connector, int32_t number) {
    for (size_t i = 0; i < w->task_count; i++)
        if (w->tasks[i].number == number && strcmp(w->tasks[i].connector, connector) == 0)
            return true;
    return false;
}

void work_add_connector(struct work *w, const char *connector) {
    if (!work_has_connector(w, connector))
        work_append_connector(w, connector);
}

void work_add_task(struct work *w, const char *connector, int32_t number) {
    if (!work_has_task(w, connector, number))
        work_append_task(w, connector, number);
}

/* By connector, then number. */
static int work_task_compare(const struct work_task *a, const struct work_task *b) {
    int order = strcmp(a->connector, b->connector);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_tasks(const void *a, const void *b) {
    return work_task_compare(a, b);
}

void work_sort(struct work *w) {
    if (w->connector_count)
        qsort(w->connectors, w->connector_count, sizeof *w->connectors, compare_names);
    if (w->task_count)
        qsort(w->tasks, w->task_count, sizeof *w->tasks, compare_tasks);
}

/* A sorted copy whose names are borrowed: for bsearch only, freed by index_done. */
static struct work index_of(const struct work *w) {
    struct work index = {.connector_count = w->connector_count, .task_count = w->task_count};
    index.connectors = reallocarray(NULL, w->connector_count + 1, sizeof *index.connectors);
    index.tasks = reallocarray(NULL, w->task_count + 1, sizeof *index.tasks);
    if (!index.connectors || !index.tasks)
        abort();
    if (w->connector_count)
        memcpy(index.connectors, w->connectors, w->connector_count * sizeof *w->connectors);
    if (w->task_count)
        memcpy(index.tasks, w->tasks, w->task_count * sizeof *w->tasks);
    work_sort(&index);
    return index;
}

static void index_done(struct work *index) {
    free(index->connectors);
    free(index->tasks);
}

static bool index_has_connector(const struct work *index, char *connector) {
    return bsearch(&connector, index->connectors, index->connector_count, sizeof connector, compare_names);
}

static bool index_has_task(const struct work *index, const struct work_task *task) {
    return bsearch(task, index->tasks, index->task_count, sizeof *task, compare_tasks);
}

static void add_those(struct work *out, const struct work *of, const struct work *in, bool present) {
    struct work index = index_of(in);
    for (size_t i = 0; i < of->connector_count; i++)
        if (index_has_connector(&index, of->connectors[i]) == present)
            work_append_connector(out, of->connectors[i]);
    for (size_t i = 0; i < of->task_count; i++)
        if (index_has_task(&index, &of->tasks[i]) == present)
            work_append_task(out, of->tasks[i].connector, of->tasks[i].number);
    index_done(&index);
}

void work_add_common(struct work *out, const struct work *of, const struct work *in) {
    add_those(out, of, in, true);
}

void work_add_missing(struct work *out, const struct work *of, const struct work *in) {
    add_those(out, of, in, false);
}

void work_add_all(struct work *w, const struct work *more) {
    struct work missing = {0};
    work_add_missing(&missing, more, w);
    work_copy(w, &missing);
    work_done(&missing);
}

void work_remove_all(struct work *w, const struct work *gone) {
    struct work rest = {0};
    work_add_missing(&rest, w, gone);
    work_done(w);
    *w = rest;
}

void work_unique(struct work *w) {
    work_sort(w);
    size_t kept = 0;
    for (size_t i = 0; i < w->connector_count; i++)
        if (kept && strcmp(w->connectors[kept - 1], w->connectors[i]) == 0)
            free(w->connectors[i]);
        else
            w->connectors[kept++] = w->connectors[i];
    w->connector_count = kept;
    kept = 0;
    for (size_t i = 0; i < w->task_count; i++)
        if (kept && work_task_compare(&w->tasks[kept - 1], &w->tasks[i]) == 0)
            free(w->tasks[i].connector);
        else
            w->tasks[kept++] = w->tasks[i];
    w->task_count = kept;
}

void work_add_repeated(struct work *out, const struct work *w) {
    struct work index = index_of(w), repeated = {0};
    for (size_t i = 1; i < index.connector_count; i++)
        if (strcmp(index.connectors[i - 1], index.connectors[i]) == 0)
            work_append_connector(&repeated, index.connectors[i]);
    for (size_t i = 1; i < index.task_count; i++)
        if (work_task_compare(&index.tasks[i - 1], &index.tasks[i]) == 0)
            work_append_task(&repeated, index.tasks[i].connector, index.tasks[i].number);
    index_done(&index);
    work_unique(&repeated);
    work_copy(out, &repeated);
    work_done(&repeated);
}

bool work_equal(const struct work *a, const struct work *b) {
    if (a->connector_count != b->connector_count || a->task_count != b->task_count)
        return false;
    struct work x = index_of(a), y = index_of(b);
    bool same = true;
    for (size_t i = 0; same && i < x.connector_count; i++)
        same = strcmp(x.connectors[i], y.connectors[i]) == 0;
    for (size_t i = 0; same && i < x.task_count; i++)
        same = work_task_compare(&x.tasks[i], &y.tasks[i]) == 0;
    index_done(&x);
    index_done(&y);
    return same;
}
