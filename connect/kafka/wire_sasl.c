/* SASL mechanisms; see wire_sasl.h. */
#include "connect/kafka/wire_sasl.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

enum {
    HASH_MAX = EVP_MAX_MD_SIZE,
    NONCE_BYTES = 24,
    ITERATIONS_MIN = 4096,
    ITERATIONS_MAX = 1 << 22, /* keeps a hostile server from occupying the thread */
    MESSAGE_MAX = 64 << 10
};

enum step { FIRST, SERVER_FIRST, SERVER_FINAL, PLAIN_ANSWER, TOKEN_ANSWER, TOKEN_REFUSED, COMPLETE };

struct wire_sasl {
    const struct wire_security *sec;
    enum step step;
    const EVP_MD *hash;
    size_t hash_len;
    char nonce[128];
    struct buf first_bare; /* client-first-message-bare */
    unsigned char server_signature[HASH_MAX];
    char refusal[512]; /* what an OAUTHBEARER server said */
};

static int refused(struct kc_error *err, const char *why) {
    return err_set(err, ERR_AUTH, "SASL authentication failed: %s", why);
}

static int make_nonce(struct wire_sasl *sasl, const char *nonce, struct kc_error *err) {
    if (nonce) {
        snprintf(sasl->nonce, sizeof sasl->nonce, "%s", nonce);
        return 0;
    }
    unsigned char bytes[NONCE_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return refused(err, "no random numbers for the client nonce");
    EVP_EncodeBlock((unsigned char *)sasl->nonce, bytes, sizeof bytes); /* base64 is printable and has no comma */
    return 0;
}

struct wire_sasl *wire_sasl_new(const struct wire_security *sec, const char *nonce, struct kc_error *err) {
    AUTO(wire_sasl) sasl = calloc(1, sizeof *sasl);
    if (!sasl)
        abort();
    sasl->sec = sec;
    buf_init(&sasl->first_bare, MESSAGE_MAX);
    sasl->hash = sec->mechanism == WIRE_SCRAM_SHA_512 ? EVP_sha512() : EVP_sha256();
    sasl->hash_len = (size_t)EVP_MD_get_size(sasl->hash);
    if (make_nonce(sasl, nonce, err) < 0)
        return NULL;
    return TAKE(sasl);
}

struct wire_sasl *wire_sasl_free(struct wire_sasl *sasl) {
    if (!sasl)
        return NULL;
    buf_done(&sasl->first_bare);
    OPENSSL_cleanse(sasl, sizeof *sasl);
    free(sasl);
    return NULL;
}

/* ---- base64 ---- */

static int add_base64(struct buf *out, const unsigned char *data, size_t len) {
    unsigned char text[4 * ((HASH_MAX + 2) / 3) + 1];
    int n = EVP_EncodeBlock(text, data, (int)len);
    return buf_add(out, text, (size_t)n);
}

/* 0 and the bytes, or -1. `out` has room for max bytes. */
static int read_base64(const char *text, size_t len, unsigned char *out, size_t max, size_t *ret_len) {
    if (len == 0 || len % 4 || len / 4 * 3 > max)
        return -1;
    size_t padding = (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=');
    int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    if (n < 0)
        return -1;
    *ret_len = (size_t)n - padding;
    return 0;
}

/* ---- PLAIN, OAUTHBEARER ---- */

static int plain_first(struct wire_sasl *sasl, struct buf *out) {
    buf_add_char(out, 0);
    buf_add_text(out, sasl->sec->user ? sasl->sec->user : "");
    buf_add_char(out, 0);
    sasl->step = PLAIN_ANSWER;
    return buf_add_text(out, sasl->sec->password ? sasl->sec->password : "");
}

static void token_done(struct wire_token *token) {
    if (token->value)
        OPENSSL_cleanse(token->value, strlen(token->value));
    free(token->value);
    for (size_t i = 0; i < token->extension_count; i++)
        free(token->extensions[i]);
    free(token->extensions);
}

static int bearer_first(struct wire_sasl *sasl, struct buf *out, struct kc_error *err) {
    if (!sasl->sec->token)
        return refused(err, "no source of OAUTHBEARER tokens is configured");
    struct wire_token token = {0};
    int rc = sasl->sec->token(sasl->sec->token_arg, &token, err);
    if (rc == 0) {
        buf_printf(out, "n,,\001auth=Bearer %s\001", token.value ? token.value : "");
        for (size_t i = 0; i < token.extension_count; i++)
            buf_printf(out, "%s\001", token.extensions[i]);
        buf_add_char(out, 1);
        sasl->step = TOKEN_ANSWER;
    }
    token_done(&token);
    return rc;
}

/* ---- SCRAM ---- */

/* saslname of RFC 5802 */
static void add_name(struct buf *out, const char *name) {
    for (; *name; name++) {
        if (*name == '=')
            buf_add_text(out, "=3D");
        else if (*name == ',')
            buf_add_text(out, "=2C");
        else
            buf_add_char(out, *name);
    }
}

static int scram_first(struct wire_sasl *sasl, struct buf *out) {
    buf_add_text(&sasl->first_bare, "n=");
    add_name(&sasl->first_bare, sasl->sec->user ? sasl->sec->user : "");
    buf_printf(&sasl->first_bare, ",r=%s", sasl->nonce);
    if (sasl->sec->scram_delegation_token)
        buf_add_text(&sasl->first_bare, ",tokenauth=true");
    buf_add_text(out, "n,,");
    sasl->step = SERVER_FIRST;
    return buf_add(out, buf_text(&sasl->first_bare), sasl->first_bare.len);
}

struct server_first {
    const char *nonce, *salt;
    size_t nonce_len, salt_len;
    int iterations;
};

/* The value of attribute `name` at *at, which moves behind the comma that follows it; NULL: another attribute stands
 * there. */
static const char *attribute(const char **at, const char *end, char name, size_t *ret_len) {
    const char *p = *at;
    if (end - p < 2 || p[0] != name || p[1] != '=')
        return NULL;
    const char *comma = memchr(p, ',', (size_t)(end - p));
    const char *stop = comma ? comma : end;
    *ret_len = (size_t)(stop - p) - 2;
    *at = comma ? comma + 1 : end;
    return p + 2;
}

static int parse_server_first(const char *text, size_t len, struct server_first *ret) {
    const char *at = text, *end = text + len;
    size_t skipped, digits;
    if (attribute(&at, end, 'm', &skipped)) /* reserved for extensions that we would have to know */
        return -1;
    ret->nonce = attribute(&at, end, 'r', &ret->nonce_len);
    ret->salt = ret->nonce ? attribute(&at, end, 's', &ret->salt_len) : NULL;
    const char *iterations = ret->salt ? attribute(&at, end, 'i', &digits) : NULL;
    if (!iterations || digits == 0 || digits > 9)
        return -1;
    ret->iterations = 0;
    for (size_t i = 0; i < digits; i++) {
        if (iterations[i] < '0' || iterations[i] > '9')
            return -1;
        ret->iterations = ret->iterations * 10 + (iterations[i] - '0');
    }
    return 0;
}

static void hmac(const struct wire_sasl *sasl, const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char *out) {
    if (!HMAC(sasl->hash, key, (int)key_len, data, len, out, NULL))
        abort(); /* only when memory is exhausted */
}

/* From the salted password: proof for the server, and the signature that the server must show. */
static void prove(struct wire_sasl *sasl, const unsigned char *salted, const struct buf *auth, unsigned char *proof) {
    unsigned char client_key[HASH_MAX], stored_key[HASH_MAX], signature[HASH_MAX], server_key[HASH_MAX];
    size_t n = sasl->hash_len;
    hmac(sasl, salted, n, "Client Key", strlen("Client Key"), client_key);
    if (!EVP_Digest(client_key, n, stored_key, NULL, sasl->hash, NULL))
        abort();
    hmac(sasl, stored_key, n, buf_text(auth), auth->len, signature);
    for (size_t i = 0; i < n; i++)
        proof[i] = client_key[i] ^ signature[i];
    hmac(sasl, salted, n, "Server Key", strlen("Server Key"), server_key);
    hmac(sasl, server_key, n, buf_text(auth), auth->len, sasl->server_signature);
    OPENSSL_cleanse(client_key, sizeof client_key);
    OPENSSL_cleanse(server_key, sizeof server_key);
}

static int check_server_first(struct wire_sasl *sasl, const struct server_first *first, struct kc_error *err) {
    size_t own = strlen(sasl->nonce);
    if (first->nonce_len <= own || memcmp(first->nonce, sasl->nonce, own) != 0)
        return refused(err, "the server's nonce does not start with ours");
    if (first->iterations < ITERATIONS_MIN)
        return err_set(err, ERR_AUTH,
                       "SASL authentication failed: requested iterations %d is less than the minimum %d for %s",
                       first->iterations, ITERATIONS_MIN, wire_mechanism_name(sasl->sec->mechanism));
    if (first->iterations > ITERATIONS_MAX)
        return err_set(err, ERR_AUTH, "SASL authentication failed: requested iterations %d is more than the maximum %d",
                       first->iterations, ITERATIONS_MAX);
    return 0;
}

static int scram_final(struct wire_sasl *sasl, const char *text, size_t len, struct buf *out, struct kc_error *err) {
    struct server_first first;
    unsigned char salt[1024], salted[HASH_MAX], proof[HASH_MAX];
    size_t salt_len;
    if (len > MESSAGE_MAX / 2 || parse_server_first(text, len, &first) < 0)
        return refused(err, "the first message of the server is malformed");
    if (check_server_first(sasl, &first, err) < 0)
        return -1;
    if (read_base64(first.salt, first.salt_len, salt, sizeof salt, &salt_len) < 0)
        return refused(err, "the salt of the server is not base64");
    const char *password = sasl->sec->password ? sasl->sec->password : "";
    if (!PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, (int)salt_len, first.iterations, sasl->hash,
                           (int)sasl->hash_len, salted))
        return refused(err, "the password cannot be salted");
    AUTO_BUF auth;
    buf_init(&auth, 4 * MESSAGE_MAX);
    buf_printf(&auth, "%s,%.*s,", buf_text(&sasl->first_bare), (int)len, text);
    size_t without_proof = auth.len;
    buf_printf(&auth, "c=biws,r=%.*s", (int)first.nonce_len, first.nonce);
    prove(sasl, salted, &auth, proof);
    OPENSSL_cleanse(salted, sizeof salted);
    buf_add(out, buf_text(&auth) + without_proof, auth.len - without_proof);
    buf_add_text(out, ",p=");
    add_base64(out, proof, sasl->hash_len);
    sasl->step = SERVER_FINAL;
    return auth.failed ? refused(err, "the messages are too long") : 0;
}

static int scram_verify(struct wire_sasl *sasl, const char *text, size_t len, struct kc_error *err) {
    const char *at = text, *end = text + len;
    size_t n, decoded;
    const char *error = attribute(&at, end, 'e', &n);
    if (error)
        return err_set(err, ERR_AUTH, "SASL authentication failed: the server answered %.*s", n > 200 ? 200 : (int)n,
                       error);
    unsigned char signature[HASH_MAX + 3];
    const char *verifier = attribute(&at, end, 'v', &n);
    if (!verifier || read_base64(verifier, n, signature, sizeof signature, &decoded) < 0)
        return refused(err, "the final message of the server is malformed");
    if (decoded != sasl->hash_len || CRYPTO_memcmp(signature, sasl->server_signature, decoded) != 0)
        return refused(err, "Invalid server signature in server final message");
    sasl->step = COMPLETE;
    return 1;
}

/* ---- exchange ---- */

int wire_sasl_first(struct wire_sasl *sasl, struct buf *out, struct kc_error *err) {
    int rc;
    switch (sasl->sec->mechanism) {
    case WIRE_PLAIN:
        rc = plain_first(sasl, out);
        break;
    case WIRE_OAUTHBEARER:
        if (bearer_first(sasl, out, err) < 0)
            return -1;
        rc = 0;
        break;
    default:
        rc = scram_first(sasl, out);
    }
    return rc < 0 || out->failed ? refused(err, "user name, password or token is too long") : 0;
}

/* The server refused the token and says why; RFC 7628 wants one more message before it fails. */
static int bearer_refused(struct wire_sasl *sasl, const char *text, size_t len, struct buf *out) {
    snprintf(sasl->refusal, sizeof sasl->refusal, "%.*s", len > 400 ? 400 : (int)len, text);
    sasl->step = TOKEN_REFUSED;
    return buf_add_char(out, 1);
}

int wire_sasl_next(struct wire_sasl *sasl, const void *challenge, size_t len, struct buf *out, struct kc_error *err) {
    const char *text = len ? challenge : "";
    switch (sasl->step) {
    case SERVER_FIRST:
        return scram_final(sasl, text, len, out, err);
    case SERVER_FINAL:
        return scram_verify(sasl, text, len, err);
    case PLAIN_ANSWER:
        sasl->step = COMPLETE;
        return 1;
    case TOKEN_ANSWER:
        if (len)
            return bearer_refused(sasl, text, len, out);
        sasl->step = COMPLETE;
        return 1;
    case TOKEN_REFUSED:
        return err_set(err, ERR_AUTH, "SASL authentication failed: the token was refused: %s", sasl->refusal);
    case FIRST:
    case COMPLETE:
        break;
    }
    return refused(err, "the server sent a message that nobody waits for");
}
