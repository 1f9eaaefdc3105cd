/* A Java pattern, a NUL, a text, a NUL, a replacement: translated, matched, replaced. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/log.h"
#include "connect/base/regex.h"
#include "tests/support/fuzz.h"

enum { TEXT_MAX = 64 }; /* longer ones only make slow patterns slower */

static void swallow(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

/* The text up to the next NUL or the end, malloc'ed; `*data` moves behind it. */
static char *take_text(const uint8_t **data, size_t *len) {
    const uint8_t *end = *len ? memchr(*data, 0, *len) : NULL;
    size_t size = end ? (size_t)(end - *data) : *len;
    char *text = strndup((const char *)*data, size);
    size_t used = end ? size + 1 : size;
    *data += used;
    *len -= used;
    return text;
}

static void target(const uint8_t *data, size_t len) {
    log_sink(swallow, NULL);
    char *pattern = take_text(&data, &len), *text = take_text(&data, &len), *replacement = take_text(&data, &len);
    size_t text_len = strnlen(text, TEXT_MAX);
    struct kc_error err = {0};
    struct regex *re = regex_new(pattern, &err);
    if (re) {
        size_t spans[8][2], count;
        if (regex_match_groups(re, text, text_len, spans, 8, &count) != regex_matches(re, text, text_len))
            abort();
        AUTO_BUF out;
        buf_init(&out, 100000);
        regex_replace_first(re, text, text_len, replacement, &out, &err);
        regex_free(re);
    } else if (strncmp(err.text, "Invalid regex: ", 15) != 0) {
        abort();
    }
    free(pattern);
    free(text);
    free(replacement);
}
FUZZ_TARGET(target)
