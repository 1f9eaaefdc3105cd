/* The commands that need no Kafka and end: help, plugins, version, which answer from tables, and transform. */
#ifndef CONNECT_CLI_H
#define CONNECT_CLI_H

#include <stdbool.h>

/* Runs the command argv[1] when it is one of ours, and says so in *ret_handled (also without any argument, which shows
 * the help and fails). Returns the exit code.
 * @thread main, before anything else was started  @blocks may load plugins */
int cli_run(int argc, char **argv, bool *ret_handled);

#endif
