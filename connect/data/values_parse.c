/* Values.parseString: a tokenizer that can be rewound, and a recursive parser on top of it that gives up to STRING.
 * What looks odd here (blank tokens lost between quotes, text behind a number ignored) is Java's behaviour. One call,
 * one parser on the stack; results go to the caller's arena. */
#include "connect/data/values_parse.h"

#include <pthread.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/map.h"
#include "connect/base/utf8.h"
#include "connect/data/decimal.h"
#include "connect/data/java_digit.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"
#include "connect/data/values_convert.h"
#include "connect/data/values_temporal.h"
#include "connect/data/values_text.h"

enum { DEPTH_MAX = 500 };

struct span {
    const char *s;
    size_t len;
};

struct parser {
    const char *s;
    size_t len, pos;
    bool ahead; /* `token` was read but not taken; it ends at pos */
    struct span token;
    struct kc_arena *arena;
    int depth;
    size_t budget; /* tokens that may still be read: some malformed maps are read twice at each level */
};

struct pair {
    const struct kc_schema *schema;
    struct kc_value value;
};

/* REVERT: what Java throws as DataException, after which the first token is looked at again. GIVE_UP: the budget is
 * used up, the whole text is a string. */
enum parsed { PARSED_GIVE_UP = -2, PARSED_REVERT, PARSED_NULL, PARSED_PAIR };

static enum parsed parse_embedded(struct parser *p, struct pair *ret);

/* ---- Tokens ------------------------------------------------------------------------------------------------------ */

/* String.trim: everything up to U+0020 at both ends. */
static struct span trim(struct span t) {
    while (t.len > 0 && (unsigned char)t.s[0] <= ' ') {
        t.s++;
        t.len--;
    }
    while (t.len > 0 && (unsigned char)t.s[t.len - 1] <= ' ')
        t.len--;
    return t;
}

static bool is_delimiter(char c) {
    return c == ':' || c == ',' || c == '{' || c == '}' || c == '[' || c == ']' || c == '"';
}

/* One delimiter, or everything up to the next one that no backslash escapes. */
static void read_token(struct parser *p) {
    size_t start = p->pos;
    bool escaped = false;
    p->budget -= p->budget > 0;
    for (; p->pos < p->len; p->pos++) {
        char c = p->s[p->pos];
        if (is_delimiter(c) && !escaped) {
            p->pos += p->pos == start;
            break;
        }
        escaped = c == '\\' && !escaped;
    }
    p->token = (struct span){p->s + start, p->pos - start};
    p->ahead = true;
}

static bool has_next(const struct parser *p) {
    return p->ahead || p->pos < p->len;
}

static struct span next_token(struct parser *p) {
    if (!p->ahead)
        read_token(p);
    p->ahead = false;
    return p->token;
}

static size_t mark(const struct parser *p) {
    return p->pos - (p->ahead ? p->token.len : 0);
}

static void rewind_to(struct parser *p, size_t position) {
    p->pos = position;
    p->ahead = false;
}

/* Reads the next token that is not blank, or the last one. */
static void look_ahead(struct parser *p) {
    if (!p->ahead)
        read_token(p);
    while (trim(p->token).len == 0 && p->pos < p->len)
        read_token(p);
}

/* Takes the next token when it is `expected`, blanks aside. Blank tokens before it are lost in any case. */
static bool take(struct parser *p, const char *expected) {
    if (!has_next(p))
        return false;
    look_ahead(p);
    struct span token = trim(p->token);
    if (token.len != strlen(expected) || memcmp(token.s, expected, token.len) != 0)
        return false;
    p->ahead = false;
    return true;
}

/* A literal, which at the top must be all there is. */
static bool take_literal(struct parser *p, bool embedded, const char *literal) {
    size_t start = mark(p);
    if (take(p, literal) && (embedded || !has_next(p)))
        return true;
    rewind_to(p, start);
    return false;
}

