/* See auth.h. */
#include "rest/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/properties.h"
#include "config/worker_checks.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/kafka/jaas_file.h"
#include "rest/reply.h"
#include "rest/routes.h"
#include "rest/server_state.h"

#define LOG_AUTH BASIC_AUTH_PACKAGE "PropertyFileLoginModule"

struct auth {
    struct jaas_entry entry;
    pthread_mutex_t lock;
    struct kc_config *users[JAAS_MAX_MODULES]; /* under lock until set: NULL: not read yet */
};

/* ---- which users ---- */

/* An entry without a list of its own is called "other", as in Java. */
static int load_entry(const char *file, struct jaas_entry *ret_entry, struct kc_error *err) {
    if (jaas_file_load(file, "KafkaConnect", ret_entry, err) < 0)
        return -1;
    if (!ret_entry->count && jaas_file_load(file, "other", ret_entry, err) < 0)
        return -1;
    return ret_entry->count ? 0 : err_set(err, ERR_BAD_CONFIG, "JAAS file %s has no entry KafkaConnect", file);
}

static int check_modules(const char *file, const struct jaas_entry *entry, struct kc_error *err) {
    for (size_t i = 0; i < entry->count; i++) {
        const struct jaas *module = &entry->modules[i];
        const char *users = kc_config_get(module->options, "file");
        if (strcmp(module->module, BASIC_AUTH_PACKAGE "PropertyFileLoginModule") != 0)
            return err_set(err, ERR_BAD_CONFIG,
                           "JAAS file %s: login module %s is a Java class, which this worker cannot load; it has %s "
                           "built in",
                           file, module->module, BASIC_AUTH_PACKAGE "PropertyFileLoginModule");
        if (!users || !users[strspn(users, " \t")])
            kc_log(KC_ERROR, LOG_AUTH, "Property Credentials file must be specified (option file in %s)", file);
    }
    return 0;
}

/* The users of a module; NULL: the file cannot be read. Read once, as in Java. */
static const struct kc_config *users_of(struct auth *a, size_t i) {
    const char *file = kc_config_get(a->entry.modules[i].options, "file");
    struct kc_error err = {0};
    pthread_mutex_lock(&a->lock);
    if (!a->users[i] && file) {
        struct kc_config *users = kc_config_new();
        if (properties_load(file, users, &err) == 0)
            a->users[i] = users;
        else
            kc_config_free(users);
    }
    const struct kc_config *users = a->users[i];
    pthread_mutex_unlock(&a->lock);
    if (!users && file)
        kc_log(KC_ERROR, LOG_AUTH, "Error loading Property Credentials file %s: %s", file, err.text);
    return users;
}

int auth_new(const struct worker_conf *conf, struct auth **ret_auth, struct kc_error *err) {
    *ret_auth = NULL;
    if (conf->rest_extensions.count == 0)
        return 0;
    AUTO_TEXT file = jaas_file_find();
    if (!file)
        return err_set(err, ERR_BAD_CONFIG,
                       "rest.extension.classes: BasicAuthSecurityRestExtension needs a JAAS file; name it in the "
                       "environment by KAFKA_OPTS=-Djava.security.auth.login.config=FILE");
    struct auth *a = calloc(1, sizeof *a);
    if (!a)
        return err_set(err, ERR_INTERNAL, "out of memory");
    pthread_mutex_init(&a->lock, NULL);
    if (load_entry(file, &a->entry, err) < 0 || check_modules(file, &a->entry, err) < 0) {
        auth_free(a);
        return -1;
    }
    for (size_t i = 0; i < a->entry.count; i++)
        (void)users_of(a, i);
    *ret_auth = a;
    return 0;
}

struct auth *auth_free(struct auth *a) {
    if (!a)
        return NULL;
    for (size_t i = 0; i < a->entry.count; i++)
        kc_config_free(a->users[i]);
    jaas_entry_done(&a->entry);
    pthread_mutex_destroy(&a->lock);
    free(a);
    return NULL;
}

/* ---- who asks ---- */

static bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* java.util.Base64's basic decoder: padding may be missing. Text malloc'ed and NUL-terminated. */
static int decode(const char *text, char **ret_text, size_t *ret_len, struct kc_error *err) {
    size_t len = strlen(text), data = 0;
    while (is_base64(text[data]))
        data++;
    size_t pad = len - data;
    if (len == 1)
        return err_set(err, ERR_INTERNAL, "Input byte[] should at least have 2 bytes for base64 bytes");
    if (text[data] && text[data] != '=')
        return err_set(err, ERR_INTERNAL, "Illegal base64 character %x", (unsigned char)text[data]);
    if (data % 4 == 1)
        return err_set(err, ERR_INTERNAL, "Last unit does not have enough valid bits");
    if (pad > 0 && (data % 4 == 0 || (data % 4 == 2 && strncmp(text + data, "==", 2) != 0)))
        return err_set(err, ERR_INTERNAL, "Input byte array has wrong 4-byte ending unit");
    size_t whole = (data + 3) / 4 * 4;
    if (pad > 0 && len != whole)
        return err_set(err, ERR_INTERNAL, "Input byte array has incorrect ending byte at %zu", whole);
    char *in = malloc(whole + 1), *out = malloc(whole + 1);
    if (!in || !out) {
        free(in);
        free(out);
        return err_set(err, ERR_INTERNAL, "out of memory");
    }
    memcpy(in, text, data);
    memset(in + data, '=', whole - data);
    int n = EVP_DecodeBlock((unsigned char *)out, (unsigned char *)in, (int)whole);
    explicit_bzero(in, whole);
    free(in);
    *ret_len = n < 0 ? 0 : (size_t)n - (whole - data);
    out[*ret_len] = '\0';
    *ret_text = out;
    return 0;
}

int auth_credentials(const char *header, char **ret_user, char **ret_password, struct kc_error *err) {
    *ret_user = *ret_password = NULL;
    const char *space = header ? strchr(header, ' ') : NULL;
    if (!space || space - header != 5 || strncasecmp(header, "basic", 5) != 0)
        return 0;
    char *text = NULL;
    size_t len = 0;
    if (decode(space + 1, &text, &len, err) < 0 || !text)
        return -1;
    char *colon = memchr(text, ':', len);
    /* A NUL character is in no user name or password that a properties file can hold here. */
    if (colon && colon > text && strlen(text) == len) {
        *ret_user = strndup(text, (size_t)(colon - text));
        *ret_password = strdup(colon + 1);
    }
    explicit_bzero(text, len);
    free(text);
    return 0;
}

static bool same(const char *a, const char *b) {
    size_t len = strlen(a);
    return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

/* What a module says. JAAS knows three answers; a user that does not match is "ignore me", not a failure. */
enum verdict { VERDICT_YES, VERDICT_IGNORED, VERDICT_FAILED };

static enum verdict ask_module(struct auth *a, size_t i, const char *user, const char *password) {
    const struct kc_config *users = users_of(a, i);
    if (!users)
        return VERDICT_FAILED;
    if (kc_config_count(users) == 0)
        return VERDICT_YES; /* no users: everybody may */
    const char *wanted = user ? kc_config_get(users, user) : NULL;
    return wanted && same(wanted, password) ? VERDICT_YES : VERDICT_IGNORED;
}

/* @source javax.security.auth.login.LoginContext.invoke */
static bool log_in(struct auth *a, const char *user, const char *password) {
    bool success = false, required_failed = false;
    for (size_t i = 0; i < a->entry.count; i++) {
        enum jaas_flag flag = a->entry.modules[i].flag;
        enum verdict verdict = ask_module(a, i, user, password);
        if (verdict == VERDICT_FAILED && flag == JAAS_REQUISITE)
            return false;
        required_failed |= verdict == VERDICT_FAILED && flag == JAAS_REQUIRED;
        success |= verdict == VERDICT_YES;
        if (verdict == VERDICT_YES && flag == JAAS_SUFFICIENT)
            break;
    }
    return success && !required_failed;
}

static void refuse(struct rest_exchange *ex) {
    static const char text[] = "User cannot access the resource.";
    reply_json(ex, 401, text, sizeof text - 1);
    if (strcmp(ex->method, "OPTIONS") == 0)
        ex->content_type = "text/plain";
}

void auth_check(struct rest_exchange *ex) {
    struct auth *a = ex->server->auth;
    struct kc_error err = {0};
    AUTO_TEXT user = NULL;
    AUTO_TEXT password = NULL;
    /* Requests between workers are signed instead; admin listeners have no extensions. */
    if (!a || ex->admin || (ex->route && route_is_internal(ex->route)))
        return;
    if (auth_credentials(rest_header(ex, "Authorization"), &user, &password, &err) < 0)
        reply_error(ex, &err);
    else if (!log_in(a, user, password))
        refuse(ex);
    if (password)
        explicit_bzero(password, strlen(password));
}
