/* The tokens of JSON text, byte by byte: strings, numbers and words by Jackson's rules, and what is wrong with them.
 * The scanner (json_scan.c) and the kernels' check (json_check_blocks.h) come here with whatever is not usual. */
#ifndef CONNECT_DATA_JSON_TOKENS_H
#define CONNECT_DATA_JSON_TOKENS_H

#include "connect/plugin.h"

/* A text on its way through the scanner. */
struct json_tokens {
    const char *begin, *end;
    const char *near_end; /* before here the 17 bytes from each on are text */
    struct kc_error *err;
    bool compact;  /* so far every token is as it would be written */
    bool overlong; /* UTF-8 that is longer than it need be was found */
};

struct json_tokens json_tokens_start(const char *text, size_t len, struct kc_error *err);

/* Each of these is at the first byte of what it reads and returns what is behind it, or NULL with the error. */
/* @errors JsonParseException, StreamConstraintsException with the reason and the offset */

/* The string whose opening quote is at p; `special` is its first byte that is not plain, the closing quote perhaps. */
const char *json_token_string(struct json_tokens *t, const char *p, const char *special);
/* A string that is a name of an object: shorter, and its surrogates must be pairs. *ret_respelled: it has escapes that
 * have other spellings, so that its bytes do not tell whether it is the same as another one. */
const char *json_token_name(struct json_tokens *t, const char *p, bool *ret_respelled);
/* What is behind a backslash. */
const char *json_token_escape(struct json_tokens *t, const char *p);
/* A number, true, false or null. */
const char *json_token_scalar(struct json_tokens *t, const char *p);

/* The errors for a text that ends, a character that has no place where it is, and something too large; all return NULL.
 */
const char *json_token_no_end(struct json_tokens *t, const char *where);
const char *json_token_unexpected(struct json_tokens *t, const char *p, const char *expected);
const char *json_token_over_limit(struct json_tokens *t, const char *what, size_t is, size_t allowed);

#endif
