/* See shares.h. */
#include "connectors/mirror/shares.h"

#include <stdio.h>
#include <stdlib.h>

#include "connect/base/buf.h"

static struct kc_config *task_config(const struct kc_config *config, int task, const char *key, struct buf *share) {
    struct kc_config *copy = kc_config_copy(config);
    char index[16];
    snprintf(index, sizeof index, "%d", task);
    kc_config_set(copy, key, buf_text(share));
    kc_config_set(copy, "task.index", index);
    buf_done(share);
    return copy;
}

static int tasks_for(size_t pieces, int max_tasks) {
    return max_tasks < 1 ? 0 : pieces < (size_t)max_tasks ? (int)pieces : max_tasks;
}

int share_partitions(const struct kc_config *config, const struct topic_list *topics, int max_tasks,
                     struct kc_config **ret_configs) {
    size_t total = 0;
    for (size_t i = 0; i < topics->count; i++)
        total += (size_t)topics->items[i].partitions;
    int tasks = tasks_for(total, max_tasks);
    struct buf *shares = calloc((size_t)tasks + 1, sizeof *shares);
    if (!shares)
        abort();
    for (int i = 0; i < tasks; i++)
        buf_init(&shares[i], SIZE_MAX / 4); /* bounded by the number of partitions that a cluster can have */
    size_t turn = 0;
    for (size_t i = 0; tasks && i < topics->count; i++) {
        for (int32_t p = 0; p < topics->items[i].partitions; p++, turn++) {
            struct buf *share = &shares[turn % (size_t)tasks];
            buf_printf(share, "%s%s-%d", share->len ? "," : "", topics->items[i].name, (int)p);
        }
    }
    for (int i = 0; i < tasks; i++)
        ret_configs[i] = task_config(config, i, "task.assigned.partitions", &shares[i]);
    free(shares);
    return tasks;
}

int share_groups(const struct kc_config *config, char *const *groups, size_t count, int max_tasks,
                 struct kc_config **ret_configs) {
    int tasks = tasks_for(count, max_tasks);
    size_t next = 0;
    for (int i = 0; i < tasks; i++) {
        size_t end = next + count / (size_t)tasks + ((size_t)i < count % (size_t)tasks);
        struct buf share;
        buf_init(&share, SIZE_MAX / 4);
        for (; next < end; next++)
            buf_printf(&share, "%s%s", share.len ? "," : "", groups[next]);
        ret_configs[i] = task_config(config, i, "task.assigned.groups", &share);
    }
    return tasks;
}
