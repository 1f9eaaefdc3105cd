/* Work of a group in tests as text. */
#include "tests/support/group_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse_item(struct work *w, char *item) {
    char *dash = strrchr(item, '-');
    if (!dash) {
        work_add_connector(w, item);
        return;
    }
    *dash = 0;
    char *end;
    long from = strtol(dash + 1, &end, 10), to = from;
    if (strncmp(end, "..", 2) == 0)
        to = strtol(end + 2, &end, 10);
    if (*end)
        abort();
    for (long n = from; n <= to; n++)
        work_add_task(w, item, (int32_t)n);
}

void work_parse(struct work *w, const char *text) {
    AUTO_TEXT copy = strdup(text);
    char *rest = copy, *item;
    while ((item = strsep(&rest, " ")))
        if (*item)
            parse_item(w, item);
}

char *work_format(const struct work *w) {
    AUTO_WORK sorted = {0};
    work_copy(&sorted, w);
    work_sort(&sorted);
    struct buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sorted.connector_count; i++)
        buf_printf(&out, "%s%s", out.len ? " " : "", sorted.connectors[i]);
    for (size_t i = 0; i < sorted.task_count; i++)
        buf_printf(&out, "%s%s-%d", out.len ? " " : "", sorted.tasks[i].connector, sorted.tasks[i].number);
    return out.len ? buf_take(&out) : strdup("");
}

struct group_config *group_config_parse(int64_t offset, const char *text) {
    struct group_config *config = group_config_new(offset);
    AUTO_TEXT copy = strdup(text);
    char *rest = copy, *item;
    while ((item = strsep(&rest, " "))) {
        char *equals = strchr(item, '=');
        if (!equals)
            continue;
        *equals = 0;
        group_config_add(config, item, (int32_t)strtol(equals + 1, NULL, 10));
    }
    return config;
}
