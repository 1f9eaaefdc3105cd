/* One option's text to a typed value and back, and whole tables of options into conf structs. */
#include "config/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/java_number.h"
#include "config/validators.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/name_index.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

static const struct option_classes *classes;

void option_classes_set(const struct option_classes *c) {
    classes = c;
}

const struct option_classes *option_classes_get(void) {
    return classes;
}

int option_invalid(struct kc_error *err, const char *name, const char *value, const char *fmt, ...) {
    char detail[KC_ERROR_TEXT];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s: %s", value ? value : "null", name,
                   detail);
}

/* ---- Text to value ----------------------------------------------------------------------------------------------- */

/* String.trim(): everything up to U+0020 goes. */
static char *trimmed(struct kc_arena *arena, const char *s) {
    size_t len = strlen(s);
    while (len && (unsigned char)s[len - 1] <= ' ')
        len--;
    while (len && (unsigned char)*s <= ' ')
        s++, len--;
    return kc_arena_copy(arena, s, len);
}

static bool regex_space(char c) {
    return c && strchr(" \t\n\v\f\r", c);
}

/* split("\\s*,\\s*", -1) of a trimmed text; "" is the empty list. Cuts `text` into the items. */
static struct kc_list split_list(struct kc_arena *arena, char *text) {
    size_t count = 1;
    if (!*text)
        return (struct kc_list){0};
    for (const char *s = text; *s; s++)
        count += *s == ',';
    const char **items = kc_arena_alloc(arena, count * sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        char *comma = strchr(text, ','), *end = comma ? comma : text + strlen(text);
        while (comma && end > text && regex_space(end[-1]))
            end--;
        items[i] = text;
        if (comma)
            for (text = comma + 1; regex_space(*text); text++)
                ;
        *end = '\0';
    }
    return (struct kc_list){.items = items, .count = count};
}

/* A class that is there, for what we know, although the row does not name it: what is wrong with it is said by the
 * row's check. */
static bool is_another_class(const struct kc_option *row, const char *text) {
    return row->check && (strncmp(text, "java.lang.", 10) == 0 || (classes && classes->find(text)));
}

static int parse_class(const struct kc_option *row, const char *name, const char *raw, const char *text,
                       struct option_parsed *v, struct kc_error *err) {
    v->text = NULL;
    if (row->kind == KC_KIND_NAMED) {
        for (const char *const *c = row->one_of; c && *c; c++)
            if (strcmp(*c, text) == 0)
                v->text = *c;
        if (!v->text && is_another_class(row, text))
            v->text = text;
    } else if (classes) {
        v->text = classes->find(text);
    }
    return v->text ? 0 : option_invalid(err, name, raw, "Class %s could not be found.", raw);
}

static int parse_number(const struct kc_option *row, const char *name, const char *raw, const char *text,
                        struct option_parsed *v, struct kc_error *err) {
    bool ok = row->type == KC_OPT_T_INT     ? java_parse_long(text, INT32_MIN, INT32_MAX, &v->i)
              : row->type == KC_OPT_T_SHORT ? java_parse_long(text, INT16_MIN, INT16_MAX, &v->i)
              : row->type == KC_OPT_T_LONG  ? java_parse_long(text, INT64_MIN, INT64_MAX, &v->i)
                                            : java_parse_double(text, &v->d);
    return ok ? 0 : option_invalid(err, name, raw, "Not a number of type %s", option_type_name(row->type));
}

