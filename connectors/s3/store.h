/* Where the S3 connectors keep and find objects: one small interface, two back ends. `https://…`, `http://…` or no URL
 * is S3 over HTTP (client.c); `file:///path` is a local directory (store_dir.c) with the same keys, order and
 * atomicity.
 *
 * A store may be used by several threads at once; each call does its own request and returns when it is done, repeated
 * or given up. Objects appear whole or not at all. Errors name bucket and key; `err->retriable` says whether the same
 * call may work later (the calls have used up their own attempts by then). `err->code` is ERR_NOT_FOUND (bucket or
 * object), ERR_ALREADY_EXISTS (condition not met), ERR_FORBIDDEN (403), ERR_STOPPING (cancelled), ERR_S3_RETRIABLE or
 * ERR_S3.
 */
#ifndef CONNECTORS_S3_STORE_H
#define CONNECTORS_S3_STORE_H

#include "connect/base/auto.h"
#include "connect/plugin.h"

/* Whether signatures cover bodies: the hash of every body, or UNSIGNED-PAYLOAD. */
enum store_signing {
    STORE_SIGN_BY_SCHEME, /* over http; over https TLS protects the body, as Java has it */
    STORE_SIGN_ALWAYS,
    STORE_SIGN_NEVER
};

/* How to reach a store. Texts are copied by store_open. store_conf_init sets what Confluent's connectors default to. */
struct store_conf {
    const char *url;    /* store.url; NULL or "": AWS of `region` */
    const char *bucket; /* required; with file:// a folder under the root */
    const char *region;
    bool path_style; /* false: the bucket is part of the host name */
    bool accelerate; /* s3.wan.mode */
    /* Credentials: both keys win over the provider class, see credentials.h */
    const char *access_key;
    struct kc_secret secret_key;
    const char *provider_class;              /* NULL: the default chain */
    const struct kc_config *provider_config; /* entries without the prefix s3.credentials.provider.; may be NULL */
    /* Attempts in all, waiting random(0 … base × 2^(n-1)), at most `retry_max_ms`, in between */
    int attempts;
    int64_t retry_base_ms, retry_max_ms;
    int64_t connect_timeout_ms;
    int64_t idle_timeout_ms; /* no byte in either direction for so long: the attempt has failed */
    const char *proxy_url, *proxy_user;
    struct kc_secret proxy_password;
    bool expect_continue; /* Expect: 100-continue with bodies */
    bool send_digest;     /* Content-MD5 of parts and small objects */
    enum store_signing signing;
    const char *acl; /* canned ACL of new objects, NULL: none */
    const char *sse; /* "", "AES256", "aws:kms", "aws:kms:dsse" */
    const char *sse_kms_key_id;
    struct kc_secret sse_customer_key; /* base64 of 32 bytes; with sse AES256 */
    const char *user_agent;
    /* Asked while waiting: true ends the call soon with ERR_STOPPING. NULL: never. @thread any that uses the store */
    bool (*cancelled)(void *arg);
    void *cancelled_arg;
};
void store_conf_init(struct store_conf *conf);

struct store_object {
    const char *key; /* valid during the callback (list); NULL from get and head */
    int64_t size;
    int64_t modified_ms; /* 0: unknown */
    char etag[96];       /* with quotes as the server gave it, "" when none */
};

struct store_put {
    const char *content_type; /* NULL: binary/octet-stream */
    bool if_none_match;       /* only when no such object exists; else ERR_ALREADY_EXISTS */
};

/* Callbacks answer 0: go on, 1: enough, end well, -1: failed, `err` is set. */
typedef int store_data_fn(void *arg, const void *data, size_t len, struct kc_error *err);
typedef int store_list_fn(void *arg, const struct store_object *object, struct kc_error *err);

enum store_bucket { STORE_BUCKET_ABSENT, STORE_BUCKET_EXISTS, STORE_BUCKET_FORBIDDEN /* there, but we may not ask */ };

struct object_store;
struct store_upload; /* one object that is written in parts */

