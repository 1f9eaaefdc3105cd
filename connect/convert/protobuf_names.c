/* Names of map entries, as Guava's CaseFormat makes them, and scrubbed names. No state. */
#include "connect/convert/protobuf_names.h"

#include <string.h>

#define ENTRY_SUFFIX "Entry"

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const char *protobuf_map_entry_name(struct kc_arena *arena, const char *name) {
    if (!strchr(name, '_'))
        return kc_arena_printf(arena, "%s" ENTRY_SUFFIX, name);
    char *out = kc_arena_alloc(arena, strlen(name) + sizeof(ENTRY_SUFFIX)), *to = out;
    bool first = true; /* of a word */
    for (const char *p = name; *p; p++) {
        if (*p != '_')
            *to++ = first ? upper(*p) : lower(*p);
        first = *p == '_';
    }
    memcpy(to, ENTRY_SUFFIX, sizeof(ENTRY_SUFFIX));
    return out;
}

const char *protobuf_map_field_name(struct kc_arena *arena, const char *name) {
    size_t len = strlen(name), suffix = strlen(ENTRY_SUFFIX);
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    if (strlen(last) < suffix || strcmp(name + len - suffix, ENTRY_SUFFIX) != 0)
        return name;
    char *out = kc_arena_alloc(arena, 2 * len + 1), *to = out + (last - name);
    memcpy(out, name, (size_t)(last - name));
    for (const char *p = last; p < name + len - suffix; p++) {
        if (p > last && *p >= 'A' && *p <= 'Z')
            *to++ = '_';
        *to++ = lower(*p);
    }
    *to = 0;
    return out;
}

static bool is_plain(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_bad_start(char c) {
    return (c >= '0' && c <= '9') || c == '_';
}

const char *protobuf_scrub_name(struct kc_arena *arena, const char *name) {
    size_t len = strlen(name), plain = 0;
    while (is_plain(name[plain]))
        plain++;
    if (plain == len && !is_bad_start(name[0]))
        return name;
    /* Java's URLEncoder: three characters for a byte, one for the plain ones, . - * and blank; then all but the plain
     * ones is an underscore. */
    char *out = kc_arena_alloc(arena, 3 * len + 2), *to = out;
    static const char digits[] = "0123456789ABCDEF";
    if (is_bad_start(name[0]))
        *to++ = 'x';
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (is_plain(*p)) {
            *to++ = *p;
        } else {
            *to++ = '_';
            if (!strchr(".-* ", c)) {
                *to++ = digits[c >> 4];
                *to++ = digits[c & 15];
            }
        }
    }
    *to = 0;
    return out;
}
