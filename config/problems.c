/* The list of option values and errors that validation fills. One owner, one thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/map.h"

struct kc_problems {
    struct option_value *values;
    size_t count, capacity;
    struct map *by_name; /* name → index + 1 */
};

static void *must(void *p) {
    if (!p) {
        fprintf(stderr, "kconnectd: out of memory\n");
        abort();
    }
    return p;
}

struct kc_problems *problems_new(void) {
    struct kc_problems *p = must(calloc(1, sizeof(*p)));
    p->by_name = map_new(/* free_value= */ NULL);
    return p;
}

struct kc_problems *problems_free(struct kc_problems *p) {
    if (!p)
        return NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct option_value *v = &p->values[i];
        for (size_t e = 0; e < v->error_count; e++)
            free(v->errors[e]);
        free(v->errors);
        free(v->value);
        free((char *)v->name);
    }
    free(p->values);
    map_free(p->by_name);
    free(p);
    return NULL;
}

size_t problems_count(const struct kc_problems *p) {
    return p->count;
}

struct option_value *problems_at(struct kc_problems *p, size_t i) {
    return &p->values[i];
}

struct option_value *problems_find(const struct kc_problems *p, const char *name) {
    size_t place = (size_t)(uintptr_t)map_get(p->by_name, name);
    return place ? &p->values[place - 1] : NULL;
}

struct option_value *problems_value(struct kc_problems *p, const char *name) {
    struct option_value *v = problems_find(p, name);
    if (v)
        return v;
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? 2 * p->capacity : 32;
        p->values = must(realloc(p->values, p->capacity * sizeof(*p->values)));
    }
    v = &p->values[p->count++];
    *v = (struct option_value){.name = must(strdup(name)), .visible = true};
    map_put(p->by_name, name, (void *)(uintptr_t)p->count);
    return v;
}

void problems_set_value(struct option_value *v, const char *value) {
    char *copy = value ? must(strdup(value)) : NULL;
    free(v->value);
    v->value = copy;
}

void kc_problem(struct kc_problems *problems, const char *name, const char *fmt, ...) {
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    struct option_value *v = problems_value(problems, name);
    v->errors = must(realloc(v->errors, (v->error_count + 1) * sizeof(*v->errors)));
    v->errors[v->error_count++] = must(text);
}

bool kc_problem_has(const struct kc_problems *problems, const char *name) {
    const struct option_value *v = problems_find(problems, name);
    return v && v->error_count > 0;
}
