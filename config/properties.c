/* Reader of .properties text: logical lines, keys and values, escapes.
 * @source java.util.Properties (LineReader, load0, loadConvert) */
#include "config/properties.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/url_text.h"
#include "connect/base/utf8.h"

enum { FILE_MAX = 16 * 1024 * 1024, READ_STEP = 64 * 1024 };

struct reader {
    enum properties_encoding encoding;
    const char *text, *file;
    size_t len, pos;
    size_t line;      /* number of the natural line at pos, from 1 */
    size_t line_from; /* where the present logical line began */
    struct buf logical;
};

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static void skip_comment(struct reader *r) {
    while (r->pos < r->len && r->text[r->pos] != '\n' && r->text[r->pos] != '\r')
        r->pos++;
}

/* Steps over the line end at pos; CR LF is one. */
static void step_line(struct reader *r) {
    if (r->text[r->pos++] == '\r' && r->pos < r->len && r->text[r->pos] == '\n')
        r->pos++;
    r->line++;
}

/* Puts the next logical line into r->logical: comments and blank lines skipped, continuation lines joined. False at the
 * end. */
static bool next_line(struct reader *r) {
    bool skip = true, continued = false, backslash = false, any = false;
    buf_clear(&r->logical);
    while (r->pos < r->len) {
        char c = r->text[r->pos];
        bool end = c == '\n' || c == '\r';
        if (skip && blank(c)) {
            r->pos++;
            continue;
        }
        if (skip && end && !continued) {
            step_line(r);
            continue;
        }
        skip = continued = false;
        if (!r->logical.len && (c == '#' || c == '!')) {
            skip_comment(r);
            skip = true;
        } else if (!end) {
            if (!any)
                r->line_from = r->line;
            any = true;
            (void)buf_add_char(&r->logical, c);
            backslash = c == '\\' && !backslash;
            r->pos++;
        } else if (!r->logical.len) {
            step_line(r);
            skip = true;
        } else {
            size_t end_at = r->pos;
            step_line(r);
            if (!backslash)
                return true;
            r->logical.data[--r->logical.len] = '\0';
            if (r->pos >= r->len) /* Java sees the end of the file behind CR or LF, but not between CR and LF */
                return r->logical.len || r->pos - end_at == 1;
            skip = continued = true;
            backslash = false;
        }
    }
    if (r->logical.len && backslash)
        r->logical.data[--r->logical.len] = '\0';
    return any && (r->logical.len || backslash);
}

