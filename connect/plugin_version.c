/* See plugin_version.h. */
#include "connect/plugin_version.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"

enum { SPEC_MAX = 1024, RESTRICTIONS_MAX = 32 };

struct restriction {
    char *lower, *upper; /* NULL: open */
    bool lower_in, upper_in;
};

struct version_range {
    struct restriction restrictions[RESTRICTIONS_MAX];
    size_t count;
};

AUTO_FREE(version_range, struct version_range, version_range_free)

/* ---- Order of versions ------------------------------------------------------------------------------------------- */

/* A run of digits or of letters; separators are skipped. len 0 at the end. */
struct part {
    const char *s;
    size_t len;
    bool number;
};

static struct part raw_part(const char **s) {
    while (**s && !isalnum((unsigned char)**s))
        (*s)++;
    struct part p = {.s = *s, .number = isdigit((unsigned char)**s) != 0};
    while (isalnum((unsigned char)**s) && (isdigit((unsigned char)**s) != 0) == p.number)
        (*s)++;
    p.len = (size_t)(*s - p.s);
    return p;
}

static bool is_zero(const struct part *p) {
    return p->number && strspn(p->s, "0") >= p->len;
}

/* The next part that counts: zeros before a word or the end do not, 1.0-rc is 1-rc. */
static struct part next_part(const char **s) {
    struct part p = raw_part(s);
    for (const char *ahead = *s; is_zero(&p);) {
        struct part next = raw_part(&ahead);
        if (is_zero(&next))
            continue;
        if (next.number)
            break;
        *s = ahead;
        return next;
    }
    return p;
}

/* Where a word stands: pre-releases come before the release (0), others after it. */
static int rank(const struct part *p) {
    static const struct {
        const char *word;
        int rank;
    } words[] = {{"alpha", -5}, {"a", -5}, {"beta", -4},     {"b", -4},    {"milestone", -3}, {"m", -3}, {"rc", -2},
                 {"cr", -2},    {"ga", 0}, {"snapshot", -1}, {"final", 0}, {"release", 0},    {"sp", 1}};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i].word) == p->len && strncasecmp(words[i].word, p->s, p->len) == 0)
            return words[i].rank;
    return 2;
}

static int compare_numbers(struct part a, struct part b) {
    while (a.len && *a.s == '0')
        a.s++, a.len--;
    while (b.len && *b.s == '0')
        b.s++, b.len--;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.s, b.s, a.len);
}

/* A part against nothing: 1.0 is 1, 1-rc is before 1, 1.1 and 1-foo are after it. */
static int against_end(const struct part *p) {
    if (!p->number)
        return rank(p);
    return compare_numbers(*p, (struct part){.s = "", .len = 0});
}

