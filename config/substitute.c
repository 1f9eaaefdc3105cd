/* ${provider:path:key} references: finds them, asks each provider once per path, puts the values in.  Made by the start
 * of the worker; the herder's jobs and validations call it from several threads, one lock keeps providers to one call
 * at a time. */
#include "config/substitute.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"

#define LOG_SUBSTITUTE "org.apache.kafka.common.config.ConfigTransformer"

enum { VALUE_MAX = 64 * 1024 * 1024, NAME_MAX_BYTES = 4096 };

struct provider {
    char *name;
    const struct kc_plugin *plugin;
    void *self;
};

struct substitute {
    pthread_mutex_t lock;
    struct provider *providers;
    size_t count;
};

/* One reference inside a text: "${provider:path:key}" = text[start, end). */
struct reference {
    size_t start, end;
    const char *provider, *path, *key; /* not terminated */
    size_t provider_len, path_len, key_len;
};

/* What one call asks of one provider. */
struct lookup {
    const struct provider *provider;
    char *path;
    struct kc_config *keys; /* a set: key → "" */
    struct kc_config *values;
};

struct lookups {
    struct lookup *items;
    size_t count;
};

static void *must(void *p) {
    if (!p)
        abort();
    return p;
}

/* ---- Providers --------------------------------------------------------------------------------------------------- */

static int add_provider(struct substitute *s, const struct kc_config *worker, const char *name,
                        const struct kc_plugin *(*find)(const char *, enum kc_plugin_kind), struct kc_error *err) {
    char key[NAME_MAX_BYTES + 64];
    if (strlen(name) > NAME_MAX_BYTES)
        return err_set(err, ERR_BAD_CONFIG, "config.providers: a name is longer than %d bytes", NAME_MAX_BYTES);
    snprintf(key, sizeof(key), "config.providers.%s.class", name);
    const char *class_name = kc_config_get(worker, key);
    if (!class_name) {
        kc_log(KC_WARN, LOG_SUBSTITUTE,
               "config.providers names %s, but there is no %s; its references stay as they are", name, key);
        return 0;
    }
    const struct kc_plugin *plugin = find(class_name, KC_KIND_CONFIG_PROVIDER);
    if (!plugin)
        return option_invalid(err, key, class_name, "Could not load config provider class or one of its dependencies");
    snprintf(key, sizeof(key), "config.providers.%s.param.", name);
    AUTO(props) params = kc_config_with_prefix(worker, key);
    void *self = NULL;
    if (plugin->config_provider->configure && plugin->config_provider->configure(params, &self, err) < 0)
        return err_prefix(err, "config.providers.%s", name);
    s->providers = must(realloc(s->providers, (s->count + 1) * sizeof(*s->providers)));
    s->providers[s->count++] = (struct provider){.name = must(strdup(name)), .plugin = plugin, .self = self};
    return 0;
}

struct substitute *substitute_new(const struct kc_config *worker,
                                  const struct kc_plugin *(*find)(const char *class_name, enum kc_plugin_kind kind),
                                  struct kc_error *err) {
    static const struct kc_option row = {.name = "config.providers", .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    struct substitute *s = must(calloc(1, sizeof(*s)));
    struct option_parsed names;
    AUTO(arena) arena = arena_new(0);
    pthread_mutex_init(&s->lock, /* attr= */ NULL);
    if (option_parse(&row, row.name, kc_config_get(worker, row.name), arena, &names, err) < 0)
        return substitute_free(s);
    for (size_t i = 0; i < names.list.count; i++)
        if (add_provider(s, worker, names.list.items[i], find, err) < 0)
            return substitute_free(s);
    return s;
}

struct substitute *substitute_free(struct substitute *s) {
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->count; i++) {
        struct provider *p = &s->providers[i];
        if (p->plugin->config_provider->close)
            p->plugin->config_provider->close(p->self);
        free(p->name);
    }
    free(s->providers);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

static const struct provider *find_provider(const struct substitute *s, const char *name, size_t len) {
    for (size_t i = 0; i < s->count; i++)
        if (strlen(s->providers[i].name) == len && memcmp(s->providers[i].name, name, len) == 0)
            return &s->providers[i];
    return NULL;
}

/* ---- References -------------------------------------------------------------------------------------------------- */

/* The first reference at or after `from`: \$\{([^}]*?):(([^}]*?):)?([^}]*?)\} */
static bool next_reference(const char *text, size_t from, struct reference *r) {
    for (const char *s = text + from; (s = strstr(s, "${")) != NULL; s += 2) {
        const char *name = s + 2, *end = strchr(name, '}');
        if (!end)
            return false;
        const char *colon = memchr(name, ':', (size_t)(end - name));
        if (!colon)
            continue;
        const char *rest = colon + 1, *second = memchr(rest, ':', (size_t)(end - rest));
        *r = (struct reference){.start = (size_t)(s - text),
                                .end = (size_t)(end + 1 - text),
                                .provider = name,
                                .provider_len = (size_t)(colon - name),
                                .path = rest,
                                .path_len = second ? (size_t)(second - rest) : 0,
                                .key = second ? second + 1 : rest};
        r->key_len = (size_t)(end - r->key);
        return true;
    }
    return false;
}

bool substitute_has_reference(const char *text) {
    struct reference r;
    return text && next_reference(text, 0, &r);
}

static struct lookup *find_lookup(const struct lookups *all, const struct provider *p, const struct reference *r) {
    for (size_t i = 0; i < all->count; i++) {
        struct lookup *l = &all->items[i];
        if (l->provider == p && strlen(l->path) == r->path_len && memcmp(l->path, r->path, r->path_len) == 0)
            return l;
    }
    return NULL;
}

static void note_reference(struct lookups *all, const struct provider *p, const struct reference *r) {
    struct lookup *l = find_lookup(all, p, r);
    if (!l) {
        all->items = must(realloc(all->items, (all->count + 1) * sizeof(*all->items)));
        l = &all->items[all->count++];
        *l = (struct lookup){.provider = p,
                             .path = must(strndup(r->path, r->path_len)),
                             .keys = kc_config_new(),
                             .values = kc_config_new()};
    }
    AUTO_TEXT key = must(strndup(r->key, r->key_len));
    kc_config_set(l->keys, key, "");
}

static void collect(const struct substitute *s, const struct kc_config *config, struct lookups *all) {
    struct reference r;
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *text = kc_config_value(config, i);
        for (size_t from = 0; text && next_reference(text, from, &r); from = r.end) {
            const struct provider *p = find_provider(s, r.provider, r.provider_len);
            if (p)
                note_reference(all, p, &r);
        }
    }
}

