/* The command `kconnectd transform`; see transform_bench.h. cli.c calls it on the main thread; it owns everything it
 * makes and ends with its input. */
#include "connect/transform_bench.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config/properties.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/plugins.h"
#include "connect/task/tolerance.h"
#include "connect/transform/chain.h"
#include "connect/transform_bench_record.h"
#include "connect/worker_config.h"

enum { EXIT_OK, EXIT_RECORDS = 1, EXIT_CONFIG = 2 };
enum { LINE_MAX_BYTES = 64 * 1024 * 1024, CONFIG_MAX_BYTES = 16 * 1024 * 1024, CACHED_SCHEMAS = 100 };

struct bench {
    struct chain *chain;
    struct converters converters;
    struct bench_format format;
    struct kc_arena *arena; /* of one record */
    struct buf line, result;
    FILE *out;
    size_t number; /* of the line */
    size_t failed;
};

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* A line without its end, of at most LINE_MAX_BYTES. false: no more. */
static bool next_line(struct bench *b, FILE *in) {
    int c;
    buf_clear(&b->line);
    b->number++;
    while ((c = getc_unlocked(in)) != EOF && c != '\n')
        (void)buf_add_char(&b->line, (char)c);
    return c != EOF || b->line.len > 0;
}

static int write_result(struct bench *b, struct kc_error *err) {
    (void)buf_add_char(&b->result, '\n');
    if (fwrite(buf_text(&b->result), 1, b->result.len, b->out) != b->result.len)
        return err_set(err, ERR_IO, "cannot write the output: %s", strerror(errno));
    return 0;
}

static void add_member(struct buf *out, const char *name, const char *text) {
    (void)buf_printf(out, ",\"%s\":", name);
    (void)buf_add_json(out, text, strlen(text));
}

static void add_place(struct buf *out, const struct bench_place *at) {
    if (at->topic)
        add_member(out, "topic", at->topic);
    if (at->partition >= 0)
        (void)buf_printf(out, ",\"partition\":%" PRId64, at->partition);
    if (at->offset >= 0)
        (void)buf_printf(out, ",\"offset\":%" PRId64, at->offset);
}

/* {"error":"class: text","stage":…,"line":3,…}; `transform` is the place in the chain, SIZE_MAX outside of it. */
static void show_failure(struct bench *b, const struct kc_error *err, const struct bench_place *at, size_t transform) {
    AUTO_BUF text;
    buf_init(&text, 2 * KC_ERROR_TEXT);
    if (err->code != ERR_BAD_REQUEST) /* what is wrong with the line is no exception of Connect's */
        buf_printf(&text, "%s: ", err->exception);
    buf_add_text(&text, err->text);
    b->failed++;
    buf_clear(&b->result);
    (void)buf_add_text(&b->result, "{\"error\":");
    (void)buf_add_json(&b->result, buf_text(&text), text.len);
    if (*err->cause)
        add_member(&b->result, "cause", err->cause);
    if (at->stage && err->code != ERR_BAD_REQUEST)
        add_member(&b->result, "stage", at->stage);
    if (transform != SIZE_MAX) {
        add_member(&b->result, "transform", chain_alias(b->chain, transform));
        add_member(&b->result, "class", chain_class(b->chain, transform));
    }
    add_place(&b->result, at);
    (void)buf_printf(&b->result, ",\"line\":%zu}", b->number);
}

/* Makes the result of one line. */
static void run_line(struct bench *b) {
    struct kc_record r;
    struct kc_error err = {0};
    struct kc_batch batch = {.arena = b->arena, .records = &r, .count = 1, .capacity = 1};
    struct chain_pos pos = {0};
    struct bench_place at = {.partition = -1, .offset = -1};
    size_t transform = SIZE_MAX;
    buf_clear(&b->result);
    if (b->line.failed) {
        err_set(&err, ERR_BAD_REQUEST, "the line is longer than %d bytes", LINE_MAX_BYTES);
    } else if (bench_record_read(&b->format, b->arena, buf_text(&b->line), b->line.len, &r, &at, &err) == 0) {
        if (!chain_apply(b->chain, &batch, &pos, &err)) {
            at.stage = error_stage_name(STAGE_TRANSFORMATION);
            transform = pos.stage;
        } else if (r.dropped) {
            (void)buf_add_text(&b->result, "{\"dropped\":true}");
            return;
        } else if (bench_record_write(&b->format, b->arena, &r, &b->result, &err) == 0) {
            return;
        }
    }
    show_failure(b, &err, &at, transform);
}

