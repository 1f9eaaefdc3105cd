/* Rewrites a Java pattern for PCRE2, construct by construct. The flags d, m, s and x are resolved here, so that PCRE2
 * sees only (?i): line terminators, comments and anchors mean what they mean to Java whatever PCRE2 was built with.
 * @source java.util.regex.Pattern */
#include "connect/base/regex_translate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/regex_parts.h"
#include "connect/base/utf8.h"

enum { REPEAT_MAX = 65535 }; /* PCRE2's */

int regex_invalid(struct kc_error *err, const char *pattern, size_t at, const char *fmt, ...) {
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (at < strlen(pattern) && at < 500)
        return err_set(err, ERR_BAD_CONFIG, "Invalid regex: %s near index %zu\n%s\n%*s^", what, at, pattern, (int)at,
                       "");
    return err_set(err, ERR_BAD_CONFIG, "Invalid regex: %s near index %zu\n%s", what, at, pattern);
}

int regex_fail(struct translator *t, const char *what) {
    return regex_invalid(t->err, t->start, (size_t)(t->p - t->start), "%s", what);
}

/* Resolves \Q…\E as Java does, before anything else: quoted punctuation is escaped, digits are written as \x3N. */
static void unquote(const char *pattern, struct buf *to) {
    bool quoted = false;
    for (const char *p = pattern; *p; p++) {
        if (!quoted && p[0] == '\\' && p[1] == 'Q') {
            quoted = true;
            p++;
        } else if (quoted && p[0] == '\\' && p[1] == 'E') {
            quoted = false;
            p++;
        } else if (!quoted && p[0] == '\\' && p[1]) {
            buf_add(to, p++, 2);
        } else if (quoted && is_digit(*p)) {
            buf_printf(to, "\\x3%c", *p);
        } else {
            if (quoted && (unsigned char)*p < 0x80 && !is_letter(*p))
                buf_add_char(to, '\\');
            buf_add_char(to, *p);
        }
    }
}

void regex_add_char(struct buf *out, uint32_t c) {
    if (c >= 0x80 || c < 0x20 || c == 0x7F) {
        buf_printf(out, "\\x{%x}", c);
        return;
    }
    if (!is_digit((char)c) && !is_letter((char)c))
        buf_add_char(out, '\\');
    buf_add_char(out, (char)c);
}

void regex_skip_comments(struct translator *t) {
    while (t->flags.comments && t->p < t->end) {
        if (*t->p == ' ' || (*t->p >= '\t' && *t->p <= '\r')) {
            t->p++;
        } else if (*t->p == '#') {
            while (t->p < t->end && *t->p != '\n' && *t->p != '\r')
                t->p++;
        } else {
            return;
        }
    }
}

int regex_take_char(struct translator *t, uint32_t *ret_c) {
    size_t len = utf8_get(t->p, (size_t)(t->end - t->p), ret_c);
    if (len == 0)
        return regex_fail(t, "Invalid UTF-8");
    t->p += len;
    return 0;
}

/* ---- Groups and quantifiers -------------------------------------------------------------------------------------- */

static int push_group(struct translator *t, const char *opening) {
    if (t->depth == GROUP_DEPTH)
        return regex_fail(t, "Groups nested too deeply");
    t->outer[t->depth++] = t->flags;
    t->repeatable = false;
    return buf_add_text(t->out, opening);
}

/* Behind "(?<" at the name. */
static int take_group_name(struct translator *t) {
    const char *from = t->p;
    if (!is_letter(*t->p))
        return regex_fail(t, "capturing group name does not start with a Latin letter");
    while (is_letter(*t->p) || is_digit(*t->p))
        t->p++;
    if (*t->p != '>')
        return regex_fail(t, "named capturing group is missing trailing '>'");
    size_t len = (size_t)(t->p - from);
    if (map_get_bytes(t->names, from, len))
        return regex_fail(t, "Named capturing group is already defined");
    t->p++;
    map_put_bytes(t->names, from, len, (void *)(uintptr_t)++t->groups);
    return push_group(t, "(");
}

/* Behind "(?" at flags, up to ')' or ':'. */
static int take_flags(struct translator *t) {
    struct flags flags = t->flags;
    bool on = true, ignore_case[2] = {false, false};
    for (;; t->p++) {
        switch (*t->p) {
        case 'i':
            ignore_case[on] = true;
            continue;
        case 'd':
            flags.unix_lines = on;
            continue;
        case 'm':
            flags.multiline = on;
            continue;
        case 's':
            flags.dot_all = on;
            continue;
        case 'x':
            flags.comments = on;
            continue;
        case 'u': /* case folding beyond ASCII: PCRE2 does it anyway */
            continue;
        case 'U':
            return regex_fail(t, "The flag U (Unicode character classes) is not supported");
        case '-':
            if (!on)
                return regex_fail(t, "Unknown inline modifier");
            on = false;
            continue;
        case ')':
        case ':':
            break;
        default:
            return regex_fail(t, "Unknown inline modifier");
        }
        break;
    }
    const char *option = ignore_case[0] ? "-i" : ignore_case[1] ? "i" : "";
    if (*t->p++ == ')') {
        t->flags = flags;
        t->repeatable = false;
        return *option ? buf_printf(t->out, "(?%s)", option) : 0;
    }
    char opening[8];
    snprintf(opening, sizeof(opening), "(?%s:", option);
    if (push_group(t, opening) < 0)
        return -1;
    t->flags = flags;
    return 0;
}