/* ---- Scalars ----------------------------------------------------------------------------------------------------- */

static struct pair pair_of(enum kc_type type, struct kc_value value) {
    return (struct pair){kc_schema_of(type, false), value};
}

static bool starts_with_digit(struct span t) {
    uint32_t c = 0;
    return utf8_get(t.s, t.len, &c) > 0 && java_digit(c) >= 0;
}

/* The schemas of dates, made once: headers must not take the lock of the schema table each time. */
static const struct kc_schema *date_schemas[LOGICAL_TIMESTAMP + 1];
static pthread_once_t date_schemas_once = PTHREAD_ONCE_INIT;

static void make_date_schemas(void) {
    for (int logical = LOGICAL_DATE; logical <= LOGICAL_TIMESTAMP; logical++)
        date_schemas[logical] = schema_of_logical((enum logical)logical, 0, false);
}

static bool temporal(struct parser *p, struct span t, struct pair *ret) {
    AUTO_BUF plain; /* with \: as : */
    buf_init(&plain, 256);
    if (t.len > 150) /* the longest has 24 characters of at most 4 bytes, some escaped */
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.s[i] != '\\' || i + 1 == t.len || t.s[i + 1] != ':')
            buf_add_char(&plain, t.s[i]);
    }
    size_t len;
    const char *ascii = java_digits_to_ascii(p->arena, buf_text(&plain), plain.len, &len);
    int64_t ms = 0;
    enum logical logical = values_parse_temporal(ascii, len, &ms);
    if (logical == LOGICAL_NONE)
        return false;
    pthread_once(&date_schemas_once, make_date_schemas);
    ret->schema = date_schemas[logical];
    ret->value = kc_date(ms);
    return true;
}

/* A date or time that starts with `token`, which has been taken: with the four tokens behind it (colons are tokens) or
 * alone. */
static bool take_temporal(struct parser *p, struct span token, struct pair *ret) {
    size_t start = mark(p);
    int count = 0;
    while (count < 4 && has_next(p)) {
        next_token(p);
        count++;
    }
    struct span joined = {token.s, (size_t)(p->s + p->pos - token.s)};
    if (count == 4) {
        /* the token is trimmed at its end, what follows is not */
        size_t gap = start - (size_t)(token.s + token.len - p->s);
        char *text = kc_arena_copy(p->arena, token.s, token.len);
        if (gap > 0) {
            text = kc_arena_alloc(p->arena, joined.len);
            memcpy(text, token.s, token.len);
            memcpy(text + token.len, p->s + start, p->pos - start);
            joined = (struct span){text, joined.len - gap};
        }
        if (temporal(p, joined, ret))
            return true;
    }
    rewind_to(p, start);
    return temporal(p, token, ret);
}

/* Whether a number as BigDecimal accepts it is a whole one within int64. */
static bool exact_int64(struct span t, int64_t *ret_value) {
    const char *s = t.s, *end = t.s + t.len;
    bool negative = s < end && *s == '-', point = false;
    s += s < end && (*s == '-' || *s == '+');
    unsigned __int128 value = 0;
    int64_t exponent = 0, zeros = 0; /* zeros: seen and not yet counted in */
    bool large = false;
    for (; s < end && *s != 'e' && *s != 'E'; s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        exponent -= point;
        zeros++;
        if (*s == '0')
            continue;
        for (; zeros > 0 && value <= INT64_MAX; zeros--)
            value *= 10;
        large |= zeros > 0 && value > 0;
        zeros = 0;
        value += (unsigned)(*s - '0');
        large |= value > (unsigned __int128)INT64_MAX + 1;
    }
    if (s < end) {
        int64_t given = 0;
        bool below = s[1] == '-';
        for (s += 1 + (s[1] == '-' || s[1] == '+'); s < end; s++)
            given = given * 10 + (*s - '0');
        exponent += below ? -given : given;
    }
    exponent += zeros;
    if (value == 0) {
        *ret_value = 0;
        return true;
    }
    if (large || exponent < 0 || exponent > 19)
        return false;
    for (; exponent > 0; exponent--)
        value *= 10;
    if (value > (unsigned __int128)INT64_MAX + negative)
        return false;
    *ret_value = negative ? (int64_t)-value : (int64_t)value;
    return true;
}

