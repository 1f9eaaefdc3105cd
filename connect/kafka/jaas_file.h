/* The JAAS file that -Djava.security.auth.login.config names: REST's users (KafkaConnect) and the credentials of Kafka
 * clients without sasl.jaas.config (KafkaClient). @thread any */
#ifndef CONNECT_KAFKA_JAAS_FILE_H
#define CONNECT_KAFKA_JAAS_FILE_H

#include "connect/kafka/jaas.h"

/* The file's path among the options of a JVM, malloc'ed; NULL: none. */
char *jaas_file_option(const char *java_options);
/* The same from KAFKA_OPTS and the variables that a JVM reads itself. */
char *jaas_file_find(void);
/* Its entry of that name; none: count 0. @blocks reads the file @errors name the file, never a value */
int jaas_file_load(const char *file, const char *name, struct jaas_entry *ret_entry, struct kc_error *err) KC_CHECKED;

#endif
