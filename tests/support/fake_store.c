/* See fake_store.h. */
#include "tests/support/fake_store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/map.h"

struct bytes {
    size_t len;
    char data[];
};

struct fake {
    struct object_store base;
    pthread_mutex_t lock;
    struct map *objects, *calls; /* calls: op → count */
    struct buf log, keys, tags;
    fake_store_rule *rule;
    void *arg;
    fake_store_hidden *hidden;
    void *hidden_arg;
};

struct fake_upload {
    struct store_upload base;
    char *key;
    struct buf data;
    bool if_none_match, completed;
};

static struct fake *of(struct object_store *st) {
    return CONTAINER_OF(st, struct fake, base);
}

/* Counts, logs and asks the rule; `size` -1: none to log. */
static int called(struct fake *f, const char *op, const char *key, long size, struct kc_error *err) {
    pthread_mutex_lock(&f->lock);
    int nth = (int)(intptr_t)map_get(f->calls, op) + 1;
    map_put(f->calls, op, (void *)(intptr_t)nth);
    buf_printf(&f->log, "%s%s %s", f->log.len ? ", " : "", op, key);
    if (size >= 0)
        buf_printf(&f->log, " %ld", size);
    fake_store_rule *rule = f->rule;
    void *arg = f->arg;
    pthread_mutex_unlock(&f->lock);
    int code = rule ? rule(arg, op, key, nth) : 0;
    return code ? err_set(err, (enum err_code)code, "fake store: %s %s fails", op, key) : 0;
}

static bool is_hidden(struct fake *f, const char *op, const char *key) {
    pthread_mutex_lock(&f->lock);
    int nth = (int)(intptr_t)map_get(f->calls, op);
    fake_store_hidden *hidden = f->hidden;
    void *arg = f->hidden_arg;
    pthread_mutex_unlock(&f->lock);
    return hidden && hidden(arg, op, key, nth);
}

static void keep(struct fake *f, const char *key, const void *data, size_t len) {
    struct bytes *b = malloc(sizeof(*b) + len + 1);
    b->len = len;
    memcpy(b->data, data, len);
    b->data[len] = '\0';
    map_put(f->objects, key, b);
}

static int fake_bucket(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err) {
    *ret_state = STORE_BUCKET_EXISTS;
    return called(of(st), "bucket", "", -1, err);
}

static int store_one(struct fake *f, const char *key, const void *data, size_t len, bool if_none_match,
                     struct kc_error *err) {
    pthread_mutex_lock(&f->lock);
    bool there = if_none_match && map_has(f->objects, key);
    if (!there)
        keep(f, key, data, len);
    pthread_mutex_unlock(&f->lock);
    return there ? err_set(err, ERR_ALREADY_EXISTS, "%s exists", key) : 0;
}

static int fake_put(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
                    struct kc_error *err) {
    if (called(of(st), "put", key, (long)len, err) < 0)
        return -1;
    return store_one(of(st), key, data, len, how->if_none_match, err);
}

static int fake_head(struct object_store *st, const char *key, struct store_object *ret_object, struct kc_error *err) {
    struct fake *f = of(st);
    if (called(f, "head", key, -1, err) < 0)
        return -1;
    pthread_mutex_lock(&f->lock);
    struct bytes *b = map_get(f->objects, key);
    *ret_object = (struct store_object){.size = b ? (int64_t)b->len : -1};
    pthread_mutex_unlock(&f->lock);
    return b != NULL && !is_hidden(f, "head", key);
}

static int fake_get(struct object_store *st, const char *key, int64_t from, int64_t cap,
                    struct store_object *ret_object, store_data_fn *fn, void *arg, struct kc_error *err) {
    size_t len;
    if (called(of(st), "get", key, -1, err) < 0)
        return -1;
    const char *data = fake_store_object(st, key, &len);
    if (!data || is_hidden(of(st), "get", key))
        return err_set(err, ERR_NOT_FOUND, "no object %s", key);
    *ret_object = (struct store_object){.size = (int64_t)len};
    size_t start = (size_t)from < len ? (size_t)from : len, n = len - start;
    n = cap >= 0 && (size_t)cap < n ? (size_t)cap : n;
    return n && fn(arg, data + start, n, err) < 0 ? -1 : 0;
}

static int fake_list(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *fn, void *arg,
                     struct kc_error *err) {
    if (called(of(st), "list", prefix, -1, err) < 0)
        return -1;
    AUTO_TEXT keys = strdup(fake_store_keys(st));
    char *rest = keys;
    for (char *key; (key = strsep(&rest, " "));) {
        if (!*key || strncmp(key, prefix, strlen(prefix)) != 0 || strcmp(key, start_after) <= 0 ||
            is_hidden(of(st), "list", key))
            continue;
        size_t len;
        fake_store_object(st, key, &len);
        struct store_object object = {.key = key, .size = (int64_t)len};
        int rc = fn(arg, &object, err);
        if (rc)
            return rc < 0 ? -1 : 0;
    }
    return 0;
}

