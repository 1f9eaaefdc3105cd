/* Any pattern and any text: the first line is the pattern, the rest is read with it. What could be read is written and
 * read again. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/date_format.h"
#include "tests/support/fuzz.h"

static void fuzz_date_format(const uint8_t *data, size_t len) {
    AUTO(arena) arena = arena_new(0);
    const uint8_t *line_end = memchr(data, '\n', len);
    size_t pattern_len = line_end ? (size_t)(line_end - data) : len;
    const char *pattern = kc_arena_copy(arena, data, pattern_len);
    const char *text = (const char *)data + pattern_len + (line_end != NULL);
    size_t text_len = len - pattern_len - (line_end != NULL);
    struct kc_error err = {0};
    int64_t ms = 0;
    AUTO(date_format) f = date_format_new(pattern, &err);
    if (!f)
        return;
    (void)date_format_parse(f, kc_arena_copy(arena, text, text_len), text_len, &ms);
    AUTO_BUF out;
    buf_init(&out, 64 * 1024);
    if (date_format_text(f, ms, &out) == 0)
        (void)date_format_parse(f, buf_text(&out), out.len, &ms);
}

FUZZ_TARGET(fuzz_date_format)
