/* Any text with references: values, paths and keys of every shape, against a provider that knows one key. */
#include <stdlib.h>
#include <string.h>

#include "config/substitute.h"
#include "tests/support/fuzz.h"

static int get(void *self, const char *path, const char *const *keys, size_t key_count, struct kc_config *ret_values,
               int64_t *ret_ttl_ms, struct kc_error *err) {
    (void)self;
    (void)path;
    (void)err;
    *ret_ttl_ms = -1;
    for (size_t i = 0; i < key_count; i++)
        if (strcmp(keys[i], "k") == 0)
            kc_config_set(ret_values, keys[i], "${p:k}");
    return 0;
}

static const struct kc_config_provider_ops ops = {.get = get};
static const struct kc_plugin plugin = {
    .abi = KC_ABI, .kind = KC_KIND_CONFIG_PROVIDER, .class_name = "P", .config_provider = &ops};

static const struct kc_plugin *find(const char *class_name, enum kc_plugin_kind kind) {
    (void)class_name;
    (void)kind;
    return &plugin;
}

static void one(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    struct kc_config *worker = kc_config_new(), *config = kc_config_new();
    char *text = strndup(len ? (const char *)data : "", len);
    kc_config_set(worker, "config.providers", "p");
    kc_config_set(worker, "config.providers.p.class", "P");
    kc_config_set(config, "a", text);
    kc_config_set(config, "b", "${p:x:k}");
    struct substitute *s = substitute_new(worker, find, &err);
    struct kc_config *out = s ? substitute_apply(s, config, NULL, &err) : NULL;
    if (!out || strcmp(kc_config_get(out, "b"), "${p:k}") != 0)
        abort();
    kc_config_free(out);
    substitute_free(s);
    kc_config_free(config);
    kc_config_free(worker);
    free(text);
}

FUZZ_TARGET(one)
