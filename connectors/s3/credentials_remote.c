/* See credentials_remote.h: STS, the container's credentials service and EC2 instance metadata. */
#include "connectors/s3/credentials_remote.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connectors/s3/sign.h"
#include "connectors/s3/xml.h"

#define LOGGER          "io.confluent.connect.s3.storage.S3Storage"
#define ANSWER_LIMIT    ((size_t)64 * 1024)
#define METADATA_MS     1000
#define CONTAINER_MS    2000
#define CONTAINER_TRIES 3
#define STS_MS          10000
#define STS_TRIES       3
#define CHAIN_SESSION   "kconnectd"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* ---- One small request ------------------------------------------------------------------------------------------- */

struct fetch {
    const char *method, *url, *body; /* body: NULL none */
    long timeout_ms;
    bool no_proxy; /* addresses of this host */
    struct curl_slist *headers;
    struct buf answer;
    long status;    /* 0: none */
    bool connected; /* somebody listens there */
};

static size_t on_answer(char *data, size_t size, size_t count, void *arg) {
    struct fetch *f = arg;
    return buf_add(&f->answer, data, size * count) < 0 ? 0 : size * count;
}

static void fetch_header(struct fetch *f, const char *name, const char *value) {
    AUTO_BUF line;
    buf_init(&line, ANSWER_LIMIT);
    if (buf_printf(&line, "%s: %s", name, value) == 0)
        f->headers = curl_slist_append(f->headers, line.data);
}

static void fetch_done(struct fetch *f) {
    curl_slist_free_all(f->headers);
    buf_done(&f->answer);
}

/* Fills answer and status; no answer leaves status 0 and a text in `ret_why`. */
static void fetch_run(struct fetch *f, char ret_why[CURL_ERROR_SIZE]) {
    buf_init(&f->answer, ANSWER_LIMIT);
    f->status = 0;
    ret_why[0] = '\0';
    CURL *curl = curl_easy_init();
    if (!curl)
        return;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_URL, f->url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, f->method);
    if (f->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, f->body);
    if (f->no_proxy)
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, f->headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, f->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, ret_why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &f->status);
    curl_off_t connect_us = 0;
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    f->connected = connect_us > 0;
    curl_easy_cleanup(curl);
}

/* ---- Metadata services ------------------------------------------------------------------------------------------- */

static int take(char *ret, size_t size, const char *text) {
    return text && snprintf(ret, size, "%s", text) < (int)size ? 0 : -1;
}

int credentials_read_json(const struct buf *answer, const char *from, const char *token_name, struct credentials *ret,
                          struct kc_error *err) {
    struct kc_error why = {0};
    AUTO(json) json = json_parse(buf_text(answer), answer->len, &why);
    const char *code = json ? json_get_text(json, "Code") : NULL;
    if (!json || (code && strcmp(code, "Success") != 0))
        return err_set(err, ERR_S3_RETRIABLE, "%s gave no credentials: %s", from,
                       code ? code : "its answer is no JSON");
    const char *expires = json_get_text(json, "Expiration"), *token = json_get_text(json, token_name);
    if (take(ret->id, sizeof(ret->id), json_get_text(json, "AccessKeyId")) < 0 ||
        take(ret->secret, sizeof(ret->secret), json_get_text(json, "SecretAccessKey")) < 0 ||
        take(ret->token, sizeof(ret->token), token ? token : "") < 0)
        return err_set(err, ERR_S3, "%s gave an answer without keys", from);
    ret->expires_ms = expires ? xml_time_ms(expires) : 0;
    return 1;
}

/* Full URIs over plain HTTP must stay on this host. */
static bool container_uri_allowed(const char *uri) {
    static const char *const hosts[] = {
        "http://127.",           "http://localhost",       "http://[::1]",           "http://169.254.170.2/",
        "http://169.254.170.2:", "http://169.254.170.23/", "http://169.254.170.23:", "http://[fd00:ec2::23]"};
    if (!strncmp(uri, "https://", 8))
        return true;
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        if (!strncmp(uri, hosts[i], strlen(hosts[i])))
            return true;
    return false;
}

