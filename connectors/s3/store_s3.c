/* The S3 back end of store.h: single requests. Uploads in parts are in multipart.c. */
#include "connectors/s3/store_s3.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connectors/s3/multipart.h"
#include "connectors/s3/xml.h"

#define LISTING_LIMIT ((size_t)16 * 1024 * 1024)
#define LISTING_PAGE  "1000"

struct s3_store *s3_store_of(struct object_store *st) {
    return CONTAINER_OF(st, struct s3_store, base);
}

static bool set(const char *text) {
    return text && *text;
}

size_t s3_store_headers(const struct s3_store *s3, unsigned which, struct sign_pair *ret_headers) {
    const struct store_conf *conf = s3_client_conf(s3->client);
    size_t n = 0;
    if (which & S3_HEADERS_CREATE && set(conf->acl))
        ret_headers[n++] = (struct sign_pair){"x-amz-acl", conf->acl};
    if (s3->customer_md5[0]) {
        if (which & S3_HEADERS_CUSTOMER_KEY) {
            ret_headers[n++] = (struct sign_pair){"x-amz-server-side-encryption-customer-algorithm", "AES256"};
            ret_headers[n++] =
                (struct sign_pair){"x-amz-server-side-encryption-customer-key", conf->sse_customer_key.value};
            ret_headers[n++] = (struct sign_pair){"x-amz-server-side-encryption-customer-key-md5", s3->customer_md5};
        }
        return n;
    }
    if (!(which & S3_HEADERS_CREATE) || !set(conf->sse))
        return n;
    bool kms = !strncmp(conf->sse, "aws:kms", 7);
    if (kms && !set(conf->sse_kms_key_id))
        return n; /* the bucket's default rules, as in Java */
    ret_headers[n++] = (struct sign_pair){"x-amz-server-side-encryption", conf->sse};
    if (kms)
        ret_headers[n++] = (struct sign_pair){"x-amz-server-side-encryption-aws-kms-key-id", conf->sse_kms_key_id};
    return n;
}

/* ---- Single requests --------------------------------------------------------------------------------------------- */

static int s3_bucket(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err) {
    struct s3_request req = {.what = "look at bucket", .method = "HEAD", .cap = -1};
    AUTO_RESPONSE resp;
    int rc = s3_client_do(s3_store_of(st)->client, &req, &resp, err);
    if (!rc || resp.status == 301)
        *ret_state = STORE_BUCKET_EXISTS;
    else if (resp.status == 403)
        *ret_state = STORE_BUCKET_FORBIDDEN;
    else if (resp.status == 404)
        *ret_state = STORE_BUCKET_ABSENT;
    else
        return -1;
    return 0;
}

static int s3_put(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
                  struct kc_error *err) {
    struct s3_store *s3 = s3_store_of(st);
    struct sign_pair headers[S3_HEADERS_MAX + 2];
    size_t n = s3_store_headers(s3, S3_HEADERS_CREATE | S3_HEADERS_CUSTOMER_KEY, headers);
    headers[n++] = (struct sign_pair){"content-type", how->content_type ? how->content_type : "binary/octet-stream"};
    if (how->if_none_match)
        headers[n++] = (struct sign_pair){"if-none-match", "*"};
    struct s3_request req = {.what = "write",
                             .method = "PUT",
                             .key = key,
                             .headers = headers,
                             .header_count = n,
                             .body = data,
                             .body_len = len,
                             .expect_continue = true,
                             .cap = -1};
    AUTO_RESPONSE resp;
    return s3_client_do(s3->client, &req, &resp, err);
}

struct get {
    struct s3_response *resp;
    struct store_object *ret_object;
    bool told;
    store_data_fn *f;
    void *arg;
};

static int get_data(void *arg, const void *data, size_t len, struct kc_error *err) {
    struct get *g = arg;
    if (!g->told)
        *g->ret_object = g->resp->object;
    g->told = true;
    return g->f(g->arg, data, len, err);
}

static int s3_head(struct object_store *st, const char *key, struct store_object *ret_object, struct kc_error *err) {
    struct s3_store *s3 = s3_store_of(st);
    struct sign_pair headers[S3_HEADERS_MAX];
    struct s3_request req = {.what = "look at",
                             .method = "HEAD",
                             .key = key,
                             .headers = headers,
                             .header_count = s3_store_headers(s3, S3_HEADERS_CUSTOMER_KEY, headers),
                             .cap = -1};
    AUTO_RESPONSE resp;
    if (s3_client_do(s3->client, &req, &resp, err) < 0)
        return resp.status == 404 ? 0 : -1;
    *ret_object = resp.object;
    return 1;
}