static int compare_parts(const struct part *a, const struct part *b) {
    if (!a->len || !b->len)
        return a->len ? against_end(a) : -against_end(b);
    if (a->number != b->number)
        return a->number ? 1 : -1;
    if (a->number)
        return compare_numbers(*a, *b);
    int order = rank(a) - rank(b);
    if (order || rank(a) != 2)
        return order;
    order = strncasecmp(a->s, b->s, a->len < b->len ? a->len : b->len);
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

int version_compare(const char *a, const char *b) {
    for (;;) {
        struct part x = next_part(&a), y = next_part(&b);
        if (!x.len && !y.len)
            return 0;
        int order = compare_parts(&x, &y);
        if (order)
            return order;
    }
}

/* ---- Ranges ------------------------------------------------------------------------------------------------------ */

/* Copy of s[0, len) without blanks around it. */
static char *trimmed(const char *s, size_t len) {
    while (len && isspace((unsigned char)*s))
        s++, len--;
    while (len && isspace((unsigned char)s[len - 1]))
        len--;
    char *copy = strndup(s, len);
    if (!copy)
        abort();
    return copy;
}

static char *bound(const char *s, size_t len) {
    char *copy = trimmed(s, len);
    if (*copy)
        return copy;
    free(copy);
    return NULL;
}

/* "[a,b)" with its brackets. */
static int parse_restriction(const char *s, size_t len, struct restriction *r, struct kc_error *err) {
    const char *inner = s + 1, *comma = memchr(s, ',', len);
    size_t inner_len = len - 2;
    *r = (struct restriction){.lower_in = *s == '[', .upper_in = s[len - 1] == ']'};
    if (!comma) {
        if (!r->lower_in || !r->upper_in)
            return err_set(err, ERR_BAD_REQUEST, "Single version must be surrounded by []: %.*s", (int)len, s);
        r->lower = trimmed(inner, inner_len);
        r->upper = trimmed(inner, inner_len);
        return 0;
    }
    r->lower = bound(inner, (size_t)(comma - inner));
    r->upper = bound(comma + 1, inner_len - (size_t)(comma + 1 - inner));
    if (r->lower && r->upper && version_compare(r->upper, r->lower) < 0)
        return err_set(err, ERR_BAD_REQUEST, "Range defies version ordering: %.*s", (int)len, s);
    return 0;
}

static int add_restriction(struct version_range *range, const char *spec, const char *s, size_t len,
                           struct kc_error *err) {
    if (range->count == RESTRICTIONS_MAX)
        return err_set(err, ERR_BAD_REQUEST, "Too many ranges: %s", spec);
    struct restriction *r = &range->restrictions[range->count++];
    if (parse_restriction(s, len, r, err) < 0)
        return -1;
    const char *upper = range->count > 1 ? r[-1].upper : NULL;
    if (upper && (!r->lower || version_compare(r->lower, upper) < 0))
        return err_set(err, ERR_BAD_REQUEST, "Ranges overlap: %s", spec);
    return 0;
}

static const char *skip_blanks(const char *s) {
    while (isspace((unsigned char)*s))
        s++;
    return s;
}

static int parse_ranges(struct version_range *range, const char *spec, struct kc_error *err) {
    const char *s = spec;
    while (*s == '[' || *s == '(') {
        size_t len = strcspn(s, ")]");
        if (!s[len])
            return err_set(err, ERR_BAD_REQUEST, "Unbounded range: %s", spec);
        if (add_restriction(range, spec, s, len + 1, err) < 0)
            return -1;
        s = skip_blanks(s + len + 1);
        if (*s == ',')
            s = skip_blanks(s + 1);
    }
    if (*s && range->count)
        return err_set(err, ERR_BAD_REQUEST, "Only fully-qualified sets allowed in multiple set scenario: %s", spec);
    return 0;
}

int version_range_parse(const char *spec, struct version_range **ret_range, struct kc_error *err) {
    if (!spec || strcmp(spec, "latest") == 0) {
        *ret_range = NULL;
        return 0;
    }
    if (strlen(spec) > SPEC_MAX)
        return err_set(err, ERR_BAD_REQUEST, "The version range is longer than %d bytes", SPEC_MAX);
    AUTO_TEXT text = trimmed(spec, strlen(spec));
    AUTO(version_range) range = calloc(1, sizeof(*range));
    if (!range)
        abort();
    if (parse_ranges(range, text, err) < 0)
        return -1;
    if (!range->count) /* a plain version is meant exactly */
        range->restrictions[range->count++] = (struct restriction){.lower = trimmed(text, strlen(text)),
                                                                   .upper = trimmed(text, strlen(text)),
                                                                   .lower_in = true,
                                                                   .upper_in = true};
    *ret_range = TAKE(range);
    return 0;
}

struct version_range *version_range_free(struct version_range *range) {
    for (size_t i = 0; range && i < range->count; i++) {
        free(range->restrictions[i].lower);
        free(range->restrictions[i].upper);
    }
    free(range);
    return NULL;
}

static bool restriction_has(const struct restriction *r, const char *version) {
    int lower = r->lower ? version_compare(version, r->lower) : 1;
    int upper = r->upper ? version_compare(version, r->upper) : -1;
    return (r->lower_in ? lower >= 0 : lower > 0) && (r->upper_in ? upper <= 0 : upper < 0);
}

bool version_range_has(const struct version_range *range, const char *version) {
    if (!range)
        return true;
    for (size_t i = 0; i < range->count; i++)
        if (restriction_has(&range->restrictions[i], version))
            return true;
    return false;
}

int version_range_text(const struct version_range *range, struct buf *out) {
    for (size_t i = 0; i < range->count; i++) {
        const struct restriction *r = &range->restrictions[i];
        (void)buf_printf(out, "%s%c%s,%s%c", i ? "," : "", r->lower_in ? '[' : '(', r->lower ? r->lower : "",
                         r->upper ? r->upper : "", r->upper_in ? ']' : ')');
    }
    return out->failed ? -1 : 0;
}
