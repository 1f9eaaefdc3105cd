/* Time zones from the system's database, for any number of zones and threads (libc knows one per process).
 * Ids are Joda's: UTC, Europe/Berlin, EST, +02:00; not POSIX strings. */
#ifndef CONNECTORS_S3_ZONE_H
#define CONNECTORS_S3_ZONE_H

#include <stdint.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct zone; /* immutable */

/* @blocks reads one file of TZDIR (default /usr/share/zoneinfo)
 * @errors "The datetime zone id 'X' is not recognised" */
struct zone *zone_load(const char *id, struct kc_error *err);
struct zone *zone_free(struct zone *z);
AUTO_FREE(zone, struct zone, zone_free)

const char *zone_id(const struct zone *z);
/* Local time minus UTC at the instant `utc_ms`. */
int64_t zone_offset_ms(const struct zone *z, int64_t utc_ms);
/* Short name at that instant ("CET"); the id's own text for fixed offsets. */
const char *zone_name(const struct zone *z, int64_t utc_ms);
/* The first change of offset after `utc_ms`; INT64_MAX when there is none. */
int64_t zone_next_change(const struct zone *z, int64_t utc_ms);
/* Local time to UTC; a time that does not exist moves forward, of two the one is taken that Joda takes.
 * @source DateTimeZone.convertLocalToUTC(instant, strict=false) */
int64_t zone_to_utc(const struct zone *z, int64_t local_ms);
/* The instant at which the local day of `utc_ms` plus `days` begins. */
int64_t zone_day_start(const struct zone *z, int64_t utc_ms, int days);

/* Civil dates: days since 1970-01-01 ↔ year, month 1-12, day. */
int64_t civil_days(int64_t year, int month, int day);
void civil_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
int64_t floor_div(int64_t a, int64_t b);

#endif
