/* Reads JKS files: the integrity hash, trusted certificates, and private keys under Sun's key protector (a stream of
 * SHA-1 digests). OpenSSL knows neither the container nor the cipher. Keeps nothing. */
#include "connect/kafka/keystore_jks.h"

#include <openssl/asn1.h>
#include <openssl/sha.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"

enum { MAGIC_JKS = (int)0xFEEDFEED, DIGEST = SHA_DIGEST_LENGTH, MAX_CHAIN = 100, MAX_ENTRIES = 100000 };

struct reader {
    const uint8_t *p, *end;
    bool short_read;
};

struct bytes {
    const uint8_t *data;
    size_t len;
};

static uint64_t read_uint(struct reader *r, int width) {
    uint64_t v = 0;
    if (r->end - r->p < width) {
        r->short_read = true;
        r->p = r->end;
        return 0;
    }
    for (int i = 0; i < width; i++)
        v = v << 8 | *r->p++;
    return v;
}

static struct bytes read_bytes(struct reader *r, int width) {
    struct bytes b = {.len = (size_t)read_uint(r, width)};
    if (r->short_read || (size_t)(r->end - r->p) < b.len) {
        r->short_read = true;
        r->p = r->end;
        return (struct bytes){0};
    }
    b.data = r->p;
    r->p += b.len;
    return b;
}

bool jks_is(const void *data, size_t len) {
    return len >= 4 && memcmp(data, "\xFE\xED\xFE\xED", 4) == 0;
}

/* The password as Java hashes it: two bytes a character. Passwords are taken as UTF-8 of the basic plane. */
static struct bytes wide_password(const char *password) {
    size_t len = strlen(password);
    uint8_t *wide = malloc(2 * len + 2);
    struct bytes b = {.data = wide};
    if (!wide)
        return b;
    const unsigned char *s = (const unsigned char *)password;
    while (*s) {
        unsigned c = *s++;
        if (c >= 0xE0 && s[0] && s[1]) {
            c = (c & 0x0F) << 12 | (s[0] & 0x3Fu) << 6 | (s[1] & 0x3Fu);
            s += 2;
        } else if (c >= 0xC0 && s[0]) {
            c = (c & 0x1F) << 6 | (s[0] & 0x3Fu);
            s++;
        }
        wide[b.len++] = (uint8_t)(c >> 8);
        wide[b.len++] = (uint8_t)c;
    }
    return b;
}

static void free_wide(struct bytes wide) {
    if (wide.data)
        explicit_bzero((void *)wide.data, wide.len);
    free((void *)wide.data);
}

/* SHA-1 over up to three pieces. */
static void digest(uint8_t out[DIGEST], struct bytes a, struct bytes b, struct bytes c) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_DigestInit_ex(ctx, EVP_sha1(), NULL);
    EVP_DigestUpdate(ctx, a.data, a.len);
    EVP_DigestUpdate(ctx, b.data, b.len);
    EVP_DigestUpdate(ctx, c.data, c.len);
    EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
}

static int check_integrity(const uint8_t *data, size_t len, const char *name, const char *password,
                           struct kc_error *err) {
    static const char salt[] = "Mighty Aphrodite";
    uint8_t sum[DIGEST];
    struct bytes wide = wide_password(password);
    digest(sum, wide, (struct bytes){(const uint8_t *)salt, sizeof(salt) - 1}, (struct bytes){data, len - DIGEST});
    free_wide(wide);
    if (memcmp(sum, data + len - DIGEST, DIGEST) != 0)
        return err_set(err, ERR_BAD_CONFIG, "%s: Keystore was tampered with, or password was incorrect", name);
    return 0;
}

/* salt (20) | key bytes xor digests | check (20) → PKCS#8, malloc'ed. NULL: wrong password. */
static uint8_t *unprotect(const uint8_t *data, size_t len, const char *password, size_t *ret_len) {
    if (len <= 2 * DIGEST)
        return NULL;
    size_t plain_len = len - 2 * DIGEST;
    uint8_t *plain = malloc(plain_len), pad[DIGEST];
    if (!plain)
        return NULL;
    struct bytes wide = wide_password(password), none = {0};
    memcpy(pad, data, DIGEST);
    for (size_t i = 0; i < plain_len; i++) {
        if (i % DIGEST == 0)
            digest(pad, wide, (struct bytes){pad, DIGEST}, none);
        plain[i] = data[DIGEST + i] ^ pad[i % DIGEST];
    }
    digest(pad, wide, (struct bytes){plain, plain_len}, none);
    free_wide(wide);
    if (memcmp(pad, data + DIGEST + plain_len, DIGEST) != 0) {
        explicit_bzero(plain, plain_len);
        free(plain);
        return NULL;
    }
    *ret_len = plain_len;
    return plain;
}

