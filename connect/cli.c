/* See cli.h.  Everything printed here comes from the tables that also parse and validate. */
#include "connect/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/connector_options.h"
#include "config/properties.h"
#include "config/render.h"
#include "config/worker_options.h"
#include "connect/base/auto.h"
#include "connect/base/log.h"
#include "connect/base/version.h"
#include "connect/plugins.h"
#include "connect/transform_bench.h"
#include "connect/validation.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

static const char usage[] =
    "kconnectd " KCONNECTD_VERSION ", a Kafka Connect worker (behaves as Apache Kafka Connect " KAFKA_VERSION ")\n"
    "\n"
    "usage: kconnectd distributed WORKER.properties     run a worker of a group\n"
    "       kconnectd standalone WORKER.properties [CONNECTOR.properties | CONNECTOR.json ...]\n"
    "                                                   run a worker without a group: connectors from files, offsets "
    "in "
    "a file\n"
    "       kconnectd dev [--rest PORT] [--data DIR] [--topic NAME:PARTITIONS ...]\n"
    "                                                   everything embedded, for trying out\n"
    "       kconnectd transform --config CONNECTOR.json < records.jsonl\n"
    "                                                   what the connector's transforms make of records, without "
    "Kafka;\n"
    "                                                   see transform --help\n"
    "       kconnectd plugins [--json] [WORKER.properties]\n"
    "                                                   what can be run, with the plugins of that worker's "
    "plugin.path;\n"
    "                                                   as JSON with the options of each\n"
    "       kconnectd help options                      everything below in one: the reference of all options\n"
    "       kconnectd help worker | standalone          options of WORKER.properties\n"
    "       kconnectd help sink | source                options that all sinks, all sources have\n"
    "       kconnectd help CLASS [WORKER.properties]    options of a connector, converter, transformation or "
    "predicate\n"
    "       kconnectd help --markdown ...               the same as Markdown\n"
    "       kconnectd version\n";

static int print(const struct buf *out) {
    if (out->failed || fwrite(buf_text(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0) {
        fprintf(stderr, "kconnectd: cannot write the output\n");
        return 1;
    }
    return 0;
}

static int fail(const char *text) {
    fprintf(stderr, "kconnectd: %s\n", text);
    return 1;
}

/* Fills the registry; `file` (may be NULL) names a worker's properties. */
static int load_plugins(const char *file) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    log_set_level("org.apache.kafka.connect.runtime.isolation", KC_WARN);
    if (file && properties_load(file, config, &err) < 0)
        return fail(err.text);
    return plugins_init(kc_config_get(config, "plugin.path"), &err) < 0 ? fail(err.text) : 0;
}

/* ---- plugins ----------------------------------------------------------------------------------------------------- */

static void list_plugin(struct buf *out, const struct kc_plugin *plugin, enum kc_plugin_kind kind) {
    (void)buf_printf(out, "%-16s  %s  %s\n", plugins_kind_name(kind), plugin->class_name, plugins_version(plugin));
}

/* As in GET /connector-plugins, and under "config" what GET /connector-plugins/{class}/config tells. */
static int list_plugin_json(struct buf *out, const struct kc_plugin *plugin, enum kc_plugin_kind kind,
                            struct kc_error *err) {
    const char *version = plugins_version(plugin);
    (void)buf_add_text(out, out->len > 1 ? ",\n{\"class\":" : "{\"class\":");
    (void)buf_add_json(out, plugin->class_name, strlen(plugin->class_name));
    (void)buf_printf(out, ",\"type\":\"%s\",\"version\":", plugins_kind_name(kind));
    (void)buf_add_json(out, version, strlen(version));
    (void)buf_add_text(out, ",\"config\":");
    int rc = plugin_config_json(plugin, out, err);
    (void)buf_add_char(out, '}');
    return rc;
}

static int list_plugins(struct buf *out, bool json, struct kc_error *err) {
    (void)buf_add_text(out, json ? "[" : "");
    for (int k = 0; k < KC_KIND_COUNT; k++) {
        enum kc_plugin_kind kind = (enum kc_plugin_kind)k;
        const char *const *names = plugins_class_names(kind);
        for (size_t i = 0; names[i]; i++) {
            const struct kc_plugin *plugin = plugins_find(names[i], kind);
            if (!json)
                list_plugin(out, plugin, kind);
            else if (list_plugin_json(out, plugin, kind, err) < 0)
                return -1;
        }
    }
    (void)buf_add_text(out, json ? "]\n" : "");
    return 0;
}

static int run_plugins(int argc, char **argv) {
    bool json = argc > 0 && strcmp(argv[0], "--json") == 0;
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, OUTPUT_MAX);
    if (json)
        argc--, argv++;
    if (argc > 1 || (argc == 1 && argv[0][0] == '-'))
        return fail("plugins takes --json and one file; see `kconnectd help`");
    if (load_plugins(argc == 1 ? argv[0] : NULL) != 0)
        return 1;
    int code = list_plugins(&out, json, &err) < 0 ? fail(err.text) : print(&out);
    plugins_done();
    return code;
}

