/* Java .properties files. @source java.util.Properties.load (data-model 9) */
#ifndef CONFIG_PROPERTIES_H
#define CONFIG_PROPERTIES_H

#include "connect/plugin.h"

/* How bytes above 0x7F are read: load(InputStream) takes them as ISO-8859-1, load(Reader) as the reader decodes. */
enum properties_encoding { PROPERTIES_LATIN1, PROPERTIES_UTF8 };

/* Parses text into `config`, later keys replace earlier ones; errors name file and line. A NUL character is an error.
 */
int properties_parse_as(enum properties_encoding encoding, const char *text, size_t len, const char *file,
                        struct kc_config *config, struct kc_error *err) KC_CHECKED;
/* As Java reads worker files: ISO-8859-1 and \uXXXX. */
int properties_parse(const char *text, size_t len, const char *file, struct kc_config *config,
                     struct kc_error *err) KC_CHECKED;
/* Reads at most 16 MiB. @blocks reads the file */
int properties_load(const char *file, struct kc_config *config, struct kc_error *err) KC_CHECKED;
/* The bytes of a file of at most `max_bytes`, NUL-terminated, malloc'ed; NULL with `err` (the system's reason). */
char *file_read(const char *file, size_t max_bytes, size_t *ret_len, struct kc_error *err);

#endif
