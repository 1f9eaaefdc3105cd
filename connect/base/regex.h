/* java.util.regex on PCRE2: patterns are translated where the dialects differ (data-model 10), matching is by whole
 * text or search, replacements use Java's $1 and ${name} rules. Compiled patterns may be shared between threads.
 * Texts that are no valid UTF-8 match nothing; a match that takes too many steps counts as none and is logged once. */
#ifndef CONNECT_BASE_REGEX_H
#define CONNECT_BASE_REGEX_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct regex;
struct regex *regex_new(const char *java_pattern, struct kc_error *err); /* err: ConfigException "Invalid regex: …" */
struct regex *regex_free(struct regex *re);
bool regex_matches(const struct regex *re, const char *s, size_t len); /* Matcher.matches(): the whole text */
/* Matcher.replaceFirst: appends the text with its first match replaced. 1 replaced, 0 no match (nothing appended), -1
 * bad replacement (IllegalArgumentException or IndexOutOfBoundsException, as Java says it). */
int regex_replace_first(const struct regex *re, const char *s, size_t len, const char *replacement, struct buf *out,
                        struct kc_error *err);
#define REGEX_UNSET SIZE_MAX
/* Start and end of each group (0 = all) of a match of the whole text, at most `max_groups`; groups that took no part
 * are REGEX_UNSET. False when the text does not match. */
bool regex_match_groups(const struct regex *re, const char *s, size_t len, size_t (*ret_spans)[2], size_t max_groups,
                        size_t *ret_count);

#endif
