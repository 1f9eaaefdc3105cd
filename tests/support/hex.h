/* Bytes from hexadecimal text in tests. */
#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include "connect/base/buf.h"

/* Appends the bytes that `hex` names; blanks between digits are fine. Aborts on anything else. */
void hex_add(struct buf *out, const char *hex);
/* The bytes as lower-case digits without blanks; malloc'ed. */
char *hex_text(const void *data, size_t len);
/* Fails the test unless data equals the bytes that `hex` names. */
void hex_assert_eq(const void *data, size_t len, const char *hex);

#endif
