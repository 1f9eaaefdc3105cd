/* Work of a group in tests as text: "c1 c1-0 c1-2..5" is the connector c1 and its tasks 0, 2, 3, 4, 5. */
#ifndef TESTS_SUPPORT_GROUP_TEXT_H
#define TESTS_SUPPORT_GROUP_TEXT_H

#include "connect/group/assign.h"

void work_parse(struct work *w, const char *text);
char *work_format(const struct work *w); /* sorted, tasks one by one; malloc'ed */
/* "c1=2 c2=0": connectors with their task counts. */
struct group_config *group_config_parse(int64_t offset, const char *text);

#endif
