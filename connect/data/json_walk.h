/* Walks through JSON text that json_scan has checked: no errors are possible, only spans are handed out. */
#ifndef CONNECT_DATA_JSON_WALK_H
#define CONNECT_DATA_JSON_WALK_H

#include "connect/plugin.h"

/* The text of one value, without blanks around it. NULL: missing. */
struct json_text {
    const char *s;
    size_t len;
};

/* Members of an object or items of an array, one after the other. */
struct json_walk {
    const char *p, *end;
};

/* `container` starts with { or [. */
struct json_walk json_walk_start(struct json_text container);
bool json_walk_member(struct json_walk *w, struct json_text *ret_name,
                      struct json_text *ret_value); /* name with quotes */
bool json_walk_item(struct json_walk *w, struct json_text *ret_value);
uint32_t json_walk_count_members(struct json_text object);
uint32_t json_walk_count_items(struct json_text array);

/* Behind the value that starts at p. */
const char *json_walk_skip(const char *p, const char *end);
/* Whether a quoted name is `text`. */
bool json_text_is(struct json_text quoted, const char *text, size_t len);
/* Text of a quoted string: borrowed when nothing is escaped, else decoded into `arena`. Unpaired surrogates become
 * U+FFFD. */
struct kc_value json_text_string(struct kc_arena *arena, struct json_text quoted);

/* JsonNode.isIntegralNumber: a number without fraction and exponent. */
bool json_text_is_integral(struct json_text number);
/* longValue of a number: the integer part's low 64 bits. */
int64_t json_text_int64(struct json_text number);
/* doubleValue and floatValue; zero is never negative, as Jackson keeps a BigDecimal. */
double json_text_double(struct json_text number);
float json_text_float(struct json_text number);

#endif
