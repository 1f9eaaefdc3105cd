/* Events of libyaml into a tree, by recursion with a bound. */
#include "config/yaml_tree.h"

#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "connect/base/err.h"

enum { MAX_DEPTH = 32, MAX_TEXT = 1 << 20 };

struct reader {
    yaml_parser_t parser;
    const char *file;
    int depth;
    struct kc_error *err;
};

/* ---- the tree ---------------------------------------------------------------------------------------------------- */

struct yaml_tree *yaml_tree_free(struct yaml_tree *node) {
    if (!node)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            free(node->keys[i]);
        yaml_tree_free(node->items[i]);
    }
    free(node->keys);
    free(node->items);
    free(node->text);
    free(node);
    return NULL;
}

const struct yaml_tree *yaml_tree_get(const struct yaml_tree *node, const char *key) {
    for (size_t i = 0; node && node->kind == TREE_MAP && i < node->count; i++)
        if (strcasecmp(node->keys[i], key) == 0)
            return node->items[i];
    return NULL;
}

const char *yaml_tree_text(const struct yaml_tree *node, const char *key) {
    const struct yaml_tree *child = yaml_tree_get(node, key);
    return child && child->kind == TREE_SCALAR ? child->text : NULL;
}

const struct yaml_tree *yaml_tree_item(const struct yaml_tree *node, size_t i) {
    if (node && node->kind == TREE_LIST)
        return i < node->count ? node->items[i] : NULL;
    return i == 0 ? node : NULL;
}

/* Takes `key` (NULL in a list) and `item`, also when it fails. */
static int add(struct yaml_tree *node, char *key, struct yaml_tree *item) {
    struct yaml_tree **items = item ? reallocarray(node->items, node->count + 1, sizeof *items) : NULL;
    if (items)
        node->items = items;
    char **keys = items && key ? reallocarray(node->keys, node->count + 1, sizeof *keys) : NULL;
    if (keys)
        node->keys = keys;
    if (!items || (key && !keys)) {
        free(key);
        yaml_tree_free(item);
        return -1;
    }
    if (key)
        keys[node->count] = key;
    items[node->count++] = item;
    return 0;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static int fail(const struct reader *r, const yaml_mark_t *mark, const char *what) {
    return err_set(r->err, ERR_BAD_CONFIG, "%s:%zu: %s", r->file, mark->line + 1, what);
}

/* The next event, to be deleted by the caller. Anchors, aliases and NUL characters do not get through. */
static int next(struct reader *r, yaml_event_t *ret_event) {
    if (!yaml_parser_parse(&r->parser, ret_event)) {
        const yaml_parser_t *p = &r->parser;
        return fail(r, &p->problem_mark, p->problem ? p->problem : "out of memory");
    }
    const yaml_char_t *anchor = NULL;
    if (ret_event->type == YAML_ALIAS_EVENT)
        anchor = ret_event->data.alias.anchor;
    else if (ret_event->type == YAML_SCALAR_EVENT)
        anchor = ret_event->data.scalar.anchor;
    else if (ret_event->type == YAML_SEQUENCE_START_EVENT)
        anchor = ret_event->data.sequence_start.anchor;
    else if (ret_event->type == YAML_MAPPING_START_EVENT)
        anchor = ret_event->data.mapping_start.anchor;
    const char *what = anchor ? "anchors and aliases are not read" : NULL;
    if (!what && ret_event->type == YAML_SCALAR_EVENT &&
        strlen((const char *)ret_event->data.scalar.value) != ret_event->data.scalar.length)
        what = "a NUL character in a text";
    if (!what)
        return 0;
    fail(r, &ret_event->start_mark, what);
    yaml_event_delete(ret_event);
    return -1;
}

static struct yaml_tree *node_of(struct reader *r, const yaml_event_t *event);

static int read_list(struct reader *r, struct yaml_tree *list) {
    for (;;) {
        yaml_event_t event;
        if (next(r, &event) < 0)
            return -1;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        int rc = end ? 0 : add(list, NULL, node_of(r, &event));
        yaml_event_delete(&event);
        if (end || rc < 0)
            return rc;
    }
}

/* The key in `event`; NULL with the error. */
static char *key_of(const struct reader *r, const struct yaml_tree *map, const yaml_event_t *event) {
    const char *text = event->type == YAML_SCALAR_EVENT ? (const char *)event->data.scalar.value : NULL;
    for (size_t i = 0; text && i < map->count; i++) {
        if (strcmp(map->keys[i], text) == 0) {
            fail(r, &event->start_mark, "the key is there twice");
            return NULL;
        }
    }
    if (!text)
        fail(r, &event->start_mark, "a key must be a text");
    return text ? strdup(text) : NULL;
}

static int read_map(struct reader *r, struct yaml_tree *map) {
    for (;;) {
        yaml_event_t event;
        if (next(r, &event) < 0)
            return -1;
        bool end = event.type == YAML_MAPPING_END_EVENT;
        AUTO_TEXT key = end ? NULL : key_of(r, map, &event);
        yaml_event_delete(&event);
        if (end || !key)
            return end ? 0 : -1;
        if (next(r, &event) < 0)
            return -1;
        int rc = add(map, TAKE(key), node_of(r, &event));
        yaml_event_delete(&event);
        if (rc < 0)
            return -1;
    }
}

/* The node that begins with `event`, read to its end. */
static struct yaml_tree *node_of(struct reader *r, const yaml_event_t *event) {
    AUTO(yaml_tree) node = calloc(1, sizeof *node);
    int rc = 0;
    if (!node)
        return NULL;
    if (r->depth >= MAX_DEPTH) {
        fail(r, &event->start_mark, "nested too deeply");
        return NULL;
    }
    r->depth++;
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = TREE_LIST;
        rc = read_list(r, node);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        node->kind = TREE_MAP;
        rc = read_map(r, node);
    } else {
        node->text = strdup((const char *)event->data.scalar.value);
    }
    r->depth--;
    return rc < 0 ? NULL : TAKE(node);
}

