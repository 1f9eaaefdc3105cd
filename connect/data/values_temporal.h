/* The three texts of dates that Values reads and writes, with SimpleDateFormat's leniency, in UTC.
 * @source org.apache.kafka.connect.data.Values, java.text.SimpleDateFormat, java.util.GregorianCalendar */
#ifndef CONNECT_DATA_VALUES_TEMPORAL_H
#define CONNECT_DATA_VALUES_TEMPORAL_H

#include <stddef.h>

#include "connect/base/buf.h"
#include "connect/data/schema.h"

/* `2020-01-02` (10 characters) → DATE, `03:04:05.678Z` (13) → TIME, `2020-01-02T03:04:05.678Z` (24) → TIMESTAMP;
 * anything else → NONE. Digits are ASCII. Numbers may be shorter, longer or beyond their range (2020-13-45 is
 * 2021-02-14), and text behind what is read is ignored; dates before 15 October 1582 are Julian. */
enum logical values_parse_temporal(const char *s, size_t len, int64_t *ret_ms);

/* Time, date or timestamp, chosen by the magnitude of `ms` as Values.dateFormatFor does. */
int values_temporal_text(struct buf *out, int64_t ms);

#endif
