/* sasl.*: the JAAS entry taken apart for each mechanism; tokens for OAUTHBEARER on request. Keeps nothing. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/kafka/client_log.h"
#include "connect/kafka/client_security.h"
#include "connect/kafka/jaas_file.h"
#include "connect/kafka/oauth.h"

static void wipe(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void client_sasl_done(struct client_sasl *sasl) {
    free(sasl->mechanism);
    free(sasl->user);
    wipe(sasl->password);
    free(sasl->principal);
    free(sasl->keytab);
    free(sasl->service);
    kc_config_free(sasl->oauth);
    *sasl = (struct client_sasl){0};
}

static char *copy(const char *text) {
    return text && *text ? strdup(text) : NULL;
}

static bool is_true(const char *text) {
    return text && strcasecmp(text, "true") == 0;
}

/* ---- Mechanisms ---- */

static int read_credentials(const struct jaas *jaas, struct client_sasl *sasl, struct kc_error *err) {
    const char *user = kc_config_get(jaas->options, "username"), *password = kc_config_get(jaas->options, "password");
    if (!user || !password)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value [hidden] for configuration sasl.jaas.config: %s needs the options username and "
                       "password",
                       jaas_module_name(jaas));
    sasl->user = strdup(user);
    sasl->password = strdup(password);
    sasl->delegation_token = is_true(kc_config_get(jaas->options, "tokenauth"));
    return 0;
}

static int read_kerberos(const struct kc_config *java, const struct jaas *jaas, struct client_sasl *sasl) {
    const char *service = kc_config_get(java, "sasl.kerberos.service.name");
    sasl->service = copy(service && *service ? service : jaas ? kc_config_get(jaas->options, "serviceName") : NULL);
    if (jaas) {
        sasl->principal = copy(kc_config_get(jaas->options, "principal"));
        sasl->keytab = copy(kc_config_get(jaas->options, "keyTab"));
    }
    return 0;
}

/* The simple name of the login module that goes with a mechanism; NULL: we do not know it. */
static const char *module_of(const char *mechanism) {
    if (strcmp(mechanism, "GSSAPI") == 0)
        return "Krb5LoginModule";
    if (strcmp(mechanism, "PLAIN") == 0)
        return "PlainLoginModule";
    if (strncmp(mechanism, "SCRAM-SHA-", 10) == 0)
        return "ScramLoginModule";
    return strcmp(mechanism, "OAUTHBEARER") == 0 ? "OAuthBearerLoginModule" : NULL;
}

static int read_mechanism(const struct kc_config *java, const struct jaas *jaas, struct client_sasl *sasl,
                          struct kc_error *err) {
    const char *m = sasl->mechanism, *wanted = module_of(m);
    bool oauth = strcmp(m, "OAUTHBEARER") == 0;
    if (strcmp(m, "GSSAPI") == 0)
        return read_kerberos(java, jaas, sasl);
    if (!wanted)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value %s for configuration sasl.mechanism: not supported; use PLAIN, "
                       "SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI",
                       m);
    if (!jaas)
        return err_set(err, ERR_BAD_CONFIG,
                       "Could not find a 'KafkaClient' entry in the JAAS configuration: set sasl.jaas.config, or name "
                       "a file with the entry by KAFKA_OPTS=-Djava.security.auth.login.config=FILE");
    const char *module = jaas_module_name(jaas);
    if (strcmp(module, wanted) != 0)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value [hidden] for configuration sasl.jaas.config: login module %s does not serve "
                       "sasl.mechanism %s (%s does)",
                       module, m, wanted);
    if (!oauth)
        return read_credentials(jaas, sasl, err);
    sasl->oauth = oauth_config(java, jaas, err);
    return sasl->oauth ? 0 : -1;
}

/* The login module that serves `mechanism`, or else the first: taken from the entry. */
static struct jaas take_module(struct jaas_entry *entry, const char *mechanism) {
    const char *wanted = module_of(mechanism);
    size_t found = 0;
    for (size_t i = entry->count; wanted && i-- > 0;)
        if (strcmp(jaas_module_name(&entry->modules[i]), wanted) == 0)
            found = i;
    struct jaas jaas = entry->modules[found];
    entry->modules[found] = (struct jaas){0};
    return jaas;
}

/* sasl.jaas.config, or the entry KafkaClient of the JAAS file that the environment names; *ret_jaas stays zeroed when
 * there is neither. @source JaasContext.load */
