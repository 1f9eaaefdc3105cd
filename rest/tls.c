/* See tls.h. */
#include "rest/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/log.h"

enum { MAX_CHAIN = 16, MAX_SUITES = 128, PRIORITIES_MAX = 8192 };

/* What makes a cipher suite; those of TLS 1.3 have no key exchange of their own (GNUTLS_KX_UNKNOWN). */
struct suite {
    gnutls_kx_algorithm_t kx;
    gnutls_cipher_algorithm_t cipher;
    gnutls_mac_algorithm_t mac;
};

struct listener_tls {
    struct rest_tls *conf;
    char *priorities;                /* in GnuTLS's words */
    struct suite suites[MAX_SUITES]; /* that are allowed; count 0: GnuTLS's choice */
    size_t suite_count;
    gnutls_priority_t of_version[2];  /* the suites of TLS 1.2, of 1.3; NULL: none, or no list of suites */
    gnutls_x509_trust_list_t clients; /* authorities of client certificates, NULL when none are asked for */
};

/* ---- cipher suites ---- */

/* GnuTLS takes sets of algorithms instead of suites: those of all listed suites of the version that was negotiated.
 * What else the sets make possible is refused at the end of the handshake. */
#define ANY_SIGNATURE "NONE:+COMP-NULL:+CTYPE-X509:+SIGN-ALL:+GROUP-ALL"

/* Whether GnuTLS's name of a suite ("TLS_ECDHE_RSA_AES_128_CBC_SHA1") is that of Java
 * ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"). */
static bool same_suite(const char *gnutls, const char *java) {
    char name[128];
    const char *with = strstr(java, "_WITH_");
    size_t head = with ? (size_t)(with - java) : strlen(java);
    snprintf(name, sizeof name, "%.*s%s", (int)head, java, with ? with + 5 : "");
    size_t len = strlen(name);
    if (strcasecmp(gnutls, name) == 0)
        return true;
    if (strncasecmp(gnutls, name, len) == 0 && strcmp(gnutls + len, "1") == 0)
        return true;
    size_t cut = strlen(gnutls); /* …_POLY1305 and …_CCM have no digest in GnuTLS's names */
    return len > cut && strncasecmp(gnutls, name, cut) == 0 && strcmp(name + cut, "_SHA256") == 0;
}

static void add_once(struct buf *list, const char *word) {
    char item[96];
    snprintf(item, sizeof item, ":+%s:", word);
    size_t len = strlen(item);
    /* Items are kept as ":+A:+B:", so a search for ":+A:" is exact. */
    if (strstr(buf_text(list), item))
        return;
    if (list->len)
        list->len--; /* the colon at the end */
    (void)buf_add(list, item, len);
}

/* Adds the algorithms of a suite to those of its version. */
static bool add_suite(struct listener_tls *tls, struct buf lists[2], const char *java) {
    struct suite suite;
    unsigned char id[2];
    gnutls_protocol_t version;
    const char *name;
    for (size_t i = 0; (name = gnutls_cipher_suite_info(i, id, &suite.kx, &suite.cipher, &suite.mac, &version)); i++) {
        if (!same_suite(name, java) || tls->suite_count == MAX_SUITES)
            continue;
        struct buf *list = &lists[version == GNUTLS_TLS1_3];
        tls->suites[tls->suite_count++] = suite;
        add_once(list, gnutls_cipher_get_name(suite.cipher));
        add_once(list, gnutls_mac_get_name(suite.mac));
        if (suite.kx != GNUTLS_KX_UNKNOWN)
            add_once(list, gnutls_kx_get_name(suite.kx));
        return true;
    }
    return false;
}

static int new_priority(const char *text, gnutls_priority_t *ret_priority, struct kc_error *err) {
    int rc = gnutls_priority_init(ret_priority, text, NULL);
    return rc < 0 ? err_set(err, ERR_INTERNAL, "GnuTLS does not take \"%s\": %s", text, gnutls_strerror(rc)) : 0;
}

