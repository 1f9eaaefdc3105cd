/* Reader of block YAML: lines with their indentation first, then maps and lists by recursion over these. */
#include "config/yaml.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { MAX_DEPTH = 32, MAX_TEXT = 1 << 20 };

struct line {
    size_t indent, len, number;
    const char *text; /* without indentation, comment and blanks at the end */
};

struct parser {
    const char *file;
    struct line *lines;
    size_t count, pos;
    int depth;
    struct kc_error *err;
};

static struct yaml *fail(const struct parser *p, size_t number, const char *what) {
    err_set(p->err, ERR_BAD_CONFIG, "%s:%zu: %s", p->file, number, what);
    return NULL;
}

/* ---- the tree ---------------------------------------------------------------------------------------------------- */

struct yaml *yaml_free(struct yaml *node) {
    if (!node)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            free(node->keys[i]);
        yaml_free(node->items[i]);
    }
    free(node->keys);
    free(node->items);
    free(node->text);
    free(node);
    return NULL;
}

static struct yaml *node_new(enum yaml_kind kind) {
    struct yaml *node = calloc(1, sizeof *node);
    if (node)
        node->kind = kind;
    return node;
}

/* Takes `key` (NULL in a list) and `item`, also when it fails. */
static int add(struct yaml *node, char *key, struct yaml *item) {
    struct yaml **items = item ? reallocarray(node->items, node->count + 1, sizeof *items) : NULL;
    if (items)
        node->items = items;
    char **keys = items && key ? reallocarray(node->keys, node->count + 1, sizeof *keys) : NULL;
    if (keys)
        node->keys = keys;
    if (!items || (key && !keys)) {
        free(key);
        yaml_free(item);
        return -1;
    }
    if (key)
        keys[node->count] = key;
    items[node->count++] = item;
    return 0;
}

const struct yaml *yaml_get(const struct yaml *node, const char *key) {
    for (size_t i = 0; node && node->kind == YAML_MAP && i < node->count; i++)
        if (strcasecmp(node->keys[i], key) == 0)
            return node->items[i];
    return NULL;
}

const char *yaml_text(const struct yaml *node, const char *key) {
    const struct yaml *child = yaml_get(node, key);
    return child && child->kind == YAML_SCALAR ? child->text : NULL;
}

