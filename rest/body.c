/* A cursor over JSON text that knows its line and column; no tree is built. See body.h. */
#include "rest/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { MAX_MAPS = 100000 };

struct cursor {
    const char *p, *begin, *end;
    struct kc_error *err;
    const char *outer; /* of the reference chain in errors: what holds the map that is being read, "" nothing */
};

/* `chain`: the way to what is wrong, "" none. */
static int fail_in_chain(struct cursor *c, const char *at, const char *class_name, const char *what,
                         const char *chain) {
    int line = 1, column = 1;
    for (const char *p = c->begin; p < at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xc0) != 0x80) {
            column++;
        }
    }
    return err_set_class(c->err, ERR_INTERNAL, class_name,
                         "%s\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
                         "%d, column: %d]%s%s%s",
                         what, line, column, *chain ? " (through reference chain: " : "", chain, *chain ? ")" : "");
}

static int fail_at(struct cursor *c, const char *at, const char *class_name, const char *what) {
    return fail_in_chain(c, at, class_name, what, "");
}

static int fail_parse(struct cursor *c, const char *what) {
    return fail_at(c, c->p, "com.fasterxml.jackson.core.JsonParseException", what);
}

static int fail_mapping_in(struct cursor *c, const char *what, const char *chain) {
    return fail_in_chain(c, c->p, "com.fasterxml.jackson.databind.exc.MismatchedInputException", what, chain);
}

static int fail_mapping(struct cursor *c, const char *what) {
    return fail_mapping_in(c, what, "");
}

static int fail_unexpected(struct cursor *c, const char *expected) {
    char text[160];
    if (c->p >= c->end) {
        snprintf(text, sizeof text, "Unexpected end-of-input: was expecting %s", expected);
        return fail_at(c, c->p, "com.fasterxml.jackson.core.io.JsonEOFException", text);
    }
    unsigned char ch = (unsigned char)*c->p;
    const char *verb =
        strncmp(expected, "a valid value", 13) == 0 ? "expected" : "was expecting"; /* as Jackson has it */
    if (ch >= 0x80)
        snprintf(text, sizeof text, "Unexpected character (code %u): %s %s", ch, verb, expected);
    else
        snprintf(text, sizeof text, "Unexpected character ('%c' (code %u)): %s %s", ch, ch, verb, expected);
    return fail_parse(c, text);
}

static void skip_blanks(struct cursor *c) {
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
        c->p++;
}

static bool next_is(struct cursor *c, char ch) {
    skip_blanks(c);
    return c->p < c->end && *c->p == ch;
}

static bool take(struct cursor *c, char ch) {
    if (!next_is(c, ch))
        return false;
    c->p++;
    return true;
}

/* Bytes of the UTF-8 sequence at p, 0 when it is not one. */
static size_t utf8_length(const unsigned char *p, const unsigned char *end) {
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || (size_t)(end - p) < n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static int hex4(const char *p, const char *end, uint32_t *ret_code) {
    uint32_t code = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char ch = p[i];
        uint32_t digit = ch >= '0' && ch <= '9'   ? (uint32_t)(ch - '0')
                         : ch >= 'a' && ch <= 'f' ? (uint32_t)(ch - 'a' + 10)
                         : ch >= 'A' && ch <= 'F' ? (uint32_t)(ch - 'A' + 10)
                                                  : 16;
        if (digit == 16)
            return -1;
        code = code * 16 + digit;
    }
    *ret_code = code;
    return 0;
}

static void add_utf8(struct buf *out, uint32_t code) {
    char bytes[4];
    size_t n;
    if (code < 0x80) {
        bytes[0] = (char)code;
        n = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3f));
        n = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (code & 0x3f));
        n = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (code & 0x3f));
        n = 4;
    }
    (void)buf_add(out, bytes, n);
}