static int take_open(struct translator *t) {
    t->p++;
    if (*t->p != '?') {
        t->groups++;
        return push_group(t, "(");
    }
    static const char *const openings[] = {"?:", "?=", "?!", "?>", "?<=", "?<!"};
    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        size_t len = strlen(openings[i]);
        if (strncmp(t->p, openings[i], len) == 0) {
            t->p += len;
            char opening[8];
            snprintf(opening, sizeof(opening), "(%s", openings[i]);
            return push_group(t, opening);
        }
    }
    t->p++;
    if (*t->p == '<') {
        t->p++;
        return take_group_name(t);
    }
    return take_flags(t);
}

static int take_close(struct translator *t) {
    if (t->depth == 0)
        return regex_fail(t, "Unmatched closing ')'");
    t->p++;
    t->flags = t->outer[--t->depth];
    t->repeatable = true;
    return buf_add_char(t->out, ')');
}

static int take_count(struct translator *t, long *ret_count) {
    long count = 0;
    for (; is_digit(*t->p); t->p++) {
        count = count * 10 + (*t->p - '0');
        if (count > REPEAT_MAX)
            return regex_fail(t, "Illegal repetition range (at most 65535)");
    }
    *ret_count = count;
    return 0;
}

/* At one of * + ? {. */
static int take_quantifier(struct translator *t) {
    if (*t->p == '{') {
        long min = 0, max = 0;
        if (!t->repeatable) /* Java repeats the empty text before it */
            buf_add_text(t->out, "(?:)");
        t->p++;
        if (!is_digit(*t->p))
            return regex_fail(t, "Illegal repetition");
        if (take_count(t, &min) < 0)
            return -1;
        buf_printf(t->out, "{%ld", min);
        if (*t->p == ',') {
            t->p++;
            buf_add_char(t->out, ',');
            if (is_digit(*t->p)) {
                if (take_count(t, &max) < 0)
                    return -1;
                if (max < min)
                    return regex_fail(t, "Illegal repetition range");
                buf_printf(t->out, "%ld", max);
            }
        }
        if (*t->p != '}')
            return regex_fail(t, "Unclosed counted closure");
    } else if (!t->repeatable) {
        return regex_invalid(t->err, t->start, (size_t)(t->p - t->start), "Dangling meta character '%c'", *t->p);
    }
    buf_add_char(t->out, *t->p++);
    if (*t->p == '?' || *t->p == '+')
        buf_add_char(t->out, *t->p++);
    t->repeatable = false;
    return 0;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static int take_literal(struct translator *t) {
    uint32_t c = 0;
    if (*t->p == '\\') {
        enum escape kind = regex_take_escape(t, false, &c);
        if (kind != ESCAPE_FAILED && kind != ESCAPE_OTHER)
            t->repeatable = true;
        if (kind != ESCAPE_CHAR)
            return kind == ESCAPE_FAILED ? -1 : 0;
    } else if (regex_take_char(t, &c) < 0) {
        return -1;
    }
    regex_add_char(t->out, c);
    t->repeatable = true;
    return 0;
}

static int take_one(struct translator *t) {
    switch (*t->p) {
    case '(':
        return take_open(t);
    case ')':
        return take_close(t);
    case '*':
    case '+':
    case '?':
    case '{':
        return take_quantifier(t);
    case '[':
        t->p++;
        t->repeatable = true;
        return regex_take_class(t, t->out);
    case '|':
        t->p++;
        t->repeatable = false;
        return buf_add_char(t->out, '|');
    case '^':
        t->p++;
        regex_add_start_of_line(t);
        return 0;
    case '$':
        t->p++;
        regex_add_end_of_line(t, t->flags.multiline);
        return 0;
    case '.':
        t->p++;
        t->repeatable = true;
        if (t->flags.dot_all)
            return buf_add_text(t->out, "[\\x{0}-\\x{10ffff}]");
        return buf_add_text(t->out, t->flags.unix_lines ? "[^\\n]" : "[^\\n" ENDS "]");
    default:
        return take_literal(t);
    }
}

int regex_translate(const char *pattern, struct buf *out, struct map *names, int *ret_groups, struct kc_error *err) {
    AUTO_BUF plain;
    buf_init(&plain, TRANSLATED_MAX);
    unquote(pattern, &plain);
    if (plain.failed)
        return err_set(err, ERR_BAD_CONFIG, "Invalid regex: the pattern is longer than %d bytes", TRANSLATED_MAX);
    struct translator *t = calloc(1, sizeof(*t));
    if (!t)
        return err_set(err, ERR_INTERNAL, "out of memory");
    const char *text = buf_text(&plain);
    *t = (struct translator){.start = text, .p = text, .end = text + plain.len, .out = out, .names = names, .err = err};
    int rc = 0;
    for (regex_skip_comments(t); rc == 0 && t->p < t->end; regex_skip_comments(t))
        rc = take_one(t);
    if (rc == 0 && t->depth > 0)
        rc = regex_fail(t, "Unclosed group");
    /* PCRE2 wants every group referred to: those that do not exist take part in no match */
    for (int i = t->groups; i < t->highest_reference; i++)
        buf_add_text(out, "(?:(?!)()|)");
    if (rc >= 0 && out->failed)
        rc = regex_fail(t, "Pattern too long");
    *ret_groups = t->groups;
    free(t);
    return rc;
}
