/* Exchanges with the registry: one request is offered to every address in turn, and, when none could answer, again
 * after a while. One easy handle per client keeps the connection open. Owned by struct registry; blocks its thread.
 * @source io.confluent.kafka.schemaregistry.client.rest.RestService, RetryExecutor */
#include <string.h>
#include <strings.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/convert/registry_parts.h"

enum { SHOWN_BODY = 300, UNPARSABLE_ERROR = 50005, MAX_REDIRECTS = 3, MAX_DOUBLINGS = 30 };

/* ---- setting up ---- */

/* Credentials leave the address, so that no text can show them. */
static int init_url(struct registry_url *url, const char *text, struct kc_error *err) {
    CURLU *parts = curl_url();
    char *user = NULL, *password = NULL, *scheme = NULL, *base = NULL;
    bool fine = parts && curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (fine && curl_url_get(parts, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK) {
        AUTO_TEXT both = NULL;
        (void)curl_url_get(parts, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
        if (asprintf(&both, "%s:%s", user, password ? password : "") >= 0)
            url->auth = registry_auth_basic(both);
        if (both)
            explicit_bzero(both, strlen(both));
    }
    if (fine)
        fine = curl_url_set(parts, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
               curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
               curl_url_get(parts, CURLUPART_URL, &base, 0) == CURLUE_OK;
    if (fine) {
        url->base = strdup(base);
        for (size_t len = strlen(url->base); len && url->base[len - 1] == '/'; len--)
            url->base[len - 1] = '\0';
    }
    curl_free(user);
    if (password)
        explicit_bzero(password, strlen(password));
    curl_free(password);
    curl_free(scheme);
    curl_free(base);
    curl_url_cleanup(parts);
    return fine ? 0
                : kc_fail(err, KC_CONFIG_EXCEPTION,
                          "Invalid value for configuration schema.registry.url: one of the addresses is not an http or "
                          "https URL");
}

static int init_urls(struct registry_http *http, struct kc_error *err) {
    const struct kc_list *list = &http->conf->urls;
    if (!list->count)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Missing required schema registry url list (schema.registry.url)");
    http->urls = calloc(list->count, sizeof(*http->urls));
    if (!http->urls)
        abort();
    for (size_t i = 0; i < list->count; i++) {
        http->url_count = i + 1;
        if (init_url(&http->urls[i], list->items[i], err) < 0)
            return -1;
    }
    if (http->conf->urls_randomize)
        http->current = (size_t)rand_r(&http->seed) % http->url_count;
    return 0;
}

static int init_tls(struct registry_http *http, const struct kc_config *config, struct kc_error *err) {
    bool https = false;
    for (size_t i = 0; i < http->url_count; i++)
        https |= rest_tls_is_https(http->urls[i].base);
    if (!https)
        return 0;
    AUTO(props) ssl = kc_config_with_prefix(config, "schema.registry.");
    return rest_tls_load(ssl, REST_TLS_CLIENT, &http->tls, err) < 0
               ? err_prefix(err, "The connection to the schema registry cannot be secured (schema.registry.ssl.*)")
               : 0;
}

/* request.header.NAME = VALUE */
static int init_headers(struct registry_http *http, const struct kc_config *config, struct kc_error *err) {
    http->headers = curl_slist_append(NULL, "Accept: " REGISTRY_CONTENT_TYPE ", application/json; qs=0.5");
    http->headers = curl_slist_append(http->headers, "Content-Type: " REGISTRY_CONTENT_TYPE);
    http->headers = curl_slist_append(http->headers, "Confluent-Accept-Unknown-Properties: true");
    static const char prefix[] = "request.header.";
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i), *value = kc_config_value(config, i);
        if (strncmp(key, prefix, strlen(prefix)) != 0 || !value)
            continue;
        AUTO_TEXT line = NULL;
        if (!key[strlen(prefix)] || strpbrk(key, ":\r\n") || strpbrk(value, "\r\n"))
            return kc_fail(err, KC_CONFIG_EXCEPTION, "The configuration %s does not make an HTTP header", key);
        if (asprintf(&line, *value ? "%s: %s" : "%s;", key + strlen(prefix), value) >= 0)
            http->headers = curl_slist_append(http->headers, line);
    }
    return 0;
}

int registry_http_init(struct registry_http *http, const struct registry_conf *conf, const struct kc_config *config,
                       struct kc_error *err) {
    http->conf = conf;
    http->seed = (unsigned)clock_wall_ms() ^ (unsigned)(uintptr_t)http;
    http->curl = curl_easy_init();
    if (!http->curl)
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    if (init_urls(http, err) < 0 || init_tls(http, config, err) < 0 || init_headers(http, config, err) < 0)
        return -1;
    return registry_auth_init(&http->auth, conf, config, err);
}

void registry_http_done(struct registry_http *http) {
    for (size_t i = 0; i < http->url_count; i++) {
        free(http->urls[i].base);
        if (http->urls[i].auth)
            explicit_bzero(http->urls[i].auth, strlen(http->urls[i].auth));
        free(http->urls[i].auth);
    }
    free(http->urls);
    registry_auth_done(&http->auth);
    rest_tls_free(http->tls);
    curl_slist_free_all(http->headers);
    curl_easy_cleanup(http->curl);
    *http = (struct registry_http){0};
}

/* ---- one exchange ---- */

static size_t on_body(char *data, size_t size, size_t count, void *arg) {
    return buf_add(arg, data, size * count) < 0 ? 0 : size * count;
}

static void set_options(struct registry_http *http, const struct registry_url *url, const struct buf *body) {
    CURL *curl = http->curl;
    const struct registry_conf *conf = http->conf;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, body ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_timeout_ms);
    if (conf->read_timeout_ms > 0)
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)conf->connect_timeout_ms + conf->read_timeout_ms);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_text(body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    }
    curl_easy_setopt(curl, CURLOPT_PROXY, conf->proxy_host ? conf->proxy_host : ""); /* "": the environment's neither */
    if (conf->proxy_host && *conf->proxy_host && conf->proxy_port > 0)
        curl_easy_setopt(curl, CURLOPT_PROXYPORT, (long)conf->proxy_port);
    if (http->tls && rest_tls_is_https(url->base))
        rest_tls_apply(http->tls, curl);
}