/* Behind the start of the stream: the document's only node, or an empty map. */
static struct yaml_tree *read_root(struct reader *r) {
    for (;;) {
        yaml_event_t event;
        if (next(r, &event) < 0)
            return NULL;
        struct yaml_tree *root = NULL;
        bool start = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT;
        if (event.type == YAML_STREAM_END_EVENT) {
            root = calloc(1, sizeof *root);
            if (root)
                root->kind = TREE_MAP;
        } else if (!start) {
            root = node_of(r, &event);
        }
        yaml_event_delete(&event);
        if (!start)
            return root;
    }
}

/* What stands behind the document is not read, but must be YAML, and no document of its own. */
static int read_end(struct reader *r) {
    for (;;) {
        yaml_event_t event;
        if (next(r, &event) < 0)
            return -1;
        yaml_event_type_t type = event.type;
        int rc = type == YAML_DOCUMENT_START_EVENT ? fail(r, &event.start_mark, "a second document") : 0;
        yaml_event_delete(&event);
        if (rc < 0 || type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
            return rc;
    }
}

struct yaml_tree *yaml_tree_parse(const char *text, size_t len, const char *file, struct kc_error *err) {
    struct reader r = {.file = file, .err = err};
    yaml_mark_t start = {0};
    if (len > MAX_TEXT) {
        fail(&r, &start, "the file is longer than 1 MiB");
        return NULL;
    }
    if (!yaml_parser_initialize(&r.parser)) {
        fail(&r, &start, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    AUTO(yaml_tree) root = read_root(&r);
    int rc = root ? read_end(&r) : -1;
    yaml_parser_delete(&r.parser);
    return rc < 0 ? NULL : TAKE(root);
}