static int ask(struct lookup *l, int64_t *ttl_ms, struct kc_error *err) {
    size_t count = kc_config_count(l->keys);
    int64_t ttl = -1;
    const char **keys = must(calloc(count + 1, sizeof(*keys)));
    for (size_t i = 0; i < count; i++)
        keys[i] = kc_config_key(l->keys, i);
    int rc = l->provider->plugin->config_provider->get(l->provider->self, l->path, keys, count, l->values, &ttl, err);
    free(keys);
    if (rc == 0 && ttl >= 0 && (*ttl_ms < 0 || ttl < *ttl_ms))
        *ttl_ms = ttl;
    return rc;
}

/* The value behind a reference, NULL when there is none. */
static const char *value_of(const struct substitute *s, const struct lookups *all, const struct reference *r) {
    const struct provider *p = find_provider(s, r->provider, r->provider_len);
    const struct lookup *l = p ? find_lookup(all, p, r) : NULL;
    AUTO_TEXT key = must(strndup(r->key, r->key_len));
    return l ? kc_config_get(l->values, key) : NULL;
}

/* The text with its references replaced; results are not looked at again. */
static int replace(const struct substitute *s, const struct lookups *all, const char *key, const char *text,
                   struct kc_config *out, struct kc_error *err) {
    AUTO_BUF b;
    struct reference r;
    size_t from = 0;
    buf_init(&b, VALUE_MAX);
    for (; next_reference(text, from, &r); from = r.end) {
        const char *value = value_of(s, all, &r);
        (void)buf_add(&b, text + from, r.start - from);
        if (value)
            (void)buf_add_text(&b, value);
        else
            (void)buf_add(&b, text + r.start, r.end - r.start);
    }
    (void)buf_add_text(&b, text + from);
    if (b.failed)
        return err_set(err, ERR_BAD_CONFIG, "the value of %s is longer than %d bytes once its references are replaced",
                       key, VALUE_MAX);
    kc_config_set(out, key, buf_text(&b));
    return 0;
}

static void lookups_done(struct lookups *all) {
    for (size_t i = 0; i < all->count; i++) {
        free(all->items[i].path);
        kc_config_free(all->items[i].keys);
        kc_config_free(all->items[i].values);
    }
    free(all->items);
}

struct kc_config *substitute_apply(struct substitute *s, const struct kc_config *config, int64_t *ret_ttl_ms,
                                   struct kc_error *err) {
    struct lookups all = {0};
    int64_t ttl_ms = -1;
    AUTO(props) out = kc_config_copy(config);
    int rc = 0;
    collect(s, config, &all);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; rc == 0 && i < all.count; i++)
        rc = ask(&all.items[i], &ttl_ms, err);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; rc == 0 && all.count && i < kc_config_count(config); i++)
        if (substitute_has_reference(kc_config_value(config, i)))
            rc = replace(s, &all, kc_config_key(config, i), kc_config_value(config, i), out, err);
    lookups_done(&all);
    if (rc < 0)
        return NULL;
    if (ret_ttl_ms)
        *ret_ttl_ms = ttl_ms;
    return TAKE(out);
}
