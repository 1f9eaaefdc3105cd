/* See conceal.h. */
#include "config/conceal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/comma_list.h"

enum { TEXT_MAX = 16 * 1024 * 1024, TELLING_BYTES = 4 /* shorter texts are not looked for elsewhere */ };

/* The reference behind a resolved key, NULL when its value is as it was given. */
static const char *reference_of(const struct kc_config *raw, const struct kc_config *resolved, const char *key) {
    const char *given = kc_config_get(raw, key), *value = kc_config_get(resolved, key);
    return given && value && strcmp(given, value) != 0 ? given : NULL;
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
    const char *item;
    size_t item_len;
    for (const char *pos = secret; comma_list_next(&pos, &item, &item_len);)
        if (item_len >= TELLING_BYTES && item_len < len)
            text = replaced(text, item, item_len, by);
    return text;
}

void conceal_problems(const struct kc_config *raw, const struct kc_config *resolved, struct kc_problems *values) {
    for (size_t i = 0; i < kc_config_count(resolved); i++) {
        const char *key = kc_config_key(resolved, i), *reference = reference_of(raw, resolved, key);
        if (!reference)
            continue;
        struct option_value *own = problems_find(values, key);
        if (own && own->value && strcmp(own->value, KC_HIDDEN) != 0)
            problems_set_value(values, own, reference);
        for (size_t e = 0; own && e < own->error_count; e++) {
            AUTO_TEXT text = invalid_value_replaced(strdup(own->errors[e]), reference);
            problems_set_error(values, own, e, text);
        }
        for (size_t o = 0; o < problems_count(values); o++) {
            struct option_value *value = problems_at(values, o);
            for (size_t e = 0; e < value->error_count; e++) {
                AUTO_TEXT text = without_secret(strdup(value->errors[e]), kc_config_get(resolved, key), reference);
                problems_set_error(values, value, e, text);
            }
        }
    }
}

/* Whether the message is about this key: "Invalid value V for configuration KEY: …", the key perhaps without a prefix.
 */
static bool is_about(const char *text, const char *key) {
    static const char middle[] = " for configuration ";
    const char *name = NULL;
    for (const char *s = text; (s = strstr(s, middle)) != NULL; s++)
        name = s + sizeof(middle) - 1;
    size_t len = name ? strcspn(name, ":") : 0, key_len = strlen(key);
    return len && len <= key_len && strncmp(key + key_len - len, name, len) == 0;
}

static void conceal_text(const struct kc_config *raw, const struct kc_config *resolved, char *text, size_t size) {
    char *copy = strdup(text);
    for (size_t i = 0; copy && i < kc_config_count(resolved); i++) {
        const char *key = kc_config_key(resolved, i), *reference = reference_of(raw, resolved, key);
        if (!reference)
            continue;
        if (is_about(copy, key))
            copy = invalid_value_replaced(copy, reference);
        copy = without_secret(copy, kc_config_get(resolved, key), reference);
    }
    snprintf(text, size, "%s", copy ? copy : KC_HIDDEN);
    free(copy);
}

void conceal_error(const struct kc_config *raw, const struct kc_config *resolved, struct kc_error *err) {
    conceal_text(raw, resolved, err->text, sizeof(err->text));
    conceal_text(raw, resolved, err->cause, sizeof(err->cause));
}
