/* What the tests of the JSON scanner compare it with: json_scan.c itself without vectors, and a checker that goes byte
 * by byte by the grammar and knows nothing of runs, marks or filters. */
#ifndef TESTS_SUPPORT_JSON_SCAN_PLAIN_H
#define TESTS_SUPPORT_JSON_SCAN_PLAIN_H

#include "connect/data/json_scan.h"

int json_scan_plain(const char *text, size_t len, unsigned depth, struct json_scan *ret, struct kc_error *err);

/* Whether Jackson takes the text: true, and the span of the value (NULL when there are only blanks). */
bool json_reference_accepts(const char *text, size_t len, struct json_text *ret_value);

#endif