static int read_token_file(const char *path, struct buf *ret, struct kc_error *err) {
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(err, ERR_S3, "Cannot read the token file %s: %s", path, strerror(errno));
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(ret, chunk, n);
    fclose(f);
    while (ret->len && strchr(" \t\r\n", ret->data[ret->len - 1]))
        ret->data[--ret->len] = '\0';
    if (!ret->len || ret->failed || strpbrk(ret->data, "\r\n"))
        return err_set(err, ERR_S3, "The token file %s is empty or damaged", path);
    return 0;
}

static int container_header(struct fetch *f, struct kc_error *err) {
    const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    AUTO_BUF text;
    buf_init(&text, ANSWER_LIMIT);
    if (file) {
        if (read_token_file(file, &text, err) < 0)
            return -1;
        token = text.data;
    }
    if (token && strpbrk(token, "\r\n"))
        return err_set(err, ERR_S3, "AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break");
    if (token)
        fetch_header(f, "Authorization", token);
    return 0;
}

int credentials_container(const struct credentials_static *fixed, const struct kc_config *config,
                          struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config;
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full)
        return 0;
    char uri[2048];
    if (relative)
        snprintf(uri, sizeof(uri), "http://169.254.170.2%s", relative);
    else
        snprintf(uri, sizeof(uri), "%s", full);
    if (!container_uri_allowed(uri))
        return err_set(err, ERR_S3, "AWS_CONTAINER_CREDENTIALS_FULL_URI must use https or an address of this host");
    snprintf(origin, origin_size, "container credentials");
    char why[CURL_ERROR_SIZE] = "";
    for (int i = 0; i < CONTAINER_TRIES; i++) {
        struct fetch f = {.method = "GET", .url = uri, .timeout_ms = CONTAINER_MS, .no_proxy = true};
        int rc = container_header(&f, err);
        if (!rc)
            fetch_run(&f, why);
        if (!rc && f.status == 200)
            rc = credentials_read_json(&f.answer, "The container credentials service", "Token", ret, err);
        fetch_done(&f);
        if (rc)
            return rc;
        clock_sleep_ms(i + 1 < CONTAINER_TRIES ? 1000 : 0);
    }
    return err_set(err, ERR_S3_RETRIABLE, "The container credentials service does not answer: %s", why);
}

