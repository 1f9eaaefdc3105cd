/* See comma_list.h. */
#include "connect/base/comma_list.h"

#include <ctype.h>
#include <string.h>

bool comma_list_next(const char **pos, const char **ret_item, size_t *ret_len) {
    const char *item = *pos;
    while (*item == ',' || isspace((unsigned char)*item))
        item++;
    size_t len = strcspn(item, ",");
    *pos = item + len;
    while (len > 0 && isspace((unsigned char)item[len - 1]))
        len--;
    *ret_item = item;
    *ret_len = len;
    return len > 0;
}
