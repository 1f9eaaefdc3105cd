/* /connectors and everything below it but offsets. The herder makes the answers; see its operations in herder.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/err.h"
#include "rest/body.h"
#include "rest/reply.h"
#include "rest/routes.h"

/* The request of an operation on the connector that the path names. */
static struct herder_request *request_of(const struct rest_exchange *ex, enum herder_op op) {
    return herder_request_new(op, ex->segments[1]);
}

static void submit(struct rest_exchange *ex, enum herder_op op) {
    rest_submit(ex, request_of(ex, op), REST_TIMEOUT_MS);
}

void handle_list(struct rest_exchange *ex) {
    struct herder_request *req = herder_request_new(HERDER_LIST, NULL);
    char any[8];
    req->expand_status = rest_query_has(ex, "expand", "status");
    req->expand_info = rest_query_has(ex, "expand", "info");
    req->expand = rest_query(ex, "expand", any, sizeof any);
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

/* Java's trim: characters up to U+0020 at both ends. */
static char *trimmed(const char *s) {
    while (*s && (unsigned char)*s <= ' ')
        s++;
    size_t len = strlen(s);
    while (len > 0 && (unsigned char)s[len - 1] <= ' ')
        len--;
    return strndup(s, len);
}

/* config.name must be the connector's; it is added when it is missing. -1: answered with 400. */
static int settle_name(struct rest_exchange *ex, struct kc_config *config, const char *name) {
    const char *given = kc_config_get(config, "name");
    if (!given) {
        kc_config_set(config, "name", name);
        return 0;
    }
    if (strcmp(given, name) == 0)
        return 0;
    reply_message(ex, 400, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", given,
                  name);
    return -1;
}

static bool initial_state_known(const char *text) {
    return strcasecmp(text, "RUNNING") == 0 || strcasecmp(text, "PAUSED") == 0 || strcasecmp(text, "STOPPED") == 0;
}

void handle_create(struct rest_exchange *ex) {
    struct kc_error err = {0};
    struct create_request body;
    if (body_create_request(buf_text(&ex->body), ex->body.len, &body, &err) < 0) {
        reply_error(ex, &err);
        return;
    }
    AUTO_TEXT name = trimmed(body.name ? body.name : "");
    if (!body.config) {
        reply_message(ex, 500, "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null");
    } else if (body.initial_state && !initial_state_known(body.initial_state)) {
        for (char *p = body.initial_state; *p; p++)
            *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        reply_message(
            ex, 500,
            "Cannot construct instance of "
            "`org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest$InitialState`, problem: No enum "
            "constant org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest.InitialState.%s (through "
            "reference chain: "
            "org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest[\"initial_state\"])",
            body.initial_state);
    } else if (settle_name(ex, body.config, name) == 0) {
        struct herder_request *req = herder_request_new(HERDER_CREATE, name);
        req->config = TAKE(body.config);
        req->initial_state = TAKE(body.initial_state);
        rest_submit(ex, req, REST_TIMEOUT_MS);
    }
    create_request_done(&body);
}

void handle_info(struct rest_exchange *ex) {
    submit(ex, HERDER_INFO);
}

void handle_delete(struct rest_exchange *ex) {
    submit(ex, HERDER_DELETE);
}

void handle_get_config(struct rest_exchange *ex) {
    submit(ex, HERDER_CONFIG);
}

static void submit_config(struct rest_exchange *ex, enum herder_op op) {
    struct kc_error err = {0};
    struct kc_config *config = NULL;
    if (body_string_map(buf_text(&ex->body), ex->body.len, &config, &err) < 0) {
        reply_error(ex, &err);
        return;
    }
    if (!config && op == HERDER_PUT_CONFIG) {
        reply_message(ex, 500, "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null");
        return;
    }
    if (op == HERDER_PUT_CONFIG && settle_name(ex, config, ex->segments[1]) < 0) {
        kc_config_free(config);
        return;
    }
    struct herder_request *req = request_of(ex, op);
    req->config = config; /* PATCH with null: the herder says so after its 404 check */
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_put_config(struct rest_exchange *ex) {
    submit_config(ex, HERDER_PUT_CONFIG);
}

void handle_patch_config(struct rest_exchange *ex) {
    submit_config(ex, HERDER_PATCH_CONFIG);
}

void handle_status(struct rest_exchange *ex) {
    submit(ex, HERDER_STATUS);
}

void handle_restart(struct rest_exchange *ex) {
    bool include_tasks = rest_query_bool(ex, "includeTasks", false),
         only_failed = rest_query_bool(ex, "onlyFailed", false);
    struct herder_request *req = request_of(ex, include_tasks || only_failed ? HERDER_RESTART_PLAN : HERDER_RESTART);
    req->include_tasks = include_tasks;
    req->only_failed = only_failed;
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_pause(struct rest_exchange *ex) {
    submit(ex, HERDER_PAUSE);
}

void handle_resume(struct rest_exchange *ex) {
    submit(ex, HERDER_RESUME);
}

void handle_stop(struct rest_exchange *ex) {
    submit(ex, HERDER_STOP);
}

void handle_tasks(struct rest_exchange *ex) {
    submit(ex, HERDER_TASKS);
}

/* {t} is a 32-bit number, else the path does not exist. */
static void submit_task(struct rest_exchange *ex, enum herder_op op) {
    const char *text = ex->segments[3];
    char *end;
    long long task = strtoll(text, &end, 10);
    if (end == text || *end || *text == ' ' || task < INT32_MIN || task > INT32_MAX) {
        reply_http_error(ex, 404);
        return;
    }
    struct herder_request *req = request_of(ex, op);
    req->task = (int)task;
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_task_status(struct rest_exchange *ex) {
    submit_task(ex, HERDER_TASK_STATUS);
}

void handle_task_restart(struct rest_exchange *ex) {
    submit_task(ex, HERDER_RESTART_TASK);
}

void handle_topics(struct rest_exchange *ex) {
    submit(ex, HERDER_TOPICS);
}

void handle_topics_reset(struct rest_exchange *ex) {
    submit(ex, HERDER_TOPICS_RESET);
}

/* ---- internal, signed ---- */

static void add_signature(const struct rest_exchange *ex, struct herder_request *req) {
    const char *signature = rest_header(ex, "X-Connect-Authorization");
    const char *algorithm = rest_header(ex, "X-Connect-Request-Signature-Algorithm");
    req->signature = signature ? strdup(signature) : NULL;
    req->signature_algorithm = algorithm ? strdup(algorithm) : NULL;
    req->body_len = ex->body.len;
    req->body = malloc(ex->body.len + 1);
    if (req->body)
        memcpy(req->body, buf_text(&ex->body), ex->body.len + 1);
}

void handle_put_tasks(struct rest_exchange *ex) {
    struct kc_error err = {0};
    struct herder_request *req = request_of(ex, HERDER_PUT_TASKS);
    if (body_string_maps(buf_text(&ex->body), ex->body.len, &req->tasks, &req->task_count, &err) < 0) {
        reply_error(ex, &err);
        herder_request_free(req);
        return;
    }
    add_signature(ex, req);
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_fence(struct rest_exchange *ex) {
    struct herder_request *req = request_of(ex, HERDER_FENCE);
    add_signature(ex, req);
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_leaving(struct rest_exchange *ex) {
    struct herder_request *req = herder_request_new(HERDER_LEAVING, NULL);
    add_signature(ex, req);
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

bool route_is_internal(const struct route *r) {
    return r->handle == handle_put_tasks || r->handle == handle_fence || r->handle == handle_leaving;
}