/* After a backslash. */
static int read_escape(struct cursor *c, struct buf *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (c->p >= c->end)
        return fail_unexpected(c, "an escaped character");
    char ch = *c->p;
    const char *known = ch ? strchr(from, ch) : NULL;
    if (known) {
        c->p++;
        (void)buf_add_char(out, to[known - from]);
        return 0;
    }
    uint32_t code, low;
    if (ch != 'u')
        return fail_parse(c, "Unrecognized character escape");
    if (hex4(c->p + 1, c->end, &code) < 0)
        return fail_parse(c, "Unexpected character: expected a hex-digit for character escape sequence");
    c->p += 5;
    if (code >= 0xd800 && code < 0xdc00 && c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u' &&
        hex4(c->p + 2, c->end, &low) == 0 && low >= 0xdc00 && low < 0xe000) {
        c->p += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code < 0xe000) {
        code = '?'; /* a lone surrogate has no UTF-8; Java's encoder writes a question mark too */
    } else if (code == 0) {
        return fail_parse(c, "Character U+0000 is not allowed in a configuration");
    }
    add_utf8(out, code);
    return 0;
}

/* Bytes up to the first that ends the string, needs a look or is not ASCII. */
static size_t plain_length(const char *p, const char *end) {
    const char *s = p;
    while (s < end && (unsigned char)*s >= 0x20 && (unsigned char)*s < 0x80 && *s != '"' && *s != '\\')
        s++;
    return (size_t)(s - p);
}

/* A string at the cursor; the text replaces what `out` held. */
static int read_string(struct cursor *c, struct buf *out) {
    buf_clear(out);
    if (!take(c, '"'))
        return fail_unexpected(c, "double-quote to start a string");
    while (c->p < c->end && *c->p != '"') {
        unsigned char ch = (unsigned char)*c->p;
        if (ch < 0x20)
            return fail_parse(c, "Illegal unquoted character (CTRL-CHAR): has to be escaped using backslash to be "
                                 "included in string value");
        if (ch == '\\') {
            c->p++;
            if (read_escape(c, out) < 0)
                return -1;
            continue;
        }
        size_t plain = plain_length(c->p, c->end);
        size_t n = plain ? plain : utf8_length((const unsigned char *)c->p, (const unsigned char *)c->end);
        if (n == 0) {
            char text[64];
            snprintf(text, sizeof text, "Invalid UTF-8 start byte 0x%02x", ch);
            return fail_parse(c, text);
        }
        (void)buf_add(out, c->p, n);
        c->p += n;
    }
    if (c->p >= c->end)
        return fail_at(c, c->p, "com.fasterxml.jackson.core.io.JsonEOFException",
                       "Unexpected end-of-input in VALUE_STRING");
    c->p++;
    return out->failed ? fail_parse(c, "String value is too long") : 0;
}

static bool take_word(struct cursor *c, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return false;
    c->p += n;
    return true;
}

static size_t digits(struct cursor *c) {
    const char *start = c->p;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
        c->p++;
    return (size_t)(c->p - start);
}

static int read_number(struct cursor *c) {
    if (c->p < c->end && *c->p == '-')
        c->p++;
    const char *first = c->p;
    size_t n = digits(c);
    if (n == 0)
        return fail_unexpected(c, "digit (0-9) to follow minus sign, for valid numeric value");
    if (n > 1 && *first == '0')
        return fail_parse(c, "Invalid numeric value: Leading zeroes not allowed");
    if (c->p < c->end && *c->p == '.') {
        c->p++;
        if (digits(c) == 0)
            return fail_unexpected(c, "digit (0-9) after decimal point");
    }
    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
            c->p++;
        if (digits(c) == 0)
            return fail_unexpected(c, "digit (0-9) in exponent");
    }
    return 0;
}

/* A scalar as text into `out`; *ret_null for null. `holder` and `name` say where for errors. */
static int read_scalar(struct cursor *c, struct buf *out, bool *ret_null, const char *holder, const char *name) {
    skip_blanks(c);
    const char *start = c->p;
    *ret_null = false;
    if (c->p >= c->end)
        return fail_unexpected(c, "a value");
    if (*c->p == '"')
        return read_string(c, out);
    if (*c->p == '{' || *c->p == '[') {
        char text[160], chain[600];
        snprintf(text, sizeof text,
                 "Cannot deserialize value of type `java.lang.String` from %s value (token `JsonToken.%s`)",
                 *c->p == '{' ? "Object" : "Array", *c->p == '{' ? "START_OBJECT" : "START_ARRAY");
        snprintf(chain, sizeof chain, "%s%s%s[\"%.200s\"]", c->outer, *c->outer ? "->" : "", holder, name);
        return fail_mapping_in(c, text, chain);
    }
    if (take_word(c, "null")) {
        *ret_null = true;
        return 0;
    }
    if (!take_word(c, "true") && !take_word(c, "false")) {
        if (*c->p != '-' && !(*c->p >= '0' && *c->p <= '9'))
            return fail_unexpected(
                c, "a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')");
        if (read_number(c) < 0)
            return -1;
    }
    buf_clear(out);
    return buf_add(out, start, (size_t)(c->p - start)) < 0 ? fail_parse(c, "value is too long") : 0;
}

