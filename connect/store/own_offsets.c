/* See own_offsets.h; keeps nothing. */
#include "connect/store/own_offsets.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/comma_list.h"
#include "connect/kafka/client.h"

static void copy_all(struct kc_config *to, const struct kc_config *from) {
    for (size_t i = 0; i < kc_config_count(from); i++)
        kc_config_set(to, kc_config_key(from, i), kc_config_value(from, i));
}

/* As its producers, with what only consumers and admin clients know beside it. */
static struct kc_config *own_client(const struct worker_conf *conf, const char *connector, int task,
                                    const struct kc_config *config) {
    struct kc_config *client = client_props_admin(conf->text, config, /* client_id= */ NULL);
    AUTO(props) consumer = client_props_consumer(conf->text, config, NULL, NULL);
    AUTO(props) producer = client_props_producer(conf->text, config, NULL);
    char id[512], number[16] = "";
    copy_all(client, consumer);
    copy_all(client, producer);
    if (task >= 0)
        snprintf(number, sizeof(number), "-%d", task);
    snprintf(id, sizeof(id), "connector-consumer-%s%s", connector, number);
    kc_config_set(client, "client.id", id);
    kc_config_remove(client, "group.id");
    return client;
}

static bool in_list(const char *list, const char *item, size_t len) {
    const char *other;
    size_t other_len;
    for (const char *pos = list; comma_list_next(&pos, &other, &other_len);) {
        if (other_len == len && memcmp(other, item, len) == 0)
            return true;
    }
    return false;
}

static bool all_in(const char *these, const char *those) {
    const char *item;
    size_t len;
    for (const char *pos = these; comma_list_next(&pos, &item, &len);) {
        if (!in_list(those, item, len))
            return false;
    }
    return true;
}

/* Whether both name the same brokers, in any order. */
static bool same_cluster(const char *a, const char *b) {
    return a && b && all_in(a, b) && all_in(b, a);
}

struct offset_stores own_offsets(const struct worker_conf *conf, struct offset_store *worker, const char *connector,
                                 int task, const struct kc_config *config) {
    const char *topic = kc_config_get(config, "offsets.storage.topic");
    if (topic && !*topic)
        topic = NULL;
    if (conf->standalone || (!topic && !worker_exactly_once(conf)))
        return (struct offset_stores){.worker = worker};
    topic = topic ? topic : conf->offset_topic;
    AUTO(props) client = own_client(conf, connector, task, config);
    bool same = strcmp(topic, conf->offset_topic) == 0 && same_cluster(kc_config_get(client, "bootstrap.servers"),
                                                                       kc_config_get(conf->text, "bootstrap.servers"));
    if (same)
        return (struct offset_stores){.worker = worker};
    return (struct offset_stores){.own = offset_store_new_topic(conf, topic, client), .worker = worker};
}

struct offset_store *offset_stores_first(const struct offset_stores *s) {
    return s->own ? s->own : s->worker;
}

struct offset_store *offset_stores_second(const struct offset_stores *s) {
    return s->own ? s->worker : NULL;
}