static enum kc_type smallest_type(int64_t v) {
    if (v == (int8_t)v)
        return KC_INT8;
    if (v == (int16_t)v)
        return KC_INT16;
    return v == (int32_t)v ? KC_INT32 : KC_INT64;
}

static bool number(struct parser *p, struct span t, struct pair *ret) {
    struct kc_decimal dec;
    t.s = java_digits_to_ascii(p->arena, t.s, t.len, &t.len);
    if (decimal_parse(p->arena, t.s, t.len, &dec) < 0)
        return false;
    int64_t whole;
    float f = 0;
    double d = 0;
    if (exact_int64(t, &whole)) {
        enum kc_type type = smallest_type(whole);
        *ret = pair_of(type, kc_int(type, whole));
    } else if (dec.scale != 0 && number_parse_float(t.s, t.len, &f) && __builtin_isfinite(f)) {
        *ret = pair_of(KC_FLOAT32, kc_float(f));
    } else if (dec.scale != 0 && number_parse_double(t.s, t.len, &d) && __builtin_isfinite(d)) {
        *ret = pair_of(KC_FLOAT64, kc_double(d));
    } else {
        ret->schema = kc_schema_keep(p->arena, schema_of_logical(LOGICAL_DECIMAL, dec.scale, false));
        ret->value = decimal_value(p->arena, dec);
    }
    return true;
}

/* A trimmed token that has been taken. */
static bool scalar(struct parser *p, struct span token, struct pair *ret) {
    bool digit = starts_with_digit(token);
    if (digit && take_temporal(p, token, ret))
        return true;
    return (digit || token.s[0] == '+' || token.s[0] == '-') && number(p, token, ret);
}

/* Behind an opening quote inside an array or map: a date or a string. */
static struct pair quoted(struct parser *p) {
    AUTO_BUF content;
    buf_init(&content, p->len);
    while (has_next(p) && !take(p, "\"")) {
        struct span token = next_token(p);
        buf_add(&content, token.s, token.len);
    }
    struct pair date;
    if (temporal(p, (struct span){buf_text(&content), content.len}, &date))
        return date;
    return pair_of(KC_STRING, kc_text(kc_arena_copy(p->arena, buf_text(&content), content.len), content.len));
}

/* ---- Arrays and maps --------------------------------------------------------------------------------------------- */

/* What the elements seen so far have in common; NULL before the first one that is not null. */
struct merger {
    const struct kc_schema *schema;
    bool failed; /* two elements did not go together */
};

static void merge(struct merger *m, const struct pair *latest) {
    const struct kc_schema *previous = m->schema;
    m->schema = latest->schema;
    if (!previous || previous->type == latest->schema->type)
        return; /* the newer one: all of them are required */
    if (previous->type > KC_FLOAT64 || latest->schema->type > KC_FLOAT64)
        m->failed = true;
    if (previous->type > latest->schema->type) /* types stand in the order of their width */
        m->schema = previous;
}

static const struct kc_schema *merged(const struct merger *m) {
    return m->failed ? NULL : m->schema;
}

static enum parsed convert(struct parser *p, const struct kc_schema *schema, struct kc_value *v) {
    struct kc_value converted;
    if (values_convert(p->arena, schema, NULL, v, &converted, NULL) < 0)
        return PARSED_REVERT;
    *v = converted;
    return PARSED_PAIR;
}

static const struct kc_schema *container_schema(struct parser *p, enum kc_type type, const struct kc_schema *key,
                                                const struct kc_schema *value) {
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_elements(b, key, value);
    return kc_schema_keep(p->arena, kc_schema_build(b));
}

