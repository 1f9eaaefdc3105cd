/* Texts of a known shape: what is said of them is what json_scan says, and nothing is said of any other. */
#include "connect/data/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/data/value.h"
#include "tests/support/suite.h"

/* Whether the text is taken; it must be right then. The text is looked at in memory of exactly its size. */
static bool takes(struct json_shapes *shapes, const char *text, size_t len, unsigned depth) {
    struct json_scan scan = {0}, known = {0};
    struct kc_error err = {0};
    char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    bool taken = json_shapes_check(shapes, exact, len, depth, &known);
    int rc = json_scan(exact, len, depth, &scan, &err);
    if (taken) {
        ck_assert_msg(rc == 0, "%.*s: %s", (int)len, text, err.text);
        ck_assert_ptr_eq(known.text.s, scan.text.s);
        ck_assert_uint_eq(known.text.len, scan.text.len);
        ck_assert_msg(known.flags == scan.flags, "%.*s: %u, not %u", (int)len, text, known.flags, scan.flags);
        ck_assert_int_eq(known.overlong, scan.overlong);
    }
    free(exact);
    return taken;
}

static struct json_shapes *shapes_of(const char *text, unsigned depth) {
    struct json_shapes *shapes = json_shapes_new();
    struct json_scan scan;
    struct kc_error err = {0};
    ck_assert_msg(json_scan(text, strlen(text), depth, &scan, &err) == 0, "%s: %s", text, err.text);
    json_shapes_learn(shapes, depth, &scan);
    return shapes;
}

static const struct {
    const char *learned, *text;
    bool taken;
} rows[] = {
    {"{\"a\":1}", "{\"a\":1}", true},
    {"{\"a\":1}", "{\"a\":22}", true},
    {"{\"a\":1}", "{\"a\":\"x\"}", true},
    {"{\"a\":1}", "{\"a\":null}", true},
    {"{\"a\":1}", "{\"a\":true} behind", true},
    {"{\"a\":1}", "{\"a\":1e5}", true},
    {"{\"a\":1}", "{\"a\":1.50}", true},
    {"{\"a\":1}", "{\"a\":-0}", true},
    {"{\"a\":1}", "{\"a\":123456789012345678901234567890}", true},
    {"{\"a\":1}", "{\"a\":\"\\u0041\\/\"}", true},
    {"{\"a\":1}", "{\"a\":\"\xf0\x9f\x98\x80\"}", true},
    {"{\"a\":1}", "{\"a\":\"Londön, \\\"quoted\\\", and more than sixteen bytes\"}", true},
    {"{\"a\":1}", "{\"a\":\"\xc0\x80\"}", false}, /* overlong: rewritten first */
    {"{\"a\":1}", "{\"b\":1}", false},
    {"{\"a\":1}", "{\"a\":{}}", false},
    {"{\"a\":1}", "{\"a\":[]}", false},
    {"{\"a\":1}", "{\"a\":1,\"a\":2}", false},
    {"{\"a\":1}", "{\"a\":1", false},
    {"{\"a\":1}", "{\"a\":", false},
    {"{\"a\":1}", "{\"a\":}", false},
    {"{\"a\":1}", "{\"a\":tru}", false},
    {"{\"a\":1}", "{\"a\":truex}", false},
    {"{\"a\":1}", "{\"a\":1x}", false},
    {"{\"a\":1}", "{\"a\":-}", false},
    {"{\"a\":1}", "{\"a\":1.}", false},
    {"{\"a\":1}", "{\"a\":\"x}", false},
    {"{\"a\":1}", "{\"a\":\"x\ny\"}", false},
    {"{\"a\":1}", "{\"a\":\"\\x\"}", false},
    {"{\"a\":1}", "{\"a\":\"\xff\"}", false},
    {"{\"a\":1}", "{\"a\": 1}", false},
    {"{\"a\":1}", " {\"a\":1}", false},
    {"{\"a\": 1}", "{\"a\": 7}", true},
    {"{\"a\": 1.5, \"b\" : [1, 2]}\n", "{\"a\": null, \"b\" : [\"x\", 2]}\n", true},
    {"{ }", "{ }", true},
    {"[]", "[]", true},
    {"[[],{}]", "[[],{}]", true},
    {"[1,2]", "[\"1\",\"2\"]", true},
    {"[1,2]", "[1,2,3]", false},
    {"[1,2]", "[1]", false},
    {"[1]", "[\x01]", false},
    {"{\"a b\\n\":\"x\",\"c\":{\"a b\\n\":2}}", "{\"a b\\n\":3,\"c\":{\"a b\\n\":\"y\"}}", true},
    {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}", false}, /* is no shape */
    {"{\"the name is longer than a step of the comparison\":1,\"b\":2}",
     "{\"the name is longer than a step of the comparison\":-17,\"b\":\"more than sixteen bytes of text\"}", true},
    {"{\"the name is longer than a step of the comparison\":1,\"b\":2}",
     "{\"the name is longer than a step of the comparison\":-17,\"c\":\"more than sixteen bytes of text\"}", false},
    {"{\"the name is longer than a step of the comparison\":1,\"b\":2}",
     "{\"the name is longer than a step of the Comparison\":-17,\"b\":\"more than sixteen bytes of text\"}", false},
    {"\"a\"", "\"a\"", false},
    {"17", "17", false},
};

