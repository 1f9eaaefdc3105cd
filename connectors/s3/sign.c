/* See sign.h. Hashes are OpenSSL's. @source AWS "Authenticating Requests (AWS Signature Version 4)" */
#include "connectors/s3/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connect/base/auto.h"
#include "connect/base/url_text.h"

#define MAX_PAIRS       32
#define CANONICAL_LIMIT (64 * 1024)

int sign_encode(struct buf *out, const char *text, bool keep_slash) {
    return url_encode(out, text, keep_slash ? URL_UNRESERVED "/" : URL_UNRESERVED);
}

/* Sorted by name, then by value; both are encoded already, or need no encoding. */
static int compare_pairs(const void *a, const void *b) {
    const struct sign_pair *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->value, y->value);
}

static char *encoded(const char *text) {
    struct buf out;
    buf_init(&out, CANONICAL_LIMIT);
    if (buf_add(&out, "", 0) < 0 || sign_encode(&out, text ? text : "", false) < 0) {
        buf_done(&out);
        return NULL;
    }
    char *taken = buf_take(&out);
    return taken ? taken : strdup("");
}

int sign_query(struct buf *out, const struct sign_pair *pairs, size_t count) {
    struct sign_pair sorted[MAX_PAIRS] = {0};
    if (count > MAX_PAIRS)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        sorted[i].name = encoded(pairs[i].name);
        sorted[i].value = encoded(pairs[i].value);
        rc |= sorted[i].name && sorted[i].value ? 0 : -1;
    }
    if (!rc)
        qsort(sorted, count, sizeof(sorted[0]), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        if (!rc)
            rc = buf_printf(out, "%s%s=%s", i ? "&" : "", sorted[i].name, sorted[i].value);
        free((char *)sorted[i].name);
        free((char *)sorted[i].value);
    }
    return rc;
}

void sign_time(char ret_time[17], int64_t ms) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    if (!strftime(ret_time, 17, "%Y%m%dT%H%M%SZ", &tm))
        *ret_time = '\0';
}

static void to_hex(char *ret_hex, const unsigned char *data, size_t len) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret_hex[2 * i] = hex[data[i] >> 4];
        ret_hex[2 * i + 1] = hex[data[i] & 15];
    }
    ret_hex[2 * len] = '\0';
}

void sign_hash(char ret_hex[65], const void *data, size_t len) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(data, len, digest);
    to_hex(ret_hex, digest, sizeof(digest));
}

void sign_md5(char ret_base64[25], const void *data, size_t len) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(data, len, digest, &size, EVP_md5(), NULL);
    EVP_EncodeBlock((unsigned char *)ret_base64, digest, 16);
}

/* Trimmed, inner runs of blanks as one. */
static int add_header_value(struct buf *out, const char *value) {
    while (*value == ' ')
        value++;
    for (; *value; value++) {
        if (*value == ' ' && (value[1] == ' ' || !value[1]))
            continue;
        if (buf_add_char(out, *value) < 0)
            return -1;
    }
    return 0;
}

int sign_canonical(const struct sign_request *req, struct buf *canonical, struct buf *signed_headers) {
    struct sign_pair sorted[MAX_PAIRS];
    if (req->header_count > MAX_PAIRS)
        return -1;
    memcpy(sorted, req->headers, req->header_count * sizeof(sorted[0]));
    qsort(sorted, req->header_count, sizeof(sorted[0]), compare_pairs);
    int rc = buf_printf(canonical, "%s\n%s\n%s\n", req->method, *req->path ? req->path : "/", req->query);
    for (size_t i = 0; i < req->header_count && !rc; i++) {
        rc |= buf_printf(canonical, "%s:", sorted[i].name);
        rc |= add_header_value(canonical, sorted[i].value);
        rc |= buf_add_char(canonical, '\n');
        rc |= buf_printf(signed_headers, "%s%s", i ? ";" : "", sorted[i].name);
    }
    rc |= buf_printf(canonical, "\n%s\n%s", buf_text(signed_headers), req->payload_hash);
    return rc ? -1 : 0;
}

static void hmac(unsigned char ret[32], const void *key, size_t key_len, const char *text) {
    unsigned int size = 0;
    HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text), ret, &size);
}

/* The key of one day, region and service. Four short HMACs: cheap beside any request, so nothing secret is cached. */
static int derive_key(const struct sign_scope *scope, unsigned char ret_key[32]) {
    AUTO_BUF start;
    buf_init(&start, 1024);
    if (buf_printf(&start, "AWS4%s", scope->secret) < 0)
        return -1;
    char date[9] = {0};
    memcpy(date, scope->time, 8);
    hmac(ret_key, start.data, start.len, date);
    hmac(ret_key, ret_key, 32, scope->region);
    hmac(ret_key, ret_key, 32, scope->service);
    hmac(ret_key, ret_key, 32, "aws4_request");
    OPENSSL_cleanse(start.data, start.len);
    return 0;
}

static int signature_of(const struct buf *canonical, const struct sign_scope *scope, char ret_hex[65]) {
    AUTO_BUF to_sign;
    buf_init(&to_sign, 4096);
    char hash[65];
    unsigned char key[32], mac[32];
    sign_hash(hash, canonical->data, canonical->len);
    if (buf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/%s/aws4_request\n%s", scope->time, scope->time,
                   scope->region, scope->service, hash) < 0 ||
        derive_key(scope, key) < 0)
        return -1;
    hmac(mac, key, sizeof(key), to_sign.data);
    to_hex(ret_hex, mac, sizeof(mac));
    return 0;
}

int sign_authorization(const struct sign_request *req, const struct sign_scope *scope, struct buf *out) {
    AUTO_BUF canonical, names;
    buf_init(&canonical, CANONICAL_LIMIT);
    buf_init(&names, CANONICAL_LIMIT);
    char signature[65];
    if (sign_canonical(req, &canonical, &names) < 0 || signature_of(&canonical, scope, signature) < 0)
        return -1;
    return buf_printf(out, "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                      scope->id, scope->time, scope->region, scope->service, buf_text(&names), signature);
}
