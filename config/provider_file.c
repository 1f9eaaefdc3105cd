/* FileConfigProvider: ${file:/path/to.properties:key}.  Made by substitute.c, called under its lock.
 * @source org.apache.kafka.common.config.provider.FileConfigProvider */
#include <string.h>

#include "config/allowed_paths.h"
#include "config/builtin.h"
#include "config/properties.h"
#include "connect/base/err.h"
#include "connect/base/utf8.h"

#define LOG_FILE_PROVIDER "org.apache.kafka.common.config.provider.FileConfigProvider"

enum { FILE_MAX = 16 * 1024 * 1024 };

static int read_properties(const char *path, struct kc_config *ret_config, struct kc_error *err) {
    size_t len;
    struct kc_error cause = {0};
    AUTO_TEXT text = file_read(path, FILE_MAX, &len, &cause);
    bool valid = text && utf8_valid_prefix(text, len) == len;
    if (valid && properties_parse_as(PROPERTIES_UTF8, text, len, path, ret_config, &cause) == 0)
        return 0;
    if (text && !valid)
        err_set(&cause, ERR_IO, "%s is not UTF-8", path);
    kc_log(KC_ERROR, LOG_FILE_PROVIDER, "Could not read properties from file %s: %s", path, cause.text);
    return err_set(err, ERR_BAD_CONFIG, "Could not read properties from file %s", path);
}

static int get(void *self, const char *path, const char *const *keys, size_t key_count, struct kc_config *ret_values,
               int64_t *ret_ttl_ms, struct kc_error *err) {
    AUTO(props) content = kc_config_new();
    *ret_ttl_ms = -1;
    if (!*path)
        return 0;
    AUTO_TEXT allowed = allowed_paths_check(self, path);
    if (!allowed) {
        kc_log(KC_WARN, LOG_FILE_PROVIDER, "The path %s is not allowed to be accessed", path);
        return 0;
    }
    if (read_properties(allowed, content, err) < 0)
        return -1;
    for (size_t i = 0; i < key_count; i++)
        if (kc_config_has(content, keys[i]))
            kc_config_set(ret_values, keys[i], kc_config_get(content, keys[i]));
    for (size_t i = 0; !key_count && i < kc_config_count(content); i++)
        kc_config_set(ret_values, kc_config_key(content, i), kc_config_value(content, i));
    return 0;
}

static const struct kc_config_provider_ops ops = {
    .configure = allowed_paths_configure, .get = get, .close = allowed_paths_close};

const struct kc_plugin provider_file = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONFIG_PROVIDER,
    .class_name = "org.apache.kafka.common.config.provider.FileConfigProvider",
    .config_provider = &ops,
};
