/* Compiled patterns: translation (regex_translate.c), matching with limits, replacement. A pattern is immutable once
 * made; what a match needs to write belongs to the calling thread and is freed when that ends. */
#include "connect/base/regex.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/regex_translate.h"

enum {
    MATCH_LIMIT = 2000000, /* steps; a pattern that needs more counts as not matching */
    HEAP_LIMIT_KIB = 8 * 1024,
};

#define LOG_REGEX "java.util.regex.Pattern"

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
    struct map *names; /* group name → number */
    int groups;
    atomic_flag gave_up; /* the limit was reached and logged once */
    char pattern[];
};

struct regex *regex_free(struct regex *re) {
    if (!re)
        return NULL;
    pcre2_code_free(re->code);
    pcre2_match_context_free(re->limits);
    map_free(re->names);
    free(re);
    return NULL;
}

static int compile(struct regex *re, struct kc_error *err) {
    AUTO_BUF translated;
    buf_init(&translated, 4 * 1024 * 1024);
    if (regex_translate(re->pattern, &translated, re->names, &re->groups, err) < 0)
        return -1;
    int code;
    PCRE2_SIZE offset;
    re->code = pcre2_compile((PCRE2_SPTR)buf_text(&translated), translated.len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
                             &code, &offset, NULL);
    re->limits = pcre2_match_context_create(NULL);
    if (!re->code || !re->limits) {
        PCRE2_UCHAR reason[256] = "out of memory";
        if (!re->code)
            pcre2_get_error_message(code, reason, sizeof(reason));
        return err_set(err, ERR_BAD_CONFIG, "Invalid regex: %s\n%s", (const char *)reason, re->pattern);
    }
    pcre2_set_match_limit(re->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
    return 0;
}

struct regex *regex_new(const char *java_pattern, struct kc_error *err) {
    size_t len = strlen(java_pattern);
    struct regex *re = calloc(1, sizeof(*re) + len + 1);
    if (!re) {
        err_set(err, ERR_INTERNAL, "out of memory for a pattern");
        return NULL;
    }
    memcpy(re->pattern, java_pattern, len + 1);
    atomic_flag_clear(&re->gave_up);
    re->names = map_new(NULL);
    if (compile(re, err) < 0)
        return regex_free(re);
    return re;
}

/* ---- Matching ---------------------------------------------------------------------------------------------------- */

static pthread_key_t match_data_key;
static pthread_once_t match_data_once = PTHREAD_ONCE_INIT;

static void free_match_data(void *data) {
    pcre2_match_data_free(data);
}

static void make_match_data_key(void) {
    if (pthread_key_create(&match_data_key, free_match_data) != 0)
        abort();
}

/* The thread's own, with room for all groups of `re`. */
static pcre2_match_data *match_data(const struct regex *re) {
    pthread_once(&match_data_once, make_match_data_key);
    pcre2_match_data *data = pthread_getspecific(match_data_key);
    if (data && pcre2_get_ovector_count(data) > (uint32_t)re->groups)
        return data;
    pcre2_match_data_free(data);
    data = pcre2_match_data_create((uint32_t)re->groups + 16, NULL);
    if (!data || pthread_setspecific(match_data_key, data) != 0) {
        fprintf(stderr, "kconnectd: out of memory for a match\n");
        abort();
    }
    return data;
}

/* The groups' offsets, valid until the thread's next match, and how many groups took part; NULL: no match. */
static const PCRE2_SIZE *match(const struct regex *re, const char *s, size_t len, uint32_t options, size_t *ret_count) {
    pcre2_match_data *data = match_data(re);
    int rc = pcre2_match(re->code, (PCRE2_SPTR)(len ? s : ""), len, 0, options, data, re->limits);
    if (rc > 0) {
        *ret_count = (size_t)rc;
        return pcre2_get_ovector_pointer(data);
    }
    if (rc != PCRE2_ERROR_NOMATCH && !atomic_flag_test_and_set(&((struct regex *)re)->gave_up)) {
        PCRE2_UCHAR reason[256];
        pcre2_get_error_message(rc, reason, sizeof(reason));
        kc_log(KC_WARN, LOG_REGEX,
               "Pattern \"%s\" could not be applied to a text of %zu bytes and counts as not matching: %s", re->pattern,
               len, (const char *)reason);
    }
    return NULL;
}

bool regex_matches(const struct regex *re, const char *s, size_t len) {
    size_t count;
    return match(re, s, len, PCRE2_ANCHORED | PCRE2_ENDANCHORED, &count) != NULL;
}

bool regex_match_groups(const struct regex *re, const char *s, size_t len, size_t (*ret_spans)[2], size_t max_groups,
                        size_t *ret_count) {
    size_t set;
    const PCRE2_SIZE *spans = match(re, s, len, PCRE2_ANCHORED | PCRE2_ENDANCHORED, &set);
    if (!spans)
        return false;
    size_t count = (size_t)re->groups + 1;
    if (count > max_groups)
        count = max_groups;
    for (size_t i = 0; i < count; i++) {
        ret_spans[i][0] = i < set ? spans[2 * i] : REGEX_UNSET;
        ret_spans[i][1] = i < set ? spans[2 * i + 1] : REGEX_UNSET;
    }
    *ret_count = count;
    return true;
}

/* ---- Replacing --------------------------------------------------------------------------------------------------- */

#define ILLEGAL_ARGUMENT "java.lang.IllegalArgumentException"

/* Behind "${". Moves *p behind the closing brace. */
static int named_group(const struct regex *re, const char **p, struct kc_error *err) {
    const char *from = *p, *end = from;
    while ((*end >= 'a' && *end <= 'z') || (*end >= 'A' && *end <= 'Z') || (*end >= '0' && *end <= '9'))
        end++;
    int len = end - from < 500 ? (int)(end - from) : 500;
    if (end == from)
        return kc_fail(err, ILLEGAL_ARGUMENT, "named capturing group has 0 length name");
    if (*end != '}')
        return kc_fail(err, ILLEGAL_ARGUMENT, "named capturing group is missing trailing '}'");
    if (*from >= '0' && *from <= '9')
        return kc_fail(err, ILLEGAL_ARGUMENT, "capturing group name {%.*s} starts with digit character", len, from);
    uintptr_t number = (uintptr_t)map_get_bytes(re->names, from, (size_t)(end - from));
    if (!number)
        return kc_fail(err, ILLEGAL_ARGUMENT, "No group with name {%.*s}", len, from);
    *p = end + 1;
    return (int)number;
}

/* Behind "$": the number of the group, or -1. */
static int group_reference(const struct regex *re, const char **p, struct kc_error *err) {
    if (!**p)
        return kc_fail(err, ILLEGAL_ARGUMENT, "Illegal group reference: group index is missing");
    if (**p == '{') {
        (*p)++;
        return named_group(re, p, err);
    }
    if (**p < '0' || **p > '9')
        return kc_fail(err, ILLEGAL_ARGUMENT, "Illegal group reference");
    int number = *(*p)++ - '0';
    if (number > re->groups)
        return kc_fail(err, "java.lang.IndexOutOfBoundsException", "No group %d", number);
    while (**p >= '0' && **p <= '9' && number * 10 + (**p - '0') <= re->groups)
        number = number * 10 + (*(*p)++ - '0');
    return number;
}

/* Appends the replacement with its references filled in. */
static int add_replacement(const struct regex *re, const char *s, const PCRE2_SIZE *spans, size_t count,
                           const char *replacement, struct buf *out, struct kc_error *err) {
    for (const char *p = replacement; *p;) {
        if (*p == '\\') {
            if (!p[1])
                return kc_fail(err, ILLEGAL_ARGUMENT, "character to be escaped is missing");
            buf_add_char(out, p[1]);
            p += 2;
        } else if (*p == '$') {
            p++;
            int group = group_reference(re, &p, err);
            if (group < 0)
                return -1;
            if ((size_t)group < count && spans[2 * group] != PCRE2_UNSET)
                buf_add(out, s + spans[2 * group], spans[2 * group + 1] - spans[2 * group]);
        } else {
            buf_add_char(out, *p++);
        }
    }
    return 0;
}

int regex_replace_first(const struct regex *re, const char *s, size_t len, const char *replacement, struct buf *out,
                        struct kc_error *err) {
    size_t count;
    const PCRE2_SIZE *spans = match(re, s, len, 0, &count);
    if (!spans)
        return 0;
    buf_add(out, s, spans[0]);
    if (add_replacement(re, s, spans, count, replacement, out, err) < 0)
        return -1;
    if (buf_add(out, s + spans[1], len - spans[1]) < 0)
        return err_set(err, ERR_LIMIT, "the replaced text is longer than %zu bytes", out->max);
    return 1;
}
