/* DirectoryConfigProvider: ${dir:/run/secrets:password}, one file per key.  Made by substitute.c, called under its
 * lock.
 * @source org.apache.kafka.common.config.provider.DirectoryConfigProvider */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/allowed_paths.h"
#include "config/builtin.h"
#include "config/properties.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/utf8.h"

#define LOG_DIR_PROVIDER "org.apache.kafka.common.config.provider.DirectoryConfigProvider"

enum { FILE_MAX = 16 * 1024 * 1024, PATH_TEXT_MAX = 64 * 1024 };

/* Adds the content of a regular file; what is none is no value. */
static int add_file(const char *folder, const char *name, struct kc_config *ret_values, struct kc_error *err) {
    struct stat st;
    size_t len;
    struct kc_error cause = {0};
    AUTO_BUF path;
    buf_init(&path, PATH_TEXT_MAX);
    (void)buf_printf(&path, "%s/%s", folder, name);
    if (path.failed || strchr(name, '/') || stat(buf_text(&path), &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    AUTO_TEXT text = file_read(buf_text(&path), FILE_MAX, &len, &cause);
    bool utf8 = text && utf8_valid_prefix(text, len) == len;
    if (utf8 && strlen(text) == len) {
        kc_config_set(ret_values, name, text);
        return 0;
    }
    kc_log(KC_ERROR, LOG_DIR_PROVIDER, "Could not read file %s for property %s: %s", buf_text(&path), name,
           !text  ? cause.text
           : utf8 ? "it holds a NUL character"
                  : "it is not UTF-8");
    return err_set(err, ERR_BAD_CONFIG, "Could not read file %s for property %s", buf_text(&path), name);
}

static int add_all(const char *folder, struct kc_config *ret_values, struct kc_error *err) {
    DIR *dir = opendir(folder);
    int rc = 0;
    if (!dir)
        return err_set(err, ERR_BAD_CONFIG, "Could not list directory %s", folder);
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;)
        rc = add_file(folder, entry->d_name, ret_values, err);
    closedir(dir);
    return rc;
}

static int get(void *self, const char *path, const char *const *keys, size_t key_count, struct kc_config *ret_values,
               int64_t *ret_ttl_ms, struct kc_error *err) {
    struct stat st;
    *ret_ttl_ms = -1;
    if (!*path)
        return 0;
    AUTO_TEXT folder = allowed_paths_check(self, path);
    if (!folder) {
        kc_log(KC_WARN, LOG_DIR_PROVIDER, "The path %s is not allowed to be accessed", path);
        return 0;
    }
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
        kc_log(KC_WARN, LOG_DIR_PROVIDER, "The path %s is not a directory", path);
        return 0;
    }
    for (size_t i = 0; i < key_count; i++)
        if (add_file(folder, keys[i], ret_values, err) < 0)
            return -1;
    return key_count ? 0 : add_all(folder, ret_values, err);
}

static const struct kc_config_provider_ops ops = {
    .configure = allowed_paths_configure, .get = get, .close = allowed_paths_close};

const struct kc_plugin provider_dir = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONFIG_PROVIDER,
    .class_name = "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
    .config_provider = &ops,
};
