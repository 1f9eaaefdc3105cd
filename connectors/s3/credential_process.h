/* Runs the command of `credential_process` in a profile, for credentials_profile.c. */
#ifndef CONNECTORS_S3_CREDENTIAL_PROCESS_H
#define CONNECTORS_S3_CREDENTIAL_PROCESS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

enum { CREDENTIAL_PROCESS_MS = 60000 };

/* Runs `command` by /bin/sh and appends what it prints to `ret_output`, whose maximum is the limit; its errors go to
 * the standard error. It gets an empty standard input, no other descriptor of this process, and the signals as a shell
 * would leave them. What runs longer than `timeout_ms` or prints more is killed, with everything it has started.
 * @thread any  @blocks up to timeout_ms  @errors ERR_S3: it cannot be run, failed, took too long or said too much; the
 * command itself is not told, it may hold a secret */
int credential_process(const char *command, int64_t timeout_ms, struct buf *ret_output,
                       struct kc_error *err) KC_CHECKED;

#endif
