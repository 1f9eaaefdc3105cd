/* JSON on the hot path, per record: the checking pass of schemaless JSON, writing it again, envelopes with a schema,
 * and taking a document apart.  Prints nanoseconds per record and bytes per nanosecond:
 *
 *     build/plain/tests/bench/bench_json [RECORDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connect/base/arena.h"
#include "connect/convert/json.h"

enum { BATCH = 500, DOCUMENTS = 3 };

static double now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static const struct {
    const char *name, *text;
} documents[DOCUMENTS] = {
    {"compact, 300 bytes",
     "{\"id\":123456,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.org\",\"active\":true,\"score\":98.25,"
     "\"address\":{\"street\":\"12 St James's Square\",\"city\":\"London\",\"zip\":\"SW1Y 4JH\"},"
     "\"tags\":[\"mathematics\",\"analytical engine\",\"notes\"],\"created\":1700000000000,\"balance\":1042.5,"
     "\"note\":\"a rather longer text without anything special\"}"},
    {"with blanks, 300 bytes",
     "{\"id\": 123456, \"name\": \"Ada Lovelace\", \"email\": \"ada@example.org\", \"active\": true, \"score\": 98.25, "
     "\"address\": {\"street\": \"12 St James's Square\", \"city\": \"London\", \"zip\": \"SW1Y 4JH\"}, "
     "\"tags\": [\"mathematics\", \"analytical engine\", \"notes\"], \"created\": 1700000000000, \"balance\": 1042.5, "
     "\"note\": \"a rather longer text without anything special\"}"},
    {"envelope, 500 bytes",
     "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\",\"optional\":false,\"field\":\"id\"},{\"type\":"
     "\"string\",\"optional\":true,\"field\":\"name\"},{\"type\":\"double\",\"optional\":false,\"field\":\"score\"},{"
     "\"type\":\"boolean\",\"optional\":false,\"field\":\"active\"},{\"type\":\"array\",\"items\":{\"type\":\"string\","
     "\"optional\":true},\"optional\":true,\"field\":\"tags\"}],\"optional\":false,\"name\":\"Person\"},\"payload\":{"
     "\"id\":123456,\"name\":\"Ada Lovelace\",\"score\":98.25,\"active\":true,\"tags\":[\"mathematics\",\"notes\"]}}"},
};

static struct kc_arena *arena;

static void fail(const struct kc_error *err) {
    fprintf(stderr, "%s: %s\n%s\n", err->exception, err->text, err->cause);
    exit(1);
}

typedef void work(struct json_converter *jc, const char *text, size_t len);

static void read_only(struct json_converter *jc, const char *text, size_t len) {
    const struct kc_schema *schema;
    struct kc_value v;
    struct kc_error err;
    if (json_envelope_read(jc, arena, text, len, &schema, &v, &err) < 0)
        fail(&err);
}

static void read_and_write(struct json_converter *jc, const char *text, size_t len) {
    const struct kc_schema *schema;
    struct kc_value v, bytes;
    struct kc_error err;
    if (json_envelope_read(jc, arena, text, len, &schema, &v, &err) < 0 ||
        json_envelope_write(jc, arena, schema, &v, &bytes, &err) < 0)
        fail(&err);
}

static void read_and_expand(struct json_converter *jc, const char *text, size_t len) {
    const struct kc_schema *schema;
    struct kc_value v;
    struct kc_error err;
    if (json_envelope_read(jc, arena, text, len, &schema, &v, &err) < 0)
        fail(&err);
    kc_json_expand(arena, v);
}

static void read_expand_write(struct json_converter *jc, const char *text, size_t len) {
    const struct kc_schema *schema;
    struct kc_value v, bytes;
    struct kc_error err;
    if (json_envelope_read(jc, arena, text, len, &schema, &v, &err) < 0)
        fail(&err);
    v = kc_json_expand(arena, v);
    if (json_envelope_write(jc, arena, schema, &v, &bytes, &err) < 0)
        fail(&err);
}

static void measure(const char *what, const char *document, const char *text, bool schemas, work *f, long records) {
    struct json_converter *jc = json_converter_new(schemas, false, true, 1000);
    size_t len = strlen(text);
    double best = 0;
    for (int round = 0; round < 5; round++) {
        double start = now_ns();
        for (long i = 0; i < records; i++) {
            f(jc, text, len);
            if (i % BATCH == BATCH - 1)
                arena_reset(arena);
        }
        double ns = (now_ns() - start) / (double)records;
        best = round == 0 || ns < best ? ns : best;
    }
    printf("%-32s%-26s%10.0f%14.2f\n", what, document, best, (double)len / best);
    arena_reset(arena);
    json_converter_free(jc);
}

int main(int argc, char **argv) {
    long records = argc > 1 ? strtol(argv[1], NULL, 10) : 200000;
    arena = arena_new(0);
    printf("%-32s%-26s%10s%14s\n", "", "", "ns/record", "bytes/ns");
    for (int i = 0; i < DOCUMENTS; i++) {
        const char *name = documents[i].name, *text = documents[i].text;
        measure("check", name, text, false, read_only, records);
        measure("check, write", name, text, false, read_and_write, records);
        measure("check, take apart", name, text, false, read_and_expand, records);
        measure("check, take apart, write", name, text, false, read_expand_write, records);
    }
    measure("read by schema", documents[2].name, documents[2].text, true, read_only, records);
    measure("read by schema, write", documents[2].name, documents[2].text, true, read_and_write, records);
    arena_free(arena);
    return 0;
}
