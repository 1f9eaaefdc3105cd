/* English names of time zones, as far as Java's reader of dates is asked for them in practice. Where Java has a name
 * for several zones (IST, CST), its first one is meant, as there.
 * @source java.text.DateFormatSymbols.getZoneStrings, sun.util.resources.TimeZoneNames */
#ifndef CONNECT_DATA_ZONE_NAMES_H
#define CONNECT_DATA_ZONE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* The length of the zone's name that the text begins with, in any case; 0 when there is none. */
size_t zone_name_match(const char *s, size_t len, int32_t *ret_offset_minutes);

#endif
