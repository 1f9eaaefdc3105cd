/* The list of option values and errors that validation fills. One owner, one thread; all texts are in one arena. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/name_index.h"

enum { FIRST_VALUES = 32 };

struct kc_problems {
    struct kc_arena *arena;
    bool own_arena;
    struct option_value *values;
    size_t count, capacity;
    struct name_index names;
};

struct kc_problems *problems_new_in(struct kc_arena *arena) {
    struct kc_problems *p = calloc(1, sizeof(*p));
    if (!p) {
        fprintf(stderr, "kconnectd: out of memory\n");
        abort();
    }
    p->arena = arena;
    return p;
}

struct kc_problems *problems_new(void) {
    struct kc_problems *p = problems_new_in(arena_new(0));
    p->own_arena = true;
    return p;
}

struct kc_problems *problems_free(struct kc_problems *p) {
    if (!p)
        return NULL;
    name_index_done(&p->names);
    if (p->own_arena)
        arena_free(p->arena);
    free(p);
    return NULL;
}

size_t problems_count(const struct kc_problems *p) {
    return p->count;
}

struct option_value *problems_at(struct kc_problems *p, size_t i) {
    return &p->values[i];
}

static struct option_value *find(const struct kc_problems *p, const char *name, uint32_t hash) {
    size_t place = name_index_find(&p->names, name, hash);
    return place == NAME_NOWHERE ? NULL : &p->values[place];
}

static struct option_value *add(struct kc_problems *p, const char *name, uint32_t hash) {
    if (p->count == p->capacity) {
        size_t bytes = p->capacity * sizeof(*p->values);
        p->capacity = p->capacity ? 2 * p->capacity : FIRST_VALUES;
        p->values = arena_grow(p->arena, p->values, bytes, p->capacity * sizeof(*p->values));
    }
    struct option_value *v = &p->values[p->count];
    *v = (struct option_value){.name = name, .visible = true};
    name_index_add(&p->names, name, hash, p->count++);
    return v;
}

struct option_value *problems_find(const struct kc_problems *p, const char *name) {
    return find(p, name, name_hash(name));
}

struct option_value *problems_value(struct kc_problems *p, const char *name) {
    uint32_t hash = name_hash(name);
    struct option_value *v = find(p, name, hash);
    return v ? v : add(p, kc_arena_strdup(p->arena, name), hash);
}

struct option_value *problems_row(struct kc_problems *p, const char *name, uint32_t hash) {
    struct option_value *v = find(p, name, hash);
    return v ? v : add(p, name, hash);
}

void problems_set_value(struct kc_problems *p, struct option_value *v, const char *value) {
    v->value = value ? kc_arena_strdup(p->arena, value) : NULL;
}

void problems_set_error(struct kc_problems *p, struct option_value *v, size_t i, const char *text) {
    v->errors[i] = kc_arena_strdup(p->arena, text);
}

void kc_problem(struct kc_problems *problems, const char *name, const char *fmt, ...) {
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0) {
        fprintf(stderr, "kconnectd: out of memory\n");
        abort();
    }
    va_end(ap);
    struct option_value *v = problems_value(problems, name);
    size_t bytes = v->error_count * sizeof(*v->errors);
    v->errors = arena_grow(problems->arena, v->errors, bytes, bytes + sizeof(*v->errors));
    problems_set_error(problems, v, v->error_count++, text);
    free(text);
}

bool kc_problem_has(const struct kc_problems *problems, const char *name) {
    const struct option_value *v = problems_find(problems, name);
    return v && v->error_count > 0;
}
