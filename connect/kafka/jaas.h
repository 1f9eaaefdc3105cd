/* Login modules with their options: one in the value of sasl.jaas.config,
 *     org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
 * or named lists of them in a JAAS file,
 *     KafkaConnect { org.example.FileModule sufficient file="/etc/users"; org.example.OtherModule required; };
 * @source org.apache.kafka.common.security.JaasConfig, sun.security.provider.ConfigFile */
#ifndef CONNECT_KAFKA_JAAS_H
#define CONNECT_KAFKA_JAAS_H

#include "connect/plugin.h"

enum jaas_flag { JAAS_REQUIRED, JAAS_REQUISITE, JAAS_SUFFICIENT, JAAS_OPTIONAL };

struct jaas {
    char *module; /* class name of the login module */
    enum jaas_flag flag;
    struct kc_config *options; /* names and unquoted values */
};

enum { JAAS_MAX_MODULES = 16 };

struct jaas_entry {
    struct jaas modules[JAAS_MAX_MODULES];
    size_t count; /* 0: the file has no such entry */
};

/* Exactly one module. Comments, quotes and backslash escapes as Java's StreamTokenizer; unquoted values may hold any
 * characters but blanks, quotes and semicolons. The text of an error never shows a value.
 * @thread any  @errors ERR_BAD_CONFIG */
int jaas_parse(const char *text, struct jaas *ret_jaas, struct kc_error *err) KC_CHECKED;
/* The entry of that name in the text of a JAAS file; `file` is its name for errors, which show no value either.
 * @thread any  @errors ERR_BAD_CONFIG */
int jaas_file_parse(const char *text, const char *file, const char *name, struct jaas_entry *ret_entry,
                    struct kc_error *err) KC_CHECKED;
void jaas_entry_done(struct jaas_entry *entry);
void jaas_done(struct jaas *jaas); /* wipes and frees; a zeroed struct is fine */
/* The simple name of the module: "PlainLoginModule". */
const char *jaas_module_name(const struct jaas *jaas);

#endif