static int hex4(const char *s, const char *end, uint32_t *ret_unit) {
    uint32_t unit = 0;
    if (end - s < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(s[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return 0;
}

static int malformed(const struct reader *r, struct kc_error *err, const char *what) {
    return err_set_class(err, ERR_BAD_CONFIG, "java.lang.IllegalArgumentException", "%s:%zu: %s", r->file, r->line_from,
                         what);
}

static void add_char(struct buf *out, uint32_t c) {
    char bytes[4];
    (void)buf_add(out, bytes, utf8_put(bytes, c));
}

/* A \uXXXX escape whose digits begin at *s; a surrogate pair is one character, half a pair becomes U+FFFD. */
static int convert_unicode(const struct reader *r, const char **s, const char *end, struct buf *out,
                           struct kc_error *err) {
    uint32_t unit, low;
    if (hex4(*s, end, &unit) < 0)
        return malformed(r, err, "Malformed \\uxxxx encoding.");
    *s += 4;
    if (unit == 0)
        return malformed(r, err, "the character \\u0000 is not supported");
    if (unit >= 0xD800 && unit < 0xDC00 && end - *s >= 6 && (*s)[0] == '\\' && (*s)[1] == 'u' &&
        hex4(*s + 2, end, &low) == 0 && low >= 0xDC00 && low < 0xE000) {
        *s += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else if (unit >= 0xD800 && unit < 0xE000) {
        unit = 0xFFFD;
    }
    add_char(out, unit);
    return 0;
}

/* One character above 0x7F: a Latin-1 byte, or UTF-8 with U+FFFD in place of what is none. */
static const char *convert_high(const struct reader *r, const char *s, const char *end, struct buf *out) {
    uint32_t c;
    if (r->encoding == PROPERTIES_LATIN1) {
        add_char(out, (unsigned char)*s);
        return s + 1;
    }
    size_t len = utf8_get(s, (size_t)(end - s), &c);
    add_char(out, len ? c : 0xFFFD);
    return s + (len ? len : 1);
}

/* Resolves the escapes of a key or value. */
static int convert(const struct reader *r, const char *s, const char *end, struct buf *out, struct kc_error *err) {
    buf_clear(out);
    while (s < end) {
        unsigned char c = (unsigned char)*s;
        if (c == '\0')
            return malformed(r, err, "a NUL character is not supported");
        if (c >= 0x80) {
            s = convert_high(r, s, end, out);
        } else if (c != '\\' || s + 1 == end) {
            (void)buf_add_char(out, (char)c);
            s++;
        } else if (s[1] == 'u') {
            s += 2;
            if (convert_unicode(r, &s, end, out, err) < 0)
                return -1;
        } else if ((unsigned char)s[1] >= 0x80) {
            s++;
        } else {
            const char *escape = s[1] ? strchr("t\tn\nr\rf\f", s[1]) : NULL;
            (void)buf_add_char(out, escape && strchr("tnrf", s[1]) ? escape[1] : s[1]);
            s += 2;
        }
    }
    return out->failed ? malformed(r, err, "too long") : 0;
}

/* Where the key ends and the value begins. */
static void split(const char *line, size_t len, size_t *ret_key_len, size_t *ret_value) {
    size_t key = 0, value = len;
    bool separator = false, backslash = false;
    for (; key < len; key++) {
        char c = line[key];
        if (!backslash && (c == '=' || c == ':' || blank(c))) {
            separator = !blank(c);
            value = key + 1;
            break;
        }
        backslash = c == '\\' && !backslash;
    }
    for (; value < len; value++) {
        char c = line[value];
        if (blank(c))
            continue;
        if (separator || (c != '=' && c != ':'))
            break;
        separator = true;
    }
    *ret_key_len = key;
    *ret_value = value;
}

int properties_parse_as(enum properties_encoding encoding, const char *text, size_t len, const char *file,
                        struct kc_config *config, struct kc_error *err) {
    struct reader r = {.encoding = encoding, .text = text, .file = file, .len = len, .line = 1};
    AUTO_BUF key;
    AUTO_BUF value;
    int rc = 0;
    buf_init(&r.logical, FILE_MAX);
    buf_init(&key, FILE_MAX);
    buf_init(&value, FILE_MAX);
    while (rc == 0 && next_line(&r)) {
        size_t key_len, start;
        const char *line = buf_text(&r.logical);
        if (r.logical.failed) {
            rc = malformed(&r, err, "a line is too long");
            break;
        }
        split(line, r.logical.len, &key_len, &start);
        rc = convert(&r, line, line + key_len, &key, err);
        if (rc == 0)
            rc = convert(&r, line + start, line + r.logical.len, &value, err);
        if (rc == 0)
            kc_config_set(config, buf_text(&key), buf_text(&value));
    }
    buf_done(&r.logical);
    return rc;
}

int properties_parse(const char *text, size_t len, const char *file, struct kc_config *config, struct kc_error *err) {
    return properties_parse_as(PROPERTIES_LATIN1, text, len, file, config, err);
}

static int read_all(int fd, struct buf *out) {
    for (;;) {
        size_t room = out->max - out->len;
        if (!room || buf_reserve(out, room < READ_STEP ? room : READ_STEP) < 0)
            return EFBIG;
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return 0;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
}

char *file_read(const char *file, size_t max_bytes, size_t *ret_len, struct kc_error *err) {
    AUTO_BUF content;
    buf_init(&content, max_bytes + 2);
    int fd = open(file, O_RDONLY | O_CLOEXEC), failure = fd < 0 ? errno : read_all(fd, &content);
    if (fd >= 0)
        close(fd);
    if (failure == 0 && content.len > max_bytes)
        failure = EFBIG;
    if (failure) {
        err_set(err, ERR_IO, "%s (%s)", file, strerror(failure));
        return NULL;
    }
    *ret_len = content.len;
    char *data = content.len ? buf_take(&content) : strdup("");
    if (!data)
        err_set(err, ERR_IO, "%s (out of memory)", file);
    return data;
}

int properties_load(const char *file, struct kc_config *config, struct kc_error *err) {
    size_t len;
    AUTO_TEXT text = file_read(file, FILE_MAX, &len, err);
    return text ? properties_parse(text, len, file, config, err) : -1;
}
