/* See forward.h. */
#include "rest/forward.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/thread.h"
#include "connect/rest_failure.h"
#include "connect/rest_tls.h"

enum { MAX_REPLY = 2 << 20, CONNECT_TIMEOUT_MS = 15000, TIMEOUT_MS = 120000, POLL_MS = 1000 };

struct forwarder {
    const struct kc_config *worker;
    struct rest_tls *tls; /* loaded by the first https URL */
    pthread_t thread;
    CURLM *multi;
    struct mailbox *inbox;
    struct list relays; /* under way */
    _Atomic bool stopping;
};

/* One relay under way. */
struct relay {
    struct list link;
    CURL *easy;
    struct forward_request *f;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
};

static size_t on_data(char *data, size_t size, size_t count, void *arg) {
    struct relay *r = arg;
    return buf_add(&r->f->reply, data, size * count) < 0 ? 0 : size * count;
}

static void finish(struct forward_request *f) {
    f->done(f, f->arg);
    free(f->url);
    free(f->method);
    free(f->authorization);
    free(f->body);
    buf_done(&f->reply);
    free(f);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value) {
    struct buf line;
    buf_init(&line, 16384);
    (void)buf_printf(&line, "%s: %s", name, value);
    list = curl_slist_append(list, buf_text(&line));
    buf_done(&line);
    return list;
}

static struct curl_slist *make_headers(const struct forward_request *f) {
    struct curl_slist *headers = add_header(NULL, "Accept", "application/json");
    headers = add_header(headers, "Expect", "");
    if (f->authorization)
        headers = add_header(headers, "Authorization", f->authorization);
    if (f->body)
        headers = add_header(headers, "Content-Type", "application/json");
    else if (strcmp(f->method, "GET") != 0)
        headers = add_header(headers, "Content-Length", "0");
    return headers;
}

static void set_options(struct relay *r) {
    struct forward_request *f = r->f;
    CURL *easy = r->easy;
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, f->method);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "kafka-connect");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)REST_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
    if (f->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, f->body);
    }
}

/* Before anything is sent: the request fails with `f->err`. */
static void fail(struct forward_request *f) {
    f->err.code = ERR_INTERNAL; /* this worker's fault, not the client's */
    (void)err_prefix(&f->err, "IO Error trying to forward REST request");
    finish(f);
}

static void begin(struct forwarder *fw, struct forward_request *f) {
    bool https = rest_tls_is_https(f->url);
    buf_init(&f->reply, MAX_REPLY);
    if (https && !fw->tls && rest_tls_load(fw->worker, REST_TLS_CLIENT, &fw->tls, &f->err) < 0) {
        fail(f);
        return;
    }
    CURL *easy = curl_easy_init();
    struct relay *r = calloc(1, sizeof *r);
    if (!easy || !r) {
        err_set(&f->err, ERR_INTERNAL, "out of memory");
        curl_easy_cleanup(easy);
        free(r);
        fail(f);
        return;
    }
    r->f = f;
    r->easy = easy;
    r->headers = make_headers(f);
    list_append(&fw->relays, &r->link);
    set_options(r);
    if (https)
        rest_tls_apply(fw->tls, easy);
    curl_multi_add_handle(fw->multi, easy);
}

static void end(struct forwarder *fw, struct relay *r, CURLcode code) {
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &r->f->status);
    if (code != CURLE_OK) {
        r->f->status = 0;
        rest_failure(r->easy, code, r->error, &r->f->err);
        r->f->err.code = ERR_INTERNAL; /* this worker's fault, not the client's */
    }
    list_remove(&r->link);
    curl_multi_remove_handle(fw->multi, r->easy);
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    finish(r->f);
    free(r);
}

static void refuse(struct forward_request *f) {
    err_set(&f->err, ERR_STOPPING, "Worker is shutting down");
    buf_init(&f->reply, MAX_REPLY);
    finish(f);
}

/* Starts what was submitted and ends what is complete. */
static void turn(struct forwarder *fw) {
    struct message *msg;
    CURLMsg *info;
    int running, left;
    while ((msg = mailbox_get(fw->inbox, 0)))
        begin(fw, CONTAINER_OF(msg, struct forward_request, msg));
    curl_multi_perform(fw->multi, &running);
    while ((info = curl_multi_info_read(fw->multi, &left))) {
        struct relay *r;
        if (info->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(info->easy_handle, CURLINFO_PRIVATE, &r);
        end(fw, r, info->data.result);
    }
}

static void *run(void *arg) {
    struct forwarder *fw = arg;
    while (!fw->stopping) {
        turn(fw);
        curl_multi_poll(fw->multi, NULL, 0, POLL_MS, NULL);
    }
    while (!list_empty(&fw->relays))
        end(fw, CONTAINER_OF(fw->relays.next, struct relay, link), CURLE_ABORTED_BY_CALLBACK);
    for (struct message *msg; (msg = mailbox_get(fw->inbox, 0));)
        refuse(CONTAINER_OF(msg, struct forward_request, msg));
    return NULL;
}

struct forwarder *forwarder_new(const struct kc_config *worker, struct kc_error *err) {
    struct forwarder *fw = calloc(1, sizeof *fw);
    if (!fw) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    fw->worker = worker;
    list_init(&fw->relays);
    fw->multi = curl_multi_init();
    fw->inbox = mailbox_new();
    if (thread_start(&fw->thread, "rest-forward", run, fw, err) < 0) {
        curl_multi_cleanup(fw->multi);
        mailbox_free(fw->inbox);
        free(fw);
        return NULL;
    }
    return fw;
}

void forwarder_submit(struct forwarder *fw, struct forward_request *f) {
    mailbox_post(fw->inbox, &f->msg);
    curl_multi_wakeup(fw->multi);
}

struct forwarder *forwarder_free(struct forwarder *fw) {
    if (!fw)
        return NULL;
    fw->stopping = true;
    curl_multi_wakeup(fw->multi);
    pthread_join(fw->thread, NULL);
    curl_multi_cleanup(fw->multi);
    mailbox_free(fw->inbox);
    rest_tls_free(fw->tls);
    free(fw);
    return NULL;
}
