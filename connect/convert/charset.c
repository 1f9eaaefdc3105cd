/* Charsets of StringConverter. */
#include "connect/convert/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/auto.h"
#include "connect/base/utf8.h"

enum kind { UTF_8, LATIN_1, ASCII, UTF_16, UTF_32, OTHER };

struct charset {
    enum kind kind;
    bool little_endian, marked; /* UTF-16 and UTF-32; marked: a byte order mark is read, and written in UTF-16 */
    iconv_t decoder, encoder;   /* OTHER */
    bool ebcdic;                /* OTHER: the byte 0x15 is a line feed to Java, and what it writes for one */
    bool jis_ascii;             /* OTHER: the bytes 0x5C and 0x7E are backslash and tilde to Java */
};

enum { REPLACEMENT = 0xfffd };

/* ---- names ---- */

static const struct name {
    const char *name;
    enum kind kind;
    bool little_endian, marked;
} names[] = {
    {"UTF-8", UTF_8, false, false},
    {"UTF8", UTF_8, false, false},
    {"unicode-1-1-utf-8", UTF_8, false, false},
    {"ISO-8859-1", LATIN_1, false, false},
    {"ISO_8859-1", LATIN_1, false, false},
    {"ISO_8859_1", LATIN_1, false, false},
    {"ISO8859_1", LATIN_1, false, false},
    {"ISO8859-1", LATIN_1, false, false},
    {"latin1", LATIN_1, false, false},
    {"l1", LATIN_1, false, false},
    {"819", LATIN_1, false, false},
    {"IBM-819", LATIN_1, false, false},
    {"US-ASCII", ASCII, false, false},
    {"ASCII", ASCII, false, false},
    {"ascii7", ASCII, false, false},
    {"646", ASCII, false, false},
    {"ISO646-US", ASCII, false, false},
    {"iso_646.irv:1983", ASCII, false, false},
    {"UTF-16", UTF_16, false, true},
    {"UTF_16", UTF_16, false, true},
    {"UTF16", UTF_16, false, true},
    {"unicode", UTF_16, false, true},
    {"UnicodeBig", UTF_16, false, true},
    {"UTF-16BE", UTF_16, false, false},
    {"UTF_16BE", UTF_16, false, false},
    {"X-UTF-16BE", UTF_16, false, false},
    {"ISO-10646-UCS-2", UTF_16, false, false},
    {"UnicodeBigUnmarked", UTF_16, false, false},
    {"UTF-16LE", UTF_16, true, false},
    {"UTF_16LE", UTF_16, true, false},
    {"X-UTF-16LE", UTF_16, true, false},
    {"UnicodeLittleUnmarked", UTF_16, true, false},
    {"x-UTF-16LE-BOM", UTF_16, true, true},
    {"UnicodeLittle", UTF_16, true, true},
    {"UTF-32", UTF_32, false, true},
    {"UTF_32", UTF_32, false, true},
    {"UTF32", UTF_32, false, true},
    {"UTF-32BE", UTF_32, false, false},
    {"UTF_32BE", UTF_32, false, false},
    {"X-UTF-32BE", UTF_32, false, false},
    {"UTF-32LE", UTF_32, true, false},
    {"UTF_32LE", UTF_32, true, false},
    {"X-UTF-32LE", UTF_32, true, false},
};

/* Java allows letters, digits and - + . : _ only; iconv has further syntax that must not be reached. */
static bool is_name(const char *name) {
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+.:_") == strlen(name);
}

static bool open_iconv(struct charset *cs, const char *name) {
    cs->decoder = iconv_open("UTF-8", name);
    if (cs->decoder == (iconv_t)-1)
        return false;
    cs->encoder = iconv_open(name, "UTF-8");
    if (cs->encoder != (iconv_t)-1)
        return true;
    iconv_close(cs->decoder);
    return false;
}

