/* Fills struct kc_error; the code table is in err.h. Nothing is allocated but the text of err_trace, no lock is taken.
 */
#include "connect/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int http;
    bool retriable;
    const char *class_name;
} codes[] = {{500, false, KC_CONNECT_EXCEPTION},
#define X(code, http, retriable, class_name) {http, retriable, class_name},
             ERR_MAP(X)
#undef X
};
enum { CODE_COUNT = sizeof(codes) / sizeof(codes[0]) };

/* Copies what fits, never half of a UTF-8 character. */
static void copy_text(char *to, size_t size, const char *from) {
    size_t len = strlen(from);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(to, from, len);
    to[len] = 0;
}

static enum err_code code_of_class(const char *class_name) {
    for (int code = ERR_INTERNAL; code < CODE_COUNT; code++) {
        if (strcmp(codes[code].class_name, class_name) == 0)
            return (enum err_code)code;
    }
    return ERR_INTERNAL;
}

/* `text` may lie in `err`: it is formatted by the caller into its own memory first. */
static int fill(struct kc_error *err, enum err_code code, const char *class_name, const char *text) {
    err->code = (int)code;
    err->retriable = codes[code].retriable || strcmp(class_name, KC_RETRIABLE_EXCEPTION) == 0;
    err->fatal = false;
    copy_text(err->exception, sizeof(err->exception), class_name);
    copy_text(err->text, sizeof(err->text), text);
    err->cause[0] = 0;
    return -1;
}

#define FORMAT(text, fmt)                                \
    char text[KC_ERROR_TEXT + 4];                        \
    do {                                                 \
        va_list ap_;                                     \
        va_start(ap_, fmt);                              \
        if (vsnprintf(text, sizeof(text), fmt, ap_) < 0) \
            text[0] = 0;                                 \
        va_end(ap_);                                     \
    } while (0)

int err_set(struct kc_error *err, enum err_code code, const char *fmt, ...) {
    if (!err)
        return -1;
    FORMAT(text, fmt);
    return fill(err, code, codes[code].class_name, text);
}

int err_set_class(struct kc_error *err, enum err_code code, const char *class_name, const char *fmt, ...) {
    if (!err)
        return -1;
    FORMAT(text, fmt);
    return fill(err, code, class_name, text);
}

int kc_fail(struct kc_error *err, const char *exception, const char *fmt, ...) {
    if (!err)
        return -1;
    FORMAT(text, fmt);
    return fill(err, code_of_class(exception), exception, text);
}

int err_wrap(struct kc_error *err, const char *class_name, const char *fmt, ...) {
    if (!err)
        return -1;
    FORMAT(text, fmt);
    if (!class_name)
        class_name = KC_CONNECT_EXCEPTION;
    char cause[3 * KC_ERROR_TEXT];
    snprintf(cause, sizeof(cause), "%s%s%s%s%s", err->exception[0] ? err->exception : KC_CONNECT_EXCEPTION,
             err->text[0] ? ": " : "", err->text, err->cause[0] ? "\nCaused by: " : "", err->cause);
    bool retriable = err->retriable, fatal = err->fatal;
    fill(err, code_of_class(class_name), class_name, text);
    err->retriable |= retriable;
    err->fatal = fatal;
    copy_text(err->cause, sizeof(err->cause), cause);
    return -1;
}

int err_prefix(struct kc_error *err, const char *fmt, ...) {
    if (!err)
        return -1;
    FORMAT(prefix, fmt);
    char text[2 * KC_ERROR_TEXT + 8];
    snprintf(text, sizeof(text), "%s: %s", prefix, err->text);
    copy_text(err->text, sizeof(err->text), text);
    return -1;
}

int err_http(enum err_code code) {
    return (unsigned)code < CODE_COUNT ? codes[code].http : 500;
}

char *err_trace(const struct kc_error *err) {
    char *trace = NULL;
    int len = asprintf(&trace, "%s%s%s%s%s", err->exception[0] ? err->exception : KC_CONNECT_EXCEPTION,
                       err->text[0] ? ": " : "", err->text, err->cause[0] ? "\nCaused by: " : "", err->cause);
    if (len < 0)
        abort();
    return trace;
}
