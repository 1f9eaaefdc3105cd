/* See accept.h. Keeps nothing. As in Java a quality of 0 forbids nothing, `*` and a type without a subtype are ranges.
 * @source org.glassfish.jersey.message.internal.HttpHeaderReader, AcceptableMediaType (rest-api 2.2) */
#include "rest/accept.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"

enum { PARAMETERS_MAX = 32, TYPE_MAX = 64 * 1024, QUALITY_MAX = 1000 };

struct span {
    const char *p;
    size_t len;
};

struct parameter {
    struct span name, value; /* value: of a quoted string what is between the quotes */
};

/* One element of the list. */
struct range {
    struct span type, subtype;                   /* len 0: a wildcard */
    int quality;                                 /* 0 … QUALITY_MAX */
    struct parameter parameters[PARAMETERS_MAX]; /* without q; each name once, sorted by it */
    size_t count;
};

static bool is_token(char c) {
    return c > 0x20 && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static const char *skip_blanks(const char *p) {
    return p + strspn(p, " \t");
}

static struct span read_token(const char **p) {
    struct span s = {.p = *p};
    while (is_token(s.p[s.len]))
        s.len++;
    *p += s.len;
    return s;
}

/* A token or a quoted string; false: neither. */
static bool read_value(const char **p, struct span *ret) {
    if (**p != '"') {
        *ret = read_token(p);
        return ret->len > 0;
    }
    const char *begin = ++*p;
    for (; **p && **p != '"'; ++*p) {
        if (**p == '\\' && (*p)[1])
            ++*p;
        if ((unsigned char)**p < 0x20 || (unsigned char)**p >= 0x7f)
            return false;
    }
    *ret = (struct span){.p = begin, .len = (size_t)(*p - begin)};
    return *(*p)++ == '"';
}

static bool is_word(struct span s, const char *word) {
    return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* At most three digits behind the point; -1: not a quality. */
static int read_quality(struct span s) {
    char whole = s.p[0];
    if (s.len == 0 || s.len > 5 || (whole != '0' && whole != '1' && whole != '.'))
        return -1;
    size_t at = whole == '.' ? 0 : 1;
    if (at < s.len && s.p[at] != '.')
        return -1;
    int value = 0, digit = QUALITY_MAX / 10;
    for (at++; at < s.len; at++, digit /= 10) {
        if (!isdigit((unsigned char)s.p[at]))
            return -1;
        value += (s.p[at] - '0') * digit;
    }
    if (whole == '.' && s.len == 1)
        return -1;
    if (whole != '1')
        return value;
    return value > 0 ? -1 : QUALITY_MAX;
}

static int compare_names(struct span a, struct span b) {
    int rc = strncasecmp(a.p, b.p, a.len < b.len ? a.len : b.len);
    return rc ? rc : (int)a.len - (int)b.len;
}

/* The last one of a name counts. */
static bool keep_parameter(struct range *r, const struct parameter *parameter) {
    size_t i = 0;
    int order = 1;
    while (i < r->count && (order = compare_names(parameter->name, r->parameters[i].name)) > 0)
        i++;
    if (i < r->count && order == 0) {
        r->parameters[i].value = parameter->value;
        return true;
    }
    if (r->count == PARAMETERS_MAX)
        return false;
    memmove(&r->parameters[i + 1], &r->parameters[i], (r->count - i) * sizeof(r->parameters[0]));
    r->parameters[i] = *parameter;
    r->count++;
    return true;
}

static bool read_parameters(const char **p, struct range *r) {
    for (*p = skip_blanks(*p); **p && **p != ',';) {
        if (**p != ';')
            return false;
        *p = skip_blanks(*p + 1);
        if (!**p || **p == ';' || **p == ',')
            continue;
        struct parameter parameter = {.name = read_token(p)};
        *p = skip_blanks(*p);
        if (!parameter.name.len || **p != '=')
            return false;
        *p = skip_blanks(*p + 1);
        if (!read_value(p, &parameter.value))
            return false;
        *p = skip_blanks(*p);
        if (is_word(parameter.name, "q")) {
            r->quality = read_quality(parameter.value);
            if (r->quality < 0)
                return false;
        } else if (!keep_parameter(r, &parameter)) {
            return false;
        }
    }
    return true;
}

static bool read_range(const char **p, struct range *r) {
    *r = (struct range){.quality = QUALITY_MAX};
    *p = skip_blanks(*p);
    r->type = read_token(p);
    if (!r->type.len)
        return false;
    if (**p == '/') {
        ++*p;
        r->subtype = read_token(p);
        if (!r->subtype.len)
            return false;
    }
    if (is_word(r->type, "*"))
        r->type.len = 0;
    if (is_word(r->subtype, "*"))
        r->subtype.len = 0;
    return read_parameters(p, r);
}

static bool takes_json(const struct range *r) {
    return (!r->type.len || is_word(r->type, "application")) && (!r->subtype.len || is_word(r->subtype, "json"));
}

static int specificity(const struct range *r) {
    return (r->type.len > 0) + (r->subtype.len > 0);
}

static bool is_better(const struct range *r, const struct range *than) {
    return r->quality != than->quality ? r->quality > than->quality : specificity(r) > specificity(than);
}

static void add_value(struct buf *out, struct span value) {
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++)
        quoted |= !is_token(value.p[i]);
    (void)buf_add_text(out, quoted ? "\"" : "");
    (void)buf_add(out, value.p, value.len);
    (void)buf_add_text(out, quoted ? "\"" : "");
}

/* The type with its parameters; two that everybody uses in small letters, as Java's server writes them. */
static char *type_text(const struct range *r) {
    static const char *const known[] = {"application/json;charset=utf-8", "application/json;charset=iso-8859-1"};
    if (!r->count || specificity(r) < 2)
        return NULL;
    AUTO_BUF out;
    buf_init(&out, TYPE_MAX);
    (void)buf_add_text(&out, "application/json");
    for (size_t i = 0; i < r->count; i++) {
        (void)buf_add_char(&out, ';');
        for (size_t c = 0; c < r->parameters[i].name.len; c++)
            (void)buf_add_char(&out, (char)tolower((unsigned char)r->parameters[i].name.p[c]));
        (void)buf_add_char(&out, '=');
        add_value(&out, r->parameters[i].value);
    }
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcasecmp(buf_text(&out), known[i]) == 0)
            return strdup(known[i]);
    return buf_take(&out);
}

enum accept_answer accept_json(const char *text, char **ret_type) {
    struct range best = {.quality = -1}, r;
    const char *p = skip_blanks(text);
    *ret_type = NULL;
    if (!*p)
        return ACCEPT_JSON;
    while (*p) {
        if (!read_range(&p, &r))
            return ACCEPT_MALFORMED;
        if (takes_json(&r) && is_better(&r, &best))
            best = r;
        if (*p == ',')
            p = skip_blanks(p + 1);
    }
    if (best.quality < 0)
        return ACCEPT_OTHER;
    *ret_type = type_text(&best);
    return ACCEPT_JSON;
}
