/* Character classes of Java patterns, with unions, intersections and negations; see regex_translate.c. What PCRE2
 * cannot say inside brackets becomes an alternation or a look-ahead at one character. */
#include "connect/base/regex_parts.h"

enum { CLASS_DEPTH = 50 };

/* One level of a class while it is read: the plain members, and what cannot be written inside PCRE2's brackets. */
struct class_parts {
    struct buf members; /* what goes between [ and ] */
    struct buf others;  /* |-separated matchers of one character, each with the | in front */
};

static int take_class(struct translator *t, struct buf *out, bool nested);

static void parts_init(struct class_parts *parts) {
    buf_init(&parts->members, TRANSLATED_MAX);
    buf_init(&parts->others, TRANSLATED_MAX);
}

static void parts_done(struct class_parts *parts) {
    buf_done(&parts->members);
    buf_done(&parts->others);
}

static bool is_empty(const struct class_parts *parts) {
    return !parts->members.len && !parts->others.len;
}

/* The parts as one matcher of one character. */
static void add_union(struct buf *out, const struct class_parts *parts) {
    if (!parts->others.len)
        buf_printf(out, "[%s]", buf_text(&parts->members));
    else if (!parts->members.len)
        buf_printf(out, "(?:%s)", buf_text(&parts->others) + 1);
    else
        buf_printf(out, "(?:[%s]%s)", buf_text(&parts->members), buf_text(&parts->others));
}

/* A character, or a range when a hyphen and another character follow. Java: '-' before ']' or '[' is a character. */
static int take_range(struct translator *t, uint32_t first, struct buf *members) {
    regex_skip_comments(t);
    if (t->p[0] != '-' || !t->p[1] || t->p[1] == ']' || t->p[1] == '[') {
        regex_add_char(members, first);
        return 0;
    }
    t->p++;
    regex_skip_comments(t);
    uint32_t last = 0;
    if (*t->p == '\\') {
        enum escape kind = regex_take_escape(t, true, &last);
        if (kind != ESCAPE_CHAR)
            return kind == ESCAPE_FAILED ? -1 : regex_fail(t, "Illegal character range");
    } else if (regex_take_char(t, &last) < 0) {
        return -1;
    }
    if (last < first) {
        t->p--;
        return regex_fail(t, "Illegal character range");
    }
    regex_add_char(members, first);
    buf_add_char(members, '-');
    regex_add_char(members, last);
    return 0;
}

static int take_member(struct translator *t, struct class_parts *parts) {
    uint32_t c = 0;
    if (*t->p == '[') {
        buf_add_char(&parts->others, '|');
        t->p++;
        return take_class(t, &parts->others, true);
    }
    if (*t->p != '\\')
        return regex_take_char(t, &c) < 0 ? -1 : take_range(t, c, &parts->members);
    struct buf *out = t->out;
    t->out = &parts->members;
    enum escape kind = regex_take_escape(t, true, &c);
    t->out = out;
    if (kind == ESCAPE_CHAR)
        return take_range(t, c, &parts->members);
    return kind == ESCAPE_FAILED ? -1 : 0;
}

/* Behind &&: the right operand, which ends at the next & or the end of the class. */
static int take_operand(struct translator *t, struct class_parts *right) {
    for (;;) {
        regex_skip_comments(t);
        if (t->p == t->end || *t->p == ']' || *t->p == '&')
            return right->others.failed ? -1 : 0;
        buf_add_char(&right->others, '|');
        bool nested = *t->p == '[';
        t->p += nested;
        if (take_class(t, &right->others, nested) < 0)
            return -1;
    }
}

/* Replaces the parts by their intersection with `right`. */
static void intersect(struct class_parts *parts, const struct class_parts *right) {
    AUTO_BUF both;
    buf_init(&both, TRANSLATED_MAX);
    buf_add_text(&both, "|(?:");
    if (!is_empty(parts)) {
        buf_add_text(&both, "(?=");
        add_union(&both, parts);
        buf_add_char(&both, ')');
    }
    add_union(&both, right);
    buf_add_char(&both, ')');
    buf_clear(&parts->members);
    buf_clear(&parts->others);
    buf_add(&parts->others, buf_text(&both), both.len);
    parts->others.failed |= both.failed;
}

static int take_intersection(struct translator *t, struct class_parts *parts) {
    struct class_parts right;
    parts_init(&right);
    int rc = take_operand(t, &right);
    if (rc == 0 && !is_empty(&right))
        intersect(parts, &right);
    else if (rc == 0 && is_empty(parts))
        rc = regex_fail(t, "Bad class syntax");
    parts_done(&right);
    return rc;
}

static int take_members(struct translator *t, struct class_parts *parts) {
    for (;;) {
        regex_skip_comments(t);
        if (t->p == t->end) {
            t->p--;
            return regex_fail(t, "Unclosed character class");
        }
        if (*t->p == ']' && !is_empty(parts))
            return 0;
        int rc;
        if (t->p[0] == '&' && t->p[1] == '&') {
            t->p += 2;
            rc = take_intersection(t, parts);
        } else {
            rc = take_member(t, parts);
        }
        if (rc < 0)
            return -1;
    }
}

/* Behind the opening bracket, or (not nested) the right side of &&, whose closing bracket is left to the caller. */
static int take_class(struct translator *t, struct buf *out, bool nested) {
    if (t->class_depth == CLASS_DEPTH)
        return regex_fail(t, "Character class nested too deeply");
    t->class_depth++;
    bool negated = nested && *t->p == '^';
    if (negated)
        t->p++;
    struct class_parts parts;
    parts_init(&parts);
    int rc = take_members(t, &parts);
    if (rc == 0) {
        if (nested)
            t->p++;
        if (negated && !parts.others.len) {
            buf_printf(out, "[^%s]", buf_text(&parts.members));
        } else {
            buf_add_text(out, negated ? "(?:(?!" : "");
            add_union(out, &parts);
            buf_add_text(out, negated ? ")[\\x{0}-\\x{10ffff}])" : "");
        }
        if (parts.members.failed || parts.others.failed)
            rc = regex_fail(t, "Pattern too long");
    }
    parts_done(&parts);
    t->class_depth--;
    return rc;
}

int regex_take_class(struct translator *t, struct buf *out) {
    return take_class(t, out, true);
}
