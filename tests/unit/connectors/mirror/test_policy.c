/* Names of topics under both policies and what is mirrored, against Kafka's answers. */
#include "connectors/mirror/policy.h"

#include <string.h>

#include "connectors/mirror/filter.h"
#include "tests/support/suite.h"

static const char *text_of(const cJSON *v, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, name));
}

static bool is_kind(const cJSON *v, const char *kind) {
    return strcmp(text_of(v, "kind"), kind) == 0;
}

static void set(struct kc_config *config, const char *key, const char *value) {
    if (value)
        kc_config_set(config, key, value);
}

static struct kc_config *policy_config(const cJSON *v) {
    struct kc_config *config = kc_config_new();
    bool identity = strcmp(text_of(v, "policy"), "identity") == 0;
    const cJSON *internal = cJSON_GetObjectItemCaseSensitive(v, "internal_separator");
    set(config, "replication.policy.class",
        identity ? "org.apache.kafka.connect.mirror.IdentityReplicationPolicy"
                 : "org.apache.kafka.connect.mirror.DefaultReplicationPolicy");
    set(config, "replication.policy.separator", text_of(v, "separator"));
    set(config, "source.cluster.alias", text_of(v, "policy_alias"));
    if (cJSON_IsBool(internal))
        set(config, "replication.policy.internal.topic.separator.enabled", cJSON_IsTrue(internal) ? "true" : "false");
    return config;
}

static void check_taken(const cJSON *want, char *got) {
    ck_assert_str_eq(got, cJSON_GetStringValue(want));
    free(got);
}

static int seen;

static void names(const cJSON *v, void *arg) {
    struct mirror_policy p;
    (void)arg;
    if (!is_kind(v, "policy-names"))
        return;
    struct kc_config *config = policy_config(v);
    const char *alias = text_of(v, "alias");
    policy_init(&p, config);
    check_taken(cJSON_GetObjectItem(v, "offset_syncs"), policy_offset_syncs(&p, alias));
    check_taken(cJSON_GetObjectItem(v, "checkpoints"), policy_checkpoints(&p, alias));
    ck_assert_str_eq(text_of(v, "heartbeats"), POLICY_HEARTBEATS);
    kc_config_free(config);
    seen++;
}

START_TEST(test_internal_names) {
    golden_each("mirror.jsonl", NULL, names, NULL);
    ck_assert_int_eq(seen, 71);
}
END_TEST

static void check_row(const struct mirror_policy *p, const cJSON *row) {
    const cJSON *col[9];
    for (int i = 0; i < 9; i++)
        col[i] = cJSON_GetArrayItem(row, i);
    const char *topic = cJSON_GetStringValue(col[0]);
    check_taken(col[1], policy_remote(p, "east", topic));
    size_t len;
    const char *source = policy_source(p, topic, &len), *want = cJSON_GetStringValue(col[2]);
    ck_assert_msg(!source == !want && (!want || (strlen(want) == len && memcmp(want, source, len) == 0)),
                  "source of %s", topic);
    const char *upstream = policy_upstream(p, topic);
    want = cJSON_GetStringValue(col[3]);
    ck_assert_msg(!upstream == !want && (!want || strcmp(want, upstream) == 0), "upstream of %s: %s, not %s", topic,
                  upstream, want);
    ck_assert_str_eq(policy_original(p, topic), cJSON_GetStringValue(col[4]));
    ck_assert_msg(policy_is_heartbeats(p, topic) == cJSON_IsTrue(col[5]), "heartbeats: %s", topic);
    ck_assert_msg(policy_is_checkpoints(p, topic) == cJSON_IsTrue(col[6]), "checkpoints: %s", topic);
    ck_assert_msg(policy_is_mm2_internal(p, topic) == cJSON_IsTrue(col[7]), "MM2 internal: %s", topic);
    ck_assert_msg(policy_is_internal(p, topic) == cJSON_IsTrue(col[8]), "internal: %s", topic);
}

static void rows(const cJSON *v, void *arg) {
    struct mirror_policy p;
    const cJSON *row;
    (void)arg;
    if (!is_kind(v, "policy"))
        return;
    struct kc_config *config = policy_config(v);
    policy_init(&p, config);
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(v, "rows")) check_row(&p, row);
    kc_config_free(config);
    seen++;
}

START_TEST(test_remote_names) {
    golden_each("mirror.jsonl", NULL, rows, NULL);
    ck_assert_int_eq(seen, 132);
}
END_TEST

/* ---- Filters ---- */

struct decision {
    const struct filter *f;
    const struct mirror_policy *policy; /* NULL: the filter alone */
    bool heartbeats;
};

static void check_names(const struct decision *d, const cJSON *v, const char *list, bool want) {
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(v, list)) {
        const char *name = cJSON_GetStringValue(item);
        bool got =
            d->policy ? filter_replicates(d->f, d->policy, "target", d->heartbeats, name) : filter_accepts(d->f, name);
        ck_assert_msg(got == want, "%s with %s", name, cJSON_PrintUnformatted(v));
    }
}

static void filters(const cJSON *v, void *arg) {
    struct filter f;
    struct kc_error err;
    struct mirror_policy policy;
    struct decision d = {.f = &f};
    (void)arg;
    bool topics = is_kind(v, "replicate"), groups = is_kind(v, "group-filter"), configs = is_kind(v, "config-filter");
    if (!topics && !groups && !configs)
        return;
    struct kc_config *config = topics ? policy_config(v) : kc_config_new();
    set(config, "topics", text_of(v, "topics"));
    set(config, "topics.exclude", text_of(v, "topics_exclude"));
    set(config, "groups", text_of(v, "groups"));
    set(config, "groups.exclude", text_of(v, "groups_exclude"));
    set(config, "config.properties.exclude", text_of(v, "config_properties_exclude"));
    set(config, "use.defaults.from", text_of(v, "use_defaults_from"));
    set(config, "source.cluster.alias", text_of(v, "source"));
    int rc = topics   ? filter_topics(&f, config, &err)
             : groups ? filter_groups(&f, config, &err)
                      : filter_properties(&f, config, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    if (topics) {
        policy_init(&policy, config);
        d.policy = &policy;
        d.heartbeats = cJSON_IsTrue(cJSON_GetObjectItem(v, "heartbeats_replication"));
    }
    check_names(&d, v, "yes", true);
    check_names(&d, v, "no", false);
    if (configs)
        ck_assert_int_eq(filter_source_defaults(config), cJSON_IsTrue(cJSON_GetObjectItem(v, "source_defaults")));
    filter_done(&f);
    kc_config_free(config);
    seen++;
}

START_TEST(test_filters) {
    golden_each("mirror.jsonl", NULL, filters, NULL);
    ck_assert_int_eq(seen, 20);
}
END_TEST

START_TEST(test_bad_patterns) {
    static const char *const bad[] = {"*bad", "x{1,2}", "a,(b", "[", "ok, ?"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct filter f;
        struct kc_error err = {0};
        struct kc_config *config = kc_config_new();
        kc_config_set(config, "topics", bad[i]);
        ck_assert_int_eq(filter_topics(&f, config, &err), -1);
        ck_assert_ptr_nonnull(strstr(err.text, "configuration topics"));
        ck_assert_ptr_nonnull(strstr(err.text, bad[i]));
        kc_config_free(config);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror names");
    TCase *tc = tcase_create("golden");
    tcase_add_test(tc, test_internal_names);
    tcase_add_test(tc, test_remote_names);
    tcase_add_test(tc, test_filters);
    tcase_add_test(tc, test_bad_patterns);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
