/* Renames the topic by a regular expression. A topic is matched once and its result kept, so that per record there is
 * one pointer compare within a batch. @source org.apache.kafka.connect.transforms.RegexRouter (transforms 4.11) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/map.h"
#include "connect/base/regex.h"
#include "connect/transform/builtin.h"

struct router_conf {
    const char *regex, *replacement;
};

static const struct kc_option router_options[] = {
    OPT_STRING("regex", struct router_conf, regex, .required = true, .importance = KC_HIGH, .check = option_check_regex,
               .range_text = "valid regex", .doc = "Regular expression to use for matching."),
    OPT_STRING("replacement", struct router_conf, replacement, .required = true, .importance = KC_HIGH,
               .doc = "Replacement string."),
    KC_OPTION_END,
};

enum { CACHED_TOPICS = 1000, TOPIC_TEXT_MAX = 64 * 1024 };

struct router {
    const struct router_conf *conf;
    struct regex *re;
    struct map *topics; /* topic → new name (malloc'ed); at most CACHED_TOPICS, the rest is computed anew */
};

static int router_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config;
    const struct router_conf *c = conf;
    struct regex *re = regex_new(c->regex, err);
    if (!re)
        return -1;
    struct router *router = calloc(1, sizeof *router);
    if (!router)
        abort();
    router->conf = c;
    router->re = re;
    router->topics = map_new(free);
    *ret_self = router;
    return 0;
}

/* The new name of a topic: kept by the router, or in the batch's arena when the router remembers enough. */
static int route(struct router *router, struct kc_arena *arena, const char *topic, const char **ret_topic,
                 struct kc_error *err) {
    const char *known = map_get(router->topics, topic);
    if (known) {
        *ret_topic = known;
        return 0;
    }
    AUTO_BUF out;
    buf_init(&out, TOPIC_TEXT_MAX);
    size_t len = strlen(topic);
    int replaced = 0;
    if (regex_matches(router->re, topic, len)) /* the whole name; what is replaced is the first match of a search */
        replaced = regex_replace_first(router->re, topic, len, router->conf->replacement, &out, err);
    if (replaced < 0)
        return -1;
    if (out.failed)
        return kc_fail(err, KC_DATA_EXCEPTION, "The new name of topic %s is longer than %d bytes", topic,
                       TOPIC_TEXT_MAX);
    const char *name = replaced ? buf_text(&out) : topic;
    if (map_count(router->topics) < CACHED_TOPICS) {
        char *kept = strdup(name);
        if (!kept)
            abort();
        map_put(router->topics, topic, kept);
        *ret_topic = kept;
    } else {
        *ret_topic = kc_arena_strdup(arena, name);
    }
    return 0;
}

static uint32_t router_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct router *router = self;
    /* A pointer stays what it is within a batch only: memory of earlier batches is used again. */
    const char *last = NULL, *last_routed = NULL;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r) || !r->topic)
            continue;
        if (r->topic != last) {
            const char *routed = r->topic;
            if (route(router, batch->arena, r->topic, &routed, err) < 0)
                return i;
            last = r->topic;
            last_routed = routed;
        }
        r->topic = last_routed;
    }
    return batch->count;
}

static void router_close(void *self) {
    struct router *router = self;
    map_free(router->topics);
    regex_free(router->re);
    free(router);
}

static const struct kc_transformation_ops router_ops = {
    .configure = router_configure, .apply = router_apply, .close = router_close};

const struct kc_plugin transform_regex_router = {
    .abi = KC_ABI,
    .kind = KC_KIND_TRANSFORMATION,
    .class_name = "org.apache.kafka.connect.transforms.RegexRouter",
    .options = router_options,
    .conf_size = sizeof(struct router_conf),
    .transformation = &router_ops,
};
