/* JSON from Kafka: whatever passes the checking pass must survive every reader and writer behind it, and writing must
 * be stable: the compact form is its own compact form. The checking pass itself accepts what the grammar does, and
 * knows of the text what it knows without vectors. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/json.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_shape.h"
#include "connect/data/json_tree.h"
#include "connect/data/json_write.h"
#include "connect/data/value.h"
#include "tests/support/fuzz.h"
#include "tests/support/json_scan_plain.h"

#define REQUIRE(condition) \
    do {                   \
        if (!(condition))  \
            abort();       \
    } while (0)

static void write_value(struct buf *out, const struct kc_value *v) {
    static const struct json_write_options options = {0};
    REQUIRE(json_write_value(out, NULL, v, &options, NULL) == 0);
}

/* Unpaired surrogates stay escapes in text but are U+FFFD in values. */
static bool has_surrogate_escape(const struct buf *text) {
    return memmem(text->data, text->len, "\\uD", 3) != NULL;
}

static void check_scan(const char *data, size_t len) {
    struct json_scan scan = {0}, plain = {0};
    struct json_text value;
    bool accepted = json_scan(data, len, 0, &scan, NULL) == 0;
    REQUIRE(accepted == (json_scan_plain(data, len, 0, &plain, NULL) == 0));
    REQUIRE(accepted == json_reference_accepts(data, len, &value));
    if (accepted) {
        REQUIRE(scan.text.s == plain.text.s && scan.text.len == plain.text.len);
        REQUIRE(scan.text.s == value.s && scan.text.len == value.len);
        REQUIRE(scan.flags == plain.flags && scan.overlong == plain.overlong);
    }
}

/* Mutations of one text often have its shape. What is known of them by their shape is what the scanner says. */
static void check_shapes(const char *data, size_t len) {
    static struct json_shapes *shapes; /* for all inputs */
    struct json_scan scan = {0}, known = {0};
    if (!shapes)
        shapes = json_shapes_new();
    bool accepted = json_scan(data, len, 0, &scan, NULL) == 0;
    if (json_shapes_check(shapes, data, len, 0, &known)) {
        REQUIRE(accepted && known.text.s == scan.text.s && known.text.len == scan.text.len);
        REQUIRE(known.flags == scan.flags && known.overlong == scan.overlong);
    } else if (accepted) {
        json_shapes_learn(shapes, 0, &scan);
    }
}

/* The ways to write text again agree, whichever the flags allow. */
static void check_writers(const struct json_scan *scan, const struct kc_value *v, const struct buf *text) {
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    if (v->tag != KC_V_JSON || !(scan->flags & VALUE_JSON_UNIQUE))
        return;
    REQUIRE(json_write_compact(&out, scan->text) == 0);
    REQUIRE(out.len == text->len && memcmp(out.data, text->data, text->len) == 0);
    if (!(scan->flags & VALUE_JSON_SPACED))
        return;
    buf_clear(&out);
    REQUIRE(json_write_unspaced(&out, scan->text) == 0);
    REQUIRE(out.len == text->len && memcmp(out.data, text->data, text->len) == 0);
}

static void check_document(struct kc_arena *arena, const char *data, size_t len) {
    struct json_scan scan, again;
    if (json_check(arena, data, len, &scan, NULL) < 0 || !scan.text.s)
        return;
    struct kc_value v = json_tree_shallow(arena, scan.text, scan.flags);
    struct kc_value whole = kc_json_expand(arena, v), opened = kc_json_open(arena, v);
    AUTO_BUF text;
    AUTO_BUF from_tree;
    buf_init(&text, SIZE_MAX);
    buf_init(&from_tree, SIZE_MAX);
    write_value(&text, &v);
    write_value(&from_tree, &whole);
    check_writers(&scan, &v, &text);
    if (scan.flags & VALUE_JSON_COMPACT && v.tag == KC_V_JSON)
        REQUIRE(text.len == scan.text.len && memcmp(text.data, scan.text.s, text.len) == 0);
    if (!has_surrogate_escape(&text)) {
        REQUIRE(text.len == from_tree.len && memcmp(text.data, from_tree.data, text.len) == 0);
        REQUIRE(kc_value_equal(&whole, &opened));
    }
    REQUIRE(json_check(arena, text.data, text.len, &again, NULL) == 0);
    REQUIRE(again.text.len == text.len);
    if (v.tag == KC_V_JSON && again.flags & VALUE_JSON_UNIQUE)
        REQUIRE(again.flags & VALUE_JSON_COMPACT);
}

/* Read as an envelope, written, read again: the same value. The second reading uses the remembered prefix. */
static void check_envelope(struct kc_arena *arena, const char *data, size_t len) {
    struct json_converter *jc = json_converter_new(true, false, true, 4);
    const struct kc_schema *schema, *again_schema;
    struct kc_value v, again, bytes;
    struct kc_error err = {0};
    for (int i = 0; i < 2; i++) {
        if (json_envelope_read(jc, arena, data, len, &schema, &v, &err) < 0 ||
            json_envelope_write(jc, arena, schema, &v, &bytes, &err) < 0)
            continue;
        if (bytes.tag == KC_V_NULL || memmem(bytes.s, bytes.len, "\\uD", 3))
            continue;
        REQUIRE(json_envelope_read(jc, arena, bytes.s, bytes.len, &again_schema, &again, &err) == 0);
    }
    json_converter_free(jc);
}

static void fuzz_json(const uint8_t *data, size_t len) {
    struct kc_arena *arena = arena_new(0);
    check_scan((const char *)data, len);
    check_shapes((const char *)data, len);
    check_document(arena, (const char *)data, len);
    check_envelope(arena, (const char *)data, len);
    arena_free(arena);
}

FUZZ_TARGET(fuzz_json)
