/* The words of .proto text, one ahead of the parser. */
#ifndef CONNECT_CONVERT_PROTOBUF_LEXER_H
#define CONNECT_CONVERT_PROTOBUF_LEXER_H

#include "connect/plugin.h"

enum { PROTOBUF_MAX_NAME = 1024 }; /* bytes of a dotted name */

enum protobuf_token {
    PROTOBUF_TOKEN_END,
    PROTOBUF_TOKEN_NAME,
    PROTOBUF_TOKEN_NUMBER, /* also floating point; without sign */
    PROTOBUF_TOKEN_TEXT,   /* adjacent string literals are one, escapes resolved */
    PROTOBUF_TOKEN_SIGN    /* one character */
};

struct protobuf_lexer {
    struct kc_arena *arena;
    const char *at, *end;
    uint32_t line;
    struct kc_error *err;
    bool failed;
    /* the current word */
    enum protobuf_token token;
    uint32_t token_line;
    const char *text; /* NUL-terminated in the arena, but for signs */
    uint32_t len;
    char sign; /* of TOKEN_SIGN, else 0 */
};

/* Starts and reads the first word. */
void protobuf_lexer_init(struct protobuf_lexer *lex, struct kc_arena *arena, const char *text, size_t len,
                         struct kc_error *err);
/* The next word; after a failure there is only TOKEN_END. */
void protobuf_next(struct protobuf_lexer *lex);
/* Sets the error, the first one counts, and makes every further word TOKEN_END. Returns -1. */
int protobuf_syntax_error(struct protobuf_lexer *lex, const char *fmt, ...) KC_PRINTF(2, 3);
/* "expected <what>", with what is there instead. */
int protobuf_expected(struct protobuf_lexer *lex, const char *what);

bool protobuf_is_name(const struct protobuf_lexer *lex, const char *name);
/* Takes the word when it is this sign or name. */
bool protobuf_take_sign(struct protobuf_lexer *lex, char sign);
bool protobuf_take_name(struct protobuf_lexer *lex, const char *name);
int protobuf_want_sign(struct protobuf_lexer *lex, char sign) KC_CHECKED;
/* The word, which must be a name or a string, and goes on. */
int protobuf_want_name(struct protobuf_lexer *lex, const char **ret_name) KC_CHECKED;
int protobuf_want_text(struct protobuf_lexer *lex, const char **ret_text) KC_CHECKED;
/* An integer with optional sign: decimal, hexadecimal or octal. */
int protobuf_want_integer(struct protobuf_lexer *lex, int64_t min, int64_t max, int64_t *ret) KC_CHECKED;
/* Names joined by dots; a leading dot is kept. */
int protobuf_want_path(struct protobuf_lexer *lex, const char **ret_path) KC_CHECKED;
/* Skips to behind the next semicolon that no bracket encloses. */
int protobuf_skip_statement(struct protobuf_lexer *lex) KC_CHECKED;
/* Skips to behind the brace that closes the next one to open. */
int protobuf_skip_block(struct protobuf_lexer *lex) KC_CHECKED;

#endif
