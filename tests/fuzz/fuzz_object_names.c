/* The name of an object of a backup: its kind, folder, topic, partition and offset. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/log.h"
#include "connectors/s3/source_naming.h"
#include "tests/support/fuzz.h"

static void swallow(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

static void target(const uint8_t *data, size_t len) {
    static const struct s3_source_conf conf = {.mode = "RESTORE_BACKUP",
                                               .format_class = "io.confluent.connect.s3.format.json.JsonFormat",
                                               .delim = "/",
                                               .filename_regex = "(.+)\\+(\\d+)\\+.+$"};
    struct source_naming naming;
    struct source_name name;
    struct kc_error err = {0};
    log_sink(swallow, NULL);
    if (source_naming_init(&naming, &conf, &err) < 0)
        abort();
    char *key = strndup((const char *)data, len);
    size_t key_len = strlen(key);
    if (source_folder_length(&naming, key) > key_len || source_stem_length(&naming, key) > key_len)
        abort();
    (void)source_object_kind(&naming, key);
    if (source_name_parse(&naming, "bucket", key, &name, &err) == 0) {
        if (name.topic < key || name.topic + name.topic_len > key + key_len || name.partition < 0)
            abort();
        char *same = source_name_at(key, &name, name.offset);
        if ((same == NULL) != (name.offset < 0) || (same && strcmp(same, key) != 0))
            abort();
        free(same);
    }
    free(key);
    source_naming_done(&naming);
}

FUZZ_TARGET(target)