START_TEST(known) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(json_shapes) shapes = shapes_of(rows[i].learned, 0);
        ck_assert_msg(takes(shapes, rows[i].text, strlen(rows[i].text), 0) == rows[i].taken, "%s: %s", rows[i].learned,
                      rows[i].text);
    }
}
END_TEST

/* Every text cut everywhere, and with each byte replaced by others. */
START_TEST(changed) {
    static const char bytes[] = "\"\\{}[]:, 0-.ent\x01\xc3x";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(json_shapes) shapes = shapes_of(rows[i].learned, 0);
        size_t len = strlen(rows[i].text);
        char text[256];
        memcpy(text, rows[i].text, len);
        for (size_t at = 0; at < len; at++) {
            takes(shapes, text, at, 0);
            for (size_t b = 0; b < sizeof bytes - 1; b++) {
                text[at] = bytes[b];
                takes(shapes, text, len, 0);
            }
            text[at] = rows[i].text[at];
        }
    }
}
END_TEST

/* A shape belongs to the depth it was met at: nesting is limited. */
START_TEST(depths) {
    AUTO(json_shapes) shapes = shapes_of("{\"a\":1}", 1);
    ck_assert(takes(shapes, "{\"a\":2}", 7, 1));
    ck_assert(!takes(shapes, "{\"a\":2}", 7, 0));
}
END_TEST

static void learn(struct json_shapes *shapes, const char *text) {
    struct json_scan scan;
    struct kc_error err = {0};
    ck_assert_int_eq(json_scan(text, strlen(text), 0, &scan, &err), 0);
    json_shapes_learn(shapes, 0, &scan);
}

/* Some shapes are remembered side by side; when there are more, the oldest goes. */
START_TEST(several) {
    static const char *const texts[] = {"{\"a\":1}", "{\"b\":1}", "{\"c\":1}", "{\"d\":1}", "{\"e\":1}"};
    AUTO(json_shapes) shapes = json_shapes_new();
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        learn(shapes, texts[i]);
        ck_assert(takes(shapes, texts[i], 7, 0));
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(takes(shapes, texts[k], 7, 0) == (k + 4 > i), "%zu of %zu", k, i);
    }
}
END_TEST

/* Shapes that begin alike: one goes on where another one ends, whichever was met last. */
START_TEST(branches) {
    static const char *const texts[] = {
        "{\"a\":1,\"b\":2,\"c\":3}",
        "{\"a\":1,\"b\":{\"x\":2},\"c\":3}",
        "{\"a\":1,\"b\":[2],\"c\":3}",
        "{\"a\":1,\"b\":2,\"c\":[\"long enough for a step of the comparison\"]}",
    };
    AUTO(json_shapes) shapes = json_shapes_new();
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        ck_assert(!takes(shapes, texts[i], strlen(texts[i]), 0));
        learn(shapes, texts[i]);
        for (size_t k = 0; k <= i; k++)
            for (size_t l = 0; l <= i; l++) {
                ck_assert(takes(shapes, texts[k], strlen(texts[k]), 0));
                ck_assert(takes(shapes, texts[l], strlen(texts[l]), 0));
            }
    }
    static const char *const neither[] = {"{\"a\":1,\"b\":2,\"c\":{}}", "{\"a\":1,\"b\":1.x,\"c\":3}"};
    for (size_t i = 0; i < COUNT_OF(neither); i++)
        ck_assert(!takes(shapes, neither[i], strlen(neither[i]), 0));
    const char *rewritten = "{\"a\":1e5,\"b\":\"\\/\",\"c\":3}";
    ck_assert(takes(shapes, rewritten, strlen(rewritten), 0));
}
END_TEST

/* When no text has the shape of one before it, fewer and fewer are learned from: texts of 1, 2, 3 … items. */
START_TEST(strange) {
    for (unsigned texts = 1; texts < 64; texts++) {
        AUTO(json_shapes) shapes = json_shapes_new();
        char text[200] = "[1";
        for (unsigned i = 1; i <= texts; i++) {
            memcpy(text + 2 * i, ",1]", 4);
            learn(shapes, text);
        }
        bool learned = texts <= 8 || texts == 16 || texts == 32;
        ck_assert_msg(takes(shapes, text, strlen(text), 0) == learned, "%u", texts);
    }
}
END_TEST

/* As many pieces, and as many bytes in them, as are kept, and more. */
START_TEST(large) {
    for (int count = 500; count < 3000; count += 250) {
        AUTO_BUF text;
        buf_init(&text, 1 << 20);
        for (int i = 0; i < count; i++)
            buf_printf(&text, "%s\"name %d\":%d", i == 0 ? "[{" : i % 200 ? "," : "},{", i, i);
        buf_add_text(&text, "}]");
        AUTO(json_shapes) shapes = json_shapes_new();
        learn(shapes, text.data);
        ck_assert_msg(takes(shapes, text.data, text.len, 0) == (count < 1024), "%d", count);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_shape");
    TCase *tc = tcase_create("json_shape");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, known);
    tcase_add_test(tc, changed);
    tcase_add_test(tc, depths);
    tcase_add_test(tc, several);
    tcase_add_test(tc, branches);
    tcase_add_test(tc, strange);
    tcase_add_test(tc, large);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
