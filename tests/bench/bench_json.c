/* Schemaless JSON on the hot path, whole batches through the plugin: JsonConverter reads records of 1 KB, JsonFormat or
 * JsonConverter writes them.
 *
 *     bench_json ORDER.json [BATCHES]
 *
 * The records of a row are alike in shape, as those of most topics are, but for "mixed": orders of more shapes than a
 * converter remembers.
 *
 * The goals are set on a core where memcpy does 5 GB/s: 400 MB/s for parsing and writing again, 800 MB/s for values
 * that are only checked and framed. The last column is the measured rate as a multiple of the goal, with the goal
 * scaled to the memcpy of this run. */
#include <inttypes.h>

#include "config/properties.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/convert/converters.h"
#include "connect/convert/json.h"
#include "connectors/s3/format.h"
#include "tests/bench/measure.h"

enum { BATCH = 500, RECORD_BYTES = 1024, MIXED = 16 };

/* Share of memcpy's rate. */
#define GOAL_WRITE 0.08
#define GOAL_CHECK 0.16

struct document {
    char text[2 * RECORD_BYTES];
    size_t len;
};

/* One kind of record on one way. */
struct way {
    struct json_converter *jc;
    struct kc_batch batch;
    const struct document *document; /* of all records, or the first of `documents` in turn */
    unsigned documents;
    struct kc_value source; /* of the records that a source connector hands over */
    const struct kc_schema *schema;
    struct buf out;
};

static void fail(const struct kc_error *err) {
    fprintf(stderr, "bench_json: %s: %s\n%s\n", err->exception, err->text, err->cause);
    exit(1);
}

/* ---- Documents --------------------------------------------------------------------------------------------------- */

/* The same with a blank behind every comma and colon, as many writers put it. */
static void add_blanks(const struct document *from, struct document *to) {
    bool quoted = false;
    for (size_t i = 0; i < from->len; i++) {
        char c = from->text[i];
        to->text[to->len++] = c;
        if (c == '"' && from->text[i - 1] != '\\')
            quoted = !quoted;
        else if (!quoted && (c == ',' || c == ':'))
            to->text[to->len++] = ' ';
    }
}

/* Short members: names of four to ten letters, numbers, words. */
static void make_dense(struct document *d) {
    static const char *const names[] = {"temp", "humidity", "pressure", "ok", "volts", "sensor", "amps", "phase"};
    d->text[d->len++] = '{';
    for (int i = 0; d->len < RECORD_BYTES - 30; i++) {
        int n = snprintf(d->text + d->len, 40, i % 8 == 3 ? "\"%s%d\":true," : "\"%s%d\":%d.%d,", names[i % 8], i,
                         i * 37 % 1000, i % 9 + 1);
        d->len += (size_t)n;
    }
    d->text[d->len - 1] = '}';
}

/* Orders of different shapes, too many to be remembered: each has a name that no other has. */
static void make_mixed(const struct document *order, struct document *mixed) {
    for (int i = 0; i < MIXED; i++) {
        struct document *d = &mixed[i];
        d->len = (size_t)snprintf(d->text, sizeof d->text, "{\"of_shop_%d\":true,%.*s", i, (int)order->len - 1,
                                  order->text + 1);
    }
}

/* Mostly one text. */
static void make_text(struct document *d) {
    d->len = (size_t)snprintf(d->text, sizeof d->text, "{\"id\":7919,\"user\":\"user-1\",\"active\":true,\"note\":\"");
    for (; d->len < RECORD_BYTES - 2; d->len++)
        d->text[d->len] = (char)('a' + d->len % 26);
    d->text[d->len++] = '"';
    d->text[d->len++] = '}';
}

static void load(const char *file, struct document *d) {
    struct kc_error err = {0};
    char *text = file_read(file, RECORD_BYTES + 1, &d->len, &err);
    if (!text)
        fail(&err);
    while (d->len && text[d->len - 1] == '\n')
        d->len--;
    memcpy(d->text, text, d->len);
    free(text);
}

/* The first members of an order as an envelope with its schema. */
static void make_envelope(struct document *d) {
    static const char *const text =
        "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"string\",\"optional\":false,\"field\":\"order_id\"},"
        "{\"type\":\"int64\",\"optional\":false,\"name\":\"org.apache.kafka.connect.data.Timestamp\",\"version\":1,"
        "\"field\":\"created\"},{\"type\":\"string\",\"optional\":true,\"field\":\"status\"},{\"type\":\"double\","
        "\"optional\":false,\"field\":\"total\"},{\"type\":\"boolean\",\"optional\":false,\"field\":\"paid\"},{"
        "\"type\":"
        "\"array\",\"items\":{\"type\":\"string\",\"optional\":true},\"optional\":true,\"field\":\"tags\"}],"
        "\"optional\":"
        "false,\"name\":\"Order\"},\"payload\":{\"order_id\":\"ord-2024-0001938471\",\"created\":1700000000123,"
        "\"status\":\"SHIPPED\",\"total\":1249.95,\"paid\":true,\"tags\":[\"returning\",\"newsletter\",\"web\"]}}";
    d->len = strlen(text);
    memcpy(d->text, text, d->len);
}

/* ---- Ways -------------------------------------------------------------------------------------------------------- */

static void read_batch(struct way *w) {
    struct kc_error err;
    arena_reset(w->batch.arena);
    for (uint32_t i = 0; i < BATCH; i++) {
        struct kc_record *r = &w->batch.records[i];
        const struct document *d = w->document + i % w->documents;
        r->value = kc_bytes(d->text, d->len);
        r->value_schema = NULL;
    }
    if (json_converter_plugin.converter->to_connect(w->jc, &w->batch, 0, false, &err) < BATCH)
        fail(&err);
}

