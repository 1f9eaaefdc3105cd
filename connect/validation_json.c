/* ConfigInfos and ConfigKeyInfo as JSON, field order as Java emits them.
 * @source AbstractHerder.generateResult, convertConfigKey, convertConfigValue (rest-api 4, 6.7) */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/plugins.h"
#include "connect/validation_parts.h"

enum { ENTRY_BYTES = 1000 }; /* of the answer, about; so that the buffer rarely grows */

/* `before` and the text as a JSON string, or null. */
static void add_text(struct buf *out, const char *before, const char *text) {
    (void)buf_add_text(out, before);
    if (text)
        (void)buf_add_json(out, text, strlen(text));
    else
        (void)buf_add_text(out, "null");
}

static void add_texts(struct buf *out, const char *before, const char *const *texts, size_t count) {
    (void)buf_add_text(out, before);
    (void)buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++)
        add_text(out, i ? "," : "", texts[i]);
    (void)buf_add_char(out, ']');
}

/* `before` and a word that needs no quotes or escapes. */
static void add_word(struct buf *out, const char *before, const char *word) {
    (void)buf_add_text(out, before);
    (void)buf_add_text(out, word);
}

static size_t text_count(const char *const *texts) {
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

static void add_definition(struct buf *out, const struct key_def *def) {
    const struct kc_option *row = &def->row;
    AUTO_TEXT default_text = row->required ? NULL : option_default_text(row);
    char order[16];
    add_text(out, "{\"name\":", def->name);
    add_word(out, ",\"type\":\"", option_type_name(row->type));
    add_word(out, "\",\"required\":", row->required ? "true" : "false");
    add_text(out, ",\"default_value\":", default_text);
    add_word(out, ",\"importance\":\"", option_importance_name(row->importance));
    add_text(out, "\",\"documentation\":", row->doc ? row->doc : "");
    add_text(out, ",\"group\":", def->group);
    add_word(out, ",\"width\":\"", option_width_name(row->width));
    add_text(out, "\",\"display_name\":", row->display_name ? row->display_name : row->name);
    add_texts(out, ",\"dependents\":", row->dependents, text_count(row->dependents));
    snprintf(order, sizeof order, "%d", def->order);
    add_word(out, ",\"order\":", order);
    (void)buf_add_char(out, '}');
}

static void add_value(struct buf *out, const struct option_value *o) {
    add_text(out, "{\"name\":", o->name);
    add_text(out, ",\"value\":", o->value);
    add_texts(out, ",\"recommended_values\":", o->recommended, text_count(o->recommended));
    add_texts(out, ",\"errors\":", (const char *const *)o->errors, o->error_count);
    add_word(out, ",\"visible\":", o->visible ? "true}" : "false}");
}

int validation_json(const struct validation *v, struct buf *out) {
    (void)buf_reserve(out, v->entries.count * ENTRY_BYTES);
    add_text(out, "{\"name\":", v->class_name);
    (void)buf_printf(out, ",\"error_count\":%d", v->error_count);
    add_texts(out, ",\"groups\":", v->groups, v->group_count);
    (void)buf_add_text(out, ",\"configs\":[");
    for (size_t i = 0; i < v->entries.count; i++) {
        const struct entry *e = &v->entries.items[i];
        (void)buf_add_text(out, i ? ",{\"definition\":" : "{\"definition\":");
        if (e->def)
            add_definition(out, e->def);
        else
            (void)buf_add_text(out, "null");
        (void)buf_add_text(out, ",\"value\":");
        if (e->value)
            add_value(out, e->value);
        else
            (void)buf_add_text(out, "null");
        (void)buf_add_char(out, '}');
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
        add_definition(out, def);
    }
    if (buf_add_char(out, ']') < 0)
        return err_set(err, ERR_INTERNAL, "the definition of %s is too long", plugin->class_name);
    return 0;
}
