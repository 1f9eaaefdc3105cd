/* Bytes of a header to a value and back to text. What was read from text must be readable again: writing it and reading
 * it gives the same text. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/header_simple.h"
#include "tests/support/fuzz.h"

static void target(const uint8_t *data, size_t len) {
    const struct kc_header_converter_ops *ops = simple_header_converter.header_converter;
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_header header = {.key = "h"};
    struct kc_value bytes, again;
    if (ops->to_connect(NULL, arena, "t", data, len, &header, &err) < 0)
        abort();
    if (ops->from_connect(NULL, arena, "t", &header, &bytes, &err) < 0)
        return; /* a text that is too long */
    struct kc_header copy = {.key = "h"};
    if (ops->to_connect(NULL, arena, "t", bytes.tag == KC_V_NULL ? NULL : bytes.bytes, bytes.len, &copy, &err) < 0 ||
        ops->from_connect(NULL, arena, "t", &copy, &again, &err) < 0)
        abort();
}
FUZZ_TARGET(target)
