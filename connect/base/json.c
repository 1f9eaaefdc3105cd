/* A strict JSON reader that builds cJSON trees, and the writer that goes with it. cJSON's own reader is more lenient
 * than Jackson (control characters, broken UTF-8, numbers such as 01) and rounds large integers. */
#include "connect/base/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/base/utf8.h"

enum { NESTING = 500, LINEAR_MEMBERS = 16 };

struct reader {
    const char *start, *p, *end;
    int depth;
    struct kc_error *err;
};

static cJSON *read_value(struct reader *r);

/* Always NULL. */
static void *fail(struct reader *r, const char *what) {
    size_t line = 1, column = 1;
    for (const char *p = r->start; p < r->p; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    err_set(r->err, ERR_BAD_REQUEST, "invalid JSON at line %zu, column %zu: %s", line, column, what);
    return NULL;
}

static void skip_blanks(struct reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static int hex4(struct reader *r, uint32_t *ret_unit) {
    uint32_t unit = 0;
    if (r->end - r->p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = r->p[i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return -1;
        unit = unit << 4 | digit;
    }
    r->p += 4;
    *ret_unit = unit;
    return 0;
}

/* Behind "\u". An unpaired surrogate becomes '?', as when Java encodes it. */
static const char *read_unicode_escape(struct reader *r, struct buf *out) {
    uint32_t c;
    if (hex4(r, &c) < 0)
        return "a \\u escape needs four hexadecimal digits";
    if (c == 0)
        return "the character \\u0000 cannot be used";
    if (c >= 0xD800 && c < 0xDC00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
        const char *before = r->p;
        uint32_t low;
        r->p += 2;
        if (hex4(r, &low) == 0 && low >= 0xDC00 && low < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        else
            r->p = before;
    }
    if (c >= 0xD800 && c < 0xE000)
        c = '?';
    char utf8[4];
    buf_add(out, utf8, utf8_put(utf8, c));
    return NULL;
}

static const char *read_escape(struct reader *r, struct buf *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->p == r->end)
        return "unexpected end of a string";
    char c = *r->p++;
    if (c == 'u')
        return read_unicode_escape(r, out);
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return "unknown escape in a string";
    buf_add_char(out, to[at - from]);
    return NULL;
}

/* At the opening quote. Returns the text, malloc'ed, or NULL with err set. */
static char *read_text(struct reader *r) {
    AUTO_BUF out;
    buf_init(&out, (size_t)(r->end - r->p));
    r->p++;
    for (;;) {
        const char *plain = r->p;
        while (r->p < r->end && (unsigned char)*r->p >= 0x20 && *r->p != '"' && *r->p != '\\')
            r->p++;
        buf_add(&out, plain, (size_t)(r->p - plain));
        if (r->p == r->end)
            return fail(r, "unexpected end of a string");
        if (*r->p == '"')
            break;
        if (*r->p != '\\')
            return fail(r, "control characters in strings must be escaped");
        r->p++;
        const char *problem = read_escape(r, &out);
        if (problem)
            return fail(r, problem);
    }
    r->p++;
    return buf_take(&out);
}

/* Moves over digits; how many. */
static size_t digits(struct reader *r) {
    const char *from = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - from);
}

/* Numbers that a double does not hold as the very same integer keep their text in valuestring. */
static cJSON *read_number(struct reader *r) {
    const char *from = r->p;
    bool integer = true;
    if (*r->p == '-')
        r->p++;
    bool zero = r->p < r->end && *r->p == '0';
    size_t count = digits(r);
    if (count == 0 || (zero && count > 1))
        return fail(r, "malformed number");
    if (r->p < r->end && *r->p == '.') {
        integer = false;
        r->p++;
        if (digits(r) == 0)
            return fail(r, "malformed number");
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        integer = false;
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        if (digits(r) == 0)
            return fail(r, "malformed number");
    }
    char *text = strndup(from, (size_t)(r->p - from));
    cJSON *item = text ? cJSON_CreateNumber(strtod(text, NULL)) : NULL;
    if (item && (!integer || fabs(item->valuedouble) > 9007199254740991.0))
        item->valuestring = text;
    else
        free(text);
    return item ? item : fail(r, "out of memory");
}

static cJSON *read_word(struct reader *r) {
    size_t left = (size_t)(r->end - r->p);
    if (left >= 4 && memcmp(r->p, "true", 4) == 0) {
        r->p += 4;
        return cJSON_CreateTrue();
    }
    if (left >= 5 && memcmp(r->p, "false", 5) == 0) {
        r->p += 5;
        return cJSON_CreateFalse();
    }
    if (left >= 4 && memcmp(r->p, "null", 4) == 0) {
        r->p += 4;
        return cJSON_CreateNull();
    }
    return fail(r, left ? "unexpected character" : "unexpected end of the text");
}

static cJSON *read_array(struct reader *r) {
    AUTO(json) array = cJSON_CreateArray();
    r->p++;
    skip_blanks(r);
    if (r->p < r->end && *r->p == ']') {
        r->p++;
        return TAKE(array);
    }
    for (;;) {
        cJSON *item = read_value(r);
        if (!item)
            return NULL;
        cJSON_AddItemToArray(array, item);
        skip_blanks(r);
        if (r->p < r->end && *r->p == ',') {
            r->p++;
        } else if (r->p < r->end && *r->p == ']') {
            r->p++;
            return TAKE(array);
        } else {
            return fail(r, r->p < r->end ? "',' or ']' expected" : "unexpected end of an array");
        }
    }
}

/* Adds a member; one of the same name is replaced where it stands, as in Java's LinkedHashMap. `index` is made when the
 * object gets large. Takes key and item. */
static void add_member(cJSON *object, size_t count, struct map **index, char *key, cJSON *item) {
    cJSON *present = NULL;
    if (count < LINEAR_MEMBERS) {
        for (cJSON *c = object->child; c && !present; c = c->next)
            present = strcmp(c->string, key) == 0 ? c : NULL;
    } else {
        if (!*index) {
            *index = map_new(NULL);
            for (cJSON *c = object->child; c; c = c->next)
                map_put(*index, c->string, c);
        }
        present = map_get(*index, key);
        map_put(*index, key, item);
    }
    item->string = key; /* freed by cJSON_Delete */
    if (present)
        cJSON_ReplaceItemViaPointer(object, present, item);
    else
        cJSON_AddItemToArray(object, item);
}

static int read_member(struct reader *r, cJSON *object, size_t count, struct map **index) {
    skip_blanks(r);
    if (r->p == r->end || *r->p != '"') {
        fail(r, "a member name in double quotes expected");
        return -1;
    }
    AUTO_TEXT key = read_text(r);
    if (!key)
        return -1;
    skip_blanks(r);
    if (r->p == r->end || *r->p != ':') {
        fail(r, "':' expected");
        return -1;
    }
    r->p++;
    cJSON *item = read_value(r);
    if (!item)
        return -1;
    add_member(object, count, index, TAKE(key), item);
    return 0;
}

static cJSON *read_members(struct reader *r, cJSON *object, struct map **index) {
    for (size_t count = 0;; count++) {
        if (read_member(r, object, count, index) < 0)
            return NULL;
        skip_blanks(r);
        if (r->p < r->end && *r->p == ',') {
            r->p++;
        } else if (r->p < r->end && *r->p == '}') {
            r->p++;
            return object;
        } else {
            return fail(r, r->p < r->end ? "',' or '}' expected" : "unexpected end of an object");
        }
    }
}

static cJSON *read_object(struct reader *r) {
    cJSON *object = cJSON_CreateObject();
    r->p++;
    skip_blanks(r);
    if (r->p < r->end && *r->p == '}') {
        r->p++;
        return object;
    }
    struct map *index = NULL;
    cJSON *done = read_members(r, object, &index);
    map_free(index);
    if (!done)
        cJSON_Delete(object);
    return done;
}

static cJSON *read_value(struct reader *r) {
    skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    if (c == '{' || c == '[') {
        if (r->depth == NESTING)
            return fail(r, "nested too deeply");
        r->depth++;
        cJSON *item = c == '{' ? read_object(r) : read_array(r);
        r->depth--;
        return item;
    }
    if (c == '"') {
        AUTO_TEXT text = read_text(r);
        if (!text)
            return NULL;
        cJSON *item = cJSON_CreateNull();
        item->type = cJSON_String;
        item->valuestring = TAKE(text);
        return item;
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(r);
    return read_word(r);
}

cJSON *json_parse(const char *text, size_t len, struct kc_error *err) {
    struct reader r = {.start = text, .p = text, .end = text + len, .err = err};
    size_t valid = utf8_valid_prefix(text, len);
    if (valid < len) {
        r.p += valid;
        return fail(&r, "invalid UTF-8");
    }
    AUTO(json) json = read_value(&r);
    if (!json)
        return NULL;
    skip_blanks(&r);
    if (r.p < r.end)
        return fail(&r, "unexpected text behind the value");
    return TAKE(json);
}

int json_write_text(struct buf *b, const char *s, size_t len, bool supplementary_escaped) {
    if (!supplementary_escaped)
        return buf_add_json(b, s, len);
    size_t at = b->len, end;
    if (buf_add_json(b, s, len) < 0)
        return -1;
    for (end = at; end < b->len && (unsigned char)b->data[end] < 0xF0; end++)
        ;
    if (end == b->len)
        return 0;
    AUTO_TEXT plain = strndup(b->data + at, b->len - at);
    if (!plain)
        return -1;
    b->len = at;
    for (const char *p = plain; *p;) {
        if ((unsigned char)*p < 0xF0) {
            buf_add_char(b, *p++);
            continue;
        }
        uint32_t c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
                     (uint32_t)(p[3] & 0x3F);
        buf_printf(b, "\\u%04X\\u%04X", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
        p += 4;
    }
    return b->failed ? -1 : 0;
}

/* A double as Java writes it: shortest digits, at least one behind the dot, E notation outside 10^-3 … 10^7. */
static int write_double(struct buf *b, double v) {
    if (!isfinite(v))
        return buf_add_text(b, isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    char text[32];
    int precision = 0; /* digits behind the dot of d.ddde±xx */
    do
        snprintf(text, sizeof(text), "%.*e", precision, v);
    while (strtod(text, NULL) != v && precision++ < 17);
    char *e = strchr(text, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10);
    *e = 0;
    if (v != 0 && (exponent < -3 || exponent >= 7))
        return buf_printf(b, "%s%sE%d", text, precision ? "" : ".0", exponent);
    return buf_printf(b, "%.*f", precision - exponent > 1 ? precision - exponent : 1, v);
}

static int write_number(struct buf *b, const cJSON *json) {
    const char *text = json->valuestring;
    if (text && !strpbrk(text, ".eE"))
        return buf_add_text(b, text);
    double v = json->valuedouble;
    if (!text && v == floor(v) && fabs(v) <= 9007199254740992.0)
        return buf_printf(b, "%lld", (long long)v);
    return write_double(b, v);
}

static int write_children(struct buf *b, const cJSON *json, bool supplementary_escaped) {
    bool object = cJSON_IsObject(json);
    buf_add_char(b, object ? '{' : '[');
    for (const cJSON *c = json->child; c; c = c->next) {
        if (c != json->child)
            buf_add_char(b, ',');
        if (object) {
            json_write_text(b, c->string, strlen(c->string), supplementary_escaped);
            buf_add_char(b, ':');
        }
        json_write(b, c, supplementary_escaped);
    }
    return buf_add_char(b, object ? '}' : ']');
}

int json_write(struct buf *b, const cJSON *json, bool supplementary_escaped) {
    if (cJSON_IsObject(json) || cJSON_IsArray(json))
        return write_children(b, json, supplementary_escaped);
    if (cJSON_IsString(json) && json->valuestring)
        return json_write_text(b, json->valuestring, strlen(json->valuestring), supplementary_escaped);
    if (cJSON_IsNumber(json))
        return write_number(b, json);
    if (cJSON_IsRaw(json))
        return buf_add_text(b, json->valuestring);
    if (cJSON_IsBool(json))
        return buf_add_text(b, cJSON_IsTrue(json) ? "true" : "false");
    return buf_add_text(b, "null");
}

const char *json_get_text(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int json_get_int(const cJSON *object, const char *name, int64_t *ret_value) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item))
        return -1;
    if (item->valuestring) { /* more digits than a double holds, or not written as an integer */
        char *end;
        errno = 0;
        long long v = strtoll(item->valuestring, &end, 10);
        if (*end || errno)
            return -1;
        *ret_value = v;
        return 0;
    }
    double v = item->valuedouble;
    if (v != floor(v) || fabs(v) > 9007199254740992.0)
        return -1;
    *ret_value = (int64_t)v;
    return 0;
}

bool json_get_bool(const cJSON *object, const char *name) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

struct kc_config *json_to_config(const cJSON *object, struct kc_error *err) {
    if (!cJSON_IsObject(object)) {
        err_set(err, ERR_BAD_REQUEST, "a JSON object with text values is expected as configuration");
        return NULL;
    }
    struct kc_config *config = kc_config_new();
    for (const cJSON *c = object->child; c; c = c->next) {
        if (cJSON_IsObject(c) || cJSON_IsArray(c)) {
            err_set(err, ERR_BAD_REQUEST, "the value of configuration key %s must be text, not %s", c->string,
                    cJSON_IsArray(c) ? "an array" : "an object");
            return kc_config_free(config);
        }
        AUTO_BUF text;
        buf_init(&text, 4096);
        if (cJSON_IsString(c))
            kc_config_set(config, c->string, c->valuestring);
        else if (cJSON_IsNull(c))
            kc_config_set(config, c->string, NULL);
        else if (cJSON_IsNumber(c) && c->valuestring) /* as written: that is what Jackson makes a String of */
            kc_config_set(config, c->string, c->valuestring);
        else if (json_write(&text, c, false) == 0)
            kc_config_set(config, c->string, buf_text(&text));
    }
    return config;
}

cJSON *json_from_config(const struct kc_config *config) {
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *value = kc_config_value(config, i);
        cJSON *item = value ? cJSON_CreateString(value) : cJSON_CreateNull();
        cJSON_AddItemToObject(object, kc_config_key(config, i), item);
    }
    return object;
}
