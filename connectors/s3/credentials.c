/* See credentials.h: options, environment and profile files. What needs requests is in credentials_remote.c. */
#include "connectors/s3/credentials.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/credentials_remote.h"

#define LOGGER           "io.confluent.connect.s3.storage.S3Storage"
#define REFRESH_AHEAD_MS (5 * 60 * 1000)
#define HELD_ERROR_MS    10000

struct credentials_source {
    pthread_mutex_t lock;
    const struct credentials_element *element; /* NULL: the chain, until one yields */
    struct credentials_static fixed;
    struct kc_config *provider_config;
    struct credentials current;
    bool have, wanted_new;
    int64_t refresh_after_ms; /* monotonic: a failed renewal is not repeated at every request */
    char origin[512];
};

/* ---- Elements ---------------------------------------------------------------------------------------------------- */

static bool set(const char *text) {
    return text && *text;
}

static int put_text(char *ret, size_t size, const char *text, const char *what, struct kc_error *err) {
    size_t len = strlen(text);
    if (len >= size)
        return err_set(err, ERR_S3, "The %s is longer than %zu bytes", what, size - 1);
    memcpy(ret, text, len + 1);
    return 0;
}

static int load_static(const struct credentials_static *fixed, const struct kc_config *config, struct credentials *ret,
                       char *origin, size_t origin_size, struct kc_error *err) {
    (void)config;
    if (!set(fixed->id) || !set(fixed->secret))
        return 0;
    snprintf(origin, origin_size, "aws.access.key.id");
    if (put_text(ret->id, sizeof(ret->id), fixed->id, "access key id", err) < 0 ||
        put_text(ret->secret, sizeof(ret->secret), fixed->secret, "secret access key", err) < 0)
        return -1;
    return 1;
}

static int load_anonymous(const struct credentials_static *fixed, const struct kc_config *config,
                          struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config, (void)err;
    snprintf(origin, origin_size, "anonymous");
    ret->anonymous = true;
    return 1;
}

int credentials_environment(const struct credentials_static *fixed, const struct kc_config *config,
                            struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config;
    const char *id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
    const char *token = getenv("AWS_SESSION_TOKEN");
    if (!set(id) && !set(secret))
        return 0;
    if (!set(id) || !set(secret))
        return err_set(err, ERR_S3, "The environment has one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only");
    snprintf(origin, origin_size, "environment");
    if (put_text(ret->id, sizeof(ret->id), id, "AWS_ACCESS_KEY_ID", err) < 0 ||
        put_text(ret->secret, sizeof(ret->secret), secret, "AWS_SECRET_ACCESS_KEY", err) < 0 ||
        put_text(ret->token, sizeof(ret->token), set(token) ? token : "", "AWS_SESSION_TOKEN", err) < 0)
        return -1;
    return 1;
}

/* Java system properties do not exist here. */
static int load_system(const struct credentials_static *fixed, const struct kc_config *config, struct credentials *ret,
                       char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config, (void)ret, (void)origin, (void)origin_size, (void)err;
    return 0;
}

/* The order of Java's DefaultCredentialsProvider. */
static const struct credentials_element chain[] = {
    {"environment", credentials_environment},
    {"web identity", credentials_web_identity},
    {"profile", credentials_profile},
    {"container", credentials_container},
    {"instance metadata", credentials_instance},
};
static const struct credentials_element element_static = {"static", load_static};
static const struct credentials_element element_anonymous = {"anonymous", load_anonymous};
static const struct credentials_element element_system = {"system properties", load_system};
static const struct credentials_element element_assume_role = {"assumed role", credentials_assume_role};

static int no_credentials(struct kc_error *err) {
    return err_set(err, ERR_S3,
                   "Unable to load credentials from any of the providers in the chain: no aws.access.key.id with "
                   "aws.secret.access.key, environment, web identity, profile file, container or instance metadata");
}

int credentials_own(const struct credentials_static *fixed, struct credentials *ret, struct kc_error *err) {
    char origin[64];
    return load_static(fixed, NULL, ret, origin, sizeof(origin), err) > 0 ? 0 : -1;
}