static const char *metadata_base(void) {
    const char *endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (endpoint)
        return endpoint;
    return mode && !strcasecmp(mode, "IPv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

/* 0 and an empty token: version 1. 1: nobody answers. */
static int metadata_token(char *ret_token, size_t size, struct kc_error *err) {
    char url[512], why[CURL_ERROR_SIZE];
    snprintf(url, sizeof(url), "%s/latest/api/token", metadata_base());
    struct fetch f = {.method = "PUT", .url = url, .body = "", .timeout_ms = METADATA_MS, .no_proxy = true};
    fetch_header(&f, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
    fetch_run(&f, why);
    *ret_token = '\0';
    int rc = 0;
    const char *no_v1 = variable("AWS_EC2_METADATA_V1_DISABLED");
    bool only_v2 = no_v1 && !strcasecmp(no_v1, "true");
    if (f.status == 200)
        rc = take(ret_token, size, buf_text(&f.answer));
    else if (!f.connected)
        rc = 1;
    else if (f.status == 400 || only_v2)
        rc = err_set(err, ERR_S3, "Instance metadata gives no token: %s (HTTP status %ld)", why, f.status);
    else
        kc_log(KC_WARN, LOGGER,
               "Instance metadata gives no token (%s, HTTP status %ld), asking it without one; in a container the "
               "instance's hop limit must be 2 for tokens to arrive",
               why, f.status);
    fetch_done(&f);
    return rc;
}

static int metadata_get(const char *path, const char *token, struct buf *ret, struct kc_error *err) {
    char url[1024], why[CURL_ERROR_SIZE];
    snprintf(url, sizeof(url), "%s/latest/meta-data/iam/security-credentials/%s", metadata_base(), path);
    struct fetch f = {.method = "GET", .url = url, .timeout_ms = METADATA_MS, .no_proxy = true};
    if (*token)
        fetch_header(&f, "X-aws-ec2-metadata-token", token);
    fetch_run(&f, why);
    int rc = f.status == 200 ? buf_add(ret, buf_text(&f.answer), f.answer.len) : -1;
    if (rc < 0)
        err_set(err, ERR_S3_RETRIABLE, "Instance metadata gives no credentials: %s (HTTP status %ld)", why, f.status);
    fetch_done(&f);
    return rc;
}

int credentials_instance(const struct credentials_static *fixed, const struct kc_config *config,
                         struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config;
    const char *disabled = variable("AWS_EC2_METADATA_DISABLED");
    if (disabled && !strcasecmp(disabled, "true"))
        return 0;
    char token[1024];
    int rc = metadata_token(token, sizeof(token), err);
    if (rc)
        return rc > 0 ? 0 : -1; /* nobody answers: this is no instance (or a container with hop limit 1) */
    AUTO_BUF role, answer;
    buf_init(&role, 512);
    buf_init(&answer, ANSWER_LIMIT);
    if (metadata_get("", token, &role, err) < 0)
        return -1;
    role.data[strcspn(role.data, "\r\n")] = '\0';
    if (metadata_get(role.data, token, &answer, err) < 0)
        return -1;
    snprintf(origin, origin_size, "instance metadata, role %s", role.data);
    return credentials_read_json(&answer, "Instance metadata", "Token", ret, err);
}

/* ---- STS --------------------------------------------------------------------------------------------------------- */

static int sts_body(const struct sts_role *role, struct buf *body, struct kc_error *err) {
    AUTO_BUF token;
    buf_init(&token, ANSWER_LIMIT / 2);
    if (role->token_file && read_token_file(role->token_file, &token, err) < 0)
        return -1;
    struct sign_pair form[8] = {{"Action", role->token_file ? "AssumeRoleWithWebIdentity" : "AssumeRole"},
                                {"Version", "2011-06-15"},
                                {"RoleArn", role->arn},
                                {"RoleSessionName", role->session ? role->session : CHAIN_SESSION}};
    size_t n = 4;
    if (role->token_file)
        form[n++] = (struct sign_pair){"WebIdentityToken", token.data};
    if (role->external_id && !role->token_file)
        form[n++] = (struct sign_pair){"ExternalId", role->external_id};
    if (role->duration_s)
        form[n++] = (struct sign_pair){"DurationSeconds", role->duration_s};
    return sign_query(body, form, n) < 0 ? err_set(err, ERR_S3, "The request to assume %s is too long", role->arn) : 0;
}

static int sts_sign(struct fetch *f, const char *host, const char *region, const struct credentials *base) {
    char hash[65];
    struct sign_scope scope = {.id = base->id, .secret = base->secret, .region = region, .service = "sts"};
    sign_time(scope.time, clock_wall_ms());
    sign_hash(hash, f->body, strlen(f->body));
    struct sign_pair headers[4] = {
        {"content-type", "application/x-www-form-urlencoded"}, {"host", host}, {"x-amz-date", scope.time}};
    size_t n = 3;
    if (base->token[0])
        headers[n++] = (struct sign_pair){"x-amz-security-token", base->token};
    struct sign_request req = {"POST", "/", "", headers, n, hash};
    AUTO_BUF authorization;
    buf_init(&authorization, 4096);
    if (sign_authorization(&req, &scope, &authorization) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        fetch_header(f, headers[i].name, headers[i].value);
    fetch_header(f, "Authorization", authorization.data);
    return 0;
}

static int sts_answer(const struct fetch *f, const struct sts_role *role, const char *why, struct credentials *ret,
                      struct kc_error *err) {
    char code[96] = "", message[512] = "", expires[64] = "";
    bool cut = false;
    struct xml_field fields[] = {{"AccessKeyId", ret->id, sizeof(ret->id), &cut},
                                 {"SecretAccessKey", ret->secret, sizeof(ret->secret), &cut},
                                 {"SessionToken", ret->token, sizeof(ret->token), &cut},
                                 {"Expiration", expires, sizeof(expires), NULL},
                                 {"Code", code, sizeof(code), NULL},
                                 {"Message", message, sizeof(message), NULL}};
    if (!f->status)
        return err_set(err, ERR_S3_RETRIABLE, "STS does not answer: %s", why);
    xml_fields(buf_text(&f->answer), f->answer.len, NULL, 0, fields, COUNT_OF(fields));
    if (f->status != 200 || !ret->id[0] || !ret->secret[0] || cut) {
        bool again = f->status >= 500 || f->status == 429 || !strcmp(code, "IDPCommunicationError");
        return err_set(err, again ? ERR_S3_RETRIABLE : ERR_S3,
                       "Cannot assume role %s: %s (Service: Sts, Status Code: %ld) %s", role->arn,
                       message[0] ? message : "no reason given", f->status, code);
    }
    ret->expires_ms = xml_time_ms(expires);
    return 0;
}

int sts_assume(const struct sts_role *role, const struct credentials *base, struct credentials *ret,
               struct kc_error *err) {
    const char *endpoint = variable("AWS_ENDPOINT_URL_STS"), *mode = variable("AWS_STS_REGIONAL_ENDPOINTS");
    const char *region = role->region && *role->region ? role->region : "us-east-1";
    char url[512];
    if (endpoint)
        snprintf(url, sizeof(url), "%s/", endpoint);
    else if (mode && !strcmp(mode, "legacy"))
        snprintf(url, sizeof(url), "https://sts.amazonaws.com/"), region = "us-east-1";
    else
        snprintf(url, sizeof(url), "https://sts.%s.amazonaws.com%s/", region, strncmp(region, "cn-", 3) ? "" : ".cn");
    const char *host_start = strstr(url, "://");
    if (!host_start)
        return err_set(err, ERR_S3, "AWS_ENDPOINT_URL_STS is not a URL");
    char host[300];
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(host_start + 3, "/"), host_start + 3);
    AUTO_BUF body;
    buf_init(&body, ANSWER_LIMIT);
    int rc = -1;
    for (int i = 0; i < STS_TRIES; i++) {
        buf_clear(&body); /* the token file is read each time: it rotates */
        if (sts_body(role, &body, err) < 0)
            return -1;
        struct fetch f = {.method = "POST", .url = url, .body = body.data, .timeout_ms = STS_MS};
        char why[CURL_ERROR_SIZE] = "";
        if (base && sts_sign(&f, host, region, base) < 0) {
            fetch_done(&f);
            return err_set(err, ERR_S3, "The request to assume %s is too long", role->arn);
        }
        fetch_run(&f, why);
        rc = sts_answer(&f, role, why, ret, err);
        fetch_done(&f);
        if (!rc || !err || !err->retriable)
            break;
        clock_sleep_ms(200 << i);
    }
    return rc;
}

int credentials_web_identity(const struct credentials_static *fixed, const struct kc_config *config,
                             struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config;
    struct sts_role role = {.arn = variable("AWS_ROLE_ARN"),
                            .session = variable("AWS_ROLE_SESSION_NAME"),
                            .region = variable("AWS_REGION"),
                            .token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE")};
    if (!role.token_file)
        return 0;
    if (!role.arn)
        return err_set(err, ERR_S3, "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
    snprintf(origin, origin_size, "web identity for %s", role.arn);
    return sts_assume(&role, NULL, ret, err) < 0 ? -1 : 1;
}

int credentials_assume_role(const struct credentials_static *fixed, const struct kc_config *config,
                            struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    bool own = fixed->id && *fixed->id && fixed->secret && *fixed->secret;
    struct sts_role role = {.arn = config ? kc_config_get(config, "sts.role.arn") : NULL,
                            .session = config ? kc_config_get(config, "sts.role.session.name") : NULL,
                            .external_id = config ? kc_config_get(config, "sts.role.external.id") : NULL,
                            .region = own && config ? kc_config_get(config, "sts.region") : variable("AWS_REGION")};
    if (!role.arn || !role.session || !role.external_id)
        return err_set(
            err, ERR_BAD_CONFIG,
            "Missing required configuration \"s3.credentials.provider.sts.role.%s\" which has no default value.",
            !role.arn       ? "arn"
            : !role.session ? "session.name"
                            : "external.id");
    snprintf(origin, origin_size, "role %s", role.arn);
    struct credentials *base = calloc(1, sizeof(*base));
    int rc = own ? credentials_own(fixed, base, err) : credentials_chain(base, err);
    if (!rc)
        rc = sts_assume(&role, base, ret, err);
    explicit_bzero(base, sizeof(*base));
    free(base);
    return rc < 0 ? -1 : 1;
}