static int s3_get(struct object_store *st, const char *key, int64_t from, int64_t cap, struct store_object *ret_object,
                  store_data_fn *f, void *arg, struct kc_error *err) {
    struct s3_store *s3 = s3_store_of(st);
    if (cap == 0) {
        int rc = s3_head(st, key, ret_object, err);
        return rc ? (rc > 0 ? 0 : -1)
                  : err_set_class(err, ERR_NOT_FOUND, KC_CONNECT_EXCEPTION, "Cannot read s3://%s/%s: not found",
                                  st->bucket, key);
    }
    AUTO_RESPONSE resp;
    struct get g = {.resp = &resp, .ret_object = ret_object, .f = f, .arg = arg};
    struct sign_pair headers[S3_HEADERS_MAX];
    struct s3_request req = {.what = "read",
                             .method = "GET",
                             .key = key,
                             .headers = headers,
                             .header_count = s3_store_headers(s3, S3_HEADERS_CUSTOMER_KEY, headers),
                             .from = from,
                             .cap = cap,
                             .data = get_data,
                             .data_arg = &g};
    if (s3_client_do(s3->client, &req, &resp, err) < 0)
        return -1;
    if (!g.told)
        *ret_object = resp.object;
    return 0;
}

static int s3_tag(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err) {
    struct sign_pair query = {"tagging", ""};
    char md5[25];
    AUTO_BUF body;
    buf_init(&body, (size_t)64 * 1024);
    int rc = buf_add_text(&body, "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>");
    for (size_t i = 0; i < kc_config_count(tags); i++) {
        rc |= buf_add_text(&body, "<Tag><Key>");
        rc |= xml_escape(&body, kc_config_key(tags, i));
        rc |= buf_add_text(&body, "</Key><Value>");
        rc |= xml_escape(&body, kc_config_value(tags, i));
        rc |= buf_add_text(&body, "</Value></Tag>");
    }
    rc |= buf_add_text(&body, "</TagSet></Tagging>");
    if (rc)
        return err_set(err, ERR_S3, "The tags of s3://%s/%s are too long", st->bucket, key);
    sign_md5(md5, body.data, body.len);
    const struct store_conf *conf = s3_client_conf(s3_store_of(st)->client);
    struct sign_pair headers[] = {{"content-type", "application/xml"}, {"content-md5", md5}};
    struct s3_request req = {.what = "tag",
                             .method = "PUT",
                             .key = key,
                             .query = &query,
                             .query_count = 1,
                             .headers = headers,
                             .header_count = conf->send_digest ? 1 : 2, /* else every PUT has it */
                             .body = body.data,
                             .body_len = body.len,
                             .cap = -1};
    AUTO_RESPONSE resp;
    return s3_client_do(s3_store_of(st)->client, &req, &resp, err);
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

struct listing {
    struct object_store *st;
    const char *prefix;
    struct buf last; /* the last key that was handed out, or where to start */
    struct xml_listing page;
    store_list_fn *f;
    void *arg;
    bool stuck;  /* the page did not start behind `last` */
    bool handed; /* this page's objects are being handed out: it was whole */
};

static int list_one(void *arg, const struct store_object *object, struct kc_error *err) {
    struct listing *l = arg;
    l->handed = true;
    if (strcmp(object->key, buf_text(&l->last)) <= 0 && l->last.len) {
        l->stuck = true;
        return 0; /* seen already */
    }
    buf_clear(&l->last);
    if (buf_add_text(&l->last, object->key) < 0)
        return err_set(err, ERR_S3, "A key in bucket %s is longer than %zu bytes", l->st->bucket, l->last.max);
    return l->f(l->arg, object, err);
}

static int list_request(struct listing *l, const char *token, struct s3_response *resp, struct kc_error *err) {
    struct sign_pair query[6] = {{"list-type", "2"}, {"max-keys", LISTING_PAGE}, {"encoding-type", "url"}};
    size_t n = 3;
    query[n++] = (struct sign_pair){"prefix", l->prefix};
    if (token)
        query[n++] = (struct sign_pair){"continuation-token", token};
    else if (l->last.len)
        query[n++] = (struct sign_pair){"start-after", buf_text(&l->last)};
    struct s3_request req = {
        .what = "list", .method = "GET", .query = query, .query_count = n, .max_body = LISTING_LIMIT, .cap = -1};
    return s3_client_do(s3_store_of(l->st)->client, &req, resp, err);
}

/* One page; an answer that is cut off or no listing at all is asked for again. */
static int list_page(struct listing *l, const char *token, struct kc_error *err) {
    struct s3_client *client = s3_store_of(l->st)->client;
    for (int attempt = 1;; attempt++) {
        AUTO_RESPONSE resp;
        if (list_request(l, token, &resp, err) < 0)
            return -1;
        l->handed = l->stuck = false;
        int rc = xml_listing(buf_text(&resp.body), resp.body.len, &l->page, list_one, l, err);
        if (rc >= 0 || l->handed)
            return rc;
        if (attempt >= s3_client_conf(client)->attempts)
            return err_prefix(err, "Cannot list s3://%s/%s", l->st->bucket, l->prefix);
        if (s3_client_pause(client, attempt, err) < 0)
            return -1;
    }
}

/* Pages follow by start-after: it needs no token that some stores get wrong. A store that ignores it is asked by its
 * token. */
static int list_pages(struct listing *l, struct kc_error *err) {
    AUTO_BUF token;
    buf_init(&token, LISTING_LIMIT);
    bool by_token = false;
    for (;;) {
        size_t before = l->last.len;
        int rc = list_page(l, by_token ? buf_text(&token) : NULL, err);
        if (rc || !l->page.truncated)
            return rc < 0 ? -1 : 0;
        if (by_token && token.len == l->page.token.len && !memcmp(token.data, l->page.token.data, token.len))
            return err_set(err, ERR_S3, "Cannot list s3://%s/%s: the store repeats the same page", l->st->bucket,
                           l->prefix);
        by_token = by_token || (l->stuck && before) || !l->handed;
        buf_clear(&token);
        buf_add(&token, l->page.token.data, l->page.token.len);
    }
}

static int s3_list(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *f, void *arg,
                   struct kc_error *err) {
    struct listing l = {.st = st, .prefix = prefix, .f = f, .arg = arg};
    buf_init(&l.last, 8192);
    buf_init(&l.page.token, LISTING_LIMIT);
    int rc = buf_add_text(&l.last, start_after) < 0 ? err_set(err, ERR_S3, "The key to start after is too long")
                                                    : list_pages(&l, err);
    buf_done(&l.last);
    buf_done(&l.page.token);
    return rc;
}

/* ---- The store --------------------------------------------------------------------------------------------------- */

static void s3_free(struct object_store *st) {
    struct s3_store *s3 = s3_store_of(st);
    s3_client_free(s3->client);
    free(st->bucket);
    free(s3);
}

static const struct object_store_ops s3_ops = {.bucket = s3_bucket,
                                               .put = s3_put,
                                               .get = s3_get,
                                               .head = s3_head,
                                               .list = s3_list,
                                               .tag = s3_tag,
                                               .begin = multipart_begin,
                                               .part = multipart_part,
                                               .complete = multipart_complete,
                                               .upload_free = multipart_free,
                                               .free = s3_free};

/* The MD5 of the raw key goes with it. */
static int customer_key_md5(const char *base64, char ret_md5[25], struct kc_error *err) {
    unsigned char raw[64];
    size_t len = strlen(base64);
    if (len != 44 || EVP_DecodeBlock(raw, (const unsigned char *)base64, (int)len) != 33 || base64[43] != '=')
        return err_set(err, ERR_BAD_CONFIG, "s3.sse.customer.key must be the base64 text of 32 bytes");
    sign_md5(ret_md5, raw, 32);
    return 0;
}

struct object_store *store_s3_open(const struct store_conf *conf, struct kc_error *err) {
    char customer_md5[25] = "";
    if (set(conf->sse_customer_key.value) && conf->sse && !strcmp(conf->sse, "AES256") &&
        customer_key_md5(conf->sse_customer_key.value, customer_md5, err) < 0)
        return NULL;
    struct s3_client *client = s3_client_new(conf, err);
    if (!client)
        return NULL;
    struct s3_store *s3 = calloc(1, sizeof(*s3));
    s3->base.ops = &s3_ops;
    s3->base.bucket = strdup(conf->bucket);
    s3->client = client;
    memcpy(s3->customer_md5, customer_md5, sizeof(customer_md5));
    return &s3->base;
}
