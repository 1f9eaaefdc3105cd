/* Foreign bytes to checked JSON text: detection of the encoding as Jackson does it, and the rare rewritings.
 * @source com.fasterxml.jackson.core.json.ByteSourceJsonBootstrapper */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/utf8.h"
#include "connect/data/json_scan.h"

struct encoding {
    unsigned unit; /* bytes: 1, 2, 4; 0 = one that is refused */
    bool little_endian;
    size_t mark; /* bytes of the byte order mark */
};

static struct encoding detect_mark(uint32_t quad) {
    if (quad == 0x0000feff)
        return (struct encoding){4, false, 4};
    if (quad == 0xfffe0000)
        return (struct encoding){4, true, 4};
    if (quad == 0x0000fffe || quad == 0xfeff0000)
        return (struct encoding){0, false, 0};
    if (quad >> 16 == 0xfeff)
        return (struct encoding){2, false, 2};
    if (quad >> 16 == 0xfffe)
        return (struct encoding){2, true, 2};
    return (struct encoding){1, false, quad >> 8 == 0xefbbbf ? 3 : 0};
}

static struct encoding detect(const uint8_t *p, size_t len) {
    if (len >= 4) {
        uint32_t quad = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        struct encoding marked = detect_mark(quad);
        if (marked.unit != 1 || marked.mark)
            return marked;
        if (quad >> 8 == 0)
            return (struct encoding){4, false, 0};
        if ((quad & 0x00ffffff) == 0)
            return (struct encoding){4, true, 0};
        if ((quad & ~0x00ff0000u) == 0 || (quad & ~0x0000ff00u) == 0)
            return (struct encoding){0, false, 0};
    }
    if (len >= 2 && p[0] == 0)
        return (struct encoding){2, false, 0};
    if (len >= 2 && p[1] == 0)
        return (struct encoding){2, true, 0};
    return (struct encoding){1, false, 0};
}

static uint32_t read_unit(const uint8_t *p, struct encoding e) {
    uint32_t unit = 0;
    for (unsigned i = 0; i < e.unit; i++)
        unit = unit << 8 | p[e.little_endian ? e.unit - 1 - i : i];
    return unit;
}

/* UTF-16 or UTF-32 to UTF-8; a cut last unit and unpaired surrogates become U+FFFD. */
static struct json_text to_utf8(struct kc_arena *arena, const uint8_t *p, size_t len, struct encoding e) {
    char *to = kc_arena_alloc(arena, len / e.unit * 4 + 4);
    size_t n = 0, at = e.mark;
    for (; len - at >= e.unit; at += e.unit) {
        uint32_t c = read_unit(p + at, e);
        if (e.unit == 2 && c >= 0xd800 && c < 0xdc00 && len - at >= 4) {
            uint32_t low = read_unit(p + at + 2, e);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
                at += 2;
            }
        }
        n += utf8_put(to + n, (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0xfffd : c);
    }
    if (at < len)
        n += utf8_put(to + n, 0xfffd);
    return (struct json_text){to, n};
}

/* Overlong forms of two and three bytes, which stand only inside strings, in their proper form. Never longer than three
 * times the text: the longest is \u0000 for two bytes. */
static struct json_text shorten(struct kc_arena *arena, struct json_text text) {
    static const char hex[] = "0123456789ABCDEF";
    char *to = kc_arena_alloc(arena, text.len * 3);
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        const unsigned char *p = (const unsigned char *)text.s + i;
        if (p[0] < 0x80) {
            to[n++] = text.s[i++];
            continue;
        }
        unsigned more = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
        uint32_t c = p[0] & (0x3fu >> more);
        for (unsigned k = 1; k <= more; k++)
            c = c << 6 | (p[k] & 0x3f);
        i += more + 1;
        if (c < 0x20) {
            memcpy(to + n, "\\u00", 4);
            to[n + 4] = hex[c >> 4];
            to[n + 5] = hex[c & 15];
            n += 6;
            continue;
        }
        if (c == '"' || c == '\\')
            to[n++] = '\\';
        n += utf8_put(to + n, c);
    }
    return (struct json_text){to, n};
}

int json_check(struct kc_arena *arena, const char *data, size_t len, struct json_scan *ret, struct kc_error *err) {
    struct encoding e = detect((const uint8_t *)data, len);
    if (e.unit == 0)
        return err_set_class(err, ERR_IO, "java.io.CharConversionException", "Unsupported UCS-4 endianness detected");
    struct json_text text = {data + e.mark, len - e.mark};
    if (e.unit > 1)
        text = to_utf8(arena, (const uint8_t *)data, len, e);
    if (json_scan(text.s, text.len, 0, ret, err) < 0)
        return -1;
    if (!ret->overlong)
        return 0;
    text = shorten(arena, ret->text);
    return json_scan(text.s, text.len, 0, ret, err);
}