/* ---- Set-up ------------------------------------------------------------------------------------------------------ */

/* Without a worker the converters of records that the connector does not say anything about are never used, but there
 * must be some. */
static const struct worker_conf *plain_worker(struct worker_conf *conf, struct kc_config *text) {
    *conf = (struct worker_conf){.text = text,
                                 .key_converter = "org.apache.kafka.connect.json.JsonConverter",
                                 .value_converter = "org.apache.kafka.connect.json.JsonConverter",
                                 .header_converter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"};
    return conf;
}

static bool is_source(const struct kc_config *connector) {
    const char *name = kc_config_get(connector, "connector.class");
    const struct kc_plugin *plugin = name ? plugins_connector(name, NULL) : NULL;
    return plugin && plugin->kind == KC_KIND_SOURCE;
}

static void bench_done(struct bench *b) {
    arena_free(b->arena); /* schemas of its records may be the chain's */
    chain_free(b->chain);
    converters_done(&b->converters);
    if (b->format.envelope)
        json_converter_free(b->format.envelope);
    buf_done(&b->line);
    buf_done(&b->result);
}

static int bench_init(struct bench *b, const struct kc_config *connector, const struct worker_conf *worker,
                      struct kc_error *err) {
    AUTO(props) no_text = kc_config_new();
    struct worker_conf plain;
    buf_init(&b->line, LINE_MAX_BYTES);
    buf_init(&b->result, 4 * (size_t)LINE_MAX_BYTES);
    b->arena = arena_new(0);
    b->format = (struct bench_format){
        .envelope = json_converter_new(true, true, false, CACHED_SCHEMAS),
        .converters = &b->converters,
        .key_converted = worker || kc_config_has(connector, "key.converter"),
        .value_converted = worker || kc_config_has(connector, "value.converter"),
        .source = is_source(connector),
    };
    if (converters_init(&b->converters, connector, worker ? worker : plain_worker(&plain, no_text), err) < 0)
        return -1;
    b->chain = chain_new(connector, err);
    return b->chain ? 0 : -1;
}

int transform_bench(const struct kc_config *connector, const struct worker_conf *worker, FILE *in, FILE *out,
                    size_t *ret_failed, struct kc_error *err) {
    struct bench b = {.out = out};
    int rc = bench_init(&b, connector, worker, err);
    while (rc == 0 && next_line(&b, in)) {
        if (!b.line.len)
            continue;
        run_line(&b);
        rc = write_result(&b, err);
        arena_reset(b.arena);
    }
    if (rc == 0 && (ferror(in) || fflush(out) != 0))
        rc = err_set(err, ERR_IO, "cannot %s: %s", ferror(in) ? "read the input" : "write the output", strerror(errno));
    *ret_failed = b.failed;
    bench_done(&b);
    return rc;
}

/* ---- Command ----------------------------------------------------------------------------------------------------- */

/* {"name":…,"config":{…}} as it is posted, or the configuration alone; a name that does not end in .json is properties.
 */
static struct kc_config *load_connector(const char *file, struct kc_error *err) {
    size_t len, name_len = strlen(file);
    if (name_len < 5 || strcmp(file + name_len - 5, ".json") != 0) {
        AUTO(props) config = kc_config_new();
        return properties_load(file, config, err) < 0 ? NULL : TAKE(config);
    }
    AUTO_TEXT text = file_read(file, CONFIG_MAX_BYTES, &len, err);
    AUTO(json) json = text ? json_parse(text, len, err) : NULL;
    if (!json) {
        if (text)
            err_prefix(err, "%s", file);
        return NULL;
    }
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(json, "config");
    struct kc_config *config = json_to_config(cJSON_IsObject(inner) ? inner : json, err);
    if (!config)
        err_prefix(err, "%s", file);
    return config;
}

struct arguments {
    const char *config, *worker, *plugin_path;
};

static int load_plugins(const struct arguments *args, struct worker_conf **ret_worker,
                        struct substitute **ret_providers, struct kc_error *err) {
    if (args->worker)
        return worker_config_load(args->worker, ret_worker, ret_providers, err);
    return plugins_init(args->plugin_path, err);
}

/* References in the configuration are resolved by the providers of the worker, if there is one. */
static int run(const struct arguments *args) {
    struct kc_error err = {0};
    struct worker_conf *worker = NULL;
    struct substitute *providers = NULL;
    size_t failed = 0;
    int status = EXIT_CONFIG;
    log_set_level("root", KC_WARN);
    if (load_plugins(args, &worker, &providers, &err) == 0) {
        AUTO(props) raw = load_connector(args->config, &err);
        AUTO(props) connector = raw && providers ? substitute_apply(providers, raw, &(int64_t){0}, &err) : TAKE(raw);
        if (connector && transform_bench(connector, worker, stdin, stdout, &failed, &err) == 0)
            status = failed ? EXIT_RECORDS : EXIT_OK;
    }
    if (status == EXIT_CONFIG)
        fprintf(stderr, "kconnectd: transform: %s%s%s\n", err.text, *err.cause ? ": " : "", err.cause);
    else if (failed)
        fprintf(stderr, "kconnectd: transform: %zu records failed\n", failed);
    substitute_free(providers);
    worker_conf_free(worker);
    plugins_done();
    return status;
}

static const char usage[] =
    "usage: kconnectd transform --config CONNECTOR [--worker WORKER.properties | --plugin-path PATH]  < records.jsonl\n"
    "\n"
    "Prints what the transforms of a connector make of records, one line for each line read, without Kafka.\n"
    "\n"
    "  --config FILE       the connector: its JSON as it is posted, that of its configuration alone, or properties\n"
    "  --worker FILE       a worker's properties: its converters, plugin.path and config providers count, too\n"
    "  --plugin-path PATH  folders or shared objects with plugins, comma separated, when there is no worker\n"
    "\n"
    "A line read:   "
    "{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"timestamp\":1700000000123,\"key\":...,\"value\":...,\n"
    "               \"headers\":[{\"key\":\"h\",\"value\":\"1\"}]}; every member may be missing. Keys and values are "
    "JSON without\n"
    "               schema, or {\"schema\":...,\"payload\":...} as JsonConverter has them; of a sink that names "
    "converters (or\n"
    "               has a worker) what these make of the same JSON, or of a text when they do not read JSON.\n"
    "A line printed: the record in the same form; {\"dropped\":true}; or {\"error\":...,\"stage\":...,\"line\":...} "
    "with the\n"
    "               topic, partition and offset given, and the alias and class of the transform that failed.\n"
    "Exit status:   0 all records went through or were dropped, 1 some failed, 2 the configuration cannot be used.\n";

static int complain(const char *what, const char *argument) {
    fprintf(stderr, "kconnectd: transform: %s%s; see kconnectd transform --help\n", what, argument);
    return EXIT_RECORDS;
}

int transform_bench_run(int argc, char **argv) {
    struct arguments args = {0};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(usage, stdout) == EOF ? EXIT_RECORDS : EXIT_OK;
        const char **to = strcmp(argv[i], "--config") == 0        ? &args.config
                          : strcmp(argv[i], "--worker") == 0      ? &args.worker
                          : strcmp(argv[i], "--plugin-path") == 0 ? &args.plugin_path
                                                                  : NULL;
        if (!to)
            return complain("unknown argument ", argv[i]);
        if (i + 1 == argc)
            return complain(to == &args.plugin_path ? "a path is missing behind " : "a file is missing behind ",
                            argv[i]);
        if (*to)
            return complain("given twice: ", argv[i]);
        *to = argv[++i];
    }
    if (!args.config)
        return complain("--config CONNECTOR.json is missing", "");
    if (args.worker && args.plugin_path)
        return complain("--plugin-path goes without --worker, whose plugin.path counts", "");
    return run(&args);
}