static int fake_tag(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err) {
    struct fake *f = of(st);
    if (called(f, "tag", key, -1, err) < 0)
        return -1;
    pthread_mutex_lock(&f->lock);
    buf_clear(&f->tags);
    for (size_t i = 0; i < kc_config_count(tags); i++)
        buf_printf(&f->tags, "%s=%s ", kc_config_key(tags, i), kc_config_value(tags, i));
    pthread_mutex_unlock(&f->lock);
    return 0;
}

static int fake_begin(struct object_store *st, const char *key, const struct store_put *how,
                      struct store_upload **ret_upload, struct kc_error *err) {
    if (called(of(st), "begin", key, -1, err) < 0)
        return -1;
    struct fake_upload *up = calloc(1, sizeof(*up));
    up->base.store = st;
    up->key = strdup(key);
    up->if_none_match = how->if_none_match;
    buf_init(&up->data, 1 << 30);
    *ret_upload = &up->base;
    return 0;
}

static int fake_part(struct store_upload *base, const void *data, size_t len, struct kc_error *err) {
    struct fake_upload *up = CONTAINER_OF(base, struct fake_upload, base);
    if (called(of(base->store), "part", up->key, (long)len, err) < 0)
        return -1;
    return buf_add(&up->data, data, len);
}

static int fake_complete(struct store_upload *base, struct kc_error *err) {
    struct fake_upload *up = CONTAINER_OF(base, struct fake_upload, base);
    if (called(of(base->store), "complete", up->key, -1, err) < 0 ||
        store_one(of(base->store), up->key, buf_text(&up->data), up->data.len, up->if_none_match, err) < 0)
        return -1;
    up->completed = true;
    return 0;
}

static void fake_upload_free(struct store_upload *base) {
    struct fake_upload *up = CONTAINER_OF(base, struct fake_upload, base);
    struct kc_error ignored = {0};
    if (!up->completed)
        (void)!called(of(base->store), "abort", up->key, -1, &ignored);
    buf_done(&up->data);
    free(up->key);
    free(up);
}

static void fake_free(struct object_store *st) {
    struct fake *f = of(st);
    map_free(f->objects);
    map_free(f->calls);
    buf_done(&f->log);
    buf_done(&f->keys);
    buf_done(&f->tags);
    pthread_mutex_destroy(&f->lock);
    free(f->base.bucket);
    free(f);
}

static const struct object_store_ops ops = {.bucket = fake_bucket,
                                            .put = fake_put,
                                            .get = fake_get,
                                            .head = fake_head,
                                            .list = fake_list,
                                            .tag = fake_tag,
                                            .begin = fake_begin,
                                            .part = fake_part,
                                            .complete = fake_complete,
                                            .upload_free = fake_upload_free,
                                            .free = fake_free};

struct object_store *fake_store_new(void) {
    struct fake *f = calloc(1, sizeof(*f));
    f->base.ops = &ops;
    f->base.bucket = strdup("fake");
    pthread_mutex_init(&f->lock, NULL);
    f->objects = map_new(free);
    f->calls = map_new(NULL);
    buf_init(&f->log, 1 << 20);
    buf_init(&f->keys, 1 << 20);
    buf_init(&f->tags, 1 << 16);
    return &f->base;
}

void fake_store_rules(struct object_store *st, fake_store_rule *rule, void *arg) {
    pthread_mutex_lock(&of(st)->lock);
    of(st)->rule = rule;
    of(st)->arg = arg;
    pthread_mutex_unlock(&of(st)->lock);
}

void fake_store_hide(struct object_store *st, fake_store_hidden *hidden, void *arg) {
    pthread_mutex_lock(&of(st)->lock);
    of(st)->hidden = hidden;
    of(st)->hidden_arg = arg;
    pthread_mutex_unlock(&of(st)->lock);
}

const char *fake_store_log(struct object_store *st) {
    return buf_text(&of(st)->log);
}

int fake_store_calls(struct object_store *st, const char *op) {
    pthread_mutex_lock(&of(st)->lock);
    int n = (int)(intptr_t)map_get(of(st)->calls, op);
    pthread_mutex_unlock(&of(st)->lock);
    return n;
}

const char *fake_store_object(struct object_store *st, const char *key, size_t *ret_len) {
    pthread_mutex_lock(&of(st)->lock);
    struct bytes *b = map_get(of(st)->objects, key);
    if (ret_len)
        *ret_len = b ? b->len : 0;
    pthread_mutex_unlock(&of(st)->lock);
    return b ? b->data : NULL;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *fake_store_keys(struct object_store *st) {
    struct fake *f = of(st);
    pthread_mutex_lock(&f->lock);
    size_t count = map_count(f->objects), n = 0;
    const char **names = calloc(count + 1, sizeof(*names)), *key;
    for (size_t i = 0; map_next(f->objects, &i, &key, NULL);)
        names[n++] = key;
    qsort(names, n, sizeof(*names), compare);
    buf_clear(&f->keys);
    for (size_t i = 0; i < n; i++)
        buf_printf(&f->keys, "%s ", names[i]);
    free(names);
    pthread_mutex_unlock(&f->lock);
    return buf_text(&f->keys);
}

const char *fake_store_tags(struct object_store *st) {
    return buf_text(&of(st)->tags);
}
