/* security.protocol and the settings behind it, for librdkafka and for wire.c. The owned form for wire.c (struct
 * security) begins with the wire_security that callers see. */
#include "connect/kafka/client_security.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/kafka/scram_gate.h"

struct security {
    struct wire_security wire; /* texts belong to the members below */
    struct client_tls tls;
    struct client_sasl sasl;
};

static bool uses_tls(enum wire_protocol p) {
    return p == WIRE_SSL || p == WIRE_SASL_SSL;
}

static bool uses_sasl(enum wire_protocol p) {
    return p == WIRE_SASL_PLAINTEXT || p == WIRE_SASL_SSL;
}

static int read_protocol(const struct kc_config *java, enum wire_protocol *ret_protocol, struct kc_error *err) {
    const char *value = kc_config_get(java, "security.protocol");
    char name[32] = "PLAINTEXT";
    if (value)
        snprintf(name, sizeof(name), "%s", value + strspn(value, " \t"));
    for (size_t len = strlen(name); len > 0 && isspace((unsigned char)name[len - 1]); len--)
        name[len - 1] = 0;
    if (wire_protocol_parse(name, ret_protocol) == 0)
        return 0;
    return err_set(err, ERR_BAD_CONFIG,
                   "Invalid value %s for configuration security.protocol: String must be one of (case insensitive): "
                   "SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT",
                   value);
}

static void done(struct security *s) {
    client_tls_done(&s->tls);
    client_sasl_done(&s->sasl);
}

static int read_all(const struct kc_config *java, struct security *s, struct kc_error *err) {
    *s = (struct security){0};
    if (read_protocol(java, &s->wire.protocol, err) < 0)
        return -1;
    if ((uses_tls(s->wire.protocol) && client_tls_read(java, &s->tls, err) < 0) ||
        (uses_sasl(s->wire.protocol) && client_sasl_read(java, &s->sasl, err) < 0)) {
        done(s);
        return -1;
    }
    return 0;
}

/* ---- librdkafka ---- */

int client_security_apply(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    static const char *const names[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
    struct security s;
    if (read_all(java, &s, err) < 0)
        return -1;
    bool sasl = uses_sasl(s.wire.protocol), tls = uses_tls(s.wire.protocol);
    bool gate = sasl && strncmp(s.sasl.mechanism, "SCRAM-", 6) == 0 && scram_gate_needed();
    enum wire_protocol seen = !gate ? s.wire.protocol : tls ? WIRE_SSL : WIRE_PLAINTEXT;
    int rc = client_set(conf, "security.protocol", names[seen], err);
    if (rc == 0 && tls)
        rc = client_tls_apply(conf, &s.tls, err);
    if (rc == 0 && sasl)
        rc = gate ? scram_gate_install(conf, java, err) : client_sasl_apply(conf, &s.sasl, err);
    done(&s);
    return rc;
}

/* The one public function that wakes a consumer's broker threads is that which changes the SASL credentials: it is
 * given those in force. Without SASL they are empty and nobody looks at them. */
void client_security_wake(rd_kafka_t *rk) {
    char user[512] = "", password[4096] = "";
    size_t user_size = sizeof(user), password_size = sizeof(password);
    const rd_kafka_conf_t *conf = rd_kafka_conf(rk);
    rd_kafka_conf_res_t u = rd_kafka_conf_get(conf, "sasl.username", user, &user_size);
    rd_kafka_conf_res_t p = rd_kafka_conf_get(conf, "sasl.password", password, &password_size);
    bool whole = user_size <= sizeof(user) && password_size <= sizeof(password);
    if (whole)
        rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(rk, u == RD_KAFKA_CONF_OK ? user : "",
                                                             p == RD_KAFKA_CONF_OK ? password : ""));
    explicit_bzero(password, sizeof(password));
}

/* ---- wire.c ---- */

static int find_mechanism(const char *name, enum wire_mechanism *ret_mechanism, struct kc_error *err) {
    if (wire_mechanism_parse(name, ret_mechanism) == 0)
        return 0;
    return err_set(err, ERR_BAD_CONFIG,
                   "Invalid value %s for configuration sasl.mechanism: the worker's group membership supports PLAIN, "
                   "SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER",
                   name);
}

struct wire_security *client_security(const struct kc_config *java, struct kc_error *err) {
    struct security *s = calloc(1, sizeof(*s));
    if (!s || read_all(java, s, err) < 0) {
        free(s);
        return NULL;
    }
    struct wire_security *w = &s->wire;
    w->ssl_ca_pem = s->tls.ca_pem;
    w->ssl_certificate_pem = s->tls.key.chain_pem;
    w->ssl_key_pem = s->tls.key.key_pem;
    w->ssl_enabled_protocols = s->tls.enabled_protocols;
    w->ssl_cipher_suites = s->tls.cipher_list;
    w->ssl_skip_hostname_check = s->tls.skip_hostname_check;
    w->user = s->sasl.user;
    w->password = s->sasl.password;
    w->scram_delegation_token = s->sasl.delegation_token;
    w->token = s->sasl.oauth ? client_sasl_token : NULL;
    w->token_arg = s->sasl.oauth;
    if (uses_sasl(w->protocol) && find_mechanism(s->sasl.mechanism, &w->mechanism, err) < 0)
        return client_security_free(w);
    return w;
}

struct wire_security *client_security_free(struct wire_security *sec) {
    if (!sec)
        return NULL;
    struct security *s = CONTAINER_OF(sec, struct security, wire);
    done(s);
    free(s);
    return NULL;
}