/* Java's names that iconv knows by others, or for another charset. */
static const char *const renamed[][2] = {
    {"koi8", "KOI8-R"},
    {"x-sjis", "SHIFT_JIS"},
    {"x-euc-jp", "EUC-JP"},
    {"eucjis", "EUC-JP"},
    {"x-eucjp", "EUC-JP"},
    {"ksc5601", "EUC-KR"},
    {"ks_c_5601-1987", "EUC-KR"},
    {"EUC_CN", "GB2312"},
    {"x-EUC-CN", "GB2312"},
    {"windows-932", "CP932"},
    {"x-MacRoman", "MACINTOSH"},
    {"L9", "ISO-8859-15"},
    {"csISOlatin9", "ISO-8859-15"},
    {"x-windows-949", "CP949"},
    {"x-windows-950", "CP950"},
};

/* What stands behind one of the prefixes of numbered charsets; NULL: it is none. */
static const char *number_of(const char *name, const char *const *prefixes) {
    for (; *prefixes; prefixes++) {
        size_t len = strlen(*prefixes);
        const char *digits = name + len;
        if (strncasecmp(name, *prefixes, len) != 0 || !*digits || strspn(digits, "0123456789") != strlen(digits))
            continue;
        return digits + strspn(digits, "0");
    }
    return NULL;
}

/* The name as iconv has it. */
static bool open_java_name(struct charset *cs, const char *name) {
    static const char *const iso[] = {"ISO8859_", "8859_", "ISO_8859-", "x-iso-8859-", NULL};
    static const char *const ibm[] = {"x-IBM", "IBM-", "IBM", "cp", "ccsid", "", NULL};
    for (size_t i = 0; i < COUNT_OF(renamed); i++)
        if (strcasecmp(renamed[i][0], name) == 0)
            return open_iconv(cs, renamed[i][1]);
    if (open_iconv(cs, name))
        return true;
    char other[64];
    const char *number = number_of(name, iso);
    if (number)
        snprintf(other, sizeof(other), "ISO-8859-%s", number);
    else if ((number = number_of(name, ibm)) != NULL)
        snprintf(other, sizeof(other), "IBM%03ld", strtol(number, NULL, 10));
    else if (strlen(name) < sizeof(other) && strchr(name, '_'))
        for (size_t i = 0; i <= strlen(name); i++)
            other[i] = (char)(name[i] == '_' ? '-' : name[i]);
    else
        return false;
    return open_iconv(cs, other);
}

/* The EBCDIC charsets whose 0x15 is U+0085 to Java, too. */
static bool keeps_next_line(const char *name) {
    static const char *const ends[] = {"290", "933", "1097", "1364"};
    size_t len = strlen(name);
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (len >= strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static bool decodes_to(struct charset *cs, char byte, const char *text);

struct charset *charset_new(const char *name) {
    struct charset *cs = calloc(1, sizeof(*cs));
    if (!cs)
        abort();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(names[i].name, name) == 0) {
            cs->kind = names[i].kind;
            cs->little_endian = names[i].little_endian;
            cs->marked = names[i].marked;
            return cs;
        }
    cs->kind = OTHER;
    if (is_name(name) && open_java_name(cs, name)) {
        cs->ebcdic = !keeps_next_line(name) && decodes_to(cs, '\x15', "\xC2\x85");
        cs->jis_ascii = decodes_to(cs, '\\', "\xC2\xA5") && decodes_to(cs, '~', "\xE2\x80\xBE");
        return cs;
    }
    free(cs);
    return NULL;
}

void charset_free(struct charset *cs) {
    if (cs && cs->kind == OTHER) {
        iconv_close(cs->decoder);
        iconv_close(cs->encoder);
    }
    free(cs);
}

/* ---- UTF-8 ---- */

static bool continues(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

/* How many bytes at p make one malformed part: the longest start of a character, but encoded surrogates go whole. */
static size_t malformed_length(const unsigned char *p, size_t len) {
    unsigned char lead = p[0], low = 0x80, high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4 || len < 2)
        return 1;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high || lead < 0xe0)
        return 1;
    size_t whole = lead < 0xf0 ? 3 : 4, n = 2;
    while (n < whole && n < len && continues(p[n]))
        n++;
    return n;
}

