/* Joda's DateTimeFormat patterns as far as directories need them: formatting only.
 * Letters: G C Y x w e E y D M d a K h H k m s S z Z, '…' for literal text. YYYY is the year of the era, xxxx the year
 * of the week. @source org.joda.time.format.DateTimeFormat */
#ifndef CONNECTORS_S3_TIME_FORMAT_H
#define CONNECTORS_S3_TIME_FORMAT_H

#include "connect/base/buf.h"
#include "connectors/s3/zone.h"

struct time_format; /* immutable */

/* `locale` decides the language of names; only English ones are known, others are refused where the pattern has names.
 * @errors ERR_BAD_CONFIG "Illegal pattern component: …" */
struct time_format *time_format_new(const char *pattern, const char *locale, struct kc_error *err);
struct time_format *time_format_free(struct time_format *f);
AUTO_FREE(time_format, struct time_format, time_format_free)
int time_format_write(const struct time_format *f, const struct zone *z, int64_t utc_ms, struct buf *out);

/* ISO text (date, T and time, both, with or without offset) as Joda's dateTimeParser reads it; without offset the zone
 * of the process (TZ) counts. False when it is none. */
bool time_parse_iso(const char *text, size_t len, int64_t *ret_ms);

#endif
