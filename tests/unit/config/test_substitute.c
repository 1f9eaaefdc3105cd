/* References, the three providers, what stays as it is and what fails. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "config/builtin.h"
#include "config/substitute.h"
#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/log.h"
#include "tests/support/suite.h"

AUTO_FREE(substitute, struct substitute, substitute_free)

static char dir[64];

static void put(const char *name, const char *content) {
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(content, f);
    fclose(f);
}

static int calls;

/* A provider with a ttl that answers "<path>/<key>" and counts its calls. */
static int echo_get(void *self, const char *path, const char *const *keys, size_t key_count,
                    struct kc_config *ret_values, int64_t *ret_ttl_ms, struct kc_error *err) {
    char value[256];
    calls++;
    for (size_t i = 0; i < key_count; i++) {
        snprintf(value, sizeof(value), "%s/%s", path, keys[i]);
        if (strcmp(keys[i], "none") != 0)
            kc_config_set(ret_values, keys[i], value);
    }
    *ret_ttl_ms = strcmp(path, "slow") == 0 ? 5000 : strcmp(path, "quick") == 0 ? 10 : -1;
    (void)self;
    (void)err;
    return 0;
}

static const struct kc_config_provider_ops echo_ops = {.get = echo_get};
static const struct kc_plugin echo = {
    .abi = KC_ABI, .kind = KC_KIND_CONFIG_PROVIDER, .class_name = "Echo", .config_provider = &echo_ops};

static const struct kc_plugin *find(const char *class_name, enum kc_plugin_kind kind) {
    const struct kc_plugin *const known[] = {&provider_file, &provider_env, &provider_dir, &echo};
    ck_assert_int_eq(kind, KC_KIND_CONFIG_PROVIDER);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        size_t tail = strlen(known[i]->class_name) - strlen(class_name);
        if (strlen(class_name) <= strlen(known[i]->class_name) && strcmp(known[i]->class_name + tail, class_name) == 0)
            return known[i];
    }
    return NULL;
}

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    (void)level;
    (void)line;
}

