/* Words of .proto text: names, numbers, strings with C escapes, signs; comments are blanks. Started by the parser, owns
 * nothing: what outlives a word lies in the parser's arena. */
#include "connect/convert/protobuf_lexer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/utf8.h"

int protobuf_syntax_error(struct protobuf_lexer *lex, const char *fmt, ...) {
    if (!lex->failed) {
        char text[512];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        err_set(lex->err, ERR_BAD_DATA, "Could not parse Protobuf - Syntax error in line %u: %s", lex->token_line,
                text);
    }
    lex->failed = true;
    lex->at = lex->end;
    lex->token = PROTOBUF_TOKEN_END;
    lex->sign = 0;
    return -1;
}

int protobuf_expected(struct protobuf_lexer *lex, const char *what) {
    switch (lex->token) {
    case PROTOBUF_TOKEN_END:
        return protobuf_syntax_error(lex, "expected %s, but the text ends", what);
    case PROTOBUF_TOKEN_SIGN:
        return protobuf_syntax_error(lex, "expected %s, not '%c'", what, lex->sign);
    default:
        return protobuf_syntax_error(lex, "expected %s, not '%.64s'", what, lex->text);
    }
}

/* ---- characters ---- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int hex_digit(char c) {
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void skip_block_comment(struct protobuf_lexer *lex) {
    lex->token_line = lex->line;
    for (lex->at += 2; lex->end - lex->at >= 2; lex->at++) {
        if (lex->at[0] == '*' && lex->at[1] == '/') {
            lex->at += 2;
            return;
        }
        lex->line += *lex->at == '\n';
    }
    protobuf_syntax_error(lex, "the comment does not end");
}

static void skip_blanks(struct protobuf_lexer *lex) {
    while (lex->at < lex->end) {
        char c = *lex->at, next = lex->end - lex->at > 1 ? lex->at[1] : 0;
        if (c == '/' && next == '/') {
            const char *newline = memchr(lex->at, '\n', (size_t)(lex->end - lex->at));
            lex->at = newline ? newline : lex->end;
        } else if (c == '/' && next == '*') {
            skip_block_comment(lex);
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            lex->line += c == '\n';
            lex->at++;
        } else {
            return;
        }
    }
}

/* ---- strings ---- */

/* Up to `max` digits of a base (8 or 16). */
static uint32_t read_digits(struct protobuf_lexer *lex, int base, int max) {
    uint32_t n = 0;
    for (int i = 0; i < max && lex->at < lex->end; i++, lex->at++) {
        int digit = hex_digit(*lex->at);
        if (digit < 0 || digit >= base)
            break;
        n = n * (uint32_t)base + (uint32_t)digit;
    }
    return n;
}

/* The escape behind a backslash; returns how many bytes it made. */
static size_t read_escape(struct protobuf_lexer *lex, char *to) {
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    char c = *lex->at++;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        *to = values[letter - letters];
        return 1;
    }
    if (c >= '0' && c <= '7') {
        lex->at--;
        *to = (char)read_digits(lex, 8, 3);
        return 1;
    }
    if (c == 'x' || c == 'X') {
        *to = (char)read_digits(lex, 16, 2);
        return 1;
    }
    if (c == 'u' || c == 'U') {
        uint32_t n = read_digits(lex, 16, c == 'u' ? 4 : 8);
        return utf8_put(to, n <= 0x10FFFF && (n < 0xD800 || n > 0xDFFF) ? n : 0xFFFD);
    }
    *to = c;
    return 1;
}

/* One literal, appended to what `text` already holds; an escape never makes more bytes than it has. */
static void read_literal(struct protobuf_lexer *lex, char *to, size_t *len) {
    char quote = *lex->at++;
    while (lex->at < lex->end && *lex->at != quote && *lex->at != '\n') {
        if (*lex->at == '\\' && lex->end - lex->at > 1) {
            lex->at++;
            *len += read_escape(lex, to + *len);
        } else {
            to[(*len)++] = *lex->at++;
        }
    }
    if (lex->at >= lex->end || *lex->at != quote) {
        protobuf_syntax_error(lex, "the string does not end");
        return;
    }
    lex->at++;
}

/* Adjacent literals one by one: the room that a literal needs is known when its end is. */
static void read_text(struct protobuf_lexer *lex) {
    char *text = NULL;
    size_t len = 0, room = 0;
    while (!lex->failed && lex->at < lex->end && (*lex->at == '"' || *lex->at == '\'')) {
        const char *close = lex->at + 1;
        for (; close < lex->end && *close != *lex->at && *close != '\n'; close++)
            close += *close == '\\';
        size_t most = len + (size_t)((close < lex->end ? close : lex->end) - lex->at) + 4;
        text = arena_grow(lex->arena, text, room, most);
        room = most;
        read_literal(lex, text, &len);
        skip_blanks(lex);
    }
    if (lex->failed)
        return;
    text[len] = 0;
    lex->token = PROTOBUF_TOKEN_TEXT;
    lex->text = text;
    lex->len = (uint32_t)len;
}

/* ---- words ---- */

static void read_word(struct protobuf_lexer *lex, enum protobuf_token token) {
    const char *from = lex->at;
    bool number = token == PROTOBUF_TOKEN_NUMBER;
    while (lex->at < lex->end) {
        char c = *lex->at, before = lex->at > from ? lex->at[-1] : 0;
        bool exponent_sign = number && (c == '+' || c == '-') && (before == 'e' || before == 'E') && from[1] != 'x';
        if (!is_letter(c) && !is_digit(c) && !(number && c == '.') && !exponent_sign)
            break;
        lex->at++;
    }
    lex->token = token;
    lex->len = (uint32_t)(lex->at - from);
    lex->text = kc_arena_copy(lex->arena, from, lex->len);
}

