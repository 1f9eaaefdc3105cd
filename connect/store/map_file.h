/* A file that holds a map of bytes to bytes (java_map.h): in memory while it is in use, written as a whole whenever it
 * changes. One thread at a time; the owner locks. */
#ifndef CONNECT_STORE_MAP_FILE_H
#define CONNECT_STORE_MAP_FILE_H

#include "connect/kafka/topic_log.h"
#include "connect/store/java_map.h"

struct map_file;
struct map_file *map_file_new(const char *path);
struct map_file *map_file_free(struct map_file *m);
const char *map_file_path(const struct map_file *m);
/* Reads the file and calls f for every entry; a file that is missing or empty has none.
 * @errors ConnectException: cannot be read, or is no such map; names the file. @blocks reads the file */
int map_file_load(struct map_file *m, void (*f)(void *arg, const struct java_map_entry *entry), void *arg,
                  struct kc_error *err) KC_CHECKED;
/* Sets the values of these keys (value NULL: null, the key stays) and writes the file; when that fails nothing has
 * changed. The file is replaced by a new one; where that is not possible (a single file mounted into a container) it is
 * overwritten. @errors ConnectException that names the file. @blocks writes the file */
int map_file_put(struct map_file *m, const struct topic_log_record *records, size_t count,
                 struct kc_error *err) KC_CHECKED;

#endif