/* The algorithms of the listed suites, without the colon at their end. */
static int limit_suites(struct listener_tls *tls, struct buf lists[2], struct kc_error *err) {
    static const char *const versions[] = {":+VERS-TLS1.2", ":+VERS-TLS1.3"};
    const bool enabled[] = {tls->conf->tls12, tls->conf->tls13};
    AUTO_BUF all;
    buf_init(&all, PRIORITIES_MAX);
    (void)buf_add_text(&all, ANY_SIGNATURE);
    for (size_t i = 2; i-- > 0;) {
        AUTO_BUF one;
        buf_init(&one, PRIORITIES_MAX);
        if (!lists[i].len || !enabled[i])
            continue;
        (void)buf_printf(&one, "%s%s%.*s", ANY_SIGNATURE, versions[i], (int)lists[i].len - 1, buf_text(&lists[i]));
        (void)buf_printf(&all, "%s%.*s", versions[i], (int)lists[i].len - 1, buf_text(&lists[i]));
        if (new_priority(buf_text(&one), &tls->of_version[i], err) < 0)
            return -1;
    }
    if (!tls->of_version[0] && !tls->of_version[1])
        return err_set(err, ERR_BAD_CONFIG,
                       "ssl.cipher.suites: none of the suites can be used with ssl.enabled.protocols");
    tls->priorities = buf_take(&all);
    return 0;
}

static int set_priorities(struct listener_tls *tls, struct kc_error *err) {
    const struct rest_tls *conf = tls->conf;
    struct buf lists[2];
    int rc;
    buf_init(&lists[0], PRIORITIES_MAX);
    buf_init(&lists[1], PRIORITIES_MAX);
    for (size_t i = 0; i < conf->cipher_suite_count; i++) {
        if (!add_suite(tls, lists, conf->cipher_suites[i]))
            kc_log(KC_WARN, LOG_REST, "ssl.cipher.suites: %s is not known here and not offered",
                   conf->cipher_suites[i]);
    }
    if (conf->cipher_suite_count) {
        rc = limit_suites(tls, lists, err);
    } else {
        rc = asprintf(&tls->priorities, "NORMAL:-VERS-ALL%s%s", conf->tls13 ? ":+VERS-TLS1.3" : "",
                      conf->tls12 ? ":+VERS-TLS1.2" : "");
        rc = rc < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
    }
    buf_done(&lists[0]);
    buf_done(&lists[1]);
    return rc;
}

/* The client's hello has come, the version is known: only its suites count. */
static int on_hello(gnutls_session_t session) {
    const struct listener_tls *tls = gnutls_session_get_ptr(session);
    gnutls_priority_t priority = tls->of_version[gnutls_protocol_get_version(session) == GNUTLS_TLS1_3];
    return priority ? gnutls_priority_set(session, priority) : GNUTLS_E_UNSUPPORTED_VERSION_PACKET;
}

/* Handshake hook: only suites that are listed. */
static int check_suite(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *msg) {
    const struct listener_tls *tls = gnutls_session_get_ptr(session);
    bool tls13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
    struct suite now = {.kx = tls13 ? GNUTLS_KX_UNKNOWN : gnutls_kx_get(session),
                        .cipher = gnutls_cipher_get(session),
                        .mac = gnutls_mac_get(session)};
    (void)type;
    (void)when;
    (void)incoming;
    (void)msg;
    for (size_t i = 0; i < tls->suite_count; i++) {
        const struct suite *s = &tls->suites[i];
        if (s->kx == now.kx && s->cipher == now.cipher && s->mac == now.mac)
            return 0;
    }
    return GNUTLS_E_NO_CIPHER_SUITES;
}

/* ---- client certificates ---- */

