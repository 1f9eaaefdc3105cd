/* The log as the environment asks for it, at start-up, before other threads exist.
 *
 *     KAFKA_LOG4J_OPTS   -Dlog4j2.configurationFile=FILE (log4j.configurationFile, log4j.configuration): levels and the
 *                        root logger's file; its ${sys:…} are the -D of this variable and of KAFKA_OPTS, and LOG_DIR
 *     CONNECT_LOG4J_ROOT_LOGLEVEL, LOG_LEVEL   the root logger's level, as container images have it
 *     CONNECT_LOG4J_LOGGERS                    name=LEVEL,…
 *
 * Without a file appender the log is on the standard error. What cannot be followed is a warning. */
#ifndef CONNECT_LOG_SETUP_H
#define CONNECT_LOG_SETUP_H

#include "connect/base/log.h"

/* `usual`: the root logger's level when nobody says another. @blocks reads the file */
void log_setup(enum kc_level usual);

#endif
