/* The validators of ConfigDef: what the members of an option row demand, with Java's texts.
 * @source org.apache.kafka.common.config.ConfigDef (Range, ValidString, ValidList, NonEmptyString, …) */
#include "config/validators.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/java_number.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/base/utf8.h"

enum { SHOWN_MAX = 1024 * 1024, WORDS_MAX = 64 };

/* Whether null needs no validator: it is what the row has when nobody sets it. */
static bool null_is_default(const struct kc_option *row) {
    return !row->required && !row->def;
}

/* The value as Java's string concatenation shows it. */
static void show(const struct kc_option *row, const struct option_parsed *value, struct buf *out) {
    if (row->type == KC_OPT_T_LIST && !value->null) {
        (void)buf_add_char(out, '[');
        for (size_t i = 0; i < value->list.count; i++)
            (void)buf_printf(out, "%s%s", i ? ", " : "", value->list.items[i]);
        (void)buf_add_char(out, ']');
        return;
    }
    AUTO_TEXT text = option_text(row, value);
    (void)buf_add_text(out, text ? text : "null");
}

static int fail(const struct kc_option *row, const char *name, const struct option_parsed *value, struct kc_error *err,
                const char *detail) {
    AUTO_BUF shown;
    buf_init(&shown, SHOWN_MAX);
    show(row, value, &shown);
    return option_invalid(err, name, buf_text(&shown), "%s", detail);
}

static void bound_text(double bound, char *buf, size_t size) {
    if (bound == (double)(int64_t)bound)
        snprintf(buf, size, "%lld", (long long)bound);
    else
        java_double_text(bound, buf, size);
}

static int check_range(const struct kc_option *row, const char *name, const struct option_parsed *value,
                       struct kc_error *err) {
    char bound[40], detail[80];
    double number = row->type == KC_OPT_T_DOUBLE ? value->d : (double)value->i;
    if (!row->has_min && !row->has_max)
        return 0;
    if (value->null)
        return null_is_default(row) ? 0 : fail(row, name, value, err, "Value must be non-null");
    if (row->has_min && number < row->min) {
        bound_text(row->min, bound, sizeof(bound));
        snprintf(detail, sizeof(detail), "Value must be at least %s", bound);
        return fail(row, name, value, err, detail);
    }
    if (row->has_max && number > row->max) {
        bound_text(row->max, bound, sizeof(bound));
        snprintf(detail, sizeof(detail), "Value must be no more than %s", bound);
        return fail(row, name, value, err, detail);
    }
    return 0;
}

static bool is_one_of(const struct kc_option *row, const char *text) {
    for (const char *const *word = row->one_of; *word; word++)
        if ((row->one_of_ignores_case ? strcasecmp(*word, text) : strcmp(*word, text)) == 0)
            return true;
    return false;
}

/* "A, B": the words in the order of a java.util.HashSet of at most 12 upper-cased texts. */
static void add_hash_order(const char *const *words, struct buf *out) {
    char upper[WORDS_MAX];
    bool first = true;
    for (uint32_t bucket = 0; bucket < 16; bucket++) {
        for (const char *const *word = words; *word; word++) {
            uint32_t hash = 0;
            size_t len = 0;
            for (const char *s = *word; *s && len < sizeof(upper) - 1; s++) {
                upper[len] = (char)toupper((unsigned char)*s);
                hash = 31 * hash + (unsigned char)upper[len++];
            }
            upper[len] = '\0';
            if (((hash ^ hash >> 16) & 15) != bucket)
                continue;
            (void)buf_printf(out, "%s%s", first ? "" : ", ", upper);
            first = false;
        }
    }
}

static void add_words(const char *const *words, struct buf *out) {
    for (size_t i = 0; words[i]; i++)
        (void)buf_printf(out, "%s%s", i ? ", " : "", words[i]);
}

static int fail_one_of(const struct kc_option *row, const char *name, const char *text, struct kc_error *err) {
    AUTO_BUF words;
    buf_init(&words, SHOWN_MAX);
    if (row->one_of_ignores_case)
        add_hash_order(row->one_of, &words);
    else
        add_words(row->one_of, &words);
    return option_invalid(err, name, text, "String must be one of%s: %s",
                          row->one_of_ignores_case ? " (case insensitive)" : "", buf_text(&words));
}

static int check_one_of(const struct kc_option *row, const char *name, const struct option_parsed *value,
                        struct kc_error *err) {
    if (!row->one_of || row->type == KC_OPT_T_LIST || row->type == KC_OPT_T_CLASS)
        return 0;
    if (value->null ? null_is_default(row) : is_one_of(row, value->text))
        return 0;
    return fail_one_of(row, name, value->null ? "null" : row->type == KC_OPT_T_PASSWORD ? KC_HIDDEN : value->text, err);
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

bool option_is_valid_list(const struct kc_option *row) {
    return row->type == KC_OPT_T_LIST && (row->one_of || row->list_unique);
}

void option_drop_repeated(struct kc_list *list, struct kc_arena *arena) {
    const char **items = kc_arena_alloc(arena, (list->count + 1) * sizeof(*items));
    struct map *seen = map_new(/* free_value= */ NULL);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (map_has(seen, list->items[i]))
            continue;
        map_put(seen, list->items[i], seen);
        items[count++] = list->items[i];
    }
    map_free(seen);
    *list = (struct kc_list){.items = items, .count = count};
}