static void set_up(void) {
    log_sink(quiet, NULL);
    snprintf(dir, sizeof(dir), "/tmp/kconnectd-substitute-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    put("a.properties", "user = ann\npassword = p\\u00e4ss\ntwo = ${file:x:y}\nutf8=\xC3\xA9\n");
    put("secret", "line\n");
    put("bad.properties", "x=\xFF\n");
    ck_assert_int_eq(setenv("KCT_ONE", "1 and 2", 1), 0);
    ck_assert_int_eq(setenv("OTHER", "hidden", 1), 0);
    calls = 0;
}

static void tear_down(void) {
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static struct kc_config *worker(const char *file_paths) {
    struct kc_config *w = kc_config_new();
    kc_config_set(w, "config.providers", "file, env,dir,echo,lost");
    kc_config_set(w, "config.providers.file.class", "FileConfigProvider");
    if (file_paths)
        kc_config_set(w, "config.providers.file.param.allowed.paths", file_paths);
    kc_config_set(w, "config.providers.env.class", "EnvVarConfigProvider");
    kc_config_set(w, "config.providers.env.param.allowlist.pattern", "KCT_.*");
    kc_config_set(w, "config.providers.dir.class", "DirectoryConfigProvider");
    kc_config_set(w, "config.providers.echo.class", "Echo");
    return w;
}

/* "@" stands for the folder. */
static char *with_dir(const char *text) {
    AUTO_BUF b;
    buf_init(&b, 65536);
    for (; *text; text++)
        (void)(*text == '@' ? buf_add_text(&b, dir) : buf_add_char(&b, *text));
    return b.len ? buf_take(&b) : strdup("");
}

START_TEST(test_values) {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"plain $ {} }{ ${} ${x}", "plain $ {} }{ ${} ${x}"},
        {"${file:@/a.properties:user}", "ann"},
        {"<${file:@/a.properties:user}:${file:@/a.properties:password}>", "<ann:p\xC3\xA4ss>"},
        {"${file:@/a.properties:two}", "${file:x:y}"}, /* not looked at again */
        {"${file:@/a.properties:utf8}", "\xC3\xA9"},
        {"${file:@/a.properties:none}", "${file:@/a.properties:none}"},
        {"${file:user}", "${file:user}"},
        {"${unknown:a:b}", "${unknown:a:b}"},
        {"${env:KCT_ONE}!", "1 and 2!"},
        {"${env:OTHER}", "${env:OTHER}"},
        {"${env:KCT_MISSING}", "${env:KCT_MISSING}"},
        {"${dir:@:secret}", "line\n"},
        {"${dir:@:../secret}", "${dir:@:../secret}"},
        {"${dir:@/secret:secret}", "${dir:@/secret:secret}"},
        {"${dir:/nonexistent:x}", "${dir:/nonexistent:x}"},
        {"${echo:C:/x:k}", "C//x:k"}, /* more colons belong to the key */
        {"${echo:k}", "/k"},
        {"${echo:}", "/"},
        {"${echo:p:${k}}", "p/${k}"},
        {"${echo:p:none} ${echo:p:k}", "${echo:p:none} p/k"},
        {"${x${echo:p:k}", "${x${echo:p:k}"},
        {"${echo:p:k", "${echo:p:k"},
    };
    struct kc_error err = {0};
    AUTO(props) w = worker(NULL);
    AUTO(substitute) s = substitute_new(w, find, &err);
    ck_assert_msg(s != NULL, "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_TEXT text = with_dir(cases[i].text);
        AUTO_TEXT want = with_dir(cases[i].want);
        AUTO(props) config = kc_config_new();
        kc_config_set(config, "k", text);
        kc_config_set(config, "null", NULL);
        AUTO(props) out = substitute_apply(s, config, NULL, &err);
        ck_assert_msg(out != NULL, "%s: %s", text, err.text);
        ck_assert_str_eq(kc_config_get(out, "k"), want);
        ck_assert(kc_config_has(out, "null") && !kc_config_get(out, "null"));
        ck_assert_str_eq(kc_config_get(config, "k"), text);
    }
}
END_TEST

START_TEST(test_one_call_per_path_and_the_smallest_ttl) {
    struct kc_error err = {0};
    int64_t ttl = 0;
    AUTO(props) w = worker(NULL);
    AUTO(substitute) s = substitute_new(w, find, &err);
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "a", "${echo:slow:x}${echo:slow:y}");
    kc_config_set(config, "b", "${echo:slow:x}");
    AUTO(props) first = substitute_apply(s, config, &ttl, &err);
    ck_assert_str_eq(kc_config_get(first, "a"), "slow/xslow/y");
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(ttl, 5000);
    kc_config_set(config, "c", "${echo:quick:x}");
    kc_config_set(config, "d", "${echo:x}");
    AUTO(props) second = substitute_apply(s, config, &ttl, &err);
    ck_assert_str_eq(kc_config_get(second, "d"), "/x");
    ck_assert_int_eq(calls, 4);
    ck_assert_int_eq(ttl, 10);
    kc_config_set(config, "a", "");
    kc_config_set(config, "b", "");
    kc_config_set(config, "c", "");
    AUTO(props) third = substitute_apply(s, config, &ttl, &err);
    ck_assert_ptr_nonnull(third);
    ck_assert_int_eq(ttl, -1);
}
END_TEST

START_TEST(test_allowed_paths) {
    static const struct {
        const char *allowed, *path;
        bool found;
    } cases[] = {
        {"@", "@/a.properties", true},
        {"/usr,@", "@/../x/..@/a.properties", false},
        {"/usr,@", "@/./a.properties", true},
        {"@/a.properties", "@/a.properties", true},
        {"@/a", "@/a.properties", false},
        {"/usr", "@/a.properties", false},
        {"/", "@/a.properties", true},
        {"/usr", "/usr/..@/a.properties", false},
        {"/usr", "/usr/../..@/a.properties", false},
    };
    put("a", "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO_TEXT allowed = with_dir(cases[i].allowed);
        AUTO_TEXT path = with_dir(cases[i].path);
        char text[512];
        AUTO(props) w = worker(allowed);
        AUTO(substitute) s = substitute_new(w, find, &err);
        ck_assert_msg(s != NULL, "%s", err.text);
        AUTO(props) config = kc_config_new();
        snprintf(text, sizeof(text), "${file:%s:user}", path);
        kc_config_set(config, "k", text);
        AUTO(props) out = substitute_apply(s, config, NULL, &err);
        ck_assert_msg(out != NULL, "%s: %s", text, err.text);
        ck_assert_str_eq(kc_config_get(out, "k"), cases[i].found ? "ann" : text);
    }
}
END_TEST

