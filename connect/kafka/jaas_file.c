/* Finds the JAAS file in the environment, as the Java worker's JVM would. Keeps nothing. */
#include "connect/kafka/jaas_file.h"

#include <stdlib.h>
#include <string.h>

#include "config/properties.h"
#include "connect/base/auto.h"
#include "connect/base/err.h"

enum { JAAS_FILE_MAX = 1 << 20 };

char *jaas_file_option(const char *java_options) {
    static const char option[] = "-Djava.security.auth.login.config=", scheme[] = "file:";
    const char *found = NULL;
    size_t len = 0;
    for (const char *p = java_options; *p;) {
        p += strspn(p, " \t\r\n");
        size_t n = strcspn(p, " \t\r\n");
        if (strncmp(p, option, sizeof option - 1) == 0) {
            found = p + sizeof option - 1;
            len = n - (sizeof option - 1);
        }
        p += n;
    }
    if (!found)
        return NULL;
    if (len > 0 && *found == '=') { /* "==": instead of, not beside, what the JVM's own settings name */
        found++;
        len--;
    }
    if (len >= sizeof scheme - 1 && strncmp(found, scheme, sizeof scheme - 1) == 0) {
        found += sizeof scheme - 1;
        len -= sizeof scheme - 1;
        for (; len > 1 && found[0] == '/' && found[1] == '/'; len--) /* file:///path */
            found++;
    }
    return strndup(found, len);
}

char *jaas_file_find(void) {
    /* what reaches the Java worker's JVM, the strongest first */
    static const char *const variables[] = {"KAFKA_OPTS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"};
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        const char *options = getenv(variables[i]);
        char *file = options ? jaas_file_option(options) : NULL;
        if (file)
            return file;
    }
    return NULL;
}

int jaas_file_load(const char *file, const char *name, struct jaas_entry *ret_entry, struct kc_error *err) {
    size_t len = 0;
    AUTO_TEXT text = file_read(file, JAAS_FILE_MAX, &len, err);
    if (!text)
        return err_prefix(err, "JAAS file %s", file);
    int rc = jaas_file_parse(text, file, name, ret_entry, err);
    explicit_bzero(text, len);
    return rc;
}
