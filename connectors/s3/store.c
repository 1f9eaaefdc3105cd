/* Chooses the back end of a store by its URL and passes calls on. */
#include "connectors/s3/store.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/err.h"

void store_conf_init(struct store_conf *conf) {
    *conf = (struct store_conf){
        .region = "us-west-2",
        .path_style = true,
        .attempts = 3,
        .retry_base_ms = 200,
        .retry_max_ms = 24 * 60 * 60 * 1000, /* as the SDK of Java */
        .connect_timeout_ms = 10000,
        .idle_timeout_ms = 30000,
    };
}

struct object_store *store_open(const struct store_conf *conf, struct kc_error *err) {
    if (!conf->bucket || !*conf->bucket) {
        err_set(err, ERR_BAD_CONFIG, "The name of the bucket is empty");
        return NULL;
    }
    if (conf->url && !strncasecmp(conf->url, "file:", 5))
        return store_dir_open(conf, err);
    return store_s3_open(conf, err);
}

struct object_store *store_free(struct object_store *st) {
    if (st)
        st->ops->free(st);
    return NULL;
}

int store_bucket(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err) {
    return st->ops->bucket(st, ret_state, err);
}

int store_put(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
              struct kc_error *err) {
    static const struct store_put plain;
    return st->ops->put(st, key, data, len, how ? how : &plain, err);
}

int store_get(struct object_store *st, const char *key, int64_t from, int64_t cap, struct store_object *ret_object,
              store_data_fn *f, void *arg, struct kc_error *err) {
    struct store_object object;
    return st->ops->get(st, key, from, cap, ret_object ? ret_object : &object, f, arg, err);
}

int store_head(struct object_store *st, const char *key, struct store_object *ret_object, struct kc_error *err) {
    struct store_object object;
    return st->ops->head(st, key, ret_object ? ret_object : &object, err);
}

int store_list(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *f, void *arg,
               struct kc_error *err) {
    return st->ops->list(st, prefix ? prefix : "", start_after ? start_after : "", f, arg, err);
}

int store_tag(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err) {
    return st->ops->tag(st, key, tags, err);
}

int store_upload_begin(struct object_store *st, const char *key, const struct store_put *how,
                       struct store_upload **ret_upload, struct kc_error *err) {
    static const struct store_put plain;
    return st->ops->begin(st, key, how ? how : &plain, ret_upload, err);
}

int store_upload_part(struct store_upload *up, const void *data, size_t len, struct kc_error *err) {
    return up->store->ops->part(up, data, len, err);
}

int store_upload_complete(struct store_upload *up, struct kc_error *err) {
    return up->store->ops->complete(up, err);
}

struct store_upload *store_upload_free(struct store_upload *up) {
    if (up)
        up->store->ops->upload_free(up);
    return NULL;
}
