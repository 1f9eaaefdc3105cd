/* Any bytes as log4j's configuration, in both forms. */
#include "connect/log_plan.h"
#include "tests/support/fuzz.h"

static const char *look_up(void *arg, const char *kind, const char *name) {
    (void)arg;
    return kind[0] && name[0] == 'k' ? "value" : NULL;
}

static void one(const uint8_t *data, size_t len) {
    static const char *const files[] = {"l.yaml", "l.properties"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct kc_error err = {0};
        log_plan_free(log_plan_parse((const char *)data, len, files[i], look_up, NULL, &err));
    }
}

FUZZ_TARGET(one)
