/* What a sink task subscribes to: the names in `topics`, or the topics of the cluster that match `topics.regex` as a
 * whole. librdkafka's own patterns are of another dialect, so the names are listed and matched here, and the
 * subscription is renewed when they change. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/calm.h"
#include "connect/kafka/client.h"
#include "connect/task/sink_task.h"

enum { LIST_TIMEOUT_MS = 10 * 1000, REFRESH_MAX_MS = 60 * 1000, RETRY_MS = 5 * 1000 };

static int subscribe_to(struct sink_task *s, char *const *names, size_t count, struct kc_error *err) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, names[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = count ? rd_kafka_subscribe(s->rk, list) : rd_kafka_unsubscribe(s->rk);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_error(err, code, "Could not subscribe") : 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keeps the names that match, sorted. */
static size_t keep_matching(const struct regex *re, char **names, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (regex_matches(re, names[i], strlen(names[i])))
            names[kept++] = names[i];
        else
            free(names[i]);
    }
    qsort(names, kept, sizeof(*names), compare_names);
    return kept;
}

static bool same_names(char *const *a, size_t a_count, char *const *b, size_t b_count) {
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

int sink_refresh_topics(struct sink_task *s, int64_t now_ms, struct kc_error *err) {
    if (!s->regex || now_ms < s->next_topics_ms)
        return 0;
    char **names = NULL;
    size_t count = 0;
    struct kc_error list_err = {0};
    s->next_topics_ms = now_ms + s->topics_interval_ms;
    calm_end(s->rk); /* or the question waits behind a fetch */
    if (admin_list_topics(s->rk, LIST_TIMEOUT_MS, &names, &count, &list_err) < 0) {
        kc_log(KC_WARN, LOG_SINK_TASK, "Could not list topics for topics.regex: %s, retrying in %d ms", list_err.text,
               RETRY_MS);
        s->next_topics_ms = clock_ms() + RETRY_MS;
        return 0;
    }
    count = keep_matching(s->regex, names, count);
    if (same_names(names, count, s->subscribed, s->subscribed_count)) {
        admin_free_names(names, count);
        return 0;
    }
    kc_log(KC_INFO, LOG_SINK_TASK, "%zu topics match %s", count, s->task->conf.topics_regex);
    admin_free_names(s->subscribed, s->subscribed_count);
    s->subscribed = names;
    s->subscribed_count = count;
    return subscribe_to(s, names, count, err);
}

/* How often to look for new topics: as the consumer's metadata, but at least once a minute. */
static int64_t refresh_interval_ms(const struct kc_config *consumer_props) {
    int64_t ms = client_number(CLIENT_CONSUMER, consumer_props, "metadata.max.age.ms");
    return ms > 0 && ms < REFRESH_MAX_MS ? ms : REFRESH_MAX_MS;
}

int sink_subscribe(struct sink_task *s, const struct kc_config *consumer_props, struct kc_error *err) {
    const struct connector_conf *conf = &s->task->conf;
    if (conf->topics_regex && *conf->topics_regex) {
        s->topics_interval_ms = refresh_interval_ms(consumer_props);
        s->regex = regex_new(conf->topics_regex, err);
        return s->regex ? sink_refresh_topics(s, clock_ms(), err) : -1;
    }
    if (!conf->topics.count)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Must configure one of topics or topics.regex");
    char **names = calloc(conf->topics.count, sizeof *names);
    if (!names)
        abort();
    for (size_t i = 0; i < conf->topics.count; i++)
        names[i] = (char *)(uintptr_t)conf->topics.items[i];
    int rc = subscribe_to(s, names, conf->topics.count, err);
    free(names);
    return rc;
}

void sink_topics_done(struct sink_task *s) {
    regex_free(s->regex);
    admin_free_names(s->subscribed, s->subscribed_count);
}