struct kc_value charset_repair_utf8(struct kc_arena *arena, const void *data, size_t len) {
    const char *s = data;
    size_t valid = utf8_valid_prefix(s, len);
    if (valid == len)
        return kc_text(s, len);
    char *to = kc_arena_alloc(arena, len * 3);
    size_t n = 0;
    for (;;) {
        memcpy(to + n, s, valid);
        n += valid;
        s += valid;
        len -= valid;
        if (len == 0)
            return kc_text(to, n);
        n += utf8_put(to + n, REPLACEMENT);
        size_t skip = malformed_length((const unsigned char *)s, len);
        s += skip;
        len -= skip;
        valid = utf8_valid_prefix(s, len);
    }
}

/* ---- one byte per character ---- */

static struct kc_value decode_bytes(const struct charset *cs, struct kc_arena *arena, const uint8_t *p, size_t len) {
    char *to = kc_arena_alloc(arena, len * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += utf8_put(to + n, cs->kind == ASCII && p[i] >= 0x80 ? REPLACEMENT : p[i]);
    return kc_text(to, n);
}

/* The next character; malformed bytes count as one each. */
static uint32_t next_char(const char **s, size_t *len) {
    uint32_t c;
    size_t n = utf8_get(*s, *len, &c);
    if (n == 0) {
        c = REPLACEMENT;
        n = 1;
    }
    *s += n;
    *len -= n;
    return c;
}

static struct kc_value encode_bytes(const struct charset *cs, struct kc_arena *arena, const char *s, size_t len) {
    char *to = kc_arena_alloc(arena, len + 1);
    size_t n = 0;
    uint32_t max = cs->kind == ASCII ? 0x7f : 0xff;
    while (len) {
        uint32_t c = next_char(&s, &len);
        to[n++] = (char)(c <= max ? c : '?');
    }
    return kc_bytes(to, n);
}

/* ---- UTF-16 and UTF-32 ---- */

static uint32_t get_unit(const uint8_t *p, unsigned size, bool little_endian) {
    uint32_t unit = 0;
    for (unsigned i = 0; i < size; i++)
        unit = unit << 8 | p[little_endian ? size - 1 - i : i];
    return unit;
}

static char *put_unit(char *to, uint32_t unit, unsigned size, bool little_endian) {
    for (unsigned i = 0; i < size; i++)
        *to++ = (char)(unit >> 8 * (little_endian ? i : size - 1 - i));
    return to;
}

static struct kc_value decode_units(const struct charset *cs, struct kc_arena *arena, const uint8_t *p, size_t len) {
    unsigned size = cs->kind == UTF_16 ? 2 : 4;
    bool little_endian = cs->little_endian;
    if (cs->marked && len >= size) {
        bool big_mark = get_unit(p, size, false) == 0xfeff, little_mark = get_unit(p, size, true) == 0xfeff;
        if (big_mark || little_mark) {
            little_endian = little_mark;
            p += size;
            len -= size;
        }
    }
    char *to = kc_arena_alloc(arena, len / size * 4 + 4);
    size_t n = 0;
    for (; len >= size; p += size, len -= size) {
        uint32_t c = get_unit(p, size, little_endian), low;
        if (size == 2 && c >= 0xd800 && c < 0xdc00 && len >= 4 && (low = get_unit(p + 2, 2, little_endian)) >= 0xdc00 &&
            low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
            p += 2;
            len -= 2;
        }
        n += utf8_put(to + n, (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? REPLACEMENT : c);
    }
    if (len)
        n += utf8_put(to + n, REPLACEMENT);
    return kc_text(to, n);
}

static struct kc_value encode_units(const struct charset *cs, struct kc_arena *arena, const char *s, size_t len) {
    unsigned size = cs->kind == UTF_16 ? 2 : 4;
    char *start = kc_arena_alloc(arena, len * 4 + 4), *to = start;
    if (cs->marked && size == 2 && len)
        to = put_unit(to, 0xfeff, 2, cs->little_endian);
    while (len) {
        uint32_t c = next_char(&s, &len);
        if (size == 2 && c >= 0x10000) {
            to = put_unit(to, 0xd800 + ((c - 0x10000) >> 10), 2, cs->little_endian);
            c = 0xdc00 + (c & 0x3ff);
        }
        to = put_unit(to, c, size, cs->little_endian);
    }
    return kc_bytes(start, (size_t)(to - start));
}

/* ---- iconv ---- */

/* Converts all of `from`; where iconv stops, `stuck` puts a replacement and says how many bytes to skip. */
static size_t run_iconv(iconv_t cd, const char *from, size_t len, char *to, size_t room,
                        size_t (*stuck)(const char *from, size_t len, char **to, size_t *room)) {
    char *in = (char *)(uintptr_t)from, *out = to;
    iconv(cd, NULL, NULL, NULL, NULL);
    while (len && iconv(cd, &in, &len, &out, &room) == (size_t)-1) {
        if (errno == E2BIG || room < 4)
            break;
        size_t skip = stuck(in, len, &out, &room);
        in += skip;
        len -= skip;
    }
    iconv(cd, NULL, NULL, &out, &room);
    return (size_t)(out - to);
}

static size_t stuck_decoding(const char *from, size_t len, char **to, size_t *room) {
    (void)from;
    size_t n = utf8_put(*to, REPLACEMENT);
    *to += n;
    *room -= n;
    return errno == EINVAL ? len : 1; /* EINVAL: the text ends within a character */
}

static size_t stuck_encoding(const char *from, size_t len, char **to, size_t *room) {
    uint32_t c;
    size_t n = utf8_get(from, len, &c);
    *(*to)++ = '?';
    --*room;
    return n ? n : 1;
}

static bool decodes_to(struct charset *cs, char byte, const char *text) {
    char to[16];
    size_t len = run_iconv(cs->decoder, &byte, 1, to, sizeof(to), stuck_decoding);
    return len == strlen(text) && memcmp(to, text, len) == 0;
}

/* In place: `from` becomes the ASCII character `to`. */
static size_t put_ascii(char *s, size_t len, const char *from, char to) {
    size_t n = 0, from_len = strlen(from);
    for (size_t i = 0; i < len;) {
        bool found = len - i >= from_len && memcmp(s + i, from, from_len) == 0;
        s[n++] = found ? to : s[i];
        i += found ? from_len : 1;
    }
    return n;
}

/* Line feeds as the character that EBCDIC's 0x15 is to iconv. */
static const char *with_next_lines(struct kc_arena *arena, const char *s, size_t *len) {
    char *to = kc_arena_alloc(arena, *len * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < *len; i++) {
        if (s[i] == '\n')
            to[n++] = '\xC2';
        to[n++] = s[i] == '\n' ? '\x85' : s[i];
    }
    *len = n;
    return to;
}

struct kc_value charset_decode(struct charset *cs, struct kc_arena *arena, const void *data, size_t len) {
    if (cs->kind == UTF_8)
        return charset_repair_utf8(arena, data, len);
    if (cs->kind == LATIN_1 || cs->kind == ASCII)
        return decode_bytes(cs, arena, data, len);
    if (cs->kind != OTHER)
        return decode_units(cs, arena, data, len);
    size_t room = len * 6 + 16; /* a byte is one character, of at most three bytes, or a few combined ones */
    char *to = kc_arena_alloc(arena, room);
    size_t n = run_iconv(cs->decoder, data, len, to, room, stuck_decoding);
    if (cs->ebcdic)
        n = put_ascii(to, n, "\xC2\x85", '\n');
    if (cs->jis_ascii)
        n = put_ascii(to, put_ascii(to, n, "\xC2\xA5", '\\'), "\xE2\x80\xBE", '~');
    return kc_text(to, n);
}

struct kc_value charset_encode(struct charset *cs, struct kc_arena *arena, const char *s, size_t len) {
    if (cs->kind == UTF_8)
        return kc_bytes(s, len);
    if (cs->kind == LATIN_1 || cs->kind == ASCII)
        return encode_bytes(cs, arena, s, len);
    if (cs->kind != OTHER)
        return encode_units(cs, arena, s, len);
    if (cs->ebcdic && memchr(s, '\n', len))
        s = with_next_lines(arena, s, &len);
    size_t room = len * 8 + 32; /* with shift sequences around each character */
    char *to = kc_arena_alloc(arena, room);
    size_t n = run_iconv(cs->encoder, s, len, to, room, stuck_encoding);
    return kc_bytes(to, n);
}
