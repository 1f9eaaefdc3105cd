/* Finishes and compares task configurations; see task_configs.h. */
#include "connect/task_configs.h"

#include <string.h>

#include "config/substitute.h"

static void copy_key(struct kc_config *to, const struct kc_config *from, const char *key) {
    const char *value = kc_config_get(from, key);
    if (value)
        kc_config_set(to, key, value);
}

void task_configs_complete(struct kc_config *const *tasks, int count, const char *task_class,
                           const struct kc_config *resolved) {
    for (int i = 0; i < count; i++) {
        kc_config_set(tasks[i], "task.class", task_class);
        copy_key(tasks[i], resolved, "topics");
        copy_key(tasks[i], resolved, "topics.regex");
    }
}

void task_configs_hide(struct kc_config *const *tasks, int count, const struct kc_config *raw) {
    for (size_t k = 0; k < kc_config_count(raw); k++) {
        const char *key = kc_config_key(raw, k), *value = kc_config_value(raw, k);
        if (!value || !substitute_has_reference(value))
            continue;
        for (int i = 0; i < count; i++) {
            if (kc_config_has(tasks[i], key))
                kc_config_set(tasks[i], key, value);
        }
    }
}

bool config_equal(const struct kc_config *a, const struct kc_config *b) {
    if (!a || !b)
        return a == b;
    if (kc_config_count(a) != kc_config_count(b))
        return false;
    for (size_t i = 0; i < kc_config_count(a); i++) {
        const char *key = kc_config_key(a, i), *left = kc_config_value(a, i), *right = kc_config_get(b, key);
        if (!kc_config_has(b, key) || !left != !right || (left && strcmp(left, right) != 0))
            return false;
    }
    return true;
}

bool task_configs_differ(const struct snapshot_connector *committed, struct kc_config *const *tasks, int count) {
    if (snapshot_assignable_tasks(committed) != count)
        return true;
    for (int i = 0; i < count; i++) {
        if (!config_equal(snapshot_task_config(committed, i), tasks[i]))
            return true;
    }
    return false;
}