/* The comma or closing bracket after an element. 1: another follows, 0: closed. */
static int more(struct cursor *c, char close) {
    if (take(c, ','))
        return 1;
    if (take(c, close))
        return 0;
    return fail_unexpected(c, close == '}' ? "comma to separate Object entries" : "comma to separate Array entries");
}

static int fail_type(struct cursor *c, const char *java_type) {
    char text[256];
    skip_blanks(c);
    if (c->p >= c->end)
        return fail_mapping(c, "No content to map due to end-of-input");
    const char *token = *c->p == '['   ? "Array value (token `JsonToken.START_ARRAY`)"
                        : *c->p == '{' ? "Object value (token `JsonToken.START_OBJECT`)"
                        : *c->p == '"' ? "String value (token `JsonToken.VALUE_STRING`)"
                                       : NULL;
    if (!token && *c->p != '-' && !(*c->p >= '0' && *c->p <= '9') && *c->p != 't' && *c->p != 'f')
        return fail_unexpected(c,
                               "a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')");
    snprintf(text, sizeof text, "Cannot deserialize value of type `%s` from %s", java_type,
             token ? token : "a scalar value");
    return fail_mapping_in(c, text, c->outer);
}

static int read_map_entry(struct cursor *c, struct kc_config *config, struct buf *key, struct buf *value) {
    bool null;
    if (read_string(c, key) < 0)
        return -1;
    if (!take(c, ':'))
        return fail_unexpected(c, "a colon to separate field name and value");
    if (read_scalar(c, value, &null, "java.util.LinkedHashMap", buf_text(key)) < 0)
        return -1;
    kc_config_set(config, buf_text(key), null ? NULL : buf_text(value));
    return 0;
}

/* An object of scalars; the literal null gives NULL. */
static int read_string_map(struct cursor *c, struct kc_config **ret_config) {
    skip_blanks(c);
    if (take_word(c, "null")) {
        *ret_config = NULL;
        return 0;
    }
    if (!take(c, '{'))
        return fail_type(c, "java.util.LinkedHashMap<java.lang.String,java.lang.String>");
    struct kc_config *config = kc_config_new();
    struct buf key, value;
    buf_init(&key, (size_t)(c->end - c->begin) + 16);
    buf_init(&value, (size_t)(c->end - c->begin) + 16);
    int rc = take(c, '}') ? 0 : 1;
    while (rc == 1)
        rc = read_map_entry(c, config, &key, &value) < 0 ? -1 : more(c, '}');
    buf_done(&key);
    buf_done(&value);
    if (rc < 0) {
        kc_config_free(config);
        return -1;
    }
    *ret_config = config;
    return 0;
}

static int expect_end(struct cursor *c) {
    skip_blanks(c);
    if (c->p >= c->end)
        return 0;
    char text[160];
    snprintf(text, sizeof text,
             "Trailing token (of type %s) found after value (bound as a map): not allowed as per "
             "`DeserializationFeature.FAIL_ON_TRAILING_TOKENS`",
             *c->p == '{'   ? "START_OBJECT"
             : *c->p == '[' ? "START_ARRAY"
                            : "VALUE");
    return fail_mapping(c, text);
}

static struct cursor cursor_of(const char *text, size_t len, struct kc_error *err) {
    size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* byte order mark */
    return (struct cursor){.p = text + mark, .begin = text + mark, .end = text + len, .err = err, .outer = ""};
}

static bool blank(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return false;
    return true;
}

int body_string_map(const char *text, size_t len, struct kc_config **ret_config, struct kc_error *err) {
    struct cursor c = cursor_of(text, len, err);
    struct kc_config *config = NULL;
    if (blank(text, len)) {
        *ret_config = NULL;
        return 0;
    }
    if (read_string_map(&c, &config) < 0 || expect_end(&c) < 0) {
        kc_config_free(config);
        return -1;
    }
    *ret_config = config;
    return 0;
}