static int load_clients(struct listener_tls *tls, struct kc_error *err) {
    const char *pem = tls->conf->trust_pem;
    if (tls->conf->client_auth == REST_CLIENT_AUTH_NONE)
        return 0;
    int rc = gnutls_x509_trust_list_init(&tls->clients, 0);
    if (rc == 0 && pem) {
        gnutls_datum_t data = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
        rc = gnutls_x509_trust_list_add_trust_mem(tls->clients, &data, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    } else if (rc == 0) {
        rc = gnutls_x509_trust_list_add_system_trust(tls->clients, 0, 0);
    }
    if (rc < 0)
        return err_set(err, ERR_BAD_CONFIG, "The authorities of client certificates cannot be loaded: %s",
                       gnutls_strerror(rc));
    return 0;
}

/* 0: the chain leads to an authority of the trust store, and may be a client's. */
static int check_chain(gnutls_x509_trust_list_t trusted, const gnutls_datum_t *raw, unsigned count) {
    gnutls_x509_crt_t chain[MAX_CHAIN];
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned n = 0, status = 0;
    int rc = count > MAX_CHAIN ? GNUTLS_E_CERTIFICATE_ERROR : 0;
    while (rc == 0 && n < count) {
        rc = gnutls_x509_crt_init(&chain[n]);
        if (rc < 0)
            break;
        rc = gnutls_x509_crt_import(chain[n], &raw[n], GNUTLS_X509_FMT_DER);
        n++;
    }
    if (rc == 0)
        rc = gnutls_x509_trust_list_verify_crt2(trusted, chain, n, &purpose, 1, 0, &status, NULL);
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    return rc == 0 && status == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* During the handshake. Without a certificate it goes on here: GnuTLS itself ends it when one is required. */
static int check_client(gnutls_session_t session) {
    const struct listener_tls *tls = gnutls_session_get_ptr(session);
    unsigned count = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &count);
    if (!raw || count == 0)
        return tls->conf->client_auth == REST_CLIENT_AUTH_REQUIRED ? GNUTLS_E_CERTIFICATE_REQUIRED : 0;
    int rc = check_chain(tls->clients, raw, count);
    if (rc < 0)
        kc_log(KC_WARN, LOG_REST, "A client's certificate is not trusted, its connection is refused");
    return rc;
}

void listener_tls_begin(struct listener_tls *tls, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    if (!session)
        return;
    gnutls_session_set_ptr(session, tls);
    if (tls->conf->client_auth != REST_CLIENT_AUTH_NONE) {
        bool required = tls->conf->client_auth == REST_CLIENT_AUTH_REQUIRED;
        gnutls_certificate_server_set_request(session, required ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
        gnutls_session_set_verify_function(session, check_client);
    }
    if (tls->suite_count) {
        gnutls_handshake_set_post_client_hello_function(session, on_hello);
        gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, check_suite);
    }
}

/* ---- life ---- */

struct listener_tls *listener_tls_new(const struct kc_config *worker, bool admin, struct kc_error *err) {
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_NO) {
        err_set(err, ERR_BAD_CONFIG, "https listeners need a libmicrohttpd that was built with GnuTLS");
        return NULL;
    }
    struct listener_tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    if (rest_tls_load(worker, admin ? REST_TLS_ADMIN_LISTENER : REST_TLS_LISTENER, &tls->conf, err) < 0 ||
        set_priorities(tls, err) < 0 || load_clients(tls, err) < 0)
        return listener_tls_free(tls);
    return tls;
}

struct listener_tls *listener_tls_free(struct listener_tls *tls) {
    if (!tls)
        return NULL;
    if (tls->clients)
        gnutls_x509_trust_list_deinit(tls->clients, 1);
    for (size_t i = 0; i < 2; i++) {
        if (tls->of_version[i])
            gnutls_priority_deinit(tls->of_version[i]);
    }
    rest_tls_free(tls->conf);
    free(tls->priorities);
    free(tls);
    return NULL;
}

void listener_tls_options(const struct listener_tls *tls, struct MHD_OptionItem options[LISTENER_TLS_OPTIONS]) {
    const struct rest_tls *conf = tls->conf;
    size_t n = 0;
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, conf->key_pem};
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, conf->chain_pem};
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, tls->priorities};
    if (tls->clients && conf->trust_pem) /* clients are told the authorities that count */
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, conf->trust_pem};
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

void listener_tls_started(struct listener_tls *tls) {
    explicit_bzero(tls->conf->key_pem, strlen(tls->conf->key_pem));
}
