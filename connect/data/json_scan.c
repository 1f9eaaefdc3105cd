/* One pass over JSON text: grammar, UTF-8, limits, and on the way whether the text is already what a writer would write
 * (compact, perhaps but for blanks) and whether all names of each object differ (unique).
 *
 * What most texts consist of is done in the loop of scan_value, without a call: strings without anything special (their
 * ends are found by json_marks, see json_bytes.h), numbers of at most 15 characters in plain form, words, and
 * separators without blanks. Whatever else stands there goes to the functions that take everything and know the errors
 * (json_tokens.h); both ways accept the same texts and say the same of them.
 *
 * Names: a filter of 2048 bits tells most names from those before them by one hash, which depends on the object, too.
 * When a name's bit is set, its fingerprint is compared with those of its object, then its text. The fingerprints of
 * all objects that are open lie on one stack; an object with more names than fit counts as "perhaps not unique", which
 * costs the reader a slower path but no error. */
#include "connect/data/json_scan.h"

#include <string.h>

#include "connect/data/json_bytes.h"
#include "connect/data/json_tokens.h"
#include "connect/data/value.h"

enum { MAX_NAMES = 1024, MAX_NAMES_OF_ONE = 256, FILTER_BITS = 2048, FILTER_SHIFT = 64 - 11 };

/* An open object or array. */
struct level {
    uint64_t salt;                   /* makes the hashes of its names differ from those of other objects */
    uint16_t first_name, name_limit; /* where its names begin in scanner.names, and where there is room for no more */
    bool object;
};

struct name {
    const char *text; /* behind the opening quote */
    uint32_t fingerprint;
};

struct scanner {
    struct json_tokens t;
    unsigned depth;
    bool unspaced; /* there are no blanks between the tokens */
    bool unique;
    uint16_t name_count;
    uint64_t objects; /* met so far */
    uint64_t filter[FILTER_BITS / 64];
    struct name names[MAX_NAMES];
    struct level levels[JSON_MAX_DEPTH + 1]; /* [0] is no container */
};

/* p is at the opening quote; the result is behind the closing one. Most strings are one run of plain bytes. */
static inline const char *scan_text(struct scanner *s, struct json_marks *marks, const char *p) {
    const char *special = json_marks_behind(marks, p, json_special_block);
    if (special < s->t.end && *special == '"' && special - p <= JSON_MAX_STRING)
        return special + 1;
    return json_token_string(&s->t, p, special);
}

/* ---- names ---- */

/* A number for a name: of names of less than 8 bytes no two have the same. Short names fill it from the highest byte
 * down, whether or not 8 bytes may be read at once. */
