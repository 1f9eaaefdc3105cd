/* Values as Java's String.valueOf prints them. */
#ifndef CONNECT_DATA_VALUE_TEXT_H
#define CONNECT_DATA_VALUE_TEXT_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* Appends the text; bytes, whose toString says nothing in Java, as base64. -1: the buffer is full. */
int value_text(struct buf *out, const struct kc_value *v);
/* java.util.Date.toString in UTC: `Thu Jan 01 00:00:00 UTC 1970` */
int value_date_text(struct buf *out, int64_t ms);

#endif