static void format_batch(struct way *w) {
    struct kc_error err;
    buf_clear(&w->out);
    for (uint32_t i = 0; i < BATCH; i++)
        if (format_json_line(false, NULL, &w->batch.records[i].value, &w->out, &err) < 0)
            fail(&err);
}

static void write_batch(struct way *w) {
    struct kc_error err;
    if (json_converter_plugin.converter->from_connect(w->jc, &w->batch, 0, false, &err) < BATCH)
        fail(&err);
}

static void check(void *way) {
    read_batch(way);
}

static void sink(void *way) {
    read_batch(way);
    format_batch(way);
}

static void expand(struct way *w) {
    for (uint32_t i = 0; i < BATCH; i++)
        w->batch.records[i].value = kc_json_expand(w->batch.arena, w->batch.records[i].value);
}

/* What most transforms need: the members of the record, not what is in them. */
static void open_and_write(void *way) {
    struct way *w = way;
    read_batch(way);
    for (uint32_t i = 0; i < BATCH; i++)
        w->batch.records[i].value = kc_json_open(w->batch.arena, w->batch.records[i].value);
    format_batch(way);
}

static void take_apart(void *way) {
    read_batch(way);
    expand(way);
}

static void take_apart_and_write(void *way) {
    read_batch(way);
    expand(way);
    format_batch(way);
}

static void read_and_write(void *way) {
    read_batch(way);
    write_batch(way);
}

/* What a source connector's records cost: values in memory become bytes. */
static void source(void *way) {
    struct way *w = way;
    arena_reset(w->batch.arena);
    for (uint32_t i = 0; i < BATCH; i++) {
        w->batch.records[i].value = w->source;
        w->batch.records[i].value_schema = w->schema;
    }
    write_batch(w);
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static double memcpy_rate;

static void run(const char *what, const char *document, struct way *w, void (*f)(void *), double goal, long batches) {
    struct measured m = measure(f, w, batches);
    double rate = (double)w->document->len * BATCH / m.ns;
    printf("%-28s%-12s%8.0f%10.0f%12.3f", what, document, m.ns / BATCH, rate * 1000, rate / memcpy_rate);
    if (goal > 0)
        printf("%8.2f", rate / memcpy_rate / goal);
    else
        printf("%8s", "");
    if (MEASURE_COUNTS)
        printf("%10.1f", m.allocations / BATCH);
    printf("\n");
}

static void run_document(const char *name, const struct document *d, unsigned documents, bool compact, long batches) {
    struct kc_record records[BATCH] = {0};
    struct way w = {.jc = json_converter_new(false, false, true, 1000), .document = d, .documents = documents};
    struct kc_arena *kept = arena_new(0);
    struct kc_error err;
    w.batch = (struct kc_batch){.arena = arena_new(0), .records = records, .count = BATCH, .capacity = BATCH};
    buf_init(&w.out, BATCH * sizeof d->text);
    run("check", name, &w, check, 0, batches);
    run("check, frame (sink)", name, &w, sink, compact ? GOAL_CHECK : GOAL_WRITE, batches);
    run("open, write (sink)", name, &w, open_and_write, GOAL_WRITE, batches);
    run("parse", name, &w, take_apart, 0, batches);
    run("parse, write (sink)", name, &w, take_apart_and_write, GOAL_WRITE, batches);
    if (kc_value_from_json(kept, d->text, d->len, &w.source, &err) < 0)
        fail(&err);
    w.source = kc_json_expand(kept, w.source);
    run("write (source)", name, &w, source, GOAL_WRITE, batches);
    arena_free(w.batch.arena);
    arena_free(kept);
    buf_done(&w.out);
    json_converter_free(w.jc);
}

static void run_envelope(const struct document *d, long batches) {
    struct kc_record records[BATCH] = {0};
    struct way w = {.jc = json_converter_new(true, false, true, 1000), .document = d, .documents = 1};
    w.batch = (struct kc_batch){.arena = arena_new(0), .records = records, .count = BATCH, .capacity = BATCH};
    run("read by schema", "envelope", &w, check, 0, batches);
    run("read by schema, write", "envelope", &w, read_and_write, GOAL_WRITE, batches);
    arena_free(w.batch.arena);
    json_converter_free(w.jc);
}

int main(int argc, char **argv) {
    static struct document order, blanks, dense, text, envelope, mixed[MIXED];
    long batches = argc > 2 ? strtol(argv[2], NULL, 10) : 200;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_json ORDER.json [BATCHES]\n");
        return 2;
    }
    load(argv[1], &order);
    add_blanks(&order, &blanks);
    make_dense(&dense);
    make_text(&text);
    make_envelope(&envelope);
    make_mixed(&order, mixed);
    memcpy_rate = measure_memcpy();
    printf("memcpy: %.1f GB/s\n", memcpy_rate);
    printf("%-28s%-12s%8s%10s%12s%8s%10s\n", "", "record", "ns", "MB/s", "of memcpy", "goals", "mallocs");
    run_document("order", &order, 1, true, batches);
    run_document("mixed", mixed, MIXED, true, batches);
    run_document("with blanks", &blanks, 1, false, batches);
    run_document("dense", &dense, 1, true, batches);
    run_document("text", &text, 1, true, batches);
    run_envelope(&envelope, batches);
    return 0;
}