int option_parse(const struct kc_option *row, const char *name, const char *raw, struct kc_arena *arena,
                 struct option_parsed *ret_value, struct kc_error *err) {
    struct option_parsed v = {.null = !raw};
    int rc = 0;
    if (raw) {
        char *text = trimmed(arena, raw);
        switch (row->type) {
        case KC_OPT_T_BOOLEAN:
            v.b = strcasecmp(text, "true") == 0;
            if (!v.b && strcasecmp(text, "false") != 0)
                rc = option_invalid(err, name, raw, "Expected value to be either true or false");
            break;
        case KC_OPT_T_INT:
        case KC_OPT_T_SHORT:
        case KC_OPT_T_LONG:
        case KC_OPT_T_DOUBLE:
            rc = parse_number(row, name, raw, text, &v, err);
            break;
        case KC_OPT_T_LIST:
            v.list = split_list(arena, text);
            break;
        case KC_OPT_T_CLASS:
            rc = parse_class(row, name, raw, text, &v, err);
            break;
        case KC_OPT_T_STRING:
        case KC_OPT_T_PASSWORD:
            v.text = text;
            break;
        }
    }
    if (rc == 0)
        *ret_value = v;
    return rc;
}

/* A default is right by construction; class names in it need not be looked up. */
static int parse_default(const struct kc_option *row, const char *name, struct kc_arena *arena,
                         struct option_parsed *ret_value, struct kc_error *err) {
    if (row->type == KC_OPT_T_CLASS) {
        *ret_value = (struct option_parsed){.null = !row->def, .text = row->def};
        return 0;
    }
    return option_parse(row, name, row->def, arena, ret_value, err);
}

/* ---- Value to text ----------------------------------------------------------------------------------------------- */

static char *take_text(struct buf *b) {
    char *text = b->len ? buf_take(b) : strdup("");
    if (!text) {
        fprintf(stderr, "kconnectd: the text of an option is longer than %d bytes\n", TEXT_MAX);
        abort();
    }
    return text;
}

char *option_text(const struct kc_option *row, const struct option_parsed *value) {
    AUTO_BUF b;
    char number[40];
    buf_init(&b, TEXT_MAX);
    if (value->null)
        return NULL;
    switch (row->type) {
    case KC_OPT_T_BOOLEAN:
        (void)buf_add_text(&b, value->b ? "true" : "false");
        break;
    case KC_OPT_T_INT:
    case KC_OPT_T_SHORT:
    case KC_OPT_T_LONG:
        (void)buf_printf(&b, "%lld", (long long)value->i);
        break;
    case KC_OPT_T_DOUBLE:
        java_double_text(value->d, number, sizeof(number));
        (void)buf_add_text(&b, number);
        break;
    case KC_OPT_T_LIST:
        for (size_t i = 0; i < value->list.count; i++) {
            (void)buf_add_text(&b, i ? "," : "");
            (void)buf_add_text(&b, value->list.items[i]);
        }
        break;
    case KC_OPT_T_STRING:
    case KC_OPT_T_CLASS:
        (void)buf_add_text(&b, value->text);
        break;
    case KC_OPT_T_PASSWORD:
        (void)buf_add_text(&b, KC_HIDDEN);
        break;
    }
    return take_text(&b);
}

const char *option_shown(const struct kc_option *row, const struct option_parsed *value, struct kc_arena *arena) {
    if (value->null)
        return NULL;
    switch (row->type) {
    case KC_OPT_T_STRING:
    case KC_OPT_T_CLASS:
        return value->text;
    case KC_OPT_T_PASSWORD:
        return KC_HIDDEN;
    case KC_OPT_T_BOOLEAN:
        return value->b ? "true" : "false";
    case KC_OPT_T_LIST:
        if (value->list.count < 2)
            return value->list.count ? value->list.items[0] : "";
        break;
    default:
        break;
    }
    AUTO_TEXT text = option_text(row, value);
    return kc_arena_printf(arena, "%s", text);
}

const char *option_default_shown(const struct kc_option *row, struct kc_arena *arena) {
    struct option_parsed v;
    if (!row->def || parse_default(row, row->name, arena, &v, NULL) < 0)
        return NULL;
    return option_shown(row, &v, arena);
}

char *option_default_text(const struct kc_option *row) {
    AUTO(arena) arena = arena_new(0);
    struct option_parsed v;
    if (!row->def || parse_default(row, row->name, arena, &v, NULL) < 0)
        return NULL;
    return option_text(row, &v);
}

