/* ConfigInfos and ConfigKeyInfo as JSON, field order as Java emits them.
 * @source AbstractHerder.generateResult, convertConfigKey, convertConfigValue (rest-api 4, 6.7) */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/plugins.h"
#include "connect/validation_parts.h"

enum { ENTRY_BYTES = 1000 }; /* of the answer, about; so that the buffer rarely grows */

/* `before`, a literal, and the text as a JSON string, or null. */
#define ADD_TEXT(out, before, text)                         \
    do {                                                    \
        (void)buf_add((out), (before), sizeof(before) - 1); \
        add_string((out), (text));                          \
    } while (0)
/* `before`, a literal, and a word that needs no quotes or escapes. */
#define ADD_WORD(out, before, word)                         \
    do {                                                    \
        (void)buf_add((out), (before), sizeof(before) - 1); \
        (void)buf_add_text((out), (word));                  \
    } while (0)

static void add_string(struct buf *out, const char *text) {
    if (text)
        (void)buf_add_json(out, text, strlen(text));
    else
        (void)buf_add_text(out, "null");
}

static void add_texts(struct buf *out, const char *before, const char *const *texts, size_t count) {
    (void)buf_add_text(out, before);
    (void)buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        add_string(out, texts[i]);
    }
    (void)buf_add_char(out, ']');
}

static size_t text_count(const char *const *texts) {
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

static void add_default(struct buf *out, const struct kc_option *row, struct kc_arena *arena) {
    add_string(out, row->required ? NULL : option_default_shown(row, arena));
}

void validation_add_definition(const struct key_def *def, struct buf *out, struct kc_arena *arena,
                               size_t *ret_default_at, size_t *ret_default_end) {
    const struct kc_option *row = &def->row;
    char order[16];
    ADD_TEXT(out, "{\"name\":", def->name);
    ADD_WORD(out, ",\"type\":\"", option_type_name(row->type));
    ADD_WORD(out, "\",\"required\":", row->required ? "true" : "false");
    (void)buf_add_text(out, ",\"default_value\":");
    *ret_default_at = out->len;
    add_default(out, row, arena);
    *ret_default_end = out->len;
    ADD_WORD(out, ",\"importance\":\"", option_importance_name(row->importance));
    ADD_TEXT(out, "\",\"documentation\":", row->doc ? row->doc : "");
    ADD_TEXT(out, ",\"group\":", def->group);
    ADD_WORD(out, ",\"width\":\"", option_width_name(row->width));
    ADD_TEXT(out, "\",\"display_name\":", row->display_name ? row->display_name : row->name);
    add_texts(out, ",\"dependents\":", row->dependents, text_count(row->dependents));
    snprintf(order, sizeof order, "%d", def->order);
    ADD_WORD(out, ",\"order\":", order);
    (void)buf_add_char(out, '}');
}

void validation_add_value(const struct option_value *o, struct buf *out) {
    add_string(out, o->value);
    add_texts(out, ",\"recommended_values\":", o->recommended, text_count(o->recommended));
    add_texts(out, ",\"errors\":", o->errors, o->error_count);
    ADD_WORD(out, ",\"visible\":", o->visible ? "true}" : "false}");
}

static void add_whole_value(struct buf *out, const struct option_value *o) {
    ADD_TEXT(out, "{\"name\":", o->name);
    (void)buf_add_text(out, ",\"value\":");
    validation_add_value(o, out);
}

static void add_definition(struct buf *out, const struct key_def *def, struct kc_arena *arena) {
    size_t at, end;
    validation_add_definition(def, out, arena, &at, &end);
}

static bool has_own_default(const struct key_def *def) {
    return def->row.def == def->memo->row->def;
}

/* Whether nothing is different from the row that nobody sets. */
static bool is_as_known(const struct key_def *def, const struct option_value *o) {
    return has_own_default(def) && o->value == def->entry->unset && !o->error_count && o->visible &&
           o->recommended == def->entry->row->recommended;
}

/* By what is known of the row; false: it has no memo. */
static bool add_known(struct buf *out, const struct entry *e, struct kc_arena *arena) {
    const struct row_memo *memo = e->def ? e->def->entry : NULL;
    if (!memo || !memo->json || !e->value)
        return false;
    if (is_as_known(e->def, e->value)) {
        (void)buf_add(out, memo->json, memo->json_len);
        return true;
    }
    size_t from = 0;
    if (!has_own_default(e->def)) {
        (void)buf_add(out, memo->json, memo->default_at);
        add_default(out, &e->def->row, arena);
        from = memo->default_end;
    }
    (void)buf_add(out, memo->json + from, memo->value_at - from);
    validation_add_value(e->value, out);
    (void)buf_add_char(out, '}');
    return true;
}

/* Without such knowledge. */
static void add_unknown(struct buf *out, const struct entry *e, struct kc_arena *arena) {
    (void)buf_add_text(out, "{\"definition\":");
    if (e->def)
        add_definition(out, e->def, arena);
    else
        (void)buf_add_text(out, "null");
    (void)buf_add_text(out, ",\"value\":");
    if (e->value)
        add_whole_value(out, e->value);
    else
        (void)buf_add_text(out, "null");
    (void)buf_add_char(out, '}');
}

int validation_json(const struct validation *v, struct buf *out) {
    (void)buf_reserve(out, v->entries.count * ENTRY_BYTES);
    ADD_TEXT(out, "{\"name\":", v->class_name);
    (void)buf_printf(out, ",\"error_count\":%d", v->error_count);
    add_texts(out, ",\"groups\":", v->groups, v->group_count);
    (void)buf_add_text(out, ",\"configs\":[");
    for (size_t i = 0; i < v->entries.count; i++) {
        const struct entry *e = &v->entries.items[i];
        if (i)
            (void)buf_add_char(out, ',');
        if (!add_known(out, e, v->arena))
            add_unknown(out, e, v->arena);
    }
    return buf_add_text(out, "]}");
}

int plugin_config_json(const struct kc_plugin *plugin, struct buf *out, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct key_defs own = {0}, framework = {0};
    size_t count = 0;
    key_defs_add_rows(&own, arena, plugin->options, "", /* config= */ NULL);
    if (plugin->connector)
        key_defs_framework(&framework, arena, plugin, /* worker= */ NULL, /* config= */ NULL);
    (void)buf_add_char(out, '[');
    for (size_t i = 0; i < own.count + framework.count; i++) {
        const struct key_def *def = i < own.count ? &own.items[i] : &framework.items[i - own.count];
        if (i >= own.count && key_defs_find(&own, def->name))
            continue;
        (void)buf_add_text(out, count++ ? "," : "");
        add_definition(out, def, arena);
    }
    if (buf_add_char(out, ']') < 0)
        return err_set(err, ERR_INTERNAL, "the definition of %s is too long", plugin->class_name);
    return 0;
}