const struct yaml *yaml_item(const struct yaml *node, size_t i) {
    if (node && node->kind == YAML_LIST)
        return i < node->count ? node->items[i] : NULL;
    return i == 0 ? node : NULL;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Where a comment begins, or the end: '#' at the start or behind a blank, outside quotes. */
static size_t content_length(const char *s, size_t len) {
    char quote = 0;
    for (size_t i = 0; i < len; i++) {
        bool starts_word = i == 0 || strchr(" \t[,:-", s[i - 1]);
        if (quote == '"' && s[i] == '\\')
            i++;
        else if (quote)
            quote = s[i] == quote ? 0 : quote;
        else if ((s[i] == '"' || s[i] == '\'') && starts_word)
            quote = s[i];
        else if (s[i] == '#' && (i == 0 || s[i - 1] == ' ' || s[i - 1] == '\t'))
            return i;
    }
    return len;
}

static int add_line(struct parser *p, const char *s, size_t len, size_t number) {
    struct line line = {.number = number};
    len = content_length(s, len);
    while (len > 0 && strchr(" \t\r", s[len - 1]))
        len--;
    while (line.indent < len && s[line.indent] == ' ')
        line.indent++;
    line.text = s + line.indent;
    line.len = len - line.indent;
    if (!line.len || (!line.indent && (strncmp(s, "---", len) == 0 || strncmp(s, "...", len) == 0) && len == 3))
        return 0;
    if (line.text[0] == '\t')
        return fail(p, number, "a tab cannot indent a line"), -1;
    struct line *grown = reallocarray(p->lines, p->count + 1, sizeof *grown);
    if (!grown)
        return fail(p, number, "out of memory"), -1;
    p->lines = grown;
    p->lines[p->count++] = line;
    return 0;
}

static int split(struct parser *p, const char *text, size_t len) {
    size_t number = 1;
    if (len > MAX_TEXT)
        return fail(p, 1, "the file is longer than 1 MiB"), -1;
    if (memchr(text, 0, len))
        return fail(p, 1, "a NUL character in the file"), -1;
    for (size_t pos = 0; pos < len; number++) {
        const char *end = memchr(text + pos, '\n', len - pos);
        size_t n = end ? (size_t)(end - text) - pos : len - pos;
        if (add_line(p, text + pos, n, number) < 0)
            return -1;
        pos += n + 1;
    }
    return 0;
}

/* ---- scalars ----------------------------------------------------------------------------------------------------- */

static int add_escaped(struct buf *b, char c) {
    static const char from[] = "\\\"/ntr0", to[] = "\\\"/\n\t\r";
    const char *at = strchr(from, c);
    return !c || !at || c == '0' ? -1 : buf_add_char(b, to[at - from]);
}

/* A quoted scalar at the start of s; its length with quotes, 0 when it does not end or has an unknown escape. */
static size_t unquote(const char *s, size_t len, struct buf *b) {
    char quote = s[0];
    for (size_t i = 1; i < len; i++) {
        if (quote == '"' && s[i] == '\\') {
            if (++i >= len || add_escaped(b, s[i]) < 0)
                return 0;
        } else if (s[i] != quote) {
            (void)buf_add_char(b, s[i]);
        } else if (quote == '\'' && i + 1 < len && s[i + 1] == quote) {
            (void)buf_add_char(b, s[++i]);
        } else {
            return i + 1;
        }
    }
    return 0;
}

/* A scalar node that is all of s. */
static struct yaml *scalar(const struct parser *p, size_t number, const char *s, size_t len) {
    AUTO_BUF text;
    buf_init(&text, MAX_TEXT);
    (void)buf_add(&text, "", 0);
    if (len && (s[0] == '"' || s[0] == '\'')) {
        if (unquote(s, len, &text) != len)
            return fail(p, number, "a quoted text that does not end with its quote, or has an unknown escape");
    } else if (len && strchr("&*!|>%@`{}[],?", s[0])) {
        return fail(p, number, "anchors, tags, block texts and flow collections are not read here; quote the text");
    } else {
        (void)buf_add(&text, s, len);
    }
    struct yaml *node = node_new(YAML_SCALAR);
    if (node)
        node->text = text.len ? buf_take(&text) : strdup("");
    if (node && node->text)
        return node;
    yaml_free(node);
    return fail(p, number, "out of memory");
}

/* The length of the scalar at the start of a flow sequence's rest. */
static size_t flow_item_length(const char *s, size_t len) {
    size_t i = 0;
    char quote = len && (s[0] == '"' || s[0] == '\'') ? s[i++] : 0;
    for (; i < len; i++) {
        if (quote == '"' && s[i] == '\\')
            i++;
        else if (quote && s[i] == quote)
            quote = 0;
        else if (!quote && (s[i] == ',' || s[i] == ']'))
            break;
    }
    return i < len ? i : len;
}

/* "[a, b]", the whole of s. */
static struct yaml *flow_list(const struct parser *p, size_t number, const char *s, size_t len) {
    AUTO(yaml) list = node_new(YAML_LIST);
    size_t pos = 1, end = len - 1;
    if (len < 2 || s[end] != ']' || !list)
        return fail(p, number, "a sequence that does not end with ] in its line");
    while (pos < end) {
        while (pos < end && s[pos] == ' ')
            pos++;
        size_t n = flow_item_length(s + pos, end - pos), trimmed = n;
        while (trimmed && s[pos + trimmed - 1] == ' ')
            trimmed--;
        if (pos + n < end && s[pos + n] == ']')
            return fail(p, number, "text behind a sequence");
        if ((trimmed || pos + n < end) && add(list, NULL, scalar(p, number, s + pos, trimmed)) < 0)
            return NULL;
        pos += n + 1;
    }
    return TAKE(list);
}

static struct yaml *value(const struct parser *p, size_t number, const char *s, size_t len) {
    if (len == 2 && s[0] == '{' && s[1] == '}')
        return node_new(YAML_MAP);
    return len && s[0] == '[' ? flow_list(p, number, s, len) : scalar(p, number, s, len);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static bool is_item(const struct line *line) {
    return line->text[0] == '-' && (line->len == 1 || line->text[1] == ' ');
}

/* The length of the key at the start of a line, up to its colon; 0: this is not "key: …". */
static size_t key_length(const struct line *line) {
    size_t i = 0;
    if (line->text[0] == '"' || line->text[0] == '\'') {
        AUTO_BUF ignored;
        buf_init(&ignored, MAX_TEXT);
        i = unquote(line->text, line->len, &ignored);
        return i && i < line->len && line->text[i] == ':' ? i : 0;
    }
    for (; i < line->len; i++)
        if (line->text[i] == ':' && (i + 1 == line->len || line->text[i + 1] == ' '))
            return i;
    return 0;
}

static struct yaml *block(struct parser *p);

/* What stands below the line at `number`, deeper than `indent`; a list may be at `indent` itself when its line is a
 * key. */
static struct yaml *below(struct parser *p, size_t number, size_t indent, bool is_key) {
    const struct line *next = p->pos < p->count ? &p->lines[p->pos] : NULL;
    if (next && (next->indent > indent || (is_key && next->indent == indent && is_item(next))))
        return block(p);
    return scalar(p, number, "", 0);
}

static struct yaml *block_list(struct parser *p, size_t indent) {
    AUTO(yaml) list = node_new(YAML_LIST);
    while (list && p->pos < p->count && p->lines[p->pos].indent == indent && is_item(&p->lines[p->pos])) {
        struct line *line = &p->lines[p->pos];
        size_t skip = 1;
        while (skip < line->len && line->text[skip] == ' ')
            skip++;
        struct yaml *item;
        if (skip >= line->len) {
            p->pos++;
            item = below(p, line->number, indent, /* is_key= */ false);
        } else { /* the rest is a block of its own, indented to where it stands */
            line->indent += skip;
            line->text += skip;
            line->len -= skip;
            item = block(p);
        }
        if (add(list, NULL, item) < 0)
            return NULL;
    }
    return TAKE(list);
}

static struct yaml *block_map(struct parser *p, size_t indent) {
    AUTO(yaml) map = node_new(YAML_MAP);
    while (map && p->pos < p->count && p->lines[p->pos].indent == indent && !is_item(&p->lines[p->pos])) {
        const struct line *line = &p->lines[p->pos++];
        size_t len = key_length(line), from = len + 1;
        if (!len)
            return fail(p, line->number, "this is not 'key: value'");
        AUTO(yaml) key = scalar(p, line->number, line->text, len);
        if (!key)
            return NULL;
        for (size_t i = 0; i < map->count; i++)
            if (strcmp(map->keys[i], key->text) == 0)
                return fail(p, line->number, "the key is there twice");
        while (from < line->len && line->text[from] == ' ')
            from++;
        struct yaml *item = from < line->len ? value(p, line->number, line->text + from, line->len - from)
                                             : below(p, line->number, indent, /* is_key= */ true);
        if (add(map, TAKE(key->text), item) < 0)
            return NULL;
    }
    return TAKE(map);
}

/* The map, list or scalar that begins at the present line. */
static struct yaml *block(struct parser *p) {
    const struct line *line = &p->lines[p->pos];
    size_t indent = line->indent;
    struct yaml *node;
    if (++p->depth > MAX_DEPTH)
        return fail(p, line->number, "nested too deeply");
    if (is_item(line)) {
        node = block_list(p, indent);
    } else if (key_length(line)) {
        node = block_map(p, indent);
    } else {
        p->pos++;
        node = value(p, line->number, line->text, line->len);
    }
    p->depth--;
    if (!node || p->pos == p->count || p->lines[p->pos].indent < indent)
        return node;
    /* a line that neither goes on with this block nor ends it; "- a" below "key:" at the same indentation ends it */
    if (p->lines[p->pos].indent == indent && node->kind == YAML_LIST)
        return node;
    yaml_free(node);
    return fail(p, p->lines[p->pos].number, "unexpected line: wrong indentation, or a text of several lines");
}

struct yaml *yaml_parse(const char *text, size_t len, const char *file, struct kc_error *err) {
    struct parser p = {.file = file, .err = err};
    struct yaml *root = NULL;
    if (split(&p, text, len) == 0)
        root = p.count ? block(&p) : node_new(YAML_MAP);
    if (root && p.pos < p.count) {
        root = yaml_free(root);
        fail(&p, p.lines[p.pos].number, "unexpected line behind the end of the document");
    }
    free(p.lines);
    return root;
}