static const char *exception_of(CURLcode rc) {
    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return SOCKET_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "java.net.UnknownHostException";
    case CURLE_COULDNT_CONNECT:
        return "java.net.ConnectException";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return "javax.net.ssl.SSLHandshakeException";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return "java.net.SocketException";
    default:
        return "java.io.IOException";
    }
}

static int answer_error(const char *base, int status, const struct buf *answer, struct kc_error *err) {
    AUTO(json) json = answer->len ? json_parse(answer->data, answer->len, NULL) : NULL;
    const char *message = json ? json_get_text(json, "message") : NULL;
    int64_t code = UNPARSABLE_ERROR;
    if (json)
        (void)json_get_int(json, "error_code", &code);
    int rc = message
                 ? err_set_class(err, ERR_IO, REST_CLIENT_EXCEPTION, "%s; error code: %lld", message, (long long)code)
                 : err_set_class(err, ERR_IO, REST_CLIENT_EXCEPTION,
                                 "Unable to parse error message from schema registry: '(%.*s)'; error code: %lld",
                                 SHOWN_BODY, buf_text(answer), (long long)code);
    (void)rc;
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof(err->text) - len, " (%s answered %d)", base, status);
    return -1;
}

static int read_answer(const char *base, int status, const struct buf *answer, cJSON **ret_answer,
                       struct kc_error *err) {
    if (status != 200 && status != 204 && status != 207)
        return answer_error(base, status, answer, err);
    struct kc_error why = {0};
    cJSON *json = answer->len ? json_parse(answer->data, answer->len, &why) : cJSON_CreateObject();
    if (!cJSON_IsObject(json)) {
        json_free(json);
        return err_set_class(err, ERR_BAD_DATA, "com.fasterxml.jackson.core.JsonParseException",
                             "The schema registry %s answered %d but no JSON object%s%s", base, status,
                             *why.text ? ": " : "", why.text);
    }
    *ret_answer = json;
    return 0;
}

static int exchange(struct registry_http *http, const struct registry_url *url, const char *path,
                    const struct buf *body, cJSON **ret_answer, int *ret_status, struct kc_error *err) {
    char reason[CURL_ERROR_SIZE] = "";
    AUTO_TEXT full = NULL;
    AUTO_BUF answer;
    struct curl_slist *own = NULL, *last;
    *ret_status = 0;
    buf_init(&answer, REGISTRY_MAX_ANSWER);
    if (registry_auth_headers(&http->auth, url->auth, &own, err) < 0) {
        curl_slist_free_all(own);
        return -1;
    }
    for (last = own; last && last->next;)
        last = last->next;
    if (last)
        last->next = http->headers; /* one list for the call */
    if (asprintf(&full, "%s%s", url->base, path) < 0)
        abort();
    set_options(http, url, body);
    curl_easy_setopt(http->curl, CURLOPT_URL, full);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, own ? own : http->headers);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &answer);
    CURLcode rc = curl_easy_perform(http->curl);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    if (last)
        last->next = NULL;
    curl_slist_free_all(own);
    if (rc != CURLE_OK)
        return err_set_class(err, ERR_IO, exception_of(rc), "%s: %s", url->base,
                             answer.failed ? "the answer is too large"
                             : *reason     ? reason
                                           : curl_easy_strerror(rc));
    long status = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
    return read_answer(url->base, *ret_status, &answer, ret_answer, err);
}

/* ---- all addresses, several times ---- */

/* Whether another address, or the same one later, may do better. */
static bool may_help(int status, const struct kc_error *err) {
    switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    case 0:
        return strncmp(err->exception, "java", 4) == 0; /* not a refused token or key */
    default:
        return false;
    }
}

static int64_t wait_ms(struct registry_http *http, int retries) {
    int64_t longest = (int64_t)http->conf->retry_wait_ms << (retries < MAX_DOUBLINGS ? retries : MAX_DOUBLINGS);
    if (longest > http->conf->retry_max_wait_ms)
        longest = http->conf->retry_max_wait_ms;
    return longest > 0 ? (int64_t)rand_r(&http->seed) % longest + 1 : 0;
}

int registry_http_call(struct registry_http *http, const char *path, const struct buf *body, cJSON **ret_answer,
                       int *ret_status, struct kc_error *err) {
    for (int retries = 0;; retries++) {
        for (size_t i = 0; i < http->url_count; i++) {
            if (exchange(http, &http->urls[http->current], path, body, ret_answer, ret_status, err) == 0)
                return 0;
            if (!may_help(*ret_status, err))
                return -1;
            kc_log(KC_DEBUG, LOG_REGISTRY, "%s: %s", path, err->text);
            http->current = (http->current + 1) % http->url_count;
        }
        if (retries >= http->conf->max_retries)
            return -1;
        int64_t ms = wait_ms(http, retries);
        kc_log(KC_INFO, LOG_REGISTRY, "The schema registry could not answer (%s), retrying in %lld ms", err->text,
               (long long)ms);
        clock_sleep_ms(ms);
    }
}
