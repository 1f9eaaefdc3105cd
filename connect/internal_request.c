/* Signs, checks and sends requests between workers; see internal_request.h. */
#include "connect/internal_request.h"

#include <ctype.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/url_text.h"
#include "connect/rest_failure.h"
#include "connect/rest_tls.h"

enum { REPLY_MAX = 2 << 20 };

static const struct {
    const char *java, *openssl;
} macs[] = {
    {"HmacMD5", "MD5"},
    {"HmacSHA1", "SHA1"},
    {"HmacSHA224", "SHA224"},
    {"HmacSHA256", "SHA256"},
    {"HmacSHA384", "SHA384"},
    {"HmacSHA512", "SHA512"},
    {"HmacSHA512/224", "SHA512-224"},
    {"HmacSHA512/256", "SHA512-256"},
    {"HmacSHA3-224", "SHA3-224"},
    {"HmacSHA3-256", "SHA3-256"},
    {"HmacSHA3-384", "SHA3-384"},
    {"HmacSHA3-512", "SHA3-512"},
};

static const EVP_MD *digest_of(const char *algorithm) {
    for (size_t i = 0; i < COUNT_OF(macs); i++) {
        if (strcasecmp(macs[i].java, algorithm) == 0)
            return EVP_get_digestbyname(macs[i].openssl);
    }
    return NULL;
}

static int mac(const struct session_key *key, const char *algorithm, const void *body, size_t len,
               unsigned char out[EVP_MAX_MD_SIZE], unsigned *ret_len, struct kc_error *err) {
    const EVP_MD *md = digest_of(algorithm);
    if (!md || !HMAC(md, key->key, (int)key->len, body ? body : "", body ? len : 0, out, ret_len))
        return err_set(err, ERR_BAD_REQUEST, "Algorithm %s not available", algorithm);
    return 0;
}

int internal_request_sign(const struct session_key *key, const char *algorithm, const void *body, size_t len,
                          char **ret_signature, struct kc_error *err) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (mac(key, algorithm, body, len, bytes, &n, err) < 0)
        return -1;
    char *text = malloc(4 * ((size_t)n + 2) / 3 + 4);
    if (!text)
        abort();
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
    *ret_signature = text;
    return 0;
}

/* Strict base64 with padding. -1 when `text` is none; else the number of bytes, which fit in `out`. */
static int decode_base64(const char *text, unsigned char *out, size_t size) {
    size_t len = strlen(text);
    size_t pad = 0;
    if (len % 4 != 0 || len / 4 * 3 > size)
        return -1;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < len - pad; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
            return -1;
    }
    int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    return n < 0 ? -1 : n - (int)pad;
}

static int unsupported(const struct kc_list *algorithms, const char *algorithm, struct kc_error *err) {
    AUTO_BUF names;
    buf_init(&names, 4096);
    for (size_t i = 0; i < algorithms->count; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", algorithms->items[i]);
    return err_set(
        err, ERR_BAD_REQUEST,
        "This worker does not support the '%s' key signing algorithm used by other workers. This worker is "
        "currently configured to use: [%s]. Check that all workers' configuration files permit the same set of "
        "signature algorithms, and correct any misconfigured worker and restart it.",
        algorithm, buf_text(&names));
}

int internal_request_verify(const struct session_key *key, const struct kc_list *algorithms, const char *signature,
                            const char *algorithm, const void *body, size_t len, struct kc_error *err) {
    if (!signature || !algorithm)
        return err_set(err, ERR_BAD_REQUEST, "Internal request missing required signature");
    unsigned char given[1024], want[EVP_MAX_MD_SIZE];
    unsigned want_len = 0;
    if (!digest_of(algorithm))
        return err_set(err, ERR_BAD_REQUEST, "Algorithm %s not available", algorithm);
    int given_len = decode_base64(signature, given, sizeof(given));
    if (given_len < 0)
        return err_set(err, ERR_BAD_REQUEST, "Illegal base64 in header %s", INTERNAL_SIGNATURE_HEADER);
    bool known = false;
    for (size_t i = 0; i < algorithms->count && !known; i++)
        known = strcmp(algorithms->items[i], algorithm) == 0;
    if (!known)
        return unsupported(algorithms, algorithm, err);
    if (!key)
        return err_set(
            err, ERR_NOT_READY,
            "This worker is still starting up and has not been able to read a session key from the config topic "
            "yet");
    if (mac(key, algorithm, body, len, want, &want_len, err) < 0)
        return -1;
    if ((unsigned)given_len != want_len || CRYPTO_memcmp(given, want, want_len) != 0)
        return err_set(err, ERR_FORBIDDEN, "Internal request contained invalid signature.");
    return 0;
}

char *internal_request_url(const char *base, const char *connector, const char *rest) {
    AUTO_BUF url;
    buf_init(&url, 1 << 16);
    buf_printf(&url, "%s%sconnectors/", base, base[0] && base[strlen(base) - 1] == '/' ? "" : "/");
    url_encode(&url, connector, URL_SEGMENT);
    buf_printf(&url, "/%s", rest);
    return buf_take(&url);
}

static size_t take_body(char *data, size_t size, size_t count, void *arg) {
    return buf_add(arg, data, size * count) == 0 ? size * count : 0;
}

static struct curl_slist *add_header(struct curl_slist *headers, const char *name, const char *value) {
    AUTO_TEXT line = NULL;
    if (!value)
        return headers;
    if (asprintf(&line, "%s: %s", name, value) < 0)
        abort();
    struct curl_slist *more = curl_slist_append(headers, line);
    return more ? more : headers;
}

static void set_options(CURL *curl, const struct internal_request *req, struct curl_slist *headers, struct buf *body,
                        char *problem) {
    curl_easy_setopt(curl, CURLOPT_URL, req->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "kafka-connect");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (req->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body);
    }
}

int internal_request_send(const struct internal_request *req, int *ret_status, struct buf *ret_body,
                          struct kc_error *err) {
    char problem[CURL_ERROR_SIZE] = "";
    AUTO(rest_tls) tls = NULL;
    if (rest_tls_is_https(req->url) && rest_tls_load(req->worker, REST_TLS_CLIENT, &tls, err) < 0)
        return err_prefix(err, "IO Error trying to forward REST request");
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_set(err, ERR_IO, "IO Error trying to forward REST request: no HTTP client");
    struct curl_slist *headers = add_header(NULL, "Accept", "application/json");
    headers = add_header(headers, "Content-Type", req->body ? "application/json" : NULL);
    headers = add_header(headers, INTERNAL_SIGNATURE_HEADER, req->signature);
    headers = add_header(headers, INTERNAL_ALGORITHM_HEADER, req->algorithm);
    headers = add_header(headers, "Expect", "");
    AUTO_BUF body;
    buf_init(&body, REPLY_MAX);
    set_options(curl, req, headers, &body, problem);
    if (tls)
        rest_tls_apply(tls, curl);
    CURLcode rc = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    int failed = rc != CURLE_OK ? rest_failure(curl, rc, problem, err) : 0;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (failed)
        return -1;
    *ret_status = (int)status;
    buf_clear(ret_body);
    return buf_add(ret_body, buf_text(&body), body.len) == 0
               ? 0
               : err_set(err, ERR_IO, "IO Error trying to forward REST request: the answer is too long");
}
