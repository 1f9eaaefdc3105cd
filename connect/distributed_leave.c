/* Leaving well: a worker that shuts down says so before it leaves the group, and its work runs elsewhere within a
 * moment instead of after scheduled.rebalance.max.delay.ms. The last thing before LeaveGroup is a signed POST
 * /kconnect/leaving {"member":"<id>"}: to the leader, which notes it for its assignor and passes it on to the other
 * members; when the leader leaves, to the members themselves. Everybody who gets it sends heartbeats often for a while
 * and so learns of the rebalance at once. A new leader has nothing it could wait for, so that the leader's work moves
 * at once anyhow, as in Java. Who does not know the request (a Java worker: 404) or does not answer in FAREWELL_MS is
 * not waited for: then all is as in Java. @source none; beside distributed-worker 6.4, group-protocol 8 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"

enum { FAREWELL_MS = 1000, REPLY_MAX = 64 << 10 };

/* e->url: of a worker, e->json: what to tell it. @thread pool */
static int send_leaving(struct herder *h, struct errand *e) {
    AUTO_TEXT url = NULL;
    bool slash = e->url[0] && e->url[strlen(e->url) - 1] == '/';
    if (asprintf(&url, "%s%skconnect/leaving", e->url, slash ? "" : "/") < 0)
        abort();
    AUTO_BUF reply;
    buf_init(&reply, REPLY_MAX);
    if (peer_request(h, e, "POST", url, FAREWELL_MS, &reply) < 0)
        return -1;
    return e->http / 100 == 2 ? 0 : err_set(&e->err, ERR_IO, "it answers with %d", e->http);
}

static void tell(struct herder *h, const char *url, const char *body, size_t len,
                 void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = errand_new(h, send_leaving, then);
    e->url = strdup(url);
    if (!e->url)
        abort();
    (void)buf_add(&e->json, body, len);
    if (h->has_key && herder_protocol_version(h) >= GROUP_SESSIONED)
        e->key = h->key;
    errand_to_pool(e);
}

static void note_silence(const struct errand *e, const char *leaver) {
    if (e->rc < 0)
        kc_log(KC_INFO, LOG_HERDER,
               "Could not tell the worker at %s that %s leaves the group (%s): it will notice later", e->url, leaver,
               e->err.text);
}

/* Tells all members but `except` and this one; returns how many. */
static size_t tell_peers(struct herder *h, const char *except, const char *body, size_t len,
                         void (*then)(struct herder *h, struct errand *e)) {
    size_t count;
    char **urls = membership_peer_urls(h->member, except, &count);
    for (size_t i = 0; i < count; i++) {
        tell(h, urls[i], body, len, then);
        free(urls[i]);
    }
    free(urls);
    return count;
}

/* ---- the worker that leaves -------------------------------------------------------------------------------------- */

static void farewell_said(struct herder *h, struct errand *e) {
    note_silence(e, "this worker");
    if (--h->farewells == 0)
        leave_group(h);
}

void say_farewell(struct herder *h) {
    const struct assignment *asg = h->asg;
    AUTO_BUF body;
    buf_init(&body, REPLY_MAX);
    if (h->member && !h->conf->standalone && asg && asg->member_id && asg->member_id[0]) {
        (void)buf_printf(&body, "{\"member\":");
        (void)json_write_text(&body, asg->member_id, strlen(asg->member_id), false);
        (void)buf_printf(&body, "}");
        if (assignment_is_leader(asg)) {
            h->farewells = tell_peers(h, asg->member_id, buf_text(&body), body.len, farewell_said);
        } else if (herder_leader_url(h)[0]) {
            h->farewells = 1;
            tell(h, herder_leader_url(h), buf_text(&body), body.len, farewell_said);
        }
    }
    if (h->farewells == 0)
        leave_group(h);
}

/* ---- those who stay ---------------------------------------------------------------------------------------------- */

static void passed_on(struct herder *h, struct errand *e) {
    (void)h;
    note_silence(e, "another one");
}

/* The signature was checked when the request came in. */
void on_leaving(struct herder *h, struct herder_request *req) {
    AUTO(json) body = json_parse(req->body, req->body_len, NULL);
    const char *leaver = body ? json_get_text(body, "member") : NULL;
    if (!leaver || !leaver[0]) {
        answer_fail(req, ERR_BAD_REQUEST, "The body must be {\"member\":\"<id of the member that leaves the group>\"}");
    } else if (!h->member || h->conf->standalone) {
        answer_fail(req, ERR_NOT_READY, "This worker is not a member of a group");
    } else {
        membership_expect_leave(h->member, leaver);
        if (h->asg && assignment_is_leader(h->asg))
            tell_peers(h, leaver, req->body, req->body_len, passed_on);
        answer(req, 204);
    }
}