static EVP_PKEY *decrypt_key(struct bytes protected, const char *name, const char *password, struct kc_error *err) {
    static const char oid[] = "1.3.6.1.4.1.42.2.17.1.1";
    const unsigned char *p = protected.data;
    X509_SIG *sig = d2i_X509_SIG(NULL, &p, (long)protected.len);
    EVP_PKEY *key = NULL;
    if (!sig) {
        err_set(err, ERR_BAD_CONFIG, "%s: a private key is not in the form that Java writes", name);
        return NULL;
    }
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *octets;
    X509_SIG_get0(sig, &algorithm, &octets);
    char text[64] = "";
    OBJ_obj2txt(text, sizeof(text), algorithm->algorithm, 1);
    size_t plain_len = 0;
    uint8_t *plain = NULL;
    if (strcmp(text, oid) != 0)
        err_set(err, ERR_BAD_CONFIG, "%s: a private key is protected by an unknown algorithm (%s)", name, text);
    else if (!(plain =
                   unprotect(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets), password, &plain_len)))
        err_set(err, ERR_BAD_CONFIG, "%s: Cannot recover key: the key password is incorrect", name);
    if (plain) {
        const unsigned char *q = plain;
        PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &q, (long)plain_len);
        key = info ? EVP_PKCS82PKEY(info) : NULL;
        PKCS8_PRIV_KEY_INFO_free(info);
        explicit_bzero(plain, plain_len);
        free(plain);
        if (!key)
            err_set(err, ERR_BAD_CONFIG, "%s: the private key is of a kind that OpenSSL does not know", name);
    }
    X509_SIG_free(sig);
    return key;
}

/* Reads one certificate; pushed to `certs` unless that is NULL. */
static int read_certificate(struct reader *r, uint64_t version, const char *name, STACK_OF(X509) * certs,
                            struct kc_error *err) {
    if (version == 2)
        read_bytes(r, 2); /* "X.509" */
    struct bytes der = read_bytes(r, 4);
    if (r->short_read)
        return err_set(err, ERR_BAD_CONFIG, "%s: the key store ends early", name);
    if (!certs)
        return 0;
    const unsigned char *p = der.data;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    if (!cert)
        return err_set(err, ERR_BAD_CONFIG, "%s: a certificate in it cannot be read", name);
    if (!sk_X509_push(certs, cert)) {
        X509_free(cert);
        return err_set(err, ERR_BAD_CONFIG, "%s: out of memory", name);
    }
    return 0;
}

struct want {
    const char *name, *key_password;
    uint64_t version;
    EVP_PKEY *key;
    STACK_OF(X509) * certs;
};

static int read_entry(struct reader *r, struct want *w, struct kc_error *err) {
    uint64_t tag = read_uint(r, 4);
    read_bytes(r, 2); /* alias */
    read_uint(r, 8);  /* date */
    if (tag == 2)
        return read_certificate(r, w->version, w->name, w->key_password ? NULL : w->certs, err);
    if (tag != 1)
        return err_set(err, ERR_BAD_CONFIG, "%s: the key store is damaged or has entries of an unknown kind", w->name);
    struct bytes protected = read_bytes(r, 4);
    uint64_t chain = read_uint(r, 4);
    if (r->short_read || chain > MAX_CHAIN)
        return err_set(err, ERR_BAD_CONFIG, "%s: the key store ends early", w->name);
    bool wanted = w->key_password && !w->key;
    if (wanted && !(w->key = decrypt_key(protected, w->name, w->key_password, err)))
        return -1;
    for (uint64_t i = 0; i < chain; i++) {
        if (read_certificate(r, w->version, w->name, wanted ? w->certs : NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int read_entries(struct reader *r, struct want *w, struct kc_error *err) {
    read_uint(r, 4); /* magic */
    w->version = read_uint(r, 4);
    uint64_t count = read_uint(r, 4);
    if (r->short_read || (w->version != 1 && w->version != 2) || count > MAX_ENTRIES)
        return err_set(err, ERR_BAD_CONFIG, "%s: not a JKS key store of version 1 or 2", w->name);
    for (uint64_t i = 0; i < count; i++) {
        if (read_entry(r, w, err) < 0)
            return -1;
    }
    return 0;
}

int jks_parse(const void *data, size_t len, const char *name, const char *password, const char *key_password,
              EVP_PKEY **ret_key, STACK_OF(X509) * *ret_certs, struct kc_error *err) {
    if (len < 12 + DIGEST)
        return err_set(err, ERR_BAD_CONFIG, "%s: the key store ends early", name);
    if (password && check_integrity(data, len, name, password, err) < 0)
        return -1;
    struct reader r = {.p = data, .end = (const uint8_t *)data + len - DIGEST};
    struct want w = {.name = name, .key_password = key_password, .certs = sk_X509_new_null()};
    if (read_entries(&r, &w, err) < 0) {
        EVP_PKEY_free(w.key);
        sk_X509_pop_free(w.certs, X509_free);
        return -1;
    }
    *ret_key = w.key;
    *ret_certs = w.certs;
    return 0;
}