static void free_maps(struct kc_config **maps, int count) {
    for (int i = 0; i < count; i++)
        kc_config_free(maps[i]);
    free(maps);
}

/* Elements of an array after its '['. */
static int read_maps(struct cursor *c, struct kc_config ***maps, int *count) {
    int rc = take(c, ']') ? 0 : 1;
    while (rc == 1) {
        struct kc_config *map = NULL;
        if (*count >= MAX_MAPS)
            return fail_mapping(c, "too many task configurations");
        if (read_string_map(c, &map) < 0)
            return -1;
        struct kc_config **grown = reallocarray(*maps, (size_t)*count + 1, sizeof *grown);
        if (!grown) {
            kc_config_free(map);
            return fail_mapping(c, "out of memory");
        }
        *maps = grown;
        grown[(*count)++] = map ? map : kc_config_new();
        rc = more(c, ']');
    }
    return rc;
}

int body_string_maps(const char *text, size_t len, struct kc_config ***ret_maps, int *ret_count, struct kc_error *err) {
    struct cursor c = cursor_of(text, len, err);
    struct kc_config **maps = NULL;
    int count = 0;
    if (!take(&c, '['))
        return fail_type(&c, "java.util.ArrayList<java.util.Map<java.lang.String,java.lang.String>>");
    if (read_maps(&c, &maps, &count) < 0 || expect_end(&c) < 0) {
        free_maps(maps, count);
        return -1;
    }
    *ret_maps = maps;
    *ret_count = count;
    return 0;
}

#define CREATE_CLASS "org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest"

static int read_create_field(struct cursor *c, struct create_request *r, struct buf *key, struct buf *value) {
    bool null;
    if (read_string(c, key) < 0)
        return -1;
    const char *at = c->p;
    if (!take(c, ':'))
        return fail_unexpected(c, "a colon to separate field name and value");
    const char *name = buf_text(key);
    if (strcmp(name, "config") == 0) {
        r->config = kc_config_free(r->config);
        c->outer = CREATE_CLASS "[\"config\"]";
        int rc = read_string_map(c, &r->config);
        c->outer = "";
        return rc;
    }
    char **field = strcmp(name, "name") == 0 ? &r->name : strcmp(name, "initial_state") == 0 ? &r->initial_state : NULL;
    if (!field) {
        char text[512], chain[400];
        snprintf(text, sizeof text,
                 "Unrecognized field \"%.200s\" (class " CREATE_CLASS
                 "), not marked as ignorable (3 known properties: \"config\", \"name\", \"initial_state\")",
                 name);
        snprintf(chain, sizeof chain, CREATE_CLASS "[\"%.200s\"]", name);
        return fail_in_chain(c, at, "com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException", text, chain);
    }
    if (read_scalar(c, value, &null, CREATE_CLASS, name) < 0)
        return -1;
    free(*field);
    *field = null ? NULL : strdup(buf_text(value));
    return 0;
}

int body_create_request(const char *text, size_t len, struct create_request *ret_request, struct kc_error *err) {
    struct cursor c = cursor_of(text, len, err);
    struct create_request r = {0};
    skip_blanks(&c);
    if (c.p >= c.end || take_word(&c, "null"))
        return err_set_class(err, ERR_INTERNAL, "java.lang.NullPointerException",
                             "Cannot invoke \"" CREATE_CLASS ".name()\" because \"createRequest\" is null");
    if (!take(&c, '{'))
        return fail_type(&c, CREATE_CLASS);
    struct buf key, value;
    buf_init(&key, len + 16);
    buf_init(&value, len + 16);
    int rc = take(&c, '}') ? 0 : 1;
    while (rc == 1)
        rc = read_create_field(&c, &r, &key, &value) < 0 ? -1 : more(&c, '}');
    buf_done(&key);
    buf_done(&value);
    if (rc < 0 || expect_end(&c) < 0) {
        create_request_done(&r);
        return -1;
    }
    *ret_request = r;
    return 0;
}

void create_request_done(struct create_request *r) {
    free(r->name);
    free(r->initial_state);
    kc_config_free(r->config);
    *r = (struct create_request){0};
}
