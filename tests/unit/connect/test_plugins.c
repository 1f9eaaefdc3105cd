/* The registry: names of plugins, shared objects good and bad, look-ups of classes for options, versions. */
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "connect/plugin_version.h"
#include "connect/plugins.h"
#include "tests/support/suite.h"

AUTO_FREE(version_range, struct version_range, version_range_free)

static char dir[64];
static char logged[65536];

/* A shared object with connectors (two of one simple name), nested transforms and one plugin of another ABI. */
static const char source[] =
    "#include \"connect/plugin.h\"\n"
    "static int configs(void *s, const struct kc_config *c, const void *f, int m, struct kc_config **r, int *n,\n"
    "                   struct kc_error *e) { return *n = 0; }\n"
    "static enum kc_put put(void *s, const struct kc_batch *b, struct kc_error *e) { return KC_PUT_DONE; }\n"
    "static uint32_t apply(void *s, struct kc_batch *b, uint32_t f, struct kc_error *e) { return b->count; }\n"
    "static const struct kc_connector_ops c = {.task_configs = configs};\n"
    "static const struct kc_sink_task_ops t = {.put = put};\n"
    "static const struct kc_transformation_ops x = {.apply = apply};\n"
    "static uint32_t convert(void *s, struct kc_batch *b, uint32_t f, bool k, struct kc_error *e) { return b->count; "
    "}\n"
    "static const struct kc_converter_ops v = {.to_connect = convert, .from_connect = convert}, half = {.to_connect = "
    "convert};\n"
    "static int to(void *s, struct kc_arena *a, const char *t, const void *d, size_t n, struct kc_header *h,\n"
    "              struct kc_error *e) { return 0; }\n"
    "static int from(void *s, struct kc_arena *a, const char *t, const struct kc_header *h, struct kc_value *v,\n"
    "                struct kc_error *e) { return 0; }\n"
    "static const struct kc_header_converter_ops h = {.to_connect = to, .from_connect = from}, quarter = "
    "{.from_connect = "
    "from};\n"
    "static const struct kc_transformation_ops no_x;\n"
    "static const struct kc_predicate_ops no_p;\n"
    "static const struct kc_config_provider_ops no_c;\n"
    "static const char *const names[] = {\"a.OldName\", 0};\n"
    "#define PLUGIN(id, k, name, ...) static const struct kc_plugin id = {.abi = KC_ABI, .kind = k, .class_name = "
    "name, "
    "__VA_ARGS__}\n"
    "#define SINK .connector = &c, .sink_task = &t\n"
    "PLUGIN(one, KC_KIND_SINK, \"a.UniqueSinkConnector\", .aliases = names, .version = \"1.2\", SINK);\n"
    "PLUGIN(newer, KC_KIND_SINK, \"a.UniqueSinkConnector\", .aliases = names, .version = \"1.10\", SINK);\n"
    "PLUGIN(twin1, KC_KIND_SINK, \"a.TwinConnector\", SINK);\n"
    "PLUGIN(twin2, KC_KIND_SINK, \"b.TwinConnector\", SINK);\n"
    "static const struct kc_plugin old = {.abi = KC_ABI + 1, .kind = KC_KIND_SINK, .class_name = \"a.Other\", SINK};\n"
    "PLUGIN(lame, KC_KIND_SINK, \"a.Lame\", .connector = &c);\n"
    "PLUGIN(lame1, KC_KIND_SOURCE, \"a.Lame1\", .connector = &c);\n"
    "PLUGIN(lame2, KC_KIND_CONVERTER, \"a.Lame2\", .converter = &half);\n"
    "PLUGIN(lame3, KC_KIND_CONVERTER, \"a.Lame3\", .converter = &v, .header_converter = &quarter);\n"
    "PLUGIN(lame4, KC_KIND_HEADER_CONVERTER, \"a.Lame4\", .header_converter = &quarter);\n"
    "PLUGIN(lame5, KC_KIND_TRANSFORMATION, \"a.Lame5\", .transformation = &no_x);\n"
    "PLUGIN(lame6, KC_KIND_PREDICATE, \"a.Lame6\", .predicate = &no_p);\n"
    "PLUGIN(lame7, KC_KIND_CONFIG_PROVIDER, \"a.Lame7\", .config_provider = &no_c);\n"
    "PLUGIN(lame8, KC_KIND_NAMED, \"a.Lame8\", SINK);\n"
    "PLUGIN(key, KC_KIND_TRANSFORMATION, \"a.Bend$Key\", .transformation = &x);\n"
    "PLUGIN(value, KC_KIND_TRANSFORMATION, \"a.Bend$Tail\", .transformation = &x);\n"
    "PLUGIN(shift, KC_KIND_TRANSFORMATION, \"a.Shift$Key\", .transformation = &x);\n"
    "PLUGIN(both, KC_KIND_CONVERTER, \"a.RotConverter\", .converter = &v, .header_converter = &h);\n"
    "PLUGIN(plain, KC_KIND_HEADER_CONVERTER, \"a.PlainHeaderConverter\", .header_converter = &h);\n"
    "const struct kc_plugin *const kc_plugins[] = {&one, &newer, &twin1, &twin2, &old, &lame, &lame1, "
    "&lame2, &lame3, &lame4, &lame5, &lame6, &lame7, &lame8, &key, &value, &shift, "
    "&both,\n"
    "    &plain, 0};\n";

