/* The command `kconnectd transform`; see transform_bench.h. cli.c calls it on the main thread; it owns everything it
 * makes and ends with its input. */
#include "connect/transform_bench.h"

#include <errno.h>
#include <string.h>

#include "config/properties.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/plugins.h"
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

/* {"error":"class: text","line":3,…}; `stage` is the place in the chain where it failed, SIZE_MAX outside of it. */
static void show_failure(struct bench *b, const struct kc_error *err, size_t stage) {
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
    if (stage != SIZE_MAX) {
        add_member(&b->result, "transform", chain_alias(b->chain, stage));
        add_member(&b->result, "class", chain_class(b->chain, stage));
    }
    (void)buf_printf(&b->result, ",\"line\":%zu}", b->number);
}

/* Makes the result of one line. */
static void run_line(struct bench *b) {
    struct kc_record r;
    struct kc_error err = {0};
    struct kc_batch batch = {.arena = b->arena, .records = &r, .count = 1, .capacity = 1};
    struct chain_pos pos = {0};
    buf_clear(&b->result);
    if (b->line.failed)
        err_set(&err, ERR_LIMIT, "the line is longer than %d bytes", LINE_MAX_BYTES);
    else if (bench_record_read(&b->format, b->arena, buf_text(&b->line), b->line.len, &r, &err) == 0) {
        if (!chain_apply(b->chain, &batch, &pos, &err)) {
            show_failure(b, &err, pos.stage);
            return;
        }
        if (r.dropped) {
            (void)buf_add_text(&b->result, "{\"dropped\":true}");
            return;
        }
        if (bench_record_write(&b->format, b->arena, &r, &b->result, &err) == 0)
            return;
    }
    show_failure(b, &err, SIZE_MAX);
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

static int complain(const struct kc_error *err) {
    fprintf(stderr, "kconnectd: %s\n", err->text);
    return EXIT_CONFIG;
}

/* References in the configuration are resolved by the providers of the worker, if there is one. */
static int run(const char *file, const char *worker_file) {
    struct kc_error err = {0};
    struct worker_conf *worker = NULL;
    struct substitute *providers = NULL;
    size_t failed = 0;
    int status = EXIT_CONFIG;
    log_set_level("root", KC_WARN);
    if ((worker_file ? worker_config_load(worker_file, &worker, &providers, &err) : plugins_init(NULL, &err)) == 0) {
        AUTO(props) raw = load_connector(file, &err);
        AUTO(props) connector = raw && providers ? substitute_apply(providers, raw, &(int64_t){0}, &err) : TAKE(raw);
        if (connector && transform_bench(connector, worker, stdin, stdout, &failed, &err) == 0)
            status = failed ? EXIT_RECORDS : EXIT_OK;
    }
    if (status == EXIT_CONFIG)
        complain(&err);
    substitute_free(providers);
    worker_conf_free(worker);
    plugins_done();
    return status;
}

int transform_bench_run(int argc, char **argv) {
    const char *file = NULL, *worker = NULL;
    for (int i = 0; i < argc; i++) {
        const char **to = strcmp(argv[i], "--config") == 0 ? &file : strcmp(argv[i], "--worker") == 0 ? &worker : NULL;
        if (!to || i + 1 == argc) {
            fprintf(stderr, "kconnectd: transform: %s %s\n", to ? "a file is missing behind" : "unknown argument",
                    argv[i]);
            return EXIT_RECORDS;
        }
        *to = argv[++i];
    }
    if (!file) {
        fprintf(stderr, "kconnectd: transform wants --config CONNECTOR.json; see `kconnectd help`\n");
        return EXIT_RECORDS;
    }
    return run(file, worker);
}
