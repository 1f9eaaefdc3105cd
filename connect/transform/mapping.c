/* Pairs in lists; see mapping.h. */
#include "connect/transform/mapping.h"

#include <string.h>

#include "connect/base/buf.h"

size_t mapping_split(const char *mapping, size_t len, struct mapping_part ret_parts[2]) {
    const char *end = mapping + len;
    size_t count = 1;
    if (!len) { /* the empty text has one part, though an empty one */
        ret_parts[0] = (struct mapping_part){mapping, 0};
        return 1;
    }
    while (end > mapping && end[-1] == ':')
        end--;
    if (end == mapping)
        return 0;
    for (const char *s = mapping;; s++) {
        if (s < end && *s != ':')
            continue;
        if (count <= 2)
            ret_parts[count - 1] = (struct mapping_part){mapping, (size_t)(s - mapping)};
        if (s == end)
            return count;
        count++;
        mapping = s + 1;
    }
}

bool mapping_next(const char **list, struct mapping_part *ret_item) {
    if (!*list || !**list)
        return false;
    const char *comma = strchrnul(*list, ',');
    *ret_item = (struct mapping_part){*list, (size_t)(comma - *list)};
    *list = *comma ? comma + 1 : comma;
    return true;
}

int mapping_invalid(const char *list, struct mapping_part item, struct kc_error *err) {
    AUTO_BUF shown;
    buf_init(&shown, KC_ERROR_TEXT);
    for (const char *s = list; *s; s++)
        buf_add_text(&shown, *s == ',' ? ", " : (char[]){*s, '\0'});
    return kc_fail(err, KC_CONFIG_EXCEPTION,
                   "Invalid value [%s] for configuration renames: Invalid rename mapping: %.*s", buf_text(&shown),
                   (int)item.len, item.s);
}
