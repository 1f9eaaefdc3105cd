/* See render.h.  @source org.apache.kafka.common.config.ConfigDef (toRst, toHtml) for what is told of an option */
#include "config/render.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/java_number.h"
#include "config/parse.h"

enum { COLUMNS = 100, VALID_MAX = 64 * 1024 };

int render_title(struct buf *out, enum render_style style, const char *title) {
    if (style == RENDER_MARKDOWN)
        return buf_printf(out, "## %s\n\n", title);
    (void)buf_printf(out, "%s\n", title);
    for (size_t i = 0; i < strlen(title); i++)
        (void)buf_add_char(out, '=');
    return buf_add_text(out, "\n\n");
}

int render_paragraph(struct buf *out, enum render_style style, int indent, const char *text) {
    if (style == RENDER_MARKDOWN)
        return buf_printf(out, "%s\n\n", text);
    size_t column = 0;
    while (*text) {
        size_t len = strcspn(text, " \n");
        if (column && column + 1 + len > COLUMNS) {
            (void)buf_add_char(out, '\n');
            column = 0;
        }
        if (column)
            (void)buf_add_char(out, ' ');
        else
            (void)buf_printf(out, "%*s", indent, "");
        column += (column ? 1 : (size_t)indent) + len;
        (void)buf_add(out, text, len);
        text += len;
        text += strspn(text, " \n");
    }
    return buf_add_char(out, '\n');
}

static void add_number(struct buf *out, double number) {
    char text[40];
    if (number == (double)(int64_t)number) {
        (void)buf_printf(out, "%lld", (long long)number);
        return;
    }
    java_double_text(number, text, sizeof(text));
    (void)buf_add_text(out, text);
}

/* What values the row takes, in Java's notation where there is one: "[1,...]", "[none, all]"; "" when any will do. */
static int render_valid_values(struct buf *out, const struct kc_option *row) {
    if (row->range_text)
        return buf_add_text(out, row->range_text);
    if (row->one_of) {
        (void)buf_add_text(out, row->one_of_ignores_case ? "(case insensitive) [" : "[");
        for (size_t i = 0; row->one_of[i]; i++)
            (void)buf_printf(out, "%s%s", i ? ", " : "", row->one_of[i]);
        return buf_add_char(out, ']');
    }
    if (row->has_min || row->has_max) {
        (void)buf_add_char(out, '[');
        if (row->has_min)
            add_number(out, row->min);
        (void)buf_add_text(out, row->has_min ? ",..." : "...");
        if (row->has_max) {
            (void)buf_add_char(out, ',');
            add_number(out, row->max);
        }
        return buf_add_char(out, ']');
    }
    if (row->list_not_empty)
        return buf_add_text(out, "non-empty list");
    return row->not_empty ? buf_add_text(out, "non-empty string") : 0;
}

/* "STRING, default none, [none, all], importance medium" */
static void add_facts(struct buf *out, const struct kc_option *row, const char *mark) {
    AUTO_TEXT def = option_default_text(row);
    AUTO_BUF valid;
    buf_init(&valid, VALID_MAX);
    (void)render_valid_values(&valid, row);
    (void)buf_add_text(out, option_type_name(row->type));
    if (row->required)
        (void)buf_add_text(out, ", required");
    else if (!def)
        (void)buf_add_text(out, ", not set");
    else
        (void)buf_printf(out, ", default %s%s%s", *def ? mark : "", *def ? def : "empty", *def ? mark : "");
    if (valid.len)
        (void)buf_printf(out, ", %s%s%s", mark, buf_text(&valid), mark);
    (void)buf_add_text(out, ", importance ");
    for (const char *s = option_importance_name(row->importance); *s; s++)
        (void)buf_add_char(out, (char)tolower((unsigned char)*s));
}

static void add_option(struct buf *out, enum render_style style, const struct kc_option *row) {
    const char *doc = row->doc ? row->doc : "";
    if (style == RENDER_MARKDOWN) {
        (void)buf_printf(out, "- `%s` (", row->name);
        add_facts(out, row, "`");
        (void)buf_printf(out, ")  \n  %s\n", doc);
        return;
    }
    (void)buf_printf(out, "%s\n    ", row->name);
    add_facts(out, row, "");
    (void)buf_add_char(out, '\n');
    (void)render_paragraph(out, style, 4, doc);
    (void)buf_add_char(out, '\n');
}

int render_options(struct buf *out, enum render_style style, const struct kc_option *rows) {
    for (const struct kc_option *row = rows; row && row->name; row++)
        if (!row->doc || *row->doc)
            add_option(out, style, row);
    return buf_add_text(out, style == RENDER_MARKDOWN ? "\n" : "");
}
