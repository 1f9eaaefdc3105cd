/* Comma separated lists, as Java's ConfigDef reads them. Pure, any thread. */
#ifndef CONNECT_BASE_COMMA_LIST_H
#define CONNECT_BASE_COMMA_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The next item from *pos on without blanks around it, and *pos behind it; empty items are passed over. False: no more.
 *     for (const char *pos = list; comma_list_next(&pos, &item, &len);) */
bool comma_list_next(const char **pos, const char **ret_item, size_t *ret_len);

#endif
