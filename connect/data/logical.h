/* Date, Time and Timestamp between milliseconds in memory and their base types; see decimal.h for Decimal. */
#ifndef CONNECT_DATA_LOGICAL_H
#define CONNECT_DATA_LOGICAL_H

#include "connect/data/schema.h"
#include "connect/plugin.h"

enum { MS_PER_DAY = 86400000 };

/* The INT32 or INT64 of a DATE value. @errors DataException: the value does not fit the type.
 * @source Date, Time, Timestamp.fromLogical */
int logical_encode(enum logical logical, int64_t ms, int64_t *ret_encoded, struct kc_error *err) KC_CHECKED;
/* Milliseconds of the encoded number. @source toLogical */
int logical_decode(enum logical logical, int64_t encoded, int64_t *ret_ms, struct kc_error *err) KC_CHECKED;
const char *logical_name(enum logical logical); /* "Decimal", "Date", "Time", "Timestamp" */

#endif