static int find_login(const struct kc_config *java, const char *mechanism, struct jaas *ret_jaas,
                      struct kc_error *err) {
    const char *value = kc_config_get(java, "sasl.jaas.config");
    struct jaas_entry entry = {0};
    if (value && value[strspn(value, " \t\r\n")])
        return jaas_parse(value, ret_jaas, err);
    AUTO_TEXT file = jaas_file_find();
    if (!file)
        return 0;
    if (jaas_file_load(file, "KafkaClient", &entry, err) < 0)
        return -1;
    if (entry.count)
        *ret_jaas = take_module(&entry, mechanism);
    jaas_entry_done(&entry);
    return 0;
}

int client_sasl_read(const struct kc_config *java, struct client_sasl *ret_sasl, struct kc_error *err) {
    const char *mechanism = kc_config_get(java, "sasl.mechanism");
    struct client_sasl sasl = {.mechanism = strdup(mechanism && *mechanism ? mechanism : "GSSAPI")};
    struct jaas jaas = {0};
    int rc = find_login(java, sasl.mechanism, &jaas, err);
    if (rc == 0)
        rc = read_mechanism(java, jaas.module ? &jaas : NULL, &sasl, err);
    jaas_done(&jaas);
    if (rc < 0) {
        client_sasl_done(&sasl);
        return -1;
    }
    *ret_sasl = sasl;
    return 0;
}

/* ---- To librdkafka ---- */

/* librdkafka asks for a token, at first and before each expires. `config` is what client_sasl_apply set. */
static void refresh_token(rd_kafka_t *rk, const char *config, void *opaque) {
    (void)opaque;
    struct kc_error err = {0};
    struct oauth_token token = {0};
    char why[512] = "";
    AUTO(json) json = config ? json_parse(config, strlen(config), &err) : NULL;
    AUTO(props) oauth = json ? json_to_config(json, &err) : NULL;
    if (oauth && oauth_token_get(oauth, &token, &err) == 0 &&
        rd_kafka_oauthbearer_set_token(rk, token.value, token.expires_ms, token.principal,
                                       (const char **)token.extensions, 2 * token.extension_count, why,
                                       sizeof(why)) != RD_KAFKA_RESP_ERR_NO_ERROR)
        err_set(&err, ERR_AUTH, "%s", why);
    if (err.code)
        rd_kafka_oauthbearer_set_token_failure(rk,
                                               err.text); /* logged by way of the error callback; tried again in 10 s */
    oauth_token_done(&token);
}

static int apply_oauth(rd_kafka_conf_t *conf, const struct client_sasl *sasl, struct kc_error *err) {
    AUTO(json) json = json_from_config(sasl->oauth);
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    if (!json || json_write(&text, json, false) < 0)
        return err_set(err, ERR_BAD_CONFIG, "The OAuth options are too long");
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, refresh_token);
    rd_kafka_conf_enable_sasl_queue(conf, 1);
    int rc = client_set(conf, "sasl.oauthbearer.config", buf_text(&text), err);
    explicit_bzero(text.data, text.len);
    return rc;
}

int client_sasl_apply(rd_kafka_conf_t *conf, const struct client_sasl *sasl, struct kc_error *err) {
    const struct {
        const char *key, *value;
    } pairs[] = {{"sasl.mechanism", sasl->mechanism},
                 {"sasl.username", sasl->user},
                 {"sasl.password", sasl->password},
                 {"sasl.kerberos.service.name", sasl->service},
                 {"sasl.kerberos.principal", sasl->principal},
                 {"sasl.kerberos.keytab", sasl->keytab}};
    if (sasl->delegation_token)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value [hidden] for configuration sasl.jaas.config: delegation tokens "
                       "(tokenauth) are not supported by librdkafka");
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (pairs[i].value && client_set(conf, pairs[i].key, pairs[i].value, err) < 0)
            return -1;
    }
    return sasl->oauth ? apply_oauth(conf, sasl, err) : 0;
}

/* ---- To wire.c ---- */

int client_sasl_token(void *oauth, struct wire_token *ret_token, struct kc_error *err) {
    struct oauth_token token = {0};
    if (oauth_token_get(oauth, &token, err) < 0)
        return -1;
    char **extensions = calloc(token.extension_count + 1, sizeof(char *));
    for (size_t i = 0; extensions && i < token.extension_count; i++) {
        const char *name = token.extensions[2 * i], *value = token.extensions[2 * i + 1];
        size_t size = strlen(name) + strlen(value) + 2;
        extensions[i] = malloc(size);
        if (extensions[i])
            snprintf(extensions[i], size, "%s=%s", name, value);
    }
    *ret_token = (struct wire_token){
        .value = TAKE(token.value), .extensions = extensions, .extension_count = token.extension_count};
    oauth_token_done(&token);
    return 0;
}
