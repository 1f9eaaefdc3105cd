/* Dates by patterns such as yyyy-MM-dd'T'HH:mm:ss, in UTC with English names, written and read as Java does: reading is
 * lenient and stops where the pattern ends. Of time zones Java's names of the larger ones are known, see
 * zone_names.h. @source java.text.SimpleDateFormat (data-model 11.1) */
#ifndef CONNECT_DATA_DATE_FORMAT_H
#define CONNECT_DATA_DATE_FORMAT_H

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

struct date_format; /* not changed by use: may be shared between threads */

/* @errors IllegalArgumentException "Illegal pattern character 'b'", "Unterminated quote", "invalid ISO 8601 format:
 * length=4" */
struct date_format *date_format_new(const char *pattern, struct kc_error *err);
struct date_format *date_format_free(struct date_format *f); /* NULL is fine; returns NULL */
AUTO_FREE(date_format, struct date_format, date_format_free)

/* Appends the text of an instant. -1: the buffer is full. */
int date_format_text(const struct date_format *f, int64_t ms, struct buf *out);
/* The instant that a text (UTF-8) begins with; false when it does not fit the pattern. Years of two digits lie within
 * 80 years before and 20 years after date_format_new was called. */
bool date_format_parse(const struct date_format *f, const char *s, size_t len, int64_t *ret_ms);

#endif