void protobuf_next(struct protobuf_lexer *lex) {
    skip_blanks(lex);
    lex->token = PROTOBUF_TOKEN_END;
    lex->sign = 0;
    lex->text = "";
    lex->len = 0;
    if (lex->failed || lex->at >= lex->end)
        return;
    lex->token_line = lex->line;
    char c = *lex->at;
    if (is_letter(c)) {
        read_word(lex, PROTOBUF_TOKEN_NAME);
    } else if (is_digit(c) || (c == '.' && lex->end - lex->at > 1 && is_digit(lex->at[1]))) {
        read_word(lex, PROTOBUF_TOKEN_NUMBER);
    } else if (c == '"' || c == '\'') {
        read_text(lex);
    } else if (c > ' ' && c < 127) {
        lex->token = PROTOBUF_TOKEN_SIGN;
        lex->sign = c;
        lex->at++;
    } else {
        protobuf_syntax_error(lex, "unexpected byte 0x%02x", (unsigned char)c);
    }
}

void protobuf_lexer_init(struct protobuf_lexer *lex, struct kc_arena *arena, const char *text, size_t len,
                         struct kc_error *err) {
    *lex =
        (struct protobuf_lexer){.arena = arena, .at = text, .end = text + len, .line = 1, .token_line = 1, .err = err};
    protobuf_next(lex);
}

bool protobuf_is_name(const struct protobuf_lexer *lex, const char *name) {
    return lex->token == PROTOBUF_TOKEN_NAME && strcmp(lex->text, name) == 0;
}

bool protobuf_take_sign(struct protobuf_lexer *lex, char sign) {
    if (lex->token != PROTOBUF_TOKEN_SIGN || lex->sign != sign)
        return false;
    protobuf_next(lex);
    return true;
}

bool protobuf_take_name(struct protobuf_lexer *lex, const char *name) {
    if (!protobuf_is_name(lex, name))
        return false;
    protobuf_next(lex);
    return true;
}

int protobuf_want_sign(struct protobuf_lexer *lex, char sign) {
    if (protobuf_take_sign(lex, sign))
        return lex->failed ? -1 : 0;
    return protobuf_expected(lex, (const char[]){'\'', sign, '\'', 0});
}

int protobuf_want_name(struct protobuf_lexer *lex, const char **ret_name) {
    if (lex->token != PROTOBUF_TOKEN_NAME)
        return protobuf_expected(lex, "a name");
    *ret_name = lex->text;
    protobuf_next(lex);
    return lex->failed ? -1 : 0;
}

int protobuf_want_text(struct protobuf_lexer *lex, const char **ret_text) {
    if (lex->token != PROTOBUF_TOKEN_TEXT)
        return protobuf_expected(lex, "a string");
    *ret_text = lex->text;
    protobuf_next(lex);
    return lex->failed ? -1 : 0;
}

int protobuf_want_integer(struct protobuf_lexer *lex, int64_t min, int64_t max, int64_t *ret) {
    bool negative = protobuf_take_sign(lex, '-');
    if (lex->token != PROTOBUF_TOKEN_NUMBER)
        return protobuf_expected(lex, "a whole number");
    char *end;
    errno = 0;
    int64_t n = strtoll(lex->text, &end, 0);
    if (*end || errno)
        return protobuf_expected(lex, "a whole number");
    n = negative ? -n : n;
    if (n < min || n > max)
        return protobuf_syntax_error(lex, "%s%.64s is not between %lld and %lld", negative ? "-" : "", lex->text,
                                     (long long)min, (long long)max);
    *ret = n;
    protobuf_next(lex);
    return lex->failed ? -1 : 0;
}

int protobuf_want_path(struct protobuf_lexer *lex, const char **ret_path) {
    char path[PROTOBUF_MAX_NAME];
    size_t len = 0;
    bool dot = protobuf_take_sign(lex, '.');
    do {
        const char *name = "";
        if (protobuf_want_name(lex, &name) < 0)
            return -1;
        int more = snprintf(path + len, sizeof(path) - len, "%s%s", dot ? "." : "", name);
        if ((size_t)more >= sizeof(path) - len)
            return protobuf_syntax_error(lex, "the name is too long");
        len += (size_t)more;
        dot = protobuf_take_sign(lex, '.');
    } while (dot);
    *ret_path = kc_arena_copy(lex->arena, path, len);
    return lex->failed ? -1 : 0;
}

/* ---- what is not looked at ---- */

int protobuf_skip_statement(struct protobuf_lexer *lex) {
    uint32_t open = 0;
    while (lex->token != PROTOBUF_TOKEN_END) {
        if (open == 0 && protobuf_take_sign(lex, ';'))
            return lex->failed ? -1 : 0;
        if (lex->sign == '{' || lex->sign == '[')
            open++;
        if ((lex->sign == '}' || lex->sign == ']') && open-- == 0)
            break;
        protobuf_next(lex);
    }
    return protobuf_expected(lex, "';'");
}

int protobuf_skip_block(struct protobuf_lexer *lex) {
    uint32_t open = 0;
    while (lex->token != PROTOBUF_TOKEN_END) {
        char sign = lex->sign;
        if (sign == '}' && open == 0)
            break;
        protobuf_next(lex);
        open += sign == '{';
        if (sign == '}' && --open == 0)
            return lex->failed ? -1 : 0;
    }
    return protobuf_expected(lex, "'}'");
}
