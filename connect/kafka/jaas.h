/* The value of sasl.jaas.config: one login module with its options.
 *     org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
 * @source org.apache.kafka.common.security.JaasConfig */
#ifndef CONNECT_KAFKA_JAAS_H
#define CONNECT_KAFKA_JAAS_H

#include "connect/plugin.h"

struct jaas {
    char *module;              /* class name of the login module */
    struct kc_config *options; /* names and unquoted values */
};

/* Exactly one module. Comments, quotes and backslash escapes as Java's StreamTokenizer; unquoted values may hold any
 * characters but blanks, quotes and semicolons. The text of an error never shows a value.
 * @thread any  @errors ERR_BAD_CONFIG */
int jaas_parse(const char *text, struct jaas *ret_jaas, struct kc_error *err) KC_CHECKED;
void jaas_done(struct jaas *jaas); /* wipes and frees; a zeroed struct is fine */
/* The simple name of the module: "PlainLoginModule". */
const char *jaas_module_name(const struct jaas *jaas);

#endif
