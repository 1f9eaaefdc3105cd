/* `kconnectd transform`: any bytes as its input, for a sink with converters and a source without. Each line that is not
 * blank must give one line of JSON, whatever it holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/json.h"
#include "connect/plugins.h"
#include "connect/transform_bench.h"
#include "tests/support/fuzz.h"

#define TRANSFORMS "org.apache.kafka.connect.transforms."

static const char *const sink[] = {"connector.class",
                                   "FileStreamSink",
                                   "transforms",
                                   "f,c",
                                   "transforms.f.type",
                                   TRANSFORMS "Flatten$Value",
                                   "transforms.c.type",
                                   TRANSFORMS "Cast$Value",
                                   "transforms.c.spec",
                                   "a:int8",
                                   "key.converter",
                                   "StringConverter",
                                   "value.converter",
                                   "JsonConverter",
                                   "value.converter.schemas.enable",
                                   "false",
                                   NULL};
static const char *const source[] = {"connector.class",
                                     "FileStreamSource",
                                     "transforms",
                                     "h",
                                     "transforms.h.type",
                                     TRANSFORMS "HeaderFrom$Value",
                                     "transforms.h.fields",
                                     "a",
                                     "transforms.h.headers",
                                     "h",
                                     "transforms.h.operation",
                                     "move",
                                     NULL};

static size_t lines_of(const char *text, size_t len) {
    size_t lines = 0;
    for (const char *p = text, *end = text + len; p < end;) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        size_t line = (size_t)((next ? next : end) - p);
        lines += line > 0;
        p += line + 1;
    }
    return lines;
}

static void check_output(const char *text, size_t len, size_t lines) {
    size_t seen = 0;
    for (const char *p = text, *end = text + len; p < end; seen++) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        struct kc_error err = {0};
        if (!next)
            abort();
        AUTO(json) json = json_parse(p, (size_t)(next - p), &err);
        if (!json && !strstr(err.text, "nest")) /* cJSON is content with less depth than records may have */
            abort();
        p = next + 1;
    }
    if (seen != lines)
        abort();
}

static void run(const char *const *pairs, const uint8_t *data, size_t len) {
    AUTO(props) config = kc_config_new();
    struct kc_error err = {0};
    char *text = NULL;
    size_t text_len = 0, failed;
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    FILE *in = fmemopen((void *)(uintptr_t)data, len, "r"), *out = open_memstream(&text, &text_len);
    if (!in || !out || transform_bench(config, NULL, in, out, &failed, &err) < 0)
        abort();
    fclose(in);
    fclose(out);
    check_output(text, text_len, lines_of((const char *)data, len));
    free(text);
}

static void fuzz_transform_bench(const uint8_t *data, size_t len) {
    static bool ready;
    struct kc_error err = {0};
    if (!ready && plugins_init(NULL, &err) < 0)
        abort();
    ready = true;
    if (!len)
        return;
    run(sink, data, len);
    run(source, data, len);
}

FUZZ_TARGET(fuzz_transform_bench)
