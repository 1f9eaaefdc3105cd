/* AWS profile files: ~/.aws/credentials with [name] and ~/.aws/config with [profile name], the first winning. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connectors/s3/credential_process.h"
#include "connectors/s3/credentials_remote.h"

#define FILE_LIMIT ((size_t)1024 * 1024)
#define ROLE_DEPTH 5

static const char *variable(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

/* ---- The files --------------------------------------------------------------------------------------------------- */

static char *trim(char *text) {
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* The section's profile name, or NULL for sections of another kind. */
static char *section_name(char *line, bool config_file) {
    line[strcspn(line, "]")] = '\0';
    char *name = trim(line + 1);
    if (!config_file || !strcmp(name, "default"))
        return name;
    return strncmp(name, "profile", 7) || !strchr(" \t", name[7]) ? NULL : trim(name + 8);
}

/* Adds the settings of `profile` that are not there yet. Indented lines belong to nested blocks, which nothing here
 * reads. */
static void read_profile(char *text, bool config_file, const char *profile, struct kc_config *ret) {
    bool inside = false;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (*line == '[') {
            char *name = section_name(line, config_file);
            inside = name && !strcmp(name, profile);
        }
        char *equals = strchr(line, '=');
        if (!inside || !equals || strchr("#; \t[", *line))
            continue;
        *equals = '\0';
        char *key = trim(line);
        if (!kc_config_has(ret, key))
            kc_config_set(ret, key, trim(equals + 1));
    }
}

static int load_file(const char *path, bool config_file, const char *profile, struct kc_config *ret,
                     struct kc_error *err) {
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT || errno == ENOTDIR ? 0
                                                   : err_set(err, ERR_S3, "Cannot read %s: %s", path, strerror(errno));
    AUTO_BUF text;
    buf_init(&text, FILE_LIMIT);
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&text, chunk, n);
    bool bad = ferror(f) || text.failed;
    fclose(f);
    if (bad)
        return err_set(err, ERR_S3, "Cannot read %s: it is larger than %zu bytes or damaged", path, FILE_LIMIT);
    if (text.len)
        read_profile(text.data, config_file, profile, ret);
    return 0;
}

static int load_profile(const char *profile, struct kc_config *ret, struct kc_error *err) {
    const char *home = variable("HOME", "");
    char credentials[1024], config[1024];
    snprintf(credentials, sizeof(credentials), "%s/.aws/credentials", home);
    snprintf(config, sizeof(config), "%s/.aws/config", home);
    if (load_file(variable("AWS_SHARED_CREDENTIALS_FILE", credentials), false, profile, ret, err) < 0)
        return -1;
    return load_file(variable("AWS_CONFIG_FILE", config), true, profile, ret, err);
}

/* ---- A program that prints credentials --------------------------------------------------------------------------- */

/* {"Version":1,"AccessKeyId":…,"SecretAccessKey":…,"SessionToken":…,"Expiration":…}; without Expiration they hold. */
static int from_process(const char *command, struct credentials *ret, struct kc_error *err) {
    AUTO_BUF output;
    buf_init(&output, FILE_LIMIT);
    int rc = credential_process(command, CREDENTIAL_PROCESS_MS, &output, err);
    if (rc == 0)
        rc = credentials_read_json(&output, "credential_process", "SessionToken", ret, err);
    if (output.data)
        explicit_bzero(output.data, output.len);
    return rc;
}

/* ---- Profiles ---------------------------------------------------------------------------------------------------- */

static int resolve(const char *profile, int depth, struct credentials *ret, struct kc_error *err);

static int put(char *ret, size_t size, const char *text, const char *what, struct kc_error *err) {
    if (snprintf(ret, size, "%s", text ? text : "") >= (int)size)
        return err_set(err, ERR_S3, "The %s of the profile is too long", what);
    return 0;
}

