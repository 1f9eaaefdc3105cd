/* The checking pass over foreign JSON: everything that reads JSON on the data path starts here, and what passed is only
 * walked through afterwards (json_walk.h).  The rules are Jackson's, as JsonConverter sets it up: RFC 8259, plus
 * leading zeros; a byte order mark, UTF-16 and UTF-32 are recognised; the first value counts and bytes behind it are
 * ignored. Limits: nesting 1000, numbers 1000 digits, strings 20 million and names 50 thousand UTF-16 units. */
#ifndef CONNECT_DATA_JSON_SCAN_H
#define CONNECT_DATA_JSON_SCAN_H

#include "connect/data/json_walk.h"
#include "connect/plugin.h"

enum { JSON_MAX_DEPTH = 1000, JSON_MAX_NUMBER = 1000, JSON_MAX_STRING = 20000000, JSON_MAX_NAME = 50000 };

#define JSON_PARSE_EXCEPTION "com.fasterxml.jackson.core.JsonParseException"

struct json_scan {
    struct json_text text; /* the value; s is NULL when there were only blanks */
    uint8_t flags;         /* VALUE_JSON_… */
    bool overlong;         /* holds UTF-8 that is longer than it need be: must be rewritten before walking */
};

/* Checks UTF-8 text. `depth` containers are open around it (0 at the root).
 * @errors JsonParseException, StreamConstraintsException with the reason and the offset */
int json_scan(const char *text, size_t len, unsigned depth, struct json_scan *ret, struct kc_error *err) KC_CHECKED;
/* The whole way from foreign bytes: detects the encoding, checks, and gives text that can be walked through. It points
 * into `data` but for other encodings than UTF-8 and overlong forms, which are rewritten into `arena`. */
int json_check(struct kc_arena *arena, const char *data, size_t len, struct json_scan *ret,
               struct kc_error *err) KC_CHECKED;
/* Whether a number reads as Jackson would write it again; `number` is checked text. */
bool json_number_is_compact(struct json_text number);

#endif
