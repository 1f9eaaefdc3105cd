/* Rules of single worker options that no member of struct kc_option expresses; used by worker_rows.c. */
#ifndef CONFIG_WORKER_CHECKS_H
#define CONFIG_WORKER_CHECKS_H

#include "connect/plugin.h"

/* All are kc_option.check: `text` is the parsed value (NULL: null), the error is the whole message. */
int check_listeners(const char *name, const char *text, struct kc_error *err);
int check_admin_listeners(const char *name, const char *text, struct kc_error *err);
int check_extensions(const char *name, const char *text, struct kc_error *err);
int check_policy(const char *name, const char *text, struct kc_error *err);
int check_reporters(const char *name, const char *text, struct kc_error *err);
int check_replication(const char *name, const char *text, struct kc_error *err);
int check_partitions(const char *name, const char *text, struct kc_error *err);
int check_key_algorithm(const char *name, const char *text, struct kc_error *err);
int check_mac_algorithm(const char *name, const char *text, struct kc_error *err);
int check_verification(const char *name, const char *text, struct kc_error *err);
int check_memory(const char *name, const char *text, struct kc_error *err);

/* "All", "None", "Principal" or "Allowlist" for a policy's class or alias; NULL when it is none of them. */
const char *policy_alias(const char *class_or_alias);

#define BASIC_AUTH_PACKAGE "org.apache.kafka.connect.rest.basic.auth.extension."

#endif
