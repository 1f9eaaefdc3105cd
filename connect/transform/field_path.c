/* Paths of nested fields; see field_path.h. */
#include "connect/transform/field_path.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/transform/operand.h"

#define NESTED "nested field access"

/* ---- Parsing ----------------------------------------------------------------------------------------------------- */

static void add_step(struct kc_arena *arena, struct field_path *path, const char *s, size_t len) {
    size_t bytes = path->count * sizeof(*path->steps);
    path->steps = arena_grow(arena, path->count ? path->steps : NULL, bytes, bytes + sizeof(*path->steps));
    path->steps[path->count++] = kc_arena_copy(arena, s, len);
}

/* Positions count UTF-16 units, as Java does. */
static size_t position_of(const char *text, const char *at) {
    size_t units = 0;
    for (const unsigned char *s = (const unsigned char *)text; s < (const unsigned char *)at; s++)
        units += (*s & 0xC0) == 0x80 ? 0u : *s >= 0xF0 ? 2u : 1u;
    return units;
}

static int incomplete(const char *text, const char *backtick, struct kc_error *err) {
    return kc_fail(err, KC_CONFIG_EXCEPTION,
                   "Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position "
                   "%zu to escape it",
                   text, position_of(text, backtick));
}

/* The step behind the backtick at `start`, which ends at a backtick in front of a dot or at the end of the text. A
 * backslash in front of such a one makes it part of the name, and goes. Returns what is behind the step. */
static const char *take_quoted(struct kc_arena *arena, struct field_path *path, const char *start,
                               struct kc_error *err) {
    char *name = kc_arena_alloc(arena, strlen(start) + 1);
    size_t len = 0;
    for (const char *s = start + 1; *s; s++) {
        if (*s == '`' && (s[1] == '.' || s[1] == '\0')) {
            bool escaped = s > start + 1 && s[-1] == '\\';
            if (!escaped) {
                add_step(arena, path, name, len);
                return s + 1;
            }
            if (s[1] == '\0')
                break;
            len--;
        }
        name[len++] = *s;
    }
    incomplete(path->text, start, err);
    return NULL;
}

static const char *take_plain(struct kc_arena *arena, struct field_path *path, const char *start) {
    const char *dot = strchrnul(start, '.');
    add_step(arena, path, start, (size_t)(dot - start));
    return dot;
}

int field_path_parse(struct kc_arena *arena, const char *text, bool nested, struct field_path *ret_path,
                     struct kc_error *err) {
    struct field_path path = {.text = text};
    if (!nested)
        add_step(arena, &path, text, strlen(text));
    for (const char *s = text; nested && *s;) {
        s = *s == '`' ? take_quoted(arena, &path, s, err) : take_plain(arena, &path, s);
        if (!s)
            return -1;
        if (*s == '.' && *++s == '\0')
            add_step(arena, &path, "", 0); /* a dot at the end */
    }
    *ret_path = path;
    return 0;
}

/* ---- Following --------------------------------------------------------------------------------------------------- */

/* Java makes a sub-list of all steps but the last. */
static int empty_path(struct kc_error *err) {
    return kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "fromIndex(0) > toIndex(-1)");
}

int field_path_of_map(const struct field_path *path, struct kc_arena *arena, const struct kc_value *map,
                      struct kc_value *ret_value, struct kc_error *err) {
    if (!path->count)
        return empty_path(err);
    struct kc_value at = *map;
    for (size_t i = 0; i < path->count; i++) {
        if (at.tag == KC_V_NULL)
            break;
        if (i > 0 && operand_require_map(&at, NESTED, err) < 0)
            return -1;
        at = operand_map_get(arena, &at, path->steps[i]);
    }
    *ret_value = at;
    return 0;
}

int field_path_of_schema(const struct field_path *path, const struct kc_schema *schema,
                         const struct kc_field **ret_field, struct kc_error *err) {
    const struct kc_field *field = NULL;
    if (!path->count)
        return empty_path(err);
    for (size_t i = 0; i < path->count; i++) {
        if (schema->type != KC_STRUCT)
            return kc_fail(err, KC_DATA_EXCEPTION, "Cannot look up fields on non-struct type");
        field = kc_schema_field(schema, path->steps[i]);
        if (!field)
            break;
        schema = field->schema;
    }
    *ret_field = field;
    return 0;
}

int field_path_of_struct(const struct field_path *path, const struct kc_value *st, bool replace_null,
                         struct kc_value *ret_value, struct kc_error *err) {
    struct kc_value at = *st;
    for (size_t i = 0; i < path->count && at.tag != KC_V_NULL; i++) {
        if (i > 0 && operand_require_struct(&at, NESTED, err) < 0)
            return -1;
        const struct kc_field *field = kc_schema_field(at.st->schema, path->steps[i]);
        at = field ? *operand_field(at.st, field->index, replace_null || i + 1 < path->count) : kc_null();
    }
    *ret_value = at;
    return 0;
}