void option_store(const struct kc_option *row, const struct option_parsed *value, void *conf) {
    if (row->offset == KC_NO_FIELD || !conf || value->null)
        return; /* the field is zero already */
    void *field = (char *)conf + row->offset;
    switch (row->type) {
    case KC_OPT_T_BOOLEAN:
        *(bool *)field = value->b;
        break;
    case KC_OPT_T_INT:
        *(int32_t *)field = (int32_t)value->i;
        break;
    case KC_OPT_T_SHORT:
        *(int16_t *)field = (int16_t)value->i;
        break;
    case KC_OPT_T_LONG:
        *(int64_t *)field = value->i;
        break;
    case KC_OPT_T_DOUBLE:
        *(double *)field = value->d;
        break;
    case KC_OPT_T_LIST:
        *(struct kc_list *)field = value->list;
        break;
    case KC_OPT_T_STRING:
    case KC_OPT_T_CLASS:
        *(const char **)field = value->text;
        break;
    case KC_OPT_T_PASSWORD:
        *(struct kc_secret *)field = (struct kc_secret){.value = value->text};
        break;
    }
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

int option_read(const struct kc_option *row, const char *name, const struct kc_config *config, struct kc_arena *arena,
                struct option_parsed *ret_value, struct kc_error *err) {
    if (kc_config_has(config, name))
        return option_parse(row, name, kc_config_get(config, name), arena, ret_value, err);
    if (row->required)
        return err_set(err, ERR_BAD_CONFIG, "Missing required configuration \"%s\" which has no default value.", name);
    return parse_default(row, name, arena, ret_value, err);
}

void config_validate(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                     size_t conf_size, struct kc_problems *problems) {
    struct kc_error err = {0};
    if (conf)
        memset(conf, 0, conf_size);
    for (const struct kc_option *row = rows; row && row->name; row++) {
        struct option_parsed v = {.null = true};
        struct option_value *o = problems_row(problems, row->name, name_hash(row->name));
        o->row = row;
        o->recommended = row->recommended;
        o->visible = !row->visible || row->visible(row->name, config);
        o->value = NULL;
        if (option_read(row, row->name, config, arena, &v, &err) < 0)
            kc_problem(problems, row->name, "%s", err.text);
        else
            o->value = option_shown(row, &v, arena);
        if (option_check(row, row->name, &v, &err) < 0)
            kc_problem(problems, row->name, "%s", err.text);
        option_store(row, &v, conf);
    }
}

int config_parse(const struct kc_option *rows, const struct kc_config *config, struct kc_arena *arena, void *conf,
                 size_t conf_size, struct kc_error *err) {
    if (conf)
        memset(conf, 0, conf_size);
    for (const struct kc_option *row = rows; row && row->name; row++) {
        struct option_parsed v;
        if (option_read(row, row->name, config, arena, &v, err) < 0)
            return -1;
        if (option_is_valid_list(row))
            option_drop_repeated(&v.list, arena);
        if (option_check(row, row->name, &v, err) < 0)
            return -1;
        option_store(row, &v, conf);
    }
    return 0;
}

static bool known_prefix(const char *key, const char *const *prefixes) {
    for (; prefixes && *prefixes; prefixes++)
        if (strncmp(key, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

void config_log_unknown(const char *logger, const struct kc_option *rows, const struct kc_config *config,
                        const char *const *known_prefixes) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF line;
    buf_init(&line, TEXT_MAX);
    for (const struct kc_option *row = rows; row && row->name; row++) {
        struct option_parsed v = {.null = true};
        if (option_read(row, row->name, config, arena, &v, /* err= */ NULL) < 0)
            v.null = true;
        AUTO_TEXT text = option_text(row, &v);
        (void)buf_printf(&line, "\n\t%s = %s", row->name, text ? text : "null");
    }
    kc_log(KC_INFO, logger, "values: %s", buf_text(&line));
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i);
        if (!option_find(rows, key) && !known_prefix(key, known_prefixes))
            kc_log(KC_WARN, logger, "The configuration '%s' was supplied but is not a known option", key);
    }
}