/* What a back end does; callers use the store_… functions below. */
struct object_store_ops {
    int (*bucket)(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err);
    int (*put)(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
               struct kc_error *err);
    int (*get)(struct object_store *st, const char *key, int64_t from, int64_t cap, struct store_object *ret_object,
               store_data_fn *f, void *arg, struct kc_error *err);
    int (*head)(struct object_store *st, const char *key, struct store_object *ret_object, struct kc_error *err);
    int (*list)(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *f, void *arg,
                struct kc_error *err);
    int (*tag)(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err);
    int (*begin)(struct object_store *st, const char *key, const struct store_put *how,
                 struct store_upload **ret_upload, struct kc_error *err);
    int (*part)(struct store_upload *up, const void *data, size_t len, struct kc_error *err);
    int (*complete)(struct store_upload *up, struct kc_error *err);
    void (*upload_free)(struct store_upload *up);
    void (*free)(struct object_store *st);
};

/* First member of every back end's struct. */
struct object_store {
    const struct object_store_ops *ops;
    char *bucket;
};
struct store_upload {
    struct object_store *store;
};

/* Looks at `conf` and reads credentials as far as that needs no network; makes no request.
 * @errors ERR_BAD_CONFIG for a URL or path that cannot be used */
struct object_store *store_open(const struct store_conf *conf, struct kc_error *err);
struct object_store *store_free(struct object_store *st); /* NULL is fine; uploads must be freed before */

/* Whether the bucket (folder) is there. Other answers than 200, 301, 403, 404 are errors. @blocks up to the attempts */
int store_bucket(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err) KC_CHECKED;
/* Writes one whole object in one request. `how` may be NULL. */
int store_put(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
              struct kc_error *err) KC_CHECKED;
/* Reads the object from byte `from`, at most `cap` bytes (-1: to the end), and hands the bytes to `f` as they arrive
 * and in order. A connection that breaks in the middle is taken up where it broke; if the object was replaced meanwhile
 * the call fails (retriable). `from` at or behind the end gives no bytes and no error. `ret_object` (may be NULL) is
 * filled before the first byte: size of the whole object, ETag, time. */
int store_get(struct object_store *st, const char *key, int64_t from, int64_t cap, struct store_object *ret_object,
              store_data_fn *f, void *arg, struct kc_error *err) KC_CHECKED;
/* 1: exists, ret_object (may be NULL) is filled; 0: no such object; -1: error. */
int store_head(struct object_store *st, const char *key, struct store_object *ret_object,
               struct kc_error *err) KC_CHECKED;
/* Every object whose key starts with `prefix` (NULL: all) and comes behind `start_after` (NULL: from the first), in the
 * order of the bytes of the keys. */
int store_list(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *f, void *arg,
               struct kc_error *err) KC_CHECKED;
/* Sets the tags of an existing object. */
int store_tag(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err) KC_CHECKED;

/* An object in parts: begin, part × n in order, complete; free in any case, which aborts what was not completed, so
 * that no part stays behind. One call at a time per upload, from any thread. Parts but the last have 5 MiB or more.
 * `data` may be reused once the call is back. A failed complete may be tried again. */
int store_upload_begin(struct object_store *st, const char *key, const struct store_put *how,
                       struct store_upload **ret_upload, struct kc_error *err) KC_CHECKED;
int store_upload_part(struct store_upload *up, const void *data, size_t len, struct kc_error *err) KC_CHECKED;
int store_upload_complete(struct store_upload *up, struct kc_error *err) KC_CHECKED;
struct store_upload *store_upload_free(struct store_upload *up); /* NULL is fine */

/* The back ends; store_open chooses. */
struct object_store *store_s3_open(const struct store_conf *conf, struct kc_error *err);
struct object_store *store_dir_open(const struct store_conf *conf, struct kc_error *err);

AUTO_FREE(object_store, struct object_store, store_free)
AUTO_FREE(store_upload, struct store_upload, store_upload_free)

#endif