static enum parsed end_array(struct parser *p, const struct kc_schema *element, struct kc_value items,
                             struct pair *ret) {
    for (uint32_t i = 0; element && i < items.len; i++) {
        enum parsed rc = convert(p, element, &items.items[i]);
        if (rc != PARSED_PAIR)
            return rc;
    }
    *ret = (struct pair){container_schema(p, KC_ARRAY, NULL, element), items};
    return PARSED_PAIR;
}

/* Behind the opening bracket. */
static enum parsed parse_array(struct parser *p, struct pair *ret) {
    struct kc_value items = {.tag = KC_V_ARRAY};
    uint32_t capacity = 0;
    struct merger element = {NULL, false};
    while (has_next(p)) {
        if (take(p, "]"))
            return end_array(p, merged(&element), items, ret);
        if (take(p, ","))
            return PARSED_REVERT;
        struct pair item = {NULL, kc_null()};
        enum parsed rc = parse_embedded(p, &item);
        if (rc < 0)
            return rc;
        if (rc == PARSED_PAIR)
            merge(&element, &item);
        if (items.len == capacity) {
            uint32_t larger = capacity ? capacity * 2 : 8;
            items.items =
                arena_grow(p->arena, items.items, capacity * sizeof(*items.items), larger * sizeof(*items.items));
            capacity = larger;
        }
        items.items[items.len++] = item.value;
        size_t position = mark(p);
        if (take(p, "]"))
            rewind_to(p, position);
        else if (!take(p, ","))
            return PARSED_REVERT;
    }
    return PARSED_REVERT;
}

/* Entries in the order of their first appearance, each key once, as in Java's LinkedHashMap. */
struct entries {
    struct kc_arena *arena;
    struct kc_value map;
    uint32_t capacity;
    struct map *index; /* tag and text of a key → position + 1 */
};

static void entries_init(struct entries *e, struct kc_arena *arena) {
    *e = (struct entries){.arena = arena, .map = {.tag = KC_V_MAP}, .index = map_new(NULL)};
}

static void entries_done(struct entries *e) {
    map_free(e->index);
}

static void entries_put(struct entries *e, const struct kc_value *key, const struct kc_value *value) {
    AUTO_BUF name;
    buf_init(&name, SIZE_MAX);
    buf_add_char(&name, (char)key->tag);
    if (values_text(e->arena, &name, key, NULL) < 0)
        buf_clear(&name);
    uintptr_t position = (uintptr_t)map_get_bytes(e->index, buf_text(&name), name.len);
    if (position && kc_value_equal(&e->map.entries[position - 1].key, key)) {
        e->map.entries[position - 1].value = *value;
        return;
    }
    if (e->map.len == e->capacity) {
        uint32_t larger = e->capacity ? e->capacity * 2 : 8;
        e->map.entries = arena_grow(e->arena, e->map.entries, e->capacity * sizeof(*e->map.entries),
                                    larger * sizeof(*e->map.entries));
        e->capacity = larger;
    }
    e->map.entries[e->map.len++] = (struct kc_entry){*key, *value};
    map_put_bytes(e->index, buf_text(&name), name.len, (void *)(uintptr_t)e->map.len);
}

/* Keys, and values when both have a common schema, are converted to it; keys that become equal meet. */
static enum parsed end_map(struct parser *p, const struct kc_schema *key, const struct kc_schema *value,
                           struct kc_value map, struct pair *ret) {
    if (!key)
        value = NULL;
    struct entries e;
    entries_init(&e, p->arena);
    enum parsed rc = PARSED_PAIR;
    for (uint32_t i = 0; rc == PARSED_PAIR && i < map.len; i++) {
        struct kc_entry entry = map.entries[i];
        if (key)
            rc = convert(p, key, &entry.key);
        if (rc == PARSED_PAIR && value)
            rc = convert(p, value, &entry.value);
        entries_put(&e, &entry.key, &entry.value);
    }
    *ret = (struct pair){container_schema(p, KC_MAP, key, value), e.map};
    entries_done(&e);
    return rc;
}