int credentials_chain(struct credentials *ret, struct kc_error *err) {
    const struct credentials_static none = {NULL, NULL};
    char origin[512];
    int rc = 0;
    for (size_t i = 0; i < COUNT_OF(chain) && !rc; i++)
        rc = chain[i].load(&none, NULL, ret, origin, sizeof(origin), err);
    return rc ? (rc > 0 ? 0 : -1) : no_credentials(err);
}

#define SDK1 "com.amazonaws.auth."
#define SDK2 "software.amazon.awssdk.auth.credentials."

const char *const credentials_class_names[] = {CREDENTIALS_DEFAULT_CLASS,
                                               SDK2 "EnvironmentVariableCredentialsProvider",
                                               SDK2 "WebIdentityTokenFileCredentialsProvider",
                                               SDK2 "ProfileCredentialsProvider",
                                               SDK2 "ContainerCredentialsProvider",
                                               SDK2 "InstanceProfileCredentialsProvider",
                                               SDK2 "SystemPropertyCredentialsProvider",
                                               SDK2 "AnonymousCredentialsProvider",
                                               SDK2 "StaticCredentialsProvider",
                                               SDK1 "DefaultAWSCredentialsProviderChain",
                                               SDK1 "EnvironmentVariableCredentialsProvider",
                                               SDK1 "WebIdentityTokenCredentialsProvider",
                                               SDK1 "profile.ProfileCredentialsProvider",
                                               SDK1 "EC2ContainerCredentialsProviderWrapper",
                                               SDK1 "InstanceProfileCredentialsProvider",
                                               SDK1 "SystemPropertiesCredentialsProvider",
                                               SDK1 "AWSStaticCredentialsProvider",
                                               "io.confluent.connect.s3.auth.AwsAssumeRoleCredentialsProvider",
                                               NULL};

int credentials_check_class(const char *option, const char *class_name, struct kc_error *err) {
    for (const char *const *known = credentials_class_names; *known; known++)
        if (!class_name || !strcmp(*known, class_name)) /* no class at all is another matter */
            return 0;
    return option_invalid(
        err, option, class_name,
        "Class must extend: interface software.amazon.awssdk.auth.credentials.AwsCredentialsProvider");
}

/* What each is, by its simple name; the package says nothing more. */
static const struct {
    const char *simple_name;
    const struct credentials_element *element; /* NULL: the chain */
} classes[] = {
    {"DefaultCredentialsProvider", NULL},
    {"DefaultAWSCredentialsProviderChain", NULL},
    {"EnvironmentVariableCredentialsProvider", &chain[0]},
    {"WebIdentityTokenFileCredentialsProvider", &chain[1]},
    {"WebIdentityTokenCredentialsProvider", &chain[1]},
    {"ProfileCredentialsProvider", &chain[2]},
    {"ContainerCredentialsProvider", &chain[3]},
    {"EC2ContainerCredentialsProviderWrapper", &chain[3]},
    {"InstanceProfileCredentialsProvider", &chain[4]},
    {"SystemPropertyCredentialsProvider", &element_system},
    {"SystemPropertiesCredentialsProvider", &element_system},
    {"AnonymousCredentialsProvider", &element_anonymous},
    {"StaticCredentialsProvider", &element_static},
    {"AWSStaticCredentialsProvider", &element_static},
    {"AwsAssumeRoleCredentialsProvider", &element_assume_role},
};

static int find_class(const char *class_name, const struct credentials_element **ret_element) {
    const char *dot = strrchr(class_name, '.');
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (!strcmp(classes[i].simple_name, dot ? dot + 1 : class_name)) {
            *ret_element = classes[i].element;
            return 0;
        }
    return -1;
}

/* ---- The source -------------------------------------------------------------------------------------------------- */

