/* The state of one translation (regex_translate.c) and what its parts give each other: regex_escape.c reads escapes,
 * regex_class.c character classes. Nobody else includes this. */
#ifndef CONNECT_BASE_REGEX_PARTS_H
#define CONNECT_BASE_REGEX_PARTS_H

#include "connect/base/buf.h"
#include "connect/base/map.h"
#include "connect/plugin.h"

enum {
    GROUP_DEPTH = 200, /* PCRE2's own limit is 250 */
    TRANSLATED_MAX = 1024 * 1024,
};

#define ENDS "\\r\\x{85}\\x{2028}\\x{2029}" /* line terminators but \n, for use in a class */

struct flags {
    bool unix_lines, multiline, dot_all, comments;
};

struct translator {
    const char *start, *p, *end; /* the pattern with \Q…\E resolved, NUL-terminated */
    struct buf *out;
    struct map *names;
    int groups;
    int highest_reference;
    struct flags flags;
    struct flags outer[GROUP_DEPTH]; /* what the open groups restore */
    int depth;
    int class_depth;
    bool repeatable; /* something stands before that a quantifier may repeat */
    struct kc_error *err;
};

enum escape { ESCAPE_FAILED = -1, ESCAPE_CHAR, ESCAPE_CLASS, ESCAPE_OTHER };

static inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Sets err to "Invalid regex: <what> near index <present position>". Returns -1. */
int regex_fail(struct translator *t, const char *what);
/* With the flag x: white space and comments are passed over. */
void regex_skip_comments(struct translator *t);
/* Reads a literal character. */
int regex_take_char(struct translator *t, uint32_t *ret_c);
/* One character to be matched as it is, inside and outside of classes. */
void regex_add_char(struct buf *out, uint32_t c);

/* At a backslash. Classes and others are written to `out`; a single character is only returned. */
enum escape regex_take_escape(struct translator *t, bool in_class, uint32_t *ret_c);
/* "^" and "$" (or \Z, not multiline) as the flags have them. */
void regex_add_start_of_line(struct translator *t);
void regex_add_end_of_line(struct translator *t, bool multiline);

/* Behind the opening bracket: appends a matcher of one character. */
int regex_take_class(struct translator *t, struct buf *out);

#endif
