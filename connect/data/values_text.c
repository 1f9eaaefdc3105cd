/* Values.convertToString; see values_text.h. */
#include "connect/data/values_text.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/number_text.h"
#include "connect/data/values_temporal.h"

enum {
    DEPTH_MAX = 1000,
    TEXT_MAX = 256 * 1024 * 1024,
};

struct writer {
    struct kc_arena *scratch;
    struct buf *out;
    struct kc_error *err;
    int depth;
};

static int add(struct writer *w, const struct kc_value *v, bool embedded);

static int add_string(struct buf *out, const char *s, size_t len, bool embedded) {
    if (!embedded)
        return buf_add(out, s, len);
    buf_add_char(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '"' && s[i] != '\\')
            continue;
        buf_add(out, s + plain, i - plain);
        buf_add_char(out, '\\');
        plain = i;
    }
    buf_add(out, s + plain, len - plain);
    return buf_add_char(out, '"');
}

static int add_entry(struct writer *w, const struct kc_value *key, const struct kc_value *value) {
    if (add(w, key, true) < 0)
        return -1;
    buf_add_char(w->out, ':');
    return add(w, value, true);
}

static int add_field(struct writer *w, const struct kc_value *st, uint32_t i) {
    const char *name = st->st->schema->fields[i].name;
    struct kc_value key = kc_string(name);
    return add_entry(w, &key, kc_struct_get(st, name));
}

static int add_container(struct writer *w, const struct kc_value *v) {
    bool array = v->tag == KC_V_ARRAY;
    uint32_t count = v->tag == KC_V_STRUCT ? v->st->schema->field_count : v->len;
    buf_add_char(w->out, array ? '[' : '{');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(w->out, ',');
        int rc;
        if (array)
            rc = add(w, &v->items[i], true);
        else if (v->tag == KC_V_MAP)
            rc = add_entry(w, &v->entries[i].key, &v->entries[i].value);
        else
            rc = add_field(w, v, i);
        if (rc < 0)
            return -1;
    }
    return buf_add_char(w->out, array ? ']' : '}');
}

static int add_nested(struct writer *w, const struct kc_value *v) {
    if (w->depth == DEPTH_MAX)
        return kc_fail(w->err, KC_DATA_EXCEPTION, "The value is nested more than %d levels deep", DEPTH_MAX);
    w->depth++;
    struct kc_value open = kc_json_open(w->scratch, *v);
    int rc = open.tag == KC_V_ARRAY || open.tag == KC_V_MAP || open.tag == KC_V_STRUCT ? add_container(w, &open)
                                                                                       : add(w, &open, true);
    w->depth--;
    return rc;
}

static int add_bytes(struct buf *out, const struct kc_value *v, bool embedded) {
    if (embedded)
        buf_add_char(out, '"');
    int rc = base64_write(out, v->bytes, v->len);
    return embedded && rc == 0 ? buf_add_char(out, '"') : rc;
}

static int add(struct writer *w, const struct kc_value *v, bool embedded) {
    char number[NUMBER_TEXT_MAX];
    switch ((enum kc_tag)v->tag) {
    case KC_V_NULL:
        return buf_add_text(w->out, "null");
    case KC_V_BOOLEAN:
        return buf_add_text(w->out, v->b ? "true" : "false");
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return buf_add(w->out, number, number_text_int(number, v->i));
    case KC_V_FLOAT32:
        return buf_add(w->out, number, number_text_float(number, (float)v->f));
    case KC_V_FLOAT64:
        return buf_add(w->out, number, number_text_double(number, v->f));
    case KC_V_STRING:
        return add_string(w->out, v->s, v->len, embedded);
    case KC_V_BYTES:
        return add_bytes(w->out, v, embedded);
    case KC_V_DECIMAL:
        return decimal_text(w->out, v->dec);
    case KC_V_DATE:
        return values_temporal_text(w->out, v->i);
    case KC_V_ARRAY:
    case KC_V_MAP:
    case KC_V_STRUCT:
    case KC_V_JSON:
        return add_nested(w, v);
    }
    return -1;
}

int values_text(struct kc_arena *scratch, struct buf *out, const struct kc_value *v, struct kc_error *err) {
    struct writer w = {.scratch = scratch, .out = out, .err = err};
    if (err)
        err->code = ERR_NONE;
    if (add(&w, v, false) == 0 && !out->failed)
        return 0;
    if (err && err->code != ERR_NONE)
        return -1;
    return kc_fail(err, KC_DATA_EXCEPTION, "The text of the value is too long");
}

int values_to_string(struct kc_arena *arena, const struct kc_value *v, struct kc_value *ret_text,
                     struct kc_error *err) {
    if (v->tag == KC_V_NULL || v->tag == KC_V_STRING) {
        *ret_text = *v;
        return 0;
    }
    AUTO_BUF out;
    buf_init(&out, TEXT_MAX);
    if (values_text(arena, &out, v, err) < 0)
        return -1;
    *ret_text = kc_text(kc_arena_copy(arena, buf_text(&out), out.len), out.len);
    return 0;
}
