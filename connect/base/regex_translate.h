/* Java's regular expression syntax to PCRE2's; only regex.c uses it. */
#ifndef CONNECT_BASE_REGEX_TRANSLATE_H
#define CONNECT_BASE_REGEX_TRANSLATE_H

#include "connect/base/buf.h"
#include "connect/base/map.h"
#include "connect/plugin.h"

/* Appends a PCRE2 pattern (for PCRE2_UTF, no other option) that means what `pattern` means to java.util.regex. Names of
 * groups go to `names` (name → number as pointer), groups become plain numbered ones.
 * @errors "Invalid regex: …" in the form of PatternSyntaxException; constructs that PCRE2 cannot express are errors too
 */
int regex_translate(const char *pattern, struct buf *out, struct map *names, int *ret_groups, struct kc_error *err);

/* Sets err to "Invalid regex: <what> near index <at>", the pattern and a caret. Returns -1. */
int regex_invalid(struct kc_error *err, const char *pattern, size_t at, const char *fmt, ...) KC_PRINTF(4, 5);

#endif
