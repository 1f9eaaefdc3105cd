/* Java's toString of values; see java_text.h. */
#include "connect/data/java_text.h"

#include <time.h>

#include "connect/base/map.h"
#include "connect/data/decimal.h"
#include "connect/data/number_text.h"

enum {
    DEPTH_MAX = 1000,
    SHOWN_MAX = KC_ERROR_TEXT,
};

struct writer {
    struct kc_arena *scratch;
    struct buf *out;
    int depth;
};

static int add(struct writer *w, const struct kc_value *v);

/* EEE MMM dd HH:mm:ss zzz yyyy, in UTC. */
static int add_date(struct buf *out, int64_t ms) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm tm;
    if (!gmtime_r(&seconds, &tm)) /* years beyond int */
        return buf_printf(out, "Date(%lld)", (long long)ms);
    return buf_printf(out, "%s %s %02d %02d:%02d:%02d UTC %04lld", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday,
                      tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900LL);
}

static int add_entry(struct writer *w, const struct kc_entry *entry) {
    if (add(w, &entry->key) < 0)
        return -1;
    buf_add_char(w->out, '=');
    return add(w, &entry->value);
}

static int add_list(struct writer *w, const struct kc_value *v) {
    bool array = v->tag == KC_V_ARRAY;
    buf_add_char(w->out, array ? '[' : '{');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i > 0)
            buf_add_text(w->out, ", ");
        if ((array ? add(w, &v->items[i]) : add_entry(w, &v->entries[i])) < 0)
            return -1;
    }
    return buf_add_char(w->out, array ? ']' : '}');
}

static int add_struct(struct writer *w, const struct kc_struct *st) {
    bool first = true;
    buf_add_text(w->out, "Struct{");
    for (uint32_t i = 0; i < st->schema->field_count; i++) {
        if (st->fields[i].tag == KC_V_NULL)
            continue;
        buf_printf(w->out, "%s%s=", first ? "" : ",", st->schema->fields[i].name);
        first = false;
        if (add(w, &st->fields[i]) < 0)
            return -1;
    }
    return buf_add_char(w->out, '}');
}

static int add_nested(struct writer *w, const struct kc_value *v) {
    if (w->depth == DEPTH_MAX)
        return -1;
    w->depth++;
    struct kc_value open = kc_json_open(w->scratch, *v);
    int rc = open.tag == KC_V_STRUCT ? add_struct(w, open.st) : add_list(w, &open);
    w->depth--;
    return rc;
}

static int add(struct writer *w, const struct kc_value *v) {
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
        return buf_add(w->out, v->s, v->len);
    case KC_V_BYTES:
        return buf_printf(w->out, "[B@%x", (unsigned)hash_bytes(v->bytes, v->len));
    case KC_V_DECIMAL:
        return decimal_text(w->out, v->dec);
    case KC_V_DATE:
        return add_date(w->out, v->i);
    case KC_V_ARRAY:
    case KC_V_MAP:
    case KC_V_STRUCT:
    case KC_V_JSON:
        return add_nested(w, v);
    }
    return -1;
}

int java_text(struct kc_arena *scratch, struct buf *out, const struct kc_value *v) {
    struct writer w = {.scratch = scratch, .out = out};
    return add(&w, v);
}

const char *java_text_shown(struct kc_arena *arena, const struct kc_value *v) {
    if (v->tag == KC_V_STRING)
        return kc_arena_copy(arena, v->s, v->len < SHOWN_MAX ? v->len : SHOWN_MAX);
    AUTO_BUF text;
    buf_init(&text, SHOWN_MAX);
    if (java_text(arena, &text, v) < 0)
        buf_clear(&text); /* an error text has no room for it */
    return text.len ? kc_arena_copy(arena, text.data, text.len) : kc_value_java_class(v);
}
