/* See allowed_paths.h.  Paths are compared by their components, after "." and ".." are resolved by text. */
#include "config/allowed_paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/err.h"

struct allowed_paths {
    char **items; /* normalised */
    size_t count;
};

static void *must(void *p) {
    if (!p)
        abort();
    return p;
}

/* Where the last component of [root, end) begins. */
static char *last_component(char *root, char *end) {
    char *slash = end > root ? memrchr(root, '/', (size_t)(end - root)) : NULL;
    return slash ? slash + 1 : root;
}

/* java.nio.file.Path.normalize(): no empty and no "." components, ".." takes its parent away. */
static char *normalise(const char *path) {
    bool absolute = *path == '/';
    char *out = must(calloc(strlen(path) + 2, 1)), *end = out;
    if (absolute)
        *end++ = '/';
    char *root = end;
    for (const char *s = path; *s;) {
        size_t len = strcspn(s, "/");
        bool up = len == 2 && memcmp(s, "..", 2) == 0;
        char *last = last_component(root, end);
        bool has_parent = end > root && !(end - last == 2 && memcmp(last, "..", 2) == 0);
        if (up && has_parent) {
            end = last > root ? last - 1 : root;
        } else if (len && !(len == 1 && *s == '.') && !(up && absolute)) {
            if (end > root)
                *end++ = '/';
            memcpy(end, s, len);
            end += len;
        }
        s += len;
        s += strspn(s, "/");
    }
    *end = '\0';
    return out;
}

static int add(struct allowed_paths *paths, const char *path, struct kc_error *err) {
    if (*path != '/')
        return err_set(err, ERR_BAD_CONFIG, "Path %s is not absolute", path);
    if (access(path, F_OK) != 0)
        return err_set(err, ERR_BAD_CONFIG, "Path %s does not exist", path);
    paths->items = must(realloc(paths->items, (paths->count + 1) * sizeof(*paths->items)));
    paths->items[paths->count++] = normalise(path);
    return 0;
}

static struct allowed_paths *allowed_paths_free(struct allowed_paths *paths) {
    if (paths) {
        for (size_t i = 0; i < paths->count; i++)
            free(paths->items[i]);
        free(paths->items);
        free(paths);
    }
    return NULL;
}

/* From a comma list of absolute, existing paths; NULL or "" allows every path. */
static int allowed_paths_new(const char *list, struct allowed_paths **ret_paths, struct kc_error *err) {
    struct allowed_paths *paths = NULL;
    AUTO_TEXT copy = list && *list ? must(strdup(list)) : NULL;
    char *rest = copy, *path;
    if (copy)
        paths = must(calloc(1, sizeof(*paths)));
    while ((path = strsep(&rest, ",")) != NULL) {
        if (add(paths, path, err) < 0) {
            allowed_paths_free(paths);
            return -1;
        }
    }
    *ret_paths = paths;
    return 0;
}

static bool starts_with(const char *path, const char *allowed) {
    size_t len = strlen(allowed);
    return strncmp(path, allowed, len) == 0 && (path[len] == '\0' || path[len] == '/' || allowed[len - 1] == '/');
}

char *allowed_paths_check(const struct allowed_paths *paths, const char *path) {
    if (!paths)
        return must(strdup(path));
    char *normal = normalise(path);
    for (size_t i = 0; i < paths->count; i++)
        if (starts_with(normal, paths->items[i]))
            return normal;
    free(normal);
    return NULL;
}

int allowed_paths_configure(const struct kc_config *config, void **ret_self, struct kc_error *err) {
    struct allowed_paths *paths;
    if (allowed_paths_new(kc_config_get(config, "allowed.paths"), &paths, err) < 0)
        return -1;
    *ret_self = paths;
    return 0;
}

void allowed_paths_close(void *self) {
    allowed_paths_free(self);
}
