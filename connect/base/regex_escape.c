/* Escapes and line anchors of Java patterns; see regex_translate.c. */
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/regex_parts.h"
#include "connect/base/regex_translate.h"
#include "connect/base/url_text.h"

static int take_hex(struct translator *t, int digits, uint32_t *ret_c) {
    uint32_t c = 0;
    for (int i = 0; i < digits; i++) {
        int digit = hex_digit(*t->p);
        if (digit < 0)
            return -1;
        c = c << 4 | (uint32_t)digit;
        t->p++;
    }
    *ret_c = c;
    return 0;
}

/* Behind \u. */
static int take_unicode(struct translator *t, uint32_t *ret_c) {
    uint32_t c, low;
    if (take_hex(t, 4, &c) < 0)
        return regex_fail(t, "Illegal Unicode escape sequence");
    if (c >= 0xD800 && c < 0xDC00 && t->p[0] == '\\' && t->p[1] == 'u') {
        t->p += 2;
        if (take_hex(t, 4, &low) < 0 || low < 0xDC00 || low > 0xDFFF)
            return regex_fail(t, "Illegal Unicode escape sequence");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c >= 0xD800 && c < 0xE000)
        return regex_fail(t, "Unpaired surrogates are not supported");
    *ret_c = c;
    return 0;
}

/* Behind \x. */
static int take_hexadecimal(struct translator *t, uint32_t *ret_c) {
    if (*t->p != '{')
        return take_hex(t, 2, ret_c) < 0 ? regex_fail(t, "Illegal hexadecimal escape sequence") : 0;
    t->p++;
    uint32_t c = 0;
    int digits = 0;
    for (; hex_digit(*t->p) >= 0 && c <= 0x10FFFF; digits++)
        c = c << 4 | (uint32_t)hex_digit(*t->p++);
    if (c > 0x10FFFF)
        return regex_fail(t, "Hexadecimal codepoint is too big");
    if (digits == 0 || *t->p != '}')
        return regex_fail(t, "Unclosed hexadecimal escape sequence");
    if (c >= 0xD800 && c < 0xE000)
        return regex_fail(t, "Unpaired surrogates are not supported");
    t->p++;
    *ret_c = c;
    return 0;
}

/* Behind \0: one to three octal digits, at most 377. */
static int take_octal(struct translator *t, uint32_t *ret_c) {
    uint32_t c = 0;
    int digits = 0;
    while (digits < 3 && *t->p >= '0' && *t->p <= '7' && c * 8 + (uint32_t)(*t->p - '0') <= 0377) {
        c = c * 8 + (uint32_t)(*t->p++ - '0');
        digits++;
    }
    if (digits == 0)
        return regex_fail(t, "Illegal octal escape sequence");
    *ret_c = c;
    return 0;
}

/* Behind \k: <name>. */
static int take_named_reference(struct translator *t) {
    const char *end = *t->p == '<' ? strchr(t->p, '>') : NULL;
    if (!end)
        return regex_fail(t, "\\k is not followed by '<' for named capturing group");
    t->p++;
    uintptr_t number = (uintptr_t)map_get_bytes(t->names, t->p, (size_t)(end - t->p));
    if (number == 0)
        return regex_invalid(t->err, t->start, (size_t)(t->p - t->start), "named capturing group <%.*s> does not exist",
                             (int)(end - t->p < 100 ? end - t->p : 100), t->p);
    t->p = end + 1;
    buf_printf(t->out, "\\g{%u}", (unsigned)number);
    return 0;
}

/* At the first digit: as many digits as still name a group opened before. A group that comes later or never is referred
 * to by one digit. */
static void take_reference(struct translator *t) {
    int number = *t->p++ - '0';
    while (is_digit(*t->p) && number * 10 + (*t->p - '0') <= t->groups)
        number = number * 10 + (*t->p++ - '0');
    if (number > t->highest_reference)
        t->highest_reference = number;
    buf_printf(t->out, "\\g{%d}", number);
}

/* Java's names that PCRE2 has as POSIX classes (ASCII in both). */
static const char *posix_name(const char *name) {
    static const char *const names[][2] = {
        {"Lower", "lower"}, {"Upper", "upper"},   {"ASCII", "ascii"}, {"Alpha", "alpha"}, {"Digit", "digit"},
        {"Alnum", "alnum"}, {"Punct", "punct"},   {"Graph", "graph"}, {"Print", "print"}, {"Blank", "blank"},
        {"Cntrl", "cntrl"}, {"XDigit", "xdigit"}, {"Space", "space"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i][0], name) == 0)
            return names[i][1];
    }
    return NULL;
}

/* What PCRE2 calls a Unicode property, script or category of Java's; NULL when it has none. */
static const char *unicode_name(const char *name) {
    static const char *const renamed[][2] = {
        {"Letter", "L"}, {"Punctuation", "P"}, {"Control", "Cc"}, {"Digit", "Nd"}, {"LC", "L&"}, {"Titlecase", "Lt"},
    };
    static const char *const prefixes[] = {"Is", "script=", "sc=", "general_category=", "gc="};
    if (strncmp(name, "java", 4) == 0 || strncmp(name, "In", 2) == 0)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        if (strncasecmp(name, prefixes[i], len) == 0 && name[len]) {
            name += len;
            break;
        }
    }
    for (size_t i = 0; i < COUNT_OF(renamed); i++) {
        if (strcasecmp(renamed[i][0], name) == 0)
            return renamed[i][1];
    }
    for (const char *p = name; *p; p++) {
        if (!is_letter(*p) && !is_digit(*p) && *p != '_')
            return NULL;
    }
    return name;
}

