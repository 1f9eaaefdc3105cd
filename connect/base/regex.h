/* java.util.regex on PCRE2: patterns are translated where the dialects differ (data-model 10), matching is by whole
 * text or search, replacements use Java's $1 and ${name} rules. Compiled patterns may be shared between threads. */
#ifndef CONNECT_BASE_REGEX_H
#define CONNECT_BASE_REGEX_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct regex;
struct regex *regex_new(const char *java_pattern, struct kc_error *err); /* err: "Invalid regex: …" with the reason */
struct regex *regex_free(struct regex *re);
bool regex_matches(const struct regex *re, const char *s, size_t len); /* Matcher.matches(): the whole text */
bool regex_find(const struct regex *re, const char *s, size_t len, size_t *ret_start,
                size_t *ret_end); /* first; ret may be NULL */
/* Matcher.replaceFirst when the whole text or a part matches. 1 replaced, 0 no match, -1 bad replacement. */
int regex_replace_first(const struct regex *re, const char *s, size_t len, const char *replacement, struct buf *out,
                        struct kc_error *err);
/* Capture group `group` (0 = all) of a whole match; false when there is none. */
bool regex_match_groups(const struct regex *re, const char *s, size_t len, size_t (*ret_spans)[2], size_t max_groups,
                        size_t *ret_count);

#endif
