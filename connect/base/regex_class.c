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

/* Behind &&: everything up to the next && or the end of the class is the right operand. */
static int take_intersection(struct translator *t, struct class_parts *parts) {
    AUTO_BUF right;
    buf_init(&right, TRANSLATED_MAX);
    regex_skip_comments(t);
    if (t->p == t->end || *t->p == ']')
        return regex_fail(t, "Bad class syntax");
    if (take_class(t, &right, false) < 0)
        return -1;
    AUTO_BUF both;
    buf_init(&both, TRANSLATED_MAX);
    buf_add_text(&both, "|(?:");
    if (parts->members.len || parts->others.len) {
        buf_add_text(&both, "(?=");
        add_union(&both, parts);
        buf_add_char(&both, ')');
    }
    buf_printf(&both, "%s)", buf_text(&right));
    buf_clear(&parts->members);
    buf_clear(&parts->others);
    return buf_add(&parts->others, buf_text(&both), both.len);
}

static int take_members(struct translator *t, struct class_parts *parts) {
    for (;;) {
        regex_skip_comments(t);
        if (t->p == t->end) {
            t->p--;
            return regex_fail(t, "Unclosed character class");
        }
        bool empty = !parts->members.len && !parts->others.len;
        if (*t->p == ']' && !empty)
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
    bool negated = *t->p == '^';
    if (negated)
        t->p++;
    struct class_parts parts;
    buf_init(&parts.members, TRANSLATED_MAX);
    buf_init(&parts.others, TRANSLATED_MAX);
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
    buf_done(&parts.members);
    buf_done(&parts.others);
    t->class_depth--;
    return rc;
}

int regex_take_class(struct translator *t, struct buf *out) {
    return take_class(t, out, true);
}