static enum parsed parse_entries(struct parser *p, struct entries *e, struct pair *ret) {
    struct merger keys = {NULL, false}, values = {NULL, false};
    while (has_next(p)) {
        if (take(p, "}"))
            return end_map(p, merged(&keys), merged(&values), e->map, ret);
        if (take(p, ","))
            return PARSED_REVERT;
        struct pair key = {NULL, kc_null()}, value = {NULL, kc_null()};
        enum parsed rc = parse_embedded(p, &key);
        if (rc < 0)
            return rc;
        if (rc == PARSED_NULL || !take(p, ":"))
            return PARSED_REVERT;
        rc = parse_embedded(p, &value);
        if (rc < 0)
            return rc;
        entries_put(e, &key.value, &value.value);
        take(p, ",");
        merge(&keys, &key);
        if (rc == PARSED_PAIR)
            merge(&values, &value);
    }
    return PARSED_REVERT;
}

/* An array or map, or PARSED_NULL when there is none. */
static enum parsed parse_container(struct parser *p, struct pair *ret) {
    bool array = take(p, "[");
    if (!array && !take(p, "{"))
        return PARSED_NULL;
    if (p->budget == 0)
        return PARSED_GIVE_UP;
    if (p->depth == DEPTH_MAX)
        return PARSED_REVERT;
    p->depth++;
    enum parsed rc;
    if (array) {
        rc = parse_array(p, ret);
    } else {
        struct entries e;
        entries_init(&e, p->arena);
        rc = parse_entries(p, &e, ret);
        entries_done(&e);
    }
    p->depth--;
    return rc;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static bool take_boolean(struct parser *p, bool embedded, struct pair *ret) {
    bool yes = take_literal(p, embedded, "true");
    if (!yes && !take_literal(p, embedded, "false"))
        return false;
    *ret = pair_of(KC_BOOLEAN, kc_bool(yes));
    return true;
}

/* What is not quoted. After an array or map that is none, its first token is looked at again, with the blanks before.
 */
static enum parsed parse_plain(struct parser *p, bool embedded, struct pair *ret) {
    if (take_literal(p, embedded, "null"))
        return PARSED_NULL;
    if (take_boolean(p, embedded, ret))
        return PARSED_PAIR;
    size_t start = mark(p);
    enum parsed rc = parse_container(p, ret);
    if (rc == PARSED_PAIR || rc == PARSED_GIVE_UP)
        return rc;
    if (rc == PARSED_REVERT)
        rewind_to(p, start);
    struct span raw = next_token(p), token = trim(raw);
    if (token.len == 0)
        *ret = pair_of(KC_STRING, kc_text(raw.s, raw.len));
    else if (!scalar(p, token, ret))
        return PARSED_REVERT;
    return PARSED_PAIR;
}

static enum parsed parse_embedded(struct parser *p, struct pair *ret) {
    if (!has_next(p))
        return PARSED_NULL;
    if (take(p, "\"")) {
        *ret = quoted(p);
        return PARSED_PAIR;
    }
    return parse_plain(p, true, ret);
}

void values_parse(struct kc_arena *arena, const char *s, size_t len, const struct kc_schema **ret_schema,
                  struct kc_value *ret_value) {
    struct parser p = {.s = s, .len = len, .arena = arena, .budget = 100 * len + 1000};
    struct pair pair = pair_of(KC_STRING, kc_text(s, len));
    enum parsed rc = len > 0 ? parse_plain(&p, false, &pair) : PARSED_REVERT;
    if (rc == PARSED_REVERT || rc == PARSED_GIVE_UP)
        pair = pair_of(KC_STRING, kc_text(s, len));
    *ret_schema = rc == PARSED_NULL ? NULL : pair.schema;
    *ret_value = rc == PARSED_NULL ? kc_null() : pair.value;
}
