/* What a log4j configuration asks of our log: levels and a file. Read from log4j2's YAML (Apache Kafka 4) and log4j 1's
 * properties (before). Pure but for reading the file; any thread. */
#ifndef CONNECT_LOG_PLAN_H
#define CONNECT_LOG_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/log.h"

struct log_plan {
    bool has_root;
    enum kc_level root;
    struct log_plan_level {
        char *logger;
        enum kc_level level;
    } * levels; /* parents before their children */
    size_t count;
    char *file; /* of the root logger's file appender; NULL: none */
    bool truncate, console;
    struct buf notes; /* what was found and is not followed, a line each */
};

/* Looks up `${sys:NAME}`, `${env:NAME}` (kind "sys", "env"); NULL: not known. */
typedef const char *log_plan_lookup(void *arg, const char *kind, const char *name);

/* Reads `file`, whose name says what it is: .yaml, .yml or .properties. NULL with `err`: the file cannot be read, or is
 * not what its name says. */
struct log_plan *log_plan_load(const char *file, log_plan_lookup *lookup, void *arg, struct kc_error *err);
/* The same of text that was read already. */
struct log_plan *log_plan_parse(const char *text, size_t len, const char *file, log_plan_lookup *lookup, void *arg,
                                struct kc_error *err);
struct log_plan *log_plan_free(struct log_plan *plan);
AUTO_FREE(log_plan, struct log_plan, log_plan_free)

#endif