static inline uint64_t hash_name(const struct scanner *s, const char *name, size_t len) {
    uint64_t head = 0;
    if (len >= 8) {
        uint64_t tail = json_word(name + len - 8);
        head = json_word(name) ^ (tail << 29 | tail >> 35);
    } else if (len && name < s->t.near_end) {
        head = json_word(name) << (64 - 8 * len);
    } else {
        for (size_t i = 0; i < len; i++)
            head = head >> 8 | (uint64_t)(unsigned char)name[i] << 56;
    }
    return (head ^ s->levels[s->depth].salt) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Two canonical names are equal when their bytes are, closing quote included. */
static bool name_is_known(const struct scanner *s, const char *name, size_t len, uint32_t fingerprint) {
    for (uint16_t i = s->levels[s->depth].first_name; i < s->name_count; i++)
        if (s->names[i].fingerprint == fingerprint && memcmp(s->names[i].text, name, len + 1) == 0)
            return true;
    return false;
}

static inline void note_name(struct scanner *s, const char *name, const char *quote) {
    struct level *level = &s->levels[s->depth];
    uint16_t at = s->name_count;
    size_t len = (size_t)(quote - name);
    uint64_t hash = hash_name(s, name, len), place = hash >> FILTER_SHIFT, bit = UINT64_C(1) << (place % 64);
    uint64_t *filter = &s->filter[place / 64];
    if (at == level->name_limit || (*filter & bit && name_is_known(s, name, len, (uint32_t)(hash >> 24)))) {
        s->unique = false;
        return;
    }
    *filter |= bit;
    s->names[at] = (struct name){name, (uint32_t)(hash >> 24)};
    s->name_count = (uint16_t)(at + 1);
}

static inline const char *blanks(struct scanner *s, const char *p) {
    if (p < s->t.end && json_is_blank(*p)) {
        s->unspaced = false;
        p = json_blanks(p + 1, s->t.end);
    }
    return p;
}

/* From the opening quote of any name to the value. */
static const char *scan_any_name(struct scanner *s, const char *quote) {
    bool respelled;
    const char *p = json_token_name(&s->t, quote, &respelled);
    if (!p)
        return NULL;
    s->unique = s->unique && !respelled;
    if (s->unique)
        note_name(s, quote + 1, p - 1);
    p = blanks(s, p);
    if (p == s->t.end)
        return json_token_no_end(&s->t, " within/between Object entries");
    if (*p != ':')
        return json_token_unexpected(&s->t, p, "was expecting a colon to separate field name and value");
    p = blanks(s, p + 1);
    return p < s->t.end ? p : json_token_no_end(&s->t, ": expected a value");
}

/* To the first quote of a name; p is at something else, or at the end. */
static const char *find_name(struct scanner *s, const char *p) {
    p = blanks(s, p);
    if (p == s->t.end)
        return json_token_no_end(&s->t, " within/between Object entries");
    return *p == '"' ? p : json_token_unexpected(&s->t, p, "was expecting double-quote to start field name");
}

/* From behind { or , to the value, or the blanks before it. */
static inline const char *scan_name(struct scanner *s, struct json_marks *marks, const char *p) {
    if ((p >= s->t.end || *p != '"') && !(p = find_name(s, p)))
        return NULL;
    const char *name = p + 1;
    p = json_marks_behind(marks, p, json_special_block);
    if (p >= s->t.near_end || *p != '"' || p[1] != ':' || p > name + JSON_MAX_NAME)
        return scan_any_name(s, name - 1);
    if (s->unique)
        note_name(s, name, p);
    return p + 2;
}

/* ---- values ---- */

static inline bool open_container(struct scanner *s, bool object) {
    unsigned limit = s->name_count + MAX_NAMES_OF_ONE;
    if (s->depth == JSON_MAX_DEPTH) {
        json_token_over_limit(&s->t, "Document nesting depth", JSON_MAX_DEPTH + 1, JSON_MAX_DEPTH);
        return false;
    }
    s->levels[++s->depth] = (struct level){.salt = s->objects++ * UINT64_C(0xd6e8feb86659fd93),
                                           .first_name = s->name_count,
                                           .name_limit = (uint16_t)(limit < MAX_NAMES ? limit : MAX_NAMES),
                                           .object = object};
    return true;
}

static const char *scan_scalar(struct scanner *s, const char *p) {
    bool number = *p == '-' || json_is_digit(*p);
    p = json_token_scalar(&s->t, p);
    if (p && number && s->depth == 0 && p < s->t.end && !json_is_blank(*p))
        return json_token_unexpected(&s->t, p, "Expected space separating root-level values");
    return p;
}

/* A number or a word; else the error. */
static inline const char *scan_bare(struct scanner *s, const char *p) {
    const char *behind = NULL;
    unsigned whole;
    if (p < s->t.near_end) {
        if (*p == '-' || json_is_digit(*p))
            behind = json_plain_number(p, &whole);
        else if (*p == 'f' ? memcmp(p, "false", 5) == 0 : memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0)
            behind = p + (*p == 'f' ? 5 : 4);
    }
    return behind && (*behind == ',' || *behind == '}' || *behind == ']') ? behind : scan_scalar(s, p);
}

/* Behind a value: closes containers and goes over the comma; *ret_done: the outermost container is closed. */
static const char *scan_separators(struct scanner *s, const char *p, unsigned outer, bool *ret_done) {
    while (s->depth > outer) {
        p = blanks(s, p);
        bool object = s->levels[s->depth].object;
        if (p == s->t.end)
            return json_token_no_end(&s->t, object ? ": expected close marker for Object"
                                                   : ": expected close marker for Array");
        if (*p == ',') {
            p = object ? p + 1 : blanks(s, p + 1);
            return p < s->t.end || object ? p : json_token_no_end(&s->t, " within/between Array entries");
        }
        if (*p != (object ? '}' : ']'))
            return json_token_unexpected(&s->t, p,
                                         object ? "was expecting comma to separate Object entries"
                                                : "was expecting comma to separate Array entries");
        s->name_count = s->levels[s->depth--].first_name;
        p++;
    }
    *ret_done = true;
    return p;
}

/* p is at the first byte of a value or before blanks; the result is behind it. */
static const char *scan_value(struct scanner *s, const char *p) {
    struct json_marks marks = json_marks_start(s->t.begin, s->t.end, json_special_block);
    unsigned outer = s->depth;
    bool done = false, named = false; /* a name stands before the value */
    while (!done) {
        if (named && !(p = scan_name(s, &marks, p)))
            return NULL;
        if (json_is_blank(*p) && (p = blanks(s, p)) == s->t.end)
            return json_token_no_end(&s->t, ": expected a value");
        if (*p == '{' || *p == '[') {
            char close = *p == '{' ? '}' : ']';
            named = *p == '{';
            if (!open_container(s, named))
                return NULL;
            p = blanks(s, p + 1);
            if (p < s->t.end && *p != close)
                continue;
        } else {
            p = *p == '"' ? scan_text(s, &marks, p) : scan_bare(s, p);
            if (!p)
                return NULL;
            if (p < s->t.near_end && *p == ',' && s->depth > outer) {
                p++;
                continue;
            }
        }
        if (!(p = scan_separators(s, p, outer, &done)))
            return NULL;
        named = s->levels[s->depth].object;
    }
    return p;
}

int json_scan(const char *text, size_t len, unsigned depth, struct json_scan *ret, struct kc_error *err) {
    struct scanner s;
    s.t = json_tokens_start(text, len, err);
    s.depth = depth;
    s.unspaced = s.unique = true;
    s.name_count = 0;
    s.objects = 0;
    memset(s.filter, 0, sizeof(s.filter));
    s.levels[depth].object = false;
    const char *p = json_blanks(text, s.t.end);
    if (p == s.t.end) {
        *ret = (struct json_scan){.text = {NULL, 0}};
        return 0;
    }
    bool bare = *p != '{' && *p != '[' && *p != '"';
    const char *behind = bare && depth == 0 ? scan_scalar(&s, p) : scan_value(&s, p);
    if (!behind)
        return -1;
    ret->text = (struct json_text){p, (size_t)(behind - p)};
    ret->overlong = s.t.overlong;
    bool unique = s.unique && !s.t.overlong, spaced = unique && s.t.compact;
    ret->flags = (uint8_t)((unique ? VALUE_JSON_UNIQUE : 0) | (spaced ? VALUE_JSON_SPACED : 0) |
                           (spaced && s.unspaced ? VALUE_JSON_COMPACT : 0));
    return 0;
}
