/* Values that came from config providers are secrets: in the answer and in messages the reference stands in their
 * place. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/validation_parts.h"

enum { TEXT_MAX = 16 * 1024 * 1024, TELLING_BYTES = 4 /* shorter texts are not looked for elsewhere */ };

/* The reference behind a resolved key, NULL when its value is as it was given. */
static const char *reference_of(const struct validation *v, const char *key) {
    const char *raw = kc_config_get(v->raw, key), *resolved = kc_config_get(v->resolved, key);
    return raw && resolved && strcmp(raw, resolved) != 0 ? raw : NULL;
}

static char *taken(struct buf *b, char *old) {
    char *text = buf_take(b);
    free(old);
    return text ? text : strdup(KC_HIDDEN);
}

/* `text` (malloc'ed, taken) with every `secret` replaced. */
static char *replaced(char *text, const char *secret, size_t len, const char *by) {
    if (!len || !memmem(text, strlen(text), secret, len))
        return text;
    AUTO_BUF b;
    buf_init(&b, TEXT_MAX);
    for (const char *s = text; *s;) {
        if (strncmp(s, secret, len) == 0) {
            (void)buf_add_text(&b, by);
            s += len;
        } else {
            (void)buf_add_char(&b, *s++);
        }
    }
    return taken(&b, text);
}

/* "Invalid value V for configuration …": V as a whole, however short. */
static char *invalid_value_replaced(char *text, const char *by) {
    static const char before[] = "Invalid value ", after[] = " for configuration ";
    char *tail = strncmp(text, before, sizeof(before) - 1) == 0 ? strstr(text, after) : NULL;
    if (!tail)
        return text;
    for (char *next; (next = strstr(tail + 1, after)) != NULL;)
        tail = next;
    AUTO_BUF b;
    buf_init(&b, TEXT_MAX);
    (void)buf_printf(&b, "%s%s%s", before, by, tail);
    return taken(&b, text);
}

/* The whole value and, for lists, each of its items. */
static char *without_secret(char *text, const char *secret, const char *by) {
    while (*secret && (unsigned char)*secret <= ' ')
        secret++;
    size_t len = strlen(secret);
    while (len && (unsigned char)secret[len - 1] <= ' ')
        len--;
    if (len >= TELLING_BYTES)
        text = replaced(text, secret, len, by);
    for (const char *item = secret, *end = secret + len; item < end;) {
        size_t item_len = strcspn(item, ",");
        if (item + item_len > end)
            item_len = (size_t)(end - item);
        const char *from = item + strspn(item, " \t"), *to = item + item_len;
        while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        if (to > from && (size_t)(to - from) >= TELLING_BYTES && (size_t)(to - from) < len)
            text = replaced(text, from, (size_t)(to - from), by);
        item += item_len + 1;
    }
    return text;
}

void conceal(const struct validation *v, struct kc_problems *values) {
    for (size_t i = 0; i < kc_config_count(v->resolved); i++) {
        const char *key = kc_config_key(v->resolved, i), *reference = reference_of(v, key);
        if (!reference)
            continue;
        struct option_value *own = problems_find(values, key);
        if (own && own->value && strcmp(own->value, KC_HIDDEN) != 0)
            problems_set_value(own, reference);
        for (size_t e = 0; own && e < own->error_count; e++)
            own->errors[e] = invalid_value_replaced(own->errors[e], reference);
        for (size_t o = 0; o < problems_count(values); o++) {
            struct option_value *value = problems_at(values, o);
            for (size_t e = 0; e < value->error_count; e++)
                value->errors[e] = without_secret(value->errors[e], kc_config_get(v->resolved, key), reference);
        }
    }
}
