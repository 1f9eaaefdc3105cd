/* Reads PEM. Texts from properties files have lost their line ends (continued lines, blanks instead), which Java does
 * not mind but OpenSSL does: every block is put into canonical form first. Keeps nothing. */
#include "connect/kafka/keystore_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { MAX_PEM = 32 << 20, LINE = 64 };

bool pem_is(const void *data, size_t len) {
    return len > 0 && *(const unsigned char *)data != 0x30 && memmem(data, len, "-----BEGIN ", 11) != NULL;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The base64 text of one block in lines of 64. */
static void add_body(struct buf *out, const char *p, const char *end) {
    size_t column = 0;
    for (; p < end; p++) {
        if (is_blank(*p))
            continue;
        buf_add_char(out, *p);
        if (++column % LINE == 0)
            buf_add_char(out, '\n');
    }
    if (column % LINE)
        buf_add_char(out, '\n');
}

/* Every "-----BEGIN X-----…-----END X-----" of the text, one after the other. Blocks with headers inside (old encrypted
 * keys) stay as they are. */
static void canonical(const char *data, size_t len, struct buf *out) {
    const char *p = data, *end = data + len, *begin;
    while (p < end && (begin = memmem(p, (size_t)(end - p), "-----BEGIN ", 11))) {
        const char *body = memmem(begin + 11, (size_t)(end - begin - 11), "-----", 5);
        const char *foot = body ? memmem(body + 5, (size_t)(end - body - 5), "-----END ", 9) : NULL;
        const char *stop = foot ? memmem(foot + 9, (size_t)(end - foot - 9), "-----", 5) : NULL;
        if (!stop)
            return;
        body += 5;
        stop += 5;
        if (memchr(body, ':', (size_t)(foot - body))) {
            buf_add(out, begin, (size_t)(stop - begin));
        } else {
            buf_add(out, begin, (size_t)(body - begin));
            buf_add_char(out, '\n');
            add_body(out, body, foot);
            buf_add(out, foot, (size_t)(stop - foot));
        }
        buf_add_char(out, '\n');
        p = stop;
    }
}

/* A BIO over the canonical text in `out`. */
static BIO *open_pem(const void *data, size_t len, struct buf *out) {
    buf_init(out, MAX_PEM);
    canonical(data, len, out);
    return out->len ? BIO_new_mem_buf(out->data, (int)out->len) : NULL;
}

static void close_pem(BIO *bio, struct buf *out) {
    BIO_free(bio);
    if (out->data)
        explicit_bzero(out->data, out->cap);
    buf_done(out);
    ERR_clear_error(); /* the end of the text is reported as an error */
}

STACK_OF(X509) * pem_certificates(const void *data, size_t len) {
    struct buf text;
    STACK_OF(X509) *certs = sk_X509_new_null();
    BIO *bio = open_pem(data, len, &text);
    X509 *cert;
    while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(certs, cert);
    close_pem(bio, &text);
    return certs;
}

static int password_callback(char *to, int size, int rwflag, void *password) {
    (void)rwflag;
    if (!password)
        return -1;
    size_t len = strlen(password);
    if (len > (size_t)size)
        return -1;
    memcpy(to, password, len);
    return (int)len;
}

int pem_private_key(const void *data, size_t len, const char *name, const char *key_password, EVP_PKEY **ret_key,
                    struct kc_error *err) {
    struct buf text;
    BIO *bio = open_pem(data, len, &text);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, password_callback, (void *)key_password) : NULL;
    close_pem(bio, &text);
    if (key) {
        *ret_key = key;
        return 0;
    }
    if (!memmem(data, len, "PRIVATE KEY-----", 16))
        return err_set(err, ERR_BAD_CONFIG, "%s: No matching PRIVATE KEY entries in PEM file", name);
    return err_set(err, ERR_BAD_CONFIG, "%s: the private key cannot be read%s", name,
                   memmem(data, len, "ENCRYPTED", 9) ? ": ssl.key.password is missing or wrong" : "");
}
