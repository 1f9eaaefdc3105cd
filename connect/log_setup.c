/* From environment variables to levels and a file. */
#include "connect/log_setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/comma_list.h"
#include "connect/log_plan.h"

#define LOG_OWN "kconnect.log"

/* Where -DNAME= last stands in the options of a JVM: its value, malloc'ed, or NULL. */
static char *jvm_option(const char *options, const char *name) {
    const char *value = NULL;
    size_t len = strlen(name), value_len = 0;
    for (const char *pos = options; pos && *pos; pos += strspn(pos, " \t")) {
        size_t n = strcspn(pos, " \t");
        if (n >= len + 3 && strncmp(pos, "-D", 2) == 0 && strncmp(pos + 2, name, len) == 0 && pos[2 + len] == '=') {
            value = pos + len + 3;
            value_len = n - len - 3;
        }
        pos += n;
    }
    return value ? strndup(value, value_len) : NULL;
}

struct lookup {
    char *last; /* what was answered last */
};

static const char *look_up(void *arg, const char *kind, const char *name) {
    static const char *const variables[] = {"KAFKA_LOG4J_OPTS", "KAFKA_OPTS"};
    struct lookup *lookup = arg;
    if (strcasecmp(kind, "env") == 0)
        return getenv(name);
    if (strcasecmp(kind, "sys") != 0)
        return NULL;
    free(TAKE(lookup->last));
    for (size_t i = 0; i < COUNT_OF(variables) && !lookup->last; i++)
        lookup->last = jvm_option(getenv(variables[i]), name);
    /* what Kafka's start scripts make of it */
    return !lookup->last && strcmp(name, "kafka.logs.dir") == 0 ? getenv("LOG_DIR") : lookup->last;
}

/* The path in the value of log4j2.configurationFile, which may be a URL. */
static const char *path_of(const char *value) {
    if (strncmp(value, "file:", 5) != 0)
        return value;
    value += 5;
    return strncmp(value, "//", 2) == 0 ? value + 2 : value;
}

static char *configured_file(void) {
    static const char *const names[] = {"log4j2.configurationFile", "log4j.configurationFile", "log4j.configuration"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *value = jvm_option(getenv("KAFKA_LOG4J_OPTS"), names[i]);
        if (value)
            return value;
    }
    return NULL;
}

static void warn_of_notes(const char *file, char *notes) {
    char *rest = notes;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (line[0])
            kc_log(KC_WARN, LOG_OWN, "%s: %s", file, line);
}

static void set_level(const char *logger, const char *text) {
    enum kc_level level;
    if (log_level_parse(text, &level) == 0)
        log_start_level(logger, level);
    else
        kc_log(KC_WARN, LOG_OWN, "Unknown level '%s' of logger %s", text, logger);
}

static void follow_plan(const struct log_plan *plan, const char *file) {
    for (size_t i = 0; i < plan->count; i++)
        log_start_level(plan->levels[i].logger, plan->levels[i].level);
    if (plan->file && log_to_file(plan->file, !plan->truncate, plan->console) < 0)
        kc_log(KC_WARN, LOG_OWN, "%s: cannot write %s: %s", file, plan->file, strerror(errno));
    AUTO_TEXT notes = strdup(buf_text(&plan->notes));
    if (notes)
        warn_of_notes(file, notes);
}

/* CONNECT_LOG4J_LOGGERS */
static void follow_list(const char *list) {
    const char *item;
    size_t len;
    for (const char *pos = list; pos && comma_list_next(&pos, &item, &len);) {
        AUTO_TEXT name = strndup(item, len);
        char *equals = name ? strchr(name, '=') : NULL;
        if (equals) {
            *equals = 0;
            set_level(name, equals + 1);
        }
    }
}

void log_setup(enum kc_level usual) {
    struct kc_error err = {0};
    struct lookup lookup = {0};
    const char *root = getenv("CONNECT_LOG4J_ROOT_LOGLEVEL");
    AUTO_TEXT value = configured_file();
    const char *file = value ? path_of(value) : NULL;
    AUTO(log_plan) plan = file ? log_plan_load(file, look_up, &lookup, &err) : NULL;
    free(lookup.last);
    /* the root first: its level becomes that of all known loggers */
    log_start_level("root", plan && plan->has_root ? plan->root : usual);
    root = root ? root : getenv("LOG_LEVEL");
    if (root)
        set_level("root", root);
    if (plan)
        follow_plan(plan, file);
    else if (file)
        kc_log(KC_WARN, LOG_OWN, "KAFKA_LOG4J_OPTS is not followed: %s", err.text);
    follow_list(getenv("CONNECT_LOG4J_LOGGERS"));
}
