/* See client.h. s3_client_do is the retry loop; one attempt is prepared here, sent by http.c and judged by verdict.c.
 */
#include "connectors/s3/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/credentials.h"
#include "connectors/s3/endpoint.h"
#include "connectors/s3/http.h"
#include "connectors/s3/verdict.h"

#define LOGGER         "io.confluent.connect.s3.storage.S3Storage"
#define IDLE_HANDLES   16
#define MAX_HEADERS    24
#define MAX_BODY       ((size_t)1024 * 1024)
#define URL_LIMIT      (16 * 1024)
#define RETRY_AFTER_MS 60000

struct s3_client {
    struct store_conf conf; /* texts in `arena` */
    struct kc_arena *arena;
    struct endpoint endpoint;
    struct credentials_source *credentials;
    _Atomic int64_t skew_ms; /* server's clock minus ours */
    pthread_mutex_t lock;    /* of what follows */
    char region[64];
    CURL *idle[IDLE_HANDLES];
    size_t idle_count;
};

/* What one call learns on its way. */
struct call {
    struct s3_client *cl;
    const struct s3_request *req;
    struct s3_response *resp;
    char host[300];   /* of a temporary redirect; "" = the endpoint's */
    char reason[256]; /* why an attempt broke off */
    int64_t signed_ms;
    bool fresh, clock_done, credentials_done, once_done;
    bool final; /* the same request will not do better later */
    int region_changes;
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void curl_once(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static const char *keep(struct kc_arena *arena, const char *text) {
    return text ? kc_arena_strdup(arena, text) : NULL;
}

static void copy_conf(struct s3_client *cl, const struct store_conf *conf) {
    struct store_conf *c = &cl->conf;
    *c = *conf;
    c->url = keep(cl->arena, conf->url);
    c->bucket = keep(cl->arena, conf->bucket);
    c->region = keep(cl->arena, conf->region);
    c->access_key = NULL; /* the credentials source has its own */
    c->secret_key.value = NULL;
    c->provider_class = NULL;
    c->provider_config = NULL;
    c->proxy_url = keep(cl->arena, conf->proxy_url);
    c->proxy_user = keep(cl->arena, conf->proxy_user);
    c->proxy_password.value = keep(cl->arena, conf->proxy_password.value);
    c->acl = keep(cl->arena, conf->acl);
    c->sse = keep(cl->arena, conf->sse);
    c->sse_kms_key_id = keep(cl->arena, conf->sse_kms_key_id);
    c->sse_customer_key.value = keep(cl->arena, conf->sse_customer_key.value);
    c->user_agent = keep(cl->arena, conf->user_agent);
}

struct s3_client *s3_client_new(const struct store_conf *conf, struct kc_error *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_once);
    struct endpoint endpoint;
    if (endpoint_parse(conf, &endpoint, err) < 0)
        return NULL;
    struct credentials_source *credentials = credentials_new(conf, err);
    if (!credentials)
        return NULL;
    struct s3_client *cl = calloc(1, sizeof(*cl));
    cl->arena = arena_new(1024);
    cl->endpoint = endpoint;
    cl->credentials = credentials;
    copy_conf(cl, conf);
    snprintf(cl->region, sizeof(cl->region), "%s", conf->region && *conf->region ? conf->region : "us-east-1");
    pthread_mutex_init(&cl->lock, NULL);
    return cl;
}

struct s3_client *s3_client_free(struct s3_client *cl) {
    if (!cl)
        return NULL;
    for (size_t i = 0; i < cl->idle_count; i++)
        curl_easy_cleanup(cl->idle[i]);
    credentials_free(cl->credentials);
    arena_free(cl->arena);
    pthread_mutex_destroy(&cl->lock);
    free(cl);
    return NULL;
}

const struct store_conf *s3_client_conf(const struct s3_client *cl) {
    return &cl->conf;
}

void s3_response_done(struct s3_response *resp) {
    buf_done(&resp->body);
}

static CURL *take_handle(struct s3_client *cl) {
    pthread_mutex_lock(&cl->lock);
    CURL *curl = cl->idle_count ? cl->idle[--cl->idle_count] : NULL;
    pthread_mutex_unlock(&cl->lock);
    if (!curl)
        curl = curl_easy_init();
    if (!curl)
        abort(); /* only when memory is exhausted */
    return curl;
}

static void give_handle(struct s3_client *cl, CURL *curl) {
    pthread_mutex_lock(&cl->lock);
    bool kept = cl->idle_count < IDLE_HANDLES;
    if (kept)
        cl->idle[cl->idle_count++] = curl;
    pthread_mutex_unlock(&cl->lock);
    if (!kept)
        curl_easy_cleanup(curl);
}

/* ---- One attempt ------------------------------------------------------------------------------------------------- */

struct prepared {
    struct sign_pair headers[MAX_HEADERS]; /* that are signed */
    size_t header_count;
    char time[17], hash[65], md5[25], range[64], host[300], etag[96];
    struct buf path, query, url, authorization;
    struct curl_slist *list;
};

static void prepared_done(struct prepared *p) {
    buf_done(&p->path);
    buf_done(&p->query);
    buf_done(&p->url);
    buf_done(&p->authorization);
    curl_slist_free_all(p->list);
}

static void add_header(struct prepared *p, const char *name, const char *value) {
    if (p->header_count < MAX_HEADERS)
        p->headers[p->header_count++] = (struct sign_pair){name, value};
}

static int set_target(struct call *c, struct prepared *p, const char *region) {
    struct s3_client *cl = c->cl;
    AUTO_BUF host;
    buf_init(&host, sizeof(p->host) - 1);
    int rc = c->host[0] ? buf_add_text(&host, c->host) : endpoint_host(&cl->endpoint, cl->conf.bucket, region, &host);
    snprintf(p->host, sizeof(p->host), "%s", buf_text(&host));
    rc |= endpoint_path(&cl->endpoint, cl->conf.bucket, c->req->key, &p->path);
    rc |= sign_query(&p->query, c->req->query, c->req->query_count);
    rc |= buf_printf(&p->url, "%s://%s%s%s%s", cl->endpoint.https ? "https" : "http", p->host, buf_text(&p->path),
                     p->query.len ? "?" : "", buf_text(&p->query));
    return rc ? -1 : 0;
}

/* Where the next byte of a read is, and that the object must be the one whose beginning was read already. */
static void set_range(struct call *c, struct prepared *p) {
    const struct s3_request *req = c->req;
    int64_t from = req->from + c->resp->delivered;
    if (!req->data || (from == 0 && req->cap < 0))
        return;
    if (req->cap < 0)
        snprintf(p->range, sizeof(p->range), "bytes=%lld-", (long long)from);
    else
        snprintf(p->range, sizeof(p->range), "bytes=%lld-%lld", (long long)from, (long long)(req->from + req->cap - 1));
    add_header(p, "range", p->range);
    if (c->resp->delivered && c->resp->object.etag[0]) {
        memcpy(p->etag, c->resp->object.etag, sizeof(p->etag));
        add_header(p, "if-match", p->etag);
    }
}

static void set_headers(struct call *c, struct prepared *p, const struct credentials *cred) {
    const struct s3_request *req = c->req;
    add_header(p, "host", p->host);
    for (size_t i = 0; i < req->header_count; i++)
        add_header(p, req->headers[i].name, req->headers[i].value);
    set_range(c, p);
    if (c->cl->conf.send_digest && !strcmp(req->method, "PUT")) {
        sign_md5(p->md5, req->body, req->body_len);
        add_header(p, "content-md5", p->md5);
    }
    if (cred->anonymous)
        return;
    enum store_signing signing = c->cl->conf.signing;
    if (signing == STORE_SIGN_BY_SCHEME)
        signing = c->cl->endpoint.https ? STORE_SIGN_NEVER : STORE_SIGN_ALWAYS;
    if (!req->body_len)
        memcpy(p->hash, SIGN_EMPTY_HASH, sizeof(p->hash));
    else if (signing == STORE_SIGN_NEVER)
        snprintf(p->hash, sizeof(p->hash), "%s", SIGN_UNSIGNED);
    else
        sign_hash(p->hash, req->body, req->body_len);
    c->signed_ms = clock_wall_ms() + atomic_load(&c->cl->skew_ms);
    sign_time(p->time, c->signed_ms);
    add_header(p, "x-amz-content-sha256", p->hash);
    add_header(p, "x-amz-date", p->time);
    if (cred->token[0])
        add_header(p, "x-amz-security-token", cred->token);
}

static int sign(struct call *c, struct prepared *p, const struct credentials *cred, const char *region) {
    struct sign_request req = {.method = c->req->method,
                               .path = buf_text(&p->path),
                               .query = buf_text(&p->query),
                               .headers = p->headers,
                               .header_count = p->header_count,
                               .payload_hash = p->hash};
    struct sign_scope scope = {.id = cred->id, .secret = cred->secret, .region = region, .service = "s3"};
    memcpy(scope.time, p->time, sizeof(scope.time));
    return cred->anonymous ? 0 : sign_authorization(&req, &scope, &p->authorization);
}

static int append_line(struct curl_slist **list, const char *name, const char *value) {
    AUTO_BUF line;
    buf_init(&line, URL_LIMIT);
    if (buf_printf(&line, *value ? "%s: %s" : "%s;", name, value) < 0)
        return -1;
    struct curl_slist *longer = curl_slist_append(*list, line.data);
    *list = longer ? longer : *list;
    return longer ? 0 : -1;
}

static int make_list(struct call *c, struct prepared *p) {
    const struct s3_request *req = c->req;
    int rc = 0;
    bool typed = false;
    for (size_t i = 0; i < p->header_count; i++) {
        rc |= append_line(&p->list, p->headers[i].name, p->headers[i].value);
        typed |= !strcmp(p->headers[i].name, "content-type");
    }
    if (p->authorization.len)
        rc |= append_line(&p->list, "Authorization", p->authorization.data);
    rc |= append_line(&p->list, "User-Agent", c->cl->conf.user_agent ? c->cl->conf.user_agent : "kconnectd");
    struct curl_slist *list = p->list;
    if (!typed)
        list = curl_slist_append(list, "Content-Type:"); /* none */
    bool expect = req->expect_continue && c->cl->conf.expect_continue && req->body_len;
    p->list = curl_slist_append(list, expect ? "Expect: 100-continue" : "Expect:");
    return rc;
}

static int prepare(struct call *c, struct prepared *p, struct kc_error *err) {
    buf_init(&p->path, URL_LIMIT);
    buf_init(&p->query, URL_LIMIT);
    buf_init(&p->url, URL_LIMIT * 2);
    buf_init(&p->authorization, URL_LIMIT);
    char region[sizeof(c->cl->region)];
    pthread_mutex_lock(&c->cl->lock);
    memcpy(region, c->cl->region, sizeof(region));
    pthread_mutex_unlock(&c->cl->lock);
    struct credentials *cred = malloc(sizeof(*cred));
    int rc = credentials_get(c->cl->credentials, cred, err);
    if (!rc) {
        rc = set_target(c, p, region);
        if (!rc) {
            set_headers(c, p, cred);
            rc = sign(c, p, cred, region);
            rc |= make_list(c, p);
        }
        if (rc)
            err_set(err, ERR_S3, "Cannot %s s3://%s/%s: the request is too long", c->req->what, c->cl->conf.bucket,
                    c->req->key ? c->req->key : "");
    }
    explicit_bzero(cred, sizeof(*cred));
    free(cred);
    return rc ? -1 : 0;
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static enum verdict judge(struct call *c) {
    struct s3_response *resp = c->resp;
    bool good = resp->status >= 200 && resp->status < 300;
    if (!good || c->req->error_in_body)
        verdict_read_error(resp);
    if (resp->status == 416 && c->req->data) /* nothing from there on */
        return VERDICT_DONE;
    bool head = !strcmp(c->req->method, "HEAD");
    return verdict_of(resp, resp->date_ms && c->signed_ms ? resp->date_ms - c->signed_ms : 0, head);
}

static void correct_clock(struct call *c) {
    int64_t skew = c->resp->date_ms - clock_wall_ms();
    kc_log(KC_WARN, LOGGER, "The store's clock differs by %lld s from this machine's; signing with the store's time",
           (long long)(skew / 1000));
    atomic_store(&c->cl->skew_ms, skew);
}

/* Asks the bucket for its region where an answer did not tell. */
static void ask_region(struct call *c, char *ret_region, size_t size) {
    struct s3_request req = {.what = "find the region of", .method = "HEAD", .cap = -1};
    struct s3_response resp = {0};
    struct call head = {.cl = c->cl, .req = &req, .resp = &resp, .region_changes = 1};
    struct prepared p = {0};
    buf_init(&resp.body, MAX_BODY);
    struct kc_error ignored = {0};
    if (!prepare(&head, &p, &ignored)) {
        CURL *curl = take_handle(c->cl);
        struct http_exchange ex = {.conf = &c->cl->conf, .req = &req, .url = p.url.data, .headers = p.list};
        if (http_run(curl, &ex, &resp, head.reason, sizeof(head.reason), &ignored) == HTTP_ANSWERED)
            snprintf(ret_region, size, "%s", resp.region);
        give_handle(c->cl, curl);
    }
    prepared_done(&p);
    buf_done(&resp.body);
}

/* Whether another region or host is known now. */
static bool change_region(struct call *c) {
    struct s3_response *resp = c->resp;
    if (c->region_changes++)
        return false;
    if (resp->status == 307 && strstr(resp->location, "://")) {
        const char *host = strstr(resp->location, "://") + 3;
        snprintf(c->host, sizeof(c->host), "%.*s", (int)strcspn(host, "/?"), host);
        return c->host[0] != '\0';
    }
    char region[64] = "";
    snprintf(region, sizeof(region), "%s", resp->region);
    if (!region[0])
        ask_region(c, region, sizeof(region));
    pthread_mutex_lock(&c->cl->lock);
    bool other = region[0] && strcmp(region, c->cl->region) != 0;
    if (other)
        memcpy(c->cl->region, region, sizeof(region));
    pthread_mutex_unlock(&c->cl->lock);
    if (other)
        kc_log(KC_WARN, LOGGER, "Bucket %s is in region %s, not in the configured %s; going on there",
               c->cl->conf.bucket, region, c->cl->conf.region);
    return other;
}

/* What to do after a failed attempt: VERDICT_RETRY (wait), VERDICT_DONE (at once) or VERDICT_FAIL. */
static enum verdict repair(struct call *c, enum verdict verdict) {
    bool again = false;
    switch (verdict) {
    case VERDICT_RETRY_FRESH:
        c->fresh = true;
        return VERDICT_RETRY;
    case VERDICT_CLOCK:
        again = !c->clock_done && c->resp->date_ms;
        if (again)
            correct_clock(c);
        c->clock_done = true;
        break;
    case VERDICT_CREDENTIALS:
        again = !c->credentials_done && credentials_expire(c->cl->credentials);
        c->final = !c->credentials_done && !again; /* there are no other credentials */
        c->credentials_done = true;
        break;
    case VERDICT_REGION:
        again = change_region(c);
        break;
    case VERDICT_ONCE:
        again = !c->once_done;
        c->final = c->once_done;
        c->once_done = true;
        break;
    default:
        return verdict;
    }
    return again ? VERDICT_DONE : VERDICT_FAIL;
}

/* ---- The retry loop ---------------------------------------------------------------------------------------------- */

static int pause_for(struct s3_client *cl, int64_t ms, struct kc_error *err) {
    int64_t until = clock_ms() + ms;
    for (int64_t left = ms; left > 0; left = until - clock_ms()) {
        if (cl->conf.cancelled && cl->conf.cancelled(cl->conf.cancelled_arg))
            return err_set(err, ERR_STOPPING, "Requests to bucket %s were stopped", cl->conf.bucket);
        clock_sleep_ms(left < 100 ? left : 100);
    }
    return 0;
}

/* Full jitter: anything from nothing to the doubled base. */
static int64_t backoff_ms(const struct store_conf *conf, int attempt) {
    int64_t limit = conf->retry_base_ms;
    for (int i = 1; i < attempt && limit < conf->retry_max_ms; i++)
        limit *= 2;
    limit = limit < conf->retry_max_ms ? limit : conf->retry_max_ms;
    uint64_t random = 0;
    if (limit <= 0 || getrandom(&random, sizeof(random), 0) < 0)
        return 0;
    return (int64_t)(random % (uint64_t)(limit + 1));
}

int s3_client_pause(struct s3_client *cl, int attempt, struct kc_error *err) {
    return pause_for(cl, backoff_ms(&cl->conf, attempt), err);
}

static enum http_end attempt(struct call *c, struct kc_error *err) {
    struct prepared p = {0};
    if (prepare(c, &p, err) < 0) {
        prepared_done(&p);
        return HTTP_REFUSED;
    }
    CURL *curl = take_handle(c->cl);
    struct http_exchange ex = {.conf = &c->cl->conf,
                               .req = c->req,
                               .url = p.url.data,
                               .headers = p.list,
                               .fresh_connection = c->fresh,
                               .skip = c->req->from + c->resp->delivered};
    enum http_end end = http_run(curl, &ex, c->resp, c->reason, sizeof(c->reason), err);
    give_handle(c->cl, curl);
    prepared_done(&p);
    return end;
}

/* One attempt, judged. VERDICT_DONE: *ret_end is HTTP_ANSWERED or HTTP_ENOUGH. */
static enum verdict try_once(struct call *c, enum http_end *ret_end, struct kc_error *err) {
    *ret_end = attempt(c, err);
    switch (*ret_end) {
    case HTTP_ANSWERED:
        return judge(c);
    case HTTP_ENOUGH:
        return VERDICT_DONE;
    case HTTP_BROKEN:
        return VERDICT_RETRY_FRESH;
    case HTTP_CANCELLED:
        err_set(err, ERR_STOPPING, "Requests to bucket %s were stopped", c->cl->conf.bucket);
        return VERDICT_FAIL;
    default:
        return VERDICT_FAIL;
    }
}

static int give_up(struct call *c, enum http_end end, struct kc_error *err) {
    const char *bucket = c->cl->conf.bucket;
    if (end == HTTP_REFUSED || end == HTTP_CANCELLED)
        return -1; /* err is set */
    if (end == HTTP_BROKEN)
        return verdict_broken(c->reason, c->req->what, bucket, c->req->key, c->resp->attempts, err);
    if (c->resp->status == 412 && c->resp->delivered)
        return err_set(err, ERR_S3_RETRIABLE, "s3://%s/%s was replaced while it was read", bucket, c->req->key);
    verdict_fail(c->resp, c->req->what, bucket, c->req->key, c->final, err);
    if (c->region_changes && err) {
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof(err->text) - len, "; the configured region is %s", c->cl->conf.region);
    }
    return -1;
}

static int wait_to_retry(struct call *c, enum http_end end, int attempts_made, struct kc_error *err) {
    int64_t ms = backoff_ms(&c->cl->conf, attempts_made), asked = c->resp->retry_after_ms;
    if (end == HTTP_ANSWERED && asked > ms)
        ms = asked < RETRY_AFTER_MS ? asked : RETRY_AFTER_MS;
    kc_log(KC_DEBUG, LOGGER, "Attempt %d to %s s3://%s/%s failed (%s), retrying in %lld ms", c->resp->attempts,
           c->req->what, c->cl->conf.bucket, c->req->key ? c->req->key : "",
           end == HTTP_BROKEN ? c->reason : c->resp->code, (long long)ms);
    return pause_for(c->cl, ms, err);
}

int s3_client_do(struct s3_client *cl, const struct s3_request *req, struct s3_response *resp, struct kc_error *err) {
    struct call c = {.cl = cl, .req = req, .resp = resp};
    memset(resp, 0, sizeof(*resp));
    buf_init(&resp->body, req->max_body > MAX_BODY ? req->max_body : MAX_BODY);
    for (int made = 1;; made++) {
        enum http_end end;
        int64_t delivered = resp->delivered;
        resp->attempts++;
        enum verdict verdict = try_once(&c, &end, err);
        if (verdict == VERDICT_DONE)
            return 0;
        if (resp->delivered > delivered) /* it went on: the limit is for attempts without progress */
            made = 1;
        verdict = repair(&c, verdict);
        if (verdict == VERDICT_DONE) {
            made--;
            continue;
        }
        if (verdict == VERDICT_FAIL || made >= cl->conf.attempts || req->last_words)
            return give_up(&c, end, err);
        if (wait_to_retry(&c, end, made, err) < 0)
            return -1;
    }
}