START_TEST(test_bad_declarations) {
    static const struct {
        const char *key, *value, *want;
    } cases[] = {
        {"config.providers.file.param.allowed.paths", "rel", "config.providers.file: Path rel is not absolute"},
        {"config.providers.dir.param.allowed.paths", "/nonexistent",
         "config.providers.dir: Path /nonexistent does not exist"},
        {"config.providers.file.class", "x.Vault",
         "Invalid value x.Vault for configuration config.providers.file.class: Could not load config provider class or "
         "one "
         "of its dependencies"},
        {"config.providers.env.param.allowlist.pattern", "(", "config.providers.env: allowlist.pattern"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) w = worker(NULL);
        kc_config_set(w, cases[i].key, cases[i].value);
        ck_assert_ptr_null(substitute_new(w, find, &err));
        ck_assert_msg(strncmp(err.text, cases[i].want, strlen(cases[i].want)) == 0, "%s", err.text);
    }
}
END_TEST

START_TEST(test_failing_providers) {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"${file:@/missing:x}", "Could not read properties from file @/missing"},
        {"${file:@/bad.properties:x}", "Could not read properties from file @/bad.properties"},
        {"${dir:@:bad.properties}", "Could not read file @/bad.properties for property bad.properties"},
        {"${env:path:KCT_ONE}", "Path is not supported for EnvVarConfigProvider, invalid value 'path'"},
    };
    struct kc_error err = {0};
    AUTO(props) w = worker(NULL);
    AUTO(substitute) s = substitute_new(w, find, &err);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_TEXT text = with_dir(cases[i].text);
        AUTO_TEXT want = with_dir(cases[i].want);
        AUTO(props) config = kc_config_new();
        kc_config_set(config, "k", text);
        ck_assert_ptr_null(substitute_apply(s, config, NULL, &err));
        ck_assert_str_eq(err.text, want);
        ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
    }
}
END_TEST

START_TEST(test_all_keys) {
    AUTO_TEXT bad = with_dir("@/bad.properties");
    ck_assert_int_eq(unlink(bad), 0); /* it would be read with all the others */
    struct kc_error err = {0};
    void *self = NULL;
    int64_t ttl;
    AUTO(props) none = kc_config_new();
    const struct kc_plugin *const plugins[] = {&provider_file, &provider_dir, &provider_env};
    const char *const paths[] = {"@/a.properties", "@", ""}, *const keys[] = {"utf8", "secret", "KCT_ONE"};
    for (size_t i = 0; i < COUNT_OF(plugins); i++) {
        AUTO(props) values = kc_config_new();
        AUTO_TEXT path = with_dir(paths[i]);
        ck_assert_int_eq(plugins[i]->config_provider->configure(none, &self, &err), 0);
        ck_assert_int_eq(plugins[i]->config_provider->get(self, path, NULL, 0, values, &ttl, &err), 0);
        ck_assert(kc_config_has(values, keys[i]));
        ck_assert_uint_ge(kc_config_count(values), 2);
        plugins[i]->config_provider->close(self);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("substitute");
    TCase *tc = tcase_create("substitute");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_one_call_per_path_and_the_smallest_ttl);
    tcase_add_test(tc, test_allowed_paths);
    tcase_add_test(tc, test_bad_declarations);
    tcase_add_test(tc, test_failing_providers);
    tcase_add_test(tc, test_all_keys);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