/* Behind \p or \P. */
static int take_property(struct translator *t, bool negated, bool in_class) {
    char name[64];
    size_t len = 1;
    const char *from = t->p;
    if (*t->p == '{') {
        from++;
        const char *close = strchr(from, '}');
        if (!close)
            return regex_fail(t, "Unclosed character family");
        len = (size_t)(close - from);
        t->p = close + 1;
    } else if (*t->p) {
        t->p++;
    }
    if (len == 0 || len >= sizeof(name) || !*from)
        return regex_fail(t, "Empty or too long character family");
    memcpy(name, from, len);
    name[len] = 0;
    const char *posix = posix_name(name);
    const char *unicode = posix ? NULL : unicode_name(name);
    if (posix)
        buf_printf(t->out, in_class ? "[:%s%s:]" : "[[:%s%s:]]", negated ? "^" : "", posix);
    else if (unicode)
        buf_printf(t->out, "\\%c{%s}", negated ? 'P' : 'p', unicode);
    else
        return regex_invalid(t->err, t->start, (size_t)(t->p - t->start) - 1, "Unknown character property name {%s}",
                             name);
    return 0;
}

/* Assertions: PCRE2 does not repeat the simple ones, so they are put in a group. */
static void add_assertion(struct translator *t, const char *text) {
    regex_skip_comments(t);
    bool repeated = t->p < t->end && strchr("*+?{", *t->p);
    buf_printf(t->out, repeated ? "(?:%s)" : "%s", text);
    t->repeatable = true;
}

void regex_add_end_of_line(struct translator *t, bool multiline) {
    if (t->flags.unix_lines)
        add_assertion(t, multiline ? "(?=\\n|\\z)" : "(?=\\n?\\z)");
    else if (multiline)
        add_assertion(t, "(?=\\z|(?<!\\r)\\n|[" ENDS "])");
    else
        add_assertion(t, "(?=\\z|\\r\\n\\z|(?<!\\r)\\n\\z|[" ENDS "]\\z)");
}

void regex_add_start_of_line(struct translator *t) {
    if (!t->flags.multiline)
        add_assertion(t, "\\A");
    else if (t->flags.unix_lines)
        add_assertion(t, "(?!\\z)(?:\\A|(?<=\\n))");
    else
        add_assertion(t, "(?!\\z)(?:\\A|(?<=[\\n\\x{85}\\x{2028}\\x{2029}])|(?<=\\r)(?!\\n))");
}

/* Escapes that mean no character: `c` is behind the backslash and has been taken. */
static enum escape take_other_escape(struct translator *t, char c) {
    int rc = 0;
    t->repeatable = true;
    switch (c) {
    case 'A':
        add_assertion(t, "\\A");
        break;
    case 'B':
        add_assertion(t, "\\B");
        break;
    case 'b':
        if (t->p[0] == '{' && t->p[1] == 'g') {
            regex_fail(t, "\\b{g} is not supported");
            return ESCAPE_FAILED;
        }
        add_assertion(t, "\\b");
        break;
    case 'G':
        add_assertion(t, "\\G");
        break;
    case 'Z':
        regex_add_end_of_line(t, false);
        break;
    case 'z':
        add_assertion(t, "\\z");
        break;
    case 'R':
        buf_add_text(t->out, "(?:\\r\\n|[\\n\\x0b\\f" ENDS "])");
        break;
    case 'X':
        buf_add_text(t->out, "\\X");
        break;
    case 'k':
        rc = take_named_reference(t);
        break;
    default:
        t->p--;
        if (is_digit(c))
            take_reference(t);
        else
            rc = regex_fail(t, "Illegal/unsupported escape sequence");
    }
    return rc < 0 ? ESCAPE_FAILED : ESCAPE_OTHER;
}

enum escape regex_take_escape(struct translator *t, bool in_class, uint32_t *ret_c) {
    static const char letters[] = "aefnrt", characters[] = "\a\x1b\f\n\r\t";
    t->p++;
    if (t->p == t->end) {
        regex_fail(t, "Unexpected internal error"); /* Java's words */
        return ESCAPE_FAILED;
    }
    char c = *t->p;
    int rc = 0;
    const char *simple = strchr(letters, c);
    if (simple) {
        *ret_c = (uint32_t)characters[simple - letters];
        t->p++;
    } else if (strchr("dDwWsShHvV", c)) {
        buf_printf(t->out, "\\%c", c);
        t->p++;
        return ESCAPE_CLASS;
    } else if (c == 'p' || c == 'P') {
        t->p++;
        return take_property(t, c == 'P', in_class) < 0 ? ESCAPE_FAILED : ESCAPE_CLASS;
    } else if (c == 'x' || c == 'u' || c == '0') {
        t->p++;
        rc = c == 'x' ? take_hexadecimal(t, ret_c) : c == 'u' ? take_unicode(t, ret_c) : take_octal(t, ret_c);
    } else if (c == 'c') {
        t->p++;
        if (!*t->p || (unsigned char)*t->p >= 0x80)
            rc = regex_fail(t, "Illegal control escape sequence");
        else
            *ret_c = (uint32_t)*t->p++ ^ 64;
    } else if (is_letter(c) || is_digit(c)) {
        if (in_class)
            rc = regex_fail(t, "Illegal/unsupported escape sequence");
        else
            return t->p++, take_other_escape(t, c);
    } else {
        rc = regex_take_char(t, ret_c);
    }
    return rc < 0 ? ESCAPE_FAILED : ESCAPE_CHAR;
}
