/* The stock predicates: HasHeaderKey, RecordIsTombstone, TopicNameMatches.
 * @source org.apache.kafka.connect.transforms.predicates (transforms 5) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/regex.h"
#include "connect/transform/builtin.h"

/* ---- HasHeaderKey ---- */

struct header_conf {
    const char *name;
};

static const struct kc_option header_options[] = {
    OPT_STRING("name", struct header_conf, name, .required = true, .importance = KC_MEDIUM, .not_empty = true,
               .doc = "The header name."),
    KC_OPTION_END,
};

static int header_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    *ret_self = (void *)(uintptr_t)conf;
    return 0;
}

static int header_test(void *self, const struct kc_record *record, struct kc_error *err) {
    const struct header_conf *conf = self;
    (void)err;
    for (uint32_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].key, conf->name) == 0)
            return 1;
    return 0;
}

static const struct kc_predicate_ops header_ops = {.configure = header_configure, .test = header_test};

const struct kc_plugin predicate_has_header_key = {
    .abi = KC_ABI,
    .kind = KC_KIND_PREDICATE,
    .class_name = "org.apache.kafka.connect.transforms.predicates.HasHeaderKey",
    .options = header_options,
    .conf_size = sizeof(struct header_conf),
    .predicate = &header_ops,
};

/* ---- RecordIsTombstone ---- */

static int tombstone_configure(const struct kc_config *config, const void *conf, void **ret_self,
                               struct kc_error *err) {
    (void)config, (void)conf, (void)err;
    *ret_self = NULL;
    return 0;
}

static int tombstone_test(void *self, const struct kc_record *record, struct kc_error *err) {
    (void)self, (void)err;
    return record->value.tag == KC_V_NULL;
}

static const struct kc_predicate_ops tombstone_ops = {.configure = tombstone_configure, .test = tombstone_test};

const struct kc_plugin predicate_record_is_tombstone = {
    .abi = KC_ABI,
    .kind = KC_KIND_PREDICATE,
    .class_name = "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone",
    .predicate = &tombstone_ops,
};

/* ---- TopicNameMatches ---- */

struct topic_conf {
    const char *pattern;
};

static const struct kc_option topic_options[] = {
    OPT_STRING("pattern", struct topic_conf, pattern, .required = true, .importance = KC_MEDIUM, .not_empty = true,
               .check = option_check_regex, .range_text = "non-empty string, valid regex",
               .doc = "A Java regular expression for matching against the name of a record's topic."),
    KC_OPTION_END,
};

struct topic_matches {
    struct regex *re;
    char *last; /* the topic of the last test and its answer: records come in runs of one topic */
    bool last_matched;
};

static int topic_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config;
    struct regex *re = regex_new(((const struct topic_conf *)conf)->pattern, err);
    if (!re)
        return -1;
    struct topic_matches *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    m->re = re;
    *ret_self = m;
    return 0;
}

static int topic_test(void *self, const struct kc_record *record, struct kc_error *err) {
    struct topic_matches *m = self;
    (void)err;
    if (!record->topic)
        return 0;
    if (!m->last || strcmp(m->last, record->topic) != 0) {
        free(m->last);
        m->last = strdup(record->topic);
        if (!m->last)
            abort();
        m->last_matched = regex_matches(m->re, record->topic, strlen(record->topic));
    }
    return m->last_matched;
}

static void topic_close(void *self) {
    struct topic_matches *m = self;
    regex_free(m->re);
    free(m->last);
    free(m);
}

static const struct kc_predicate_ops topic_ops = {
    .configure = topic_configure, .test = topic_test, .close = topic_close};

const struct kc_plugin predicate_topic_name_matches = {
    .abi = KC_ABI,
    .kind = KC_KIND_PREDICATE,
    .class_name = "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
    .options = topic_options,
    .conf_size = sizeof(struct topic_conf),
    .predicate = &topic_ops,
};