static void keep_log(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    if (level >= KC_WARN)
        strncat(logged, line, sizeof(logged) - strlen(logged) - 1);
}

static void write_file(const char *name, const char *content) {
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(content, f);
    fclose(f);
}

static void set_up(void) {
    char command[4096], path[1024];
    struct kc_error err = {0};
    log_sink(keep_log, NULL);
    snprintf(dir, sizeof(dir), "/tmp/kconnectd-plugins-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    write_file("p.c", source);
    write_file("broken.so", "this is no shared object");
    snprintf(
        command, sizeof(command),
        "mkdir %s/sub && cc -w -shared -fPIC -I%s -o %s/sub/p.so %s/p.c && echo 'int x;' > %s/e.c && cc -shared -o "
        "%s/empty.so %s/e.c && touch %s/sub/x.jar",
        dir, tests_path(".."), dir, dir, dir, dir, dir, dir);
    ck_assert_msg(system(command) == 0, "%s", command);
    snprintf(path, sizeof(path), "%s , /nonexistent,", dir);
    ck_assert_msg(plugins_init(path, &err) == 0, "%s", err.text);
}

static void tear_down(void) {
    char command[128];
    plugins_done();
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(test_names) {
    static const struct {
        const char *name;
        enum kc_plugin_kind kind;
        const char *want; /* class, NULL: not found */
    } cases[] = {
        {"a.UniqueSinkConnector", KC_KIND_SINK, "a.UniqueSinkConnector"},
        {"UniqueSinkConnector", KC_KIND_SINK, "a.UniqueSinkConnector"},
        {"UniqueSink", KC_KIND_SINK, "a.UniqueSinkConnector"},
        {"a.OldName", KC_KIND_SINK, "a.UniqueSinkConnector"},
        {"uniquesink", KC_KIND_SINK, NULL},
        {"UniqueSink", KC_KIND_SOURCE, NULL},
        {"Unique", KC_KIND_SINK, NULL},
        {"Twin", KC_KIND_SINK, NULL},
        {"b.TwinConnector", KC_KIND_SINK, "b.TwinConnector"},
        {"Key", KC_KIND_TRANSFORMATION, NULL}, /* two classes have it */
        {"Tail", KC_KIND_TRANSFORMATION, "a.Bend$Tail"},
        {"Bend$Tail", KC_KIND_TRANSFORMATION, NULL},
        {"Rot", KC_KIND_CONVERTER, "a.RotConverter"},
        {"Rot", KC_KIND_HEADER_CONVERTER, "a.RotConverter"},
        {"RotConverter", KC_KIND_HEADER_CONVERTER, "a.RotConverter"},
        {"Plain", KC_KIND_HEADER_CONVERTER, "a.PlainHeaderConverter"},
        {"PlainHeader", KC_KIND_HEADER_CONVERTER, NULL},
        {"Plain", KC_KIND_CONVERTER, NULL},
        {"File", KC_KIND_CONFIG_PROVIDER, "org.apache.kafka.common.config.provider.FileConfigProvider"},
        {"DirectoryConfigProvider", KC_KIND_CONFIG_PROVIDER,
         "org.apache.kafka.common.config.provider.DirectoryConfigProvider"},
        {"", KC_KIND_SINK, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct kc_plugin *p = plugins_find(cases[i].name, cases[i].kind);
        ck_assert_msg(p ? cases[i].want && strcmp(p->class_name, cases[i].want) == 0 : !cases[i].want, "%s gives %s",
                      cases[i].name, p ? p->class_name : "nothing");
    }
    ck_assert_str_eq(plugins_version(plugins_find("UniqueSink", KC_KIND_SINK)), "1.10");
}
END_TEST

START_TEST(test_what_stays_out_is_logged) {
    static const char *const lines[] = {
        "broken.so, left out",
        "empty.so, left out: it exports no table kc_plugins",
        "plugin (unnamed) was built for another version of plugin.h, left out",
        "plugin a.Lame lacks sink callbacks, left out",
        "plugin a.Lame1 lacks source callbacks, left out",
        "plugin a.Lame2 lacks converter callbacks, left out",
        "plugin a.Lame3 lacks converter callbacks, left out",
        "plugin a.Lame4 lacks header converter callbacks, left out",
        "plugin a.Lame5 lacks transformation callbacks, left out",
        "plugin a.Lame6 lacks predicate callbacks, left out",
        "plugin a.Lame7 lacks config provider callbacks, left out",
        "plugin a.Lame8 is of an unknown kind, left out",
        "a.UniqueSinkConnector version 1.10 is there already with version 1.2, using 1.10",
        "plugin.path names /nonexistent",
        " holds 1 Java archives"};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        ck_assert_msg(strstr(logged, lines[i]) != NULL, "%s not in %s", lines[i], logged);
    ck_assert_ptr_null(plugins_find("a.Other", KC_KIND_SINK));
    ck_assert_ptr_null(plugins_find("a.Lame", KC_KIND_SINK));
}
END_TEST

START_TEST(test_order_and_class_names) {
    for (size_t i = 1; i < plugins_count(); i++) {
        const struct kc_plugin *a = plugins_at(i - 1), *b = plugins_at(i);
        ck_assert(a->kind < b->kind || (a->kind == b->kind && strcmp(a->class_name, b->class_name) < 0));
    }
    const char *const *names = plugins_class_names(KC_KIND_HEADER_CONVERTER);
    size_t found = 0;
    for (size_t i = 0; names[i]; i++)
        found += strcmp(names[i], "a.RotConverter") == 0 || strcmp(names[i], "a.PlainHeaderConverter") == 0;
    ck_assert_uint_eq(found, 2);
}
END_TEST

START_TEST(test_connectors) {
    struct kc_error err = {0};
    ck_assert_str_eq(plugins_connector("UniqueSink", &err)->class_name, "a.UniqueSinkConnector");
    ck_assert_ptr_null(plugins_connector("Twin", &err));
    ck_assert_str_eq(err.text,
                     "More than one connector matches alias Twin. Please use full package and class name instead. "
                     "Classes found: a.TwinConnector, b.TwinConnector");
    ck_assert_ptr_null(plugins_connector("RotConverter", &err));
    ck_assert_str_eq(err.exception, KC_CONNECT_EXCEPTION);
    const char *want =
        "Failed to find any class that implements Connector and which name matches RotConverter, available "
        "connectors are: PluginDesc{klass=class ";
    ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0, "%s", err.text);
    ck_assert_ptr_nonnull(strstr(err.text,
                                 "name='a.UniqueSinkConnector', version='1.10', encodedVersion=1.10, type=sink, "
                                 "typeName='sink', location='classpath'}"));
}
END_TEST

START_TEST(test_classes_of_options) {
    static const struct {
        const char *text;
        int kind;
        const char *want; /* the value or the error */
    } cases[] = {
        {"Rot", KC_KIND_CONVERTER, "a.RotConverter"},
        {" a.RotConverter ", KC_KIND_HEADER_CONVERTER, "a.RotConverter"},
        {"a.Bend$Key", KC_KIND_TRANSFORMATION, "a.Bend$Key"},
        {"a.RotConverter", KC_ANY_CLASS, "a.RotConverter"},
        {"no.Such", KC_KIND_CONVERTER, "Invalid value no.Such for configuration k: Class no.Such could not be found."},
        {"", KC_KIND_CONVERTER, "Invalid value  for configuration k: Class  could not be found."},
        {"a.Bend", KC_KIND_TRANSFORMATION,
         "This class is abstract and cannot be created. Did you mean a.Bend$Key, a.Bend$Tail?"},
        {"a.Bend", KC_KIND_CONVERTER, "Class class a.Bend does not implement the Converter interface"},
        {"Rot", KC_KIND_PREDICATE, "Class class a.RotConverter does not implement the Predicate interface"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_option row = {.name = "k", .type = KC_OPT_T_CLASS, .offset = KC_NO_FIELD, .kind = cases[i].kind};
        struct option_parsed v;
        struct kc_error err = {0};
        AUTO(arena) arena = arena_new(0);
        int rc = option_parse(&row, "k", cases[i].text, arena, &v, &err);
        if (rc == 0)
            rc = option_check(&row, "k", &v, &err);
        ck_assert_str_eq(rc < 0 ? err.text : v.text, cases[i].want);
    }
}
END_TEST

START_TEST(test_order_of_versions) {
    static const char *const rising[] = {"1-alpha", "1.0-beta2", "1-rc1",      "1-SNAPSHOT", "1.0.0", "1.0.1",
                                         "1.2",     "1.10",      "1.10.1-cp1", "2",          "10"};
    for (size_t i = 0; i < COUNT_OF(rising); i++)
        for (size_t j = 0; j < COUNT_OF(rising); j++) {
            int order = version_compare(rising[i], rising[j]);
            ck_assert_msg((order < 0) == (i < j) && (order > 0) == (i > j), "%s and %s: %d", rising[i], rising[j],
                          order);
        }
    ck_assert_int_eq(version_compare("1", "1.0.0"), 0);
    ck_assert_int_eq(version_compare("1.0-RC1", "1.0.rc1"), 0);
}
END_TEST

START_TEST(test_ranges) {
    static const struct {
        const char *spec, *text, *in, *out; /* text: of the range or of the error */
    } cases[] = {
        {"1.10", "[1.10,1.10]", "1.10.0", "1.9"},
        {"[1.0,2.0)", "[1.0,2.0)", "1.10", "2.0"},
        {"(,1.0],[1.2,)", "(,1.0],[1.2,)", "7", "1.1"},
        {" [1.10] ", "[1.10,1.10]", "1.10", "1.11"},
        {"", "[,]", NULL, "1"},
        {"[bad", "Unbounded range: [bad", NULL, NULL},
        {"(1)", "Single version must be surrounded by []: (1)", NULL, NULL},
        {"[2,1]", "Range defies version ordering: [2,1]", NULL, NULL},
        {"[1,3],[2,4]", "Ranges overlap: [1,3],[2,4]", NULL, NULL},
        {"[1,2],3", "Only fully-qualified sets allowed in multiple set scenario: [1,2],3", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(version_range) range = NULL;
        if (version_range_parse(cases[i].spec, &range, &err) < 0) {
            ck_assert_str_eq(err.text, cases[i].text);
            continue;
        }
        AUTO_BUF text;
        buf_init(&text, 1024);
        (void)version_range_text(range, &text);
        ck_assert_str_eq(buf_text(&text), cases[i].text);
        ck_assert(!cases[i].in || version_range_has(range, cases[i].in));
        ck_assert(!version_range_has(range, cases[i].out));
    }
}
END_TEST

START_TEST(test_version_of_a_plugin) {
    struct kc_error err = {0};
    bool malformed;
    const struct kc_plugin *p = plugins_find("UniqueSink", KC_KIND_SINK);
    ck_assert_int_eq(plugins_check_version(p, NULL, NULL, &err), 0);
    ck_assert_int_eq(plugins_check_version(p, "latest", NULL, &err), 0);
    ck_assert_int_eq(plugins_check_version(p, "[1,2)", NULL, &err), 0);
    ck_assert_int_eq(plugins_check_version(p, "1.2", &malformed, &err), -1);
    ck_assert(!malformed);
    ck_assert_str_eq(err.text,
                     "Plugin a.UniqueSinkConnector not found that matches the version range [1.2,1.2], available "
                     "versions: [1.10]");
    ck_assert_int_eq(plugins_check_version(p, "[bad", &malformed, &err), -1);
    ck_assert(malformed);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("plugins");
    TCase *tc = tcase_create("plugins");
    tcase_set_timeout(tc, 60); /* the fixture runs the compiler */
    tcase_add_unchecked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_what_stays_out_is_logged);
    tcase_add_test(tc, test_order_and_class_names);
    tcase_add_test(tc, test_connectors);
    tcase_add_test(tc, test_classes_of_options);
    tcase_add_test(tc, test_order_of_versions);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_version_of_a_plugin);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
