/* Byte buffer with a mandatory maximum. Growing past it is an error that sticks: check `failed` once at the end, or
 * the return of each call. The bytes always have a NUL behind them. */
#ifndef CONNECT_BASE_BUF_H
#define CONNECT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connect/plugin.h"

struct buf {
    char *data; /* NULL until the first byte */
    size_t len, cap, max;
    bool failed; /* something did not fit */
};

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_done(struct buf *b);             /* frees; the buffer may be initialised again */
void buf_clear(struct buf *b);            /* len = 0, failed = false; memory is kept */
/* Room for `more` further bytes; 0 or -1 (over the maximum). */
int buf_reserve(struct buf *b, size_t more);
/* Where `more` bytes and the NUL may be written, without a call when there is room; then raise len. NULL: as
 * buf_reserve. */
static inline char *buf_room(struct buf *b, size_t more) {
    if (b->cap - b->len <= more && buf_reserve(b, more) < 0)
        return NULL;
    return b->data + b->len;
}
/* All return 0, or -1 when it does not fit or memory is not to be had: then nothing is added, now or later. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_text(struct buf *b, const char *s);
int buf_add_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) KC_PRINTF(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/* Big-endian, as Kafka's protocol. */
int buf_add_i8(struct buf *b, int8_t v);
int buf_add_i16(struct buf *b, int16_t v);
int buf_add_i32(struct buf *b, int32_t v);
int buf_add_i64(struct buf *b, int64_t v);
/* JSON string with quotes, Jackson's escapes (see data-model 5.3): ", \\, \b \t \n \f \r, \u00XX upper case. */
int buf_add_json(struct buf *b, const char *s, size_t len);
const char *buf_text(const struct buf *b); /* never NULL */
/* The bytes, NUL-terminated and malloc'ed, now the caller's; the buffer is empty. NULL when it had failed. */
char *buf_take(struct buf *b);

#define AUTO_BUF __attribute__((cleanup(buf_done))) struct buf

#endif