struct credentials_source *credentials_new(const struct store_conf *conf, struct kc_error *err) {
    const struct credentials_element *element = NULL;
    if (set(conf->provider_class) && find_class(conf->provider_class, &element) < 0) {
        err_set(err, ERR_BAD_CONFIG, "Invalid class for: s3.credentials.provider.class: %s", conf->provider_class);
        return NULL;
    }
    if (set(conf->access_key) && set(conf->secret_key.value) && element != &element_assume_role)
        element = &element_static;
    struct credentials_source *src = calloc(1, sizeof(*src));
    pthread_mutex_init(&src->lock, NULL);
    src->element = element;
    src->fixed.id = strdup(conf->access_key ? conf->access_key : "");
    src->fixed.secret = strdup(conf->secret_key.value ? conf->secret_key.value : "");
    src->provider_config = conf->provider_config ? kc_config_copy(conf->provider_config) : NULL;
    snprintf(src->origin, sizeof(src->origin), "nothing yet");
    return src;
}

struct credentials_source *credentials_free(struct credentials_source *src) {
    if (!src)
        return NULL;
    explicit_bzero(&src->current, sizeof(src->current));
    explicit_bzero(src->fixed.secret, strlen(src->fixed.secret));
    free(src->fixed.id);
    free(src->fixed.secret);
    kc_config_free(src->provider_config);
    pthread_mutex_destroy(&src->lock);
    free(src);
    return NULL;
}

/* 1 yielded, 0 has nothing, -1 failed. */
static int try_element(struct credentials_source *src, const struct credentials_element *element,
                       struct credentials *ret, struct kc_error *err) {
    memset(ret, 0, sizeof(*ret));
    int rc = element->load(&src->fixed, src->provider_config, ret, src->origin, sizeof(src->origin), err);
    if (rc > 0 && src->element != element) {
        src->element = element;
        kc_log(KC_INFO, LOGGER, "Credentials come from %s", src->origin);
    }
    return rc;
}

static int fetch(struct credentials_source *src, struct credentials *ret, struct kc_error *err) {
    int rc = 0;
    if (src->element)
        rc = try_element(src, src->element, ret, err);
    else
        for (size_t i = 0; i < COUNT_OF(chain) && !rc; i++)
            rc = try_element(src, &chain[i], ret, err);
    if (rc)
        return rc > 0 ? 0 : -1;
    return src->element ? err_set(err, ERR_S3, "Unable to load credentials: %s has none", src->element->name)
                        : no_credentials(err);
}

/* An expiring set is replaced ahead of time; while the old one still holds, a failure to do so is only logged. */
static int refreshed(struct credentials_source *src, struct kc_error *err) {
    struct credentials *fresh = malloc(sizeof(*fresh));
    int rc = fetch(src, fresh, err);
    if (!rc) {
        src->current = *fresh;
        src->have = true;
        src->wanted_new = false;
    } else if (src->have && !src->wanted_new && src->current.expires_ms > clock_wall_ms()) {
        src->refresh_after_ms = clock_ms() + HELD_ERROR_MS;
        kc_log(KC_WARN, LOGGER, "Cannot renew credentials, going on with the old ones: %s", err ? err->text : "");
        rc = 0;
    }
    explicit_bzero(fresh, sizeof(*fresh));
    free(fresh);
    return rc;
}

int credentials_get(struct credentials_source *src, struct credentials *ret_credentials, struct kc_error *err) {
    int rc = 0;
    pthread_mutex_lock(&src->lock);
    int64_t now = clock_wall_ms(), expires = src->current.expires_ms;
    bool soon = expires && now > expires - REFRESH_AHEAD_MS && (now > expires || clock_ms() >= src->refresh_after_ms);
    if (!src->have || src->wanted_new || soon)
        rc = refreshed(src, err);
    if (!rc)
        *ret_credentials = src->current;
    pthread_mutex_unlock(&src->lock);
    return rc;
}

bool credentials_expire(struct credentials_source *src) {
    pthread_mutex_lock(&src->lock);
    bool other = src->element != &element_static && src->element != &element_anonymous && src->element != &chain[0];
    src->wanted_new |= other;
    pthread_mutex_unlock(&src->lock);
    return other;
}
