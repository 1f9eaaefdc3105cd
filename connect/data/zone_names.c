/* Names of time zones; see zone_names.h. */
#include "connect/data/zone_names.h"

#include <string.h>
#include <strings.h>

#include "connect/base/auto.h"

struct zone {
    int16_t offset, summer_offset; /* minutes east of Greenwich */
    const char *name, *abbreviation;
    const char *summer_name, *summer_abbreviation; /* NULL: none */
};

/* Java's order: the first match counts. */
static const struct zone zones[] = {
    {0, 0, "Coordinated Universal Time", "UTC", NULL, NULL},
    {-480, -420, "Pacific Standard Time", "PST", "Pacific Daylight Time", "PDT"},
    {-420, -360, "Mountain Standard Time", "MST", "Mountain Daylight Time", "MDT"},
    {-360, -300, "Central Standard Time", "CST", "Central Daylight Time", "CDT"},
    {-300, -240, "Eastern Standard Time", "EST", "Eastern Daylight Time", "EDT"},
    {-600, -540, "Hawaii-Aleutian Standard Time", "HST", "Hawaii-Aleutian Daylight Time", "HDT"},
    {-540, -480, "Alaska Standard Time", "AKST", "Alaska Daylight Time", "AKDT"},
    {-240, -180, "Atlantic Standard Time", "AST", "Atlantic Daylight Time", "ADT"},
    {-210, -150, "Newfoundland Standard Time", "NST", "Newfoundland Daylight Time", "NDT"},
    {60, 120, "Central European Standard Time", "CET", "Central European Summer Time", "CEST"},
    {0, 0, "Greenwich Mean Time", "GMT", NULL, NULL},
    {0, 60, "Western European Standard Time", "WET", "Western European Summer Time", "WEST"},
    {120, 180, "Israel Standard Time", "IST", "Israel Daylight Time", "IDT"},
    {540, 600, "Japan Standard Time", "JST", "Japan Daylight Time", "JDT"},
    {120, 180, "Eastern European Standard Time", "EET", "Eastern European Summer Time", "EEST"},
    {480, 540, "China Standard Time", "CST", "China Daylight Time", "CDT"},
    {180, 180, "East Africa Time", "EAT", NULL, NULL},
    {60, 60, "West Africa Standard Time", "WAT", NULL, NULL},
    {120, 120, "Central Africa Time", "CAT", NULL, NULL},
    {120, 120, "South Africa Standard Time", "SAST", NULL, NULL},
    {-180, -120, "Brasilia Standard Time", "BRT", "Brasilia Summer Time", "BRST"},
    {-180, -120, "Argentina Standard Time", "ART", "Argentina Summer Time", "ARST"},
    {-240, -180, "Chile Standard Time", "CLT", "Chile Summer Time", "CLST"},
    {-300, -300, "Colombia Standard Time", "COT", NULL, NULL},
    {-300, -300, "Peru Standard Time", "PET", NULL, NULL},
    {-240, -240, "Venezuela Time", "VET", NULL, NULL},
    {-180, -180, "Uruguay Standard Time", "UYT", NULL, NULL},
    {-60, 0, "Azores Standard Time", "AZOT", "Azores Summer Time", "AZOST"},
    {0, 60, "Greenwich Mean Time", "GMT", "British Summer Time", "BST"},
    {0, 60, "Greenwich Mean Time", "GMT", "Irish Standard Time", "IST"},
    {180, 240, "Moscow Standard Time", "MSK", "Moscow Summer Time", "MSD"},
    {180, 180, "Arabian Standard Time", "AST", NULL, NULL},
    {240, 240, "Gulf Standard Time", "GST", NULL, NULL},
    {210, 270, "Iran Standard Time", "IRST", "Iran Daylight Time", "IRDT"},
    {270, 270, "Afghanistan Time", "AFT", NULL, NULL},
    {300, 300, "Pakistan Standard Time", "PKT", NULL, NULL},
    {330, 330, "India Standard Time", "IST", NULL, NULL},
    {345, 345, "Nepal Time", "NPT", NULL, NULL},
    {300, 300, "Uzbekistan Standard Time", "UZT", NULL, NULL},
    {300, 300, "Yekaterinburg Standard Time", "YEKT", NULL, NULL},
    {390, 390, "Myanmar Time", "MMT", NULL, NULL},
    {420, 420, "Indochina Time", "ICT", NULL, NULL},
    {420, 420, "Western Indonesia Time", "WIB", NULL, NULL},
    {420, 420, "Novosibirsk Standard Time", "NOVT", NULL, NULL},
    {420, 420, "Krasnoyarsk Standard Time", "KRAT", NULL, NULL},
    {480, 480, "Irkutsk Standard Time", "IRKT", NULL, NULL},
    {480, 480, "Hong Kong Standard Time", "HKT", NULL, NULL},
    {480, 480, "Singapore Standard Time", "SGT", NULL, NULL},
    {480, 480, "Philippine Standard Time", "PST", NULL, NULL},
    {480, 480, "Australian Western Standard Time", "AWST", NULL, NULL},
    {540, 540, "Korean Standard Time", "KST", NULL, NULL},
    {540, 540, "Yakutsk Standard Time", "YAKT", NULL, NULL},
    {570, 630, "Australian Central Standard Time", "ACST", "Australian Central Daylight Time", "ACDT"},
    {600, 660, "Australian Eastern Standard Time", "AEST", "Australian Eastern Daylight Time", "AEDT"},
    {600, 600, "Vladivostok Standard Time", "VLAT", NULL, NULL},
    {600, 600, "Chamorro Standard Time", "ChST", NULL, NULL},
    {660, 660, "Magadan Standard Time", "MAGT", NULL, NULL},
    {720, 780, "New Zealand Standard Time", "NZST", "New Zealand Daylight Time", "NZDT"},
    {-660, -660, "Samoa Standard Time", "SST", NULL, NULL},
};

static size_t match(const char *s, size_t len, const char *name) {
    size_t name_len = name ? strlen(name) : 0;
    return name_len && name_len <= len && strncasecmp(s, name, name_len) == 0 ? name_len : 0;
}

size_t zone_name_match(const char *s, size_t len, int32_t *ret_offset_minutes) {
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        const struct zone *z = &zones[i];
        size_t found = match(s, len, z->name);
        if (!found)
            found = match(s, len, z->abbreviation);
        *ret_offset_minutes = z->offset;
        if (found)
            return found;
        found = match(s, len, z->summer_name);
        if (!found)
            found = match(s, len, z->summer_abbreviation);
        *ret_offset_minutes = z->summer_offset;
        if (found)
            return found;
    }
    return 0;
}