static int static_keys(const struct kc_config *settings, struct credentials *ret, struct kc_error *err) {
    if (put(ret->id, sizeof(ret->id), kc_config_get(settings, "aws_access_key_id"), "access key", err) < 0 ||
        put(ret->secret, sizeof(ret->secret), kc_config_get(settings, "aws_secret_access_key"), "secret key", err) <
            0 ||
        put(ret->token, sizeof(ret->token), kc_config_get(settings, "aws_session_token"), "session token", err) < 0)
        return -1;
    if (!ret->id[0] || !ret->secret[0])
        return err_set(err, ERR_S3, "The profile has one of aws_access_key_id and aws_secret_access_key only");
    return 1;
}

static int role_base(const struct kc_config *settings, const char *profile, int depth, struct credentials *ret,
                     struct kc_error *err) {
    char origin[256];
    const struct credentials_static none = {NULL, NULL};
    const char *source = kc_config_get(settings, "source_profile"),
               *kind = kc_config_get(settings, "credential_source");
    if (source && !strcmp(source, profile) && kc_config_get(settings, "aws_access_key_id"))
        return static_keys(settings, ret, err);
    if (source)
        return resolve(source, depth + 1, ret, err);
    if (kind && !strcmp(kind, "Ec2InstanceMetadata"))
        return credentials_instance(&none, NULL, ret, origin, sizeof(origin), err);
    if (kind && !strcmp(kind, "EcsContainer"))
        return credentials_container(&none, NULL, ret, origin, sizeof(origin), err);
    if (kind && !strcmp(kind, "Environment"))
        return credentials_environment(&none, NULL, ret, origin, sizeof(origin), err);
    return err_set(err, ERR_S3, "Profile %s has role_arn but no usable source_profile or credential_source", profile);
}

static int assume(const struct kc_config *settings, const char *profile, int depth, struct credentials *ret,
                  struct kc_error *err) {
    struct sts_role role = {.arn = kc_config_get(settings, "role_arn"),
                            .session = kc_config_get(settings, "role_session_name"),
                            .external_id = kc_config_get(settings, "external_id"),
                            .duration_s = kc_config_get(settings, "duration_seconds"),
                            .region = variable("AWS_REGION", kc_config_get(settings, "region")),
                            .token_file = kc_config_get(settings, "web_identity_token_file")};
    if (role.token_file)
        return sts_assume(&role, NULL, ret, err) < 0 ? -1 : 1;
    struct credentials *base = calloc(1, sizeof(*base));
    int rc = role_base(settings, profile, depth, base, err);
    if (!rc)
        rc = err_set(err, ERR_S3, "The source of profile %s has no credentials", profile);
    if (rc > 0)
        rc = sts_assume(&role, base, ret, err) < 0 ? -1 : 1;
    explicit_bzero(base, sizeof(*base));
    free(base);
    return rc;
}

/* 1, 0 (no such profile) or -1. */
static int resolve(const char *profile, int depth, struct credentials *ret, struct kc_error *err) {
    if (depth > ROLE_DEPTH)
        return err_set(err, ERR_S3, "The source_profile entries of profile %s form a circle or a long chain", profile);
    struct kc_config *settings = kc_config_new();
    int rc = load_profile(profile, settings, err);
    if (rc < 0 || !kc_config_count(settings))
        ;
    else if (kc_config_get(settings, "role_arn"))
        rc = assume(settings, profile, depth, ret, err);
    else if (kc_config_get(settings, "aws_access_key_id") || kc_config_get(settings, "aws_secret_access_key"))
        rc = static_keys(settings, ret, err);
    else if (kc_config_get(settings, "credential_process"))
        rc = from_process(kc_config_get(settings, "credential_process"), ret, err);
    else if (kc_config_get(settings, "sso_account_id") || kc_config_get(settings, "sso_session"))
        rc = err_set(err, ERR_S3, "Profile %s uses sso, which is not supported", profile);
    kc_config_free(settings);
    return rc;
}

int credentials_profile(const struct credentials_static *fixed, const struct kc_config *config, struct credentials *ret,
                        char *origin, size_t origin_size, struct kc_error *err) {
    (void)fixed, (void)config;
    const char *profile = variable("AWS_PROFILE", "default");
    snprintf(origin, origin_size, "profile %s", profile);
    return resolve(profile, 0, ret, err);
}
