/* Loggers by dotted name with run-time levels, one line per event on stderr or in a file, and the context of the
 * thread. 2026-01-31 12:00:00.123 INFO  [s3-sink|task-0] message (org.apache.kafka.connect.runtime.Worker) kc_log
 * (plugin.h) writes; levels are inherited along dots from the root, as log4j does. Levels are atomics; setting one
 * takes a lock. */
#ifndef CONNECT_BASE_LOG_H
#define CONNECT_BASE_LOG_H

#include "connect/plugin.h"

/* A level above all: nothing is logged. */
#define LOG_OFF ((enum kc_level)(KC_FATAL + 1))

/* A thread's context: "[name|task-0] " or "" ; a `stage` such as "committing offsets" may be added. Copied. */
void log_context(const char *context);
const char *log_context_get(void);

int log_level_parse(const char *text, enum kc_level *ret_level); /* TRACE … FATAL, OFF; any case */
const char *log_level_name(enum kc_level level);
enum kc_level log_level(const char *logger); /* effective */
/* Sets the level of `logger` and of all known loggers whose names begin with it, as Java's worker does (org.apache.kaf
 * reaches org.apache.kafka); the time of the change is kept for REST, unless a logger had the level already. @source
 * Loggers.setLevel */
void log_set_level(const char *logger, enum kc_level level);
/* The same at start-up: for REST nothing has changed. */
void log_start_level(const char *logger, enum kc_level level);
/* Calls f for every known logger (set or used): name, effective level, ms of the last change or -1. */
void log_each(void (*f)(void *arg, const char *logger, enum kc_level level, int64_t changed_ms), void *arg);
/* Redirects lines (tests); NULL = stderr. */
void log_sink(void (*f)(void *arg, enum kc_level level, const char *line), void *arg);

/* Lines go to the file from now on, and to the standard error too with `console`, or when the file cannot be written.
 * Folders above it are made; a file that was moved away is made anew.
 * @errors -1 with errno: the file cannot be opened; lines go where they went before */
int log_to_file(const char *path, bool append, bool console) KC_CHECKED;
void log_to_console(void); /* ends log_to_file */

#define LOG_HERDER "org.apache.kafka.connect.runtime.distributed.DistributedHerder"
#define LOG_WORKER "org.apache.kafka.connect.runtime.Worker"
#define LOG_REST   "org.apache.kafka.connect.runtime.rest.RestServer"

#endif