/* ---- help -------------------------------------------------------------------------------------------------------- */

static void add_worker(struct buf *out, enum render_style style) {
    (void)render_title(out, style, "Worker");
    (void)render_options(out, style, worker_options);
    (void)render_paragraph(
        out, style, 0,
        "Besides these: options of converters behind key.converter., value.converter. and "
        "header.converter.; settings of Kafka clients behind producer., consumer. and admin.; settings "
        "of internal topics behind config.storage., offset.storage. and status.storage.");
}

/* What only standalone mode has. */
static void add_standalone(struct buf *out, enum render_style style) {
    const struct kc_option *row = worker_options_standalone();
    while (strcmp(row->name, "offset.storage.file.filename") != 0)
        row++;
    (void)render_title(out, style, "Standalone worker");
    (void)render_options(out, style, row);
    (void)render_paragraph(out, style, 0,
                           "Besides these: the options of a worker (kconnectd help worker) but those of its group, of "
                           "the internal topics and of the requests between workers, which are not looked at.");
}

static void add_base(struct buf *out, enum render_style style, bool sink) {
    (void)render_title(out, style, sink ? "All sink connectors" : "All source connectors");
    (void)render_options(out, style, sink ? connector_sink_options : connector_source_options);
}

static void add_plugin(struct buf *out, enum render_style style, const struct kc_plugin *p) {
    AUTO_BUF title;
    buf_init(&title, OUTPUT_MAX);
    (void)buf_printf(&title, "%s %s (%s)", p->class_name, plugins_version(p), plugins_kind_name(p->kind));
    (void)render_title(out, style, buf_text(&title));
    if (!option_count(p->options))
        (void)render_paragraph(out, style, 0, "No options of its own.");
    (void)render_options(out, style, p->options);
    if (p->connector)
        (void)render_paragraph(out, style, 0,
                               p->kind == KC_KIND_SINK
                                   ? "Besides these: the options of all sinks (kconnectd help sink)."
                                   : "Besides these: the options of all sources (kconnectd help source).");
}

static const struct kc_plugin *find_plugin(const char *name) {
    const struct kc_plugin *p = NULL;
    for (int kind = 0; kind < KC_KIND_COUNT && !p; kind++)
        p = plugins_find(name, (enum kc_plugin_kind)kind);
    return p;
}

static int add_topic(struct buf *out, enum render_style style, const char *topic) {
    bool all = strcmp(topic, "options") == 0 || strcmp(topic, "all") == 0;
    const struct kc_plugin *p = find_plugin(topic);
    if (all || strcmp(topic, "worker") == 0)
        add_worker(out, style);
    if (all || strcmp(topic, "standalone") == 0)
        add_standalone(out, style);
    if (all || strcmp(topic, "sink") == 0)
        add_base(out, style, true);
    if (all || strcmp(topic, "source") == 0)
        add_base(out, style, false);
    for (size_t i = 0; i < plugins_count(); i++)
        if (all || plugins_at(i) == p)
            add_plugin(out, style, plugins_at(i));
    if (out->len)
        return 0;
    fprintf(stderr, "kconnectd: there is no help on %s; `kconnectd plugins` lists the classes\n", topic);
    return 1;
}

static int run_help(int argc, char **argv) {
    enum render_style style = argc > 0 && strcmp(argv[0], "--markdown") == 0 ? RENDER_MARKDOWN : RENDER_TEXT;
    AUTO_BUF out;
    buf_init(&out, OUTPUT_MAX);
    if (style == RENDER_MARKDOWN)
        argc--, argv++;
    if (argc > 2)
        return fail("too many arguments; see `kconnectd help`");
    if (argc == 0) {
        (void)buf_add_text(&out, usage);
        return print(&out);
    }
    if (load_plugins(argc == 2 ? argv[1] : NULL) != 0)
        return 1;
    int code = add_topic(&out, style, argv[0]);
    if (code == 0)
        code = print(&out);
    plugins_done();
    return code;
}

int cli_run(int argc, char **argv, bool *ret_handled) {
    const char *command = argc > 1 ? argv[1] : "";
    *ret_handled = true;
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        printf("kconnectd %s (Apache Kafka Connect %s)\n", KCONNECTD_VERSION, KAFKA_VERSION);
        return 0;
    }
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        return run_help(argc - 2, argv + 2);
    if (strcmp(command, "plugins") == 0)
        return run_plugins(argc - 2, argv + 2);
    if (strcmp(command, "transform") == 0)
        return transform_bench_run(argc - 2, argv + 2);
    if (argc < 2) {
        fputs(usage, stderr);
        return 1;
    }
    *ret_handled = false;
    return 0;
}