static bool has_repeated(const struct kc_list *list) {
    AUTO(arena) arena = arena_new(0);
    struct kc_list distinct = *list;
    option_drop_repeated(&distinct, arena);
    return distinct.count < list->count;
}

static int check_valid_list(const struct kc_option *row, const char *name, const struct option_parsed *value,
                            struct kc_error *err) {
    const struct kc_list *list = &value->list;
    if (value->null)
        return null_is_default(row) ? 0
                                    : err_set(err, ERR_BAD_CONFIG, "Configuration '%s' values must not be null.", name);
    if (row->list_not_empty && !list->count) {
        AUTO_BUF words;
        buf_init(&words, SHOWN_MAX);
        if (row->one_of)
            add_words(row->one_of, &words);
        return err_set(err, ERR_BAD_CONFIG, "Configuration '%s' must not be empty. Valid values include: %s%s%s", name,
                       row->one_of ? "[" : "", row->one_of ? buf_text(&words) : "any non-empty value",
                       row->one_of ? "]" : "");
    }
    if (has_repeated(list))
        return err_set(err, ERR_BAD_CONFIG, "Configuration '%s' values must not be duplicated.", name);
    for (size_t i = 0; i < list->count; i++) {
        if (!*list->items[i])
            return err_set(err, ERR_BAD_CONFIG, "Configuration '%s' values must not be empty.", name);
        if (row->one_of && !is_one_of(row, list->items[i]))
            return fail_one_of(row, name, list->items[i], err);
    }
    return 0;
}

static int check_list(const struct kc_option *row, const char *name, const struct option_parsed *value,
                      struct kc_error *err) {
    if (row->type != KC_OPT_T_LIST)
        return 0;
    if (option_is_valid_list(row))
        return check_valid_list(row, name, value, err);
    if (row->list_not_empty && (value->null || !value->list.count))
        return fail(row, name, value, err, "Empty list");
    return 0;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

static int check_custom(const struct kc_option *row, const char *name, const struct option_parsed *value,
                        struct kc_error *err) {
    if (!row->check)
        return 0;
    if (row->type == KC_OPT_T_PASSWORD || row->type == KC_OPT_T_STRING || value->null)
        return row->check(name, value->null ? NULL : value->text, err);
    AUTO_TEXT text = option_text(row, value);
    return row->check(name, text, err);
}

int option_check(const struct kc_option *row, const char *name, const struct option_parsed *value,
                 struct kc_error *err) {
    bool is_text = row->type == KC_OPT_T_STRING || row->type == KC_OPT_T_PASSWORD;
    if (check_range(row, name, value, err) < 0)
        return -1;
    if (row->not_empty && is_text && !value->null && !*value->text)
        return option_invalid(err, name, "", "String must be non-empty");
    if (check_one_of(row, name, value, err) < 0 || check_list(row, name, value, err) < 0)
        return -1;
    const struct option_classes *classes = option_classes_get();
    if (row->type == KC_OPT_T_CLASS && !value->null && classes && row->kind >= 0 && row->kind < KC_KIND_COUNT &&
        classes->check(value->text, row->kind, err) < 0)
        return -1;
    return check_custom(row, name, value, err);
}

int option_check_non_null(const char *name, const char *text, struct kc_error *err) {
    return text ? 0 : option_invalid(err, name, NULL, "entry must be non null");
}

int option_check_printable(const char *name, const char *text, struct kc_error *err) {
    AUTO_BUF codes;
    uint32_t c;
    buf_init(&codes, SHOWN_MAX);
    if (!text)
        return 0;
    if (!*text)
        return option_invalid(err, name, text, "String may not be empty");
    const char *s = text;
    for (size_t left = strlen(text), len; left; left -= len, s += len) {
        len = utf8_get(s, left, &c);
        if (len == 0) {
            len = 1;
        } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
            (void)buf_printf(&codes, "%s%u", codes.len ? ", " : "", c);
        }
    }
    if (!codes.len)
        return 0;
    return option_invalid(err, name, text,
                          "String may not contain control sequences but had the following ASCII chars: %s",
                          buf_text(&codes));
}

int option_check_aliases(const char *name, const char *text, struct kc_error *err) {
    static const struct kc_option list = {.name = "aliases", .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    AUTO(arena) arena = arena_new(0);
    struct option_parsed v;
    if (!text)
        return option_invalid(err, name, NULL, "entry must be non null");
    if (option_parse(&list, name, text, arena, &v, err) < 0)
        return -1;
    if (v.list.count > OPTION_ALIASES_MAX)
        return err_set(err, ERR_BAD_CONFIG, "Configuration '%s' lists more than %d aliases.", name, OPTION_ALIASES_MAX);
    return has_repeated(&v.list) ? fail(&list, name, &v, err, "Duplicate alias provided.") : 0;
}
