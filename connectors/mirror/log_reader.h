/* Reads partition 0 of an internal topic from its beginning, and on as it grows. One thread. */
#ifndef CONNECTORS_MIRROR_LOG_READER_H
#define CONNECTORS_MIRROR_LOG_READER_H

#include "connectors/mirror/clients.h"
#include "connectors/mirror/records.h"

struct log_reader;
/* *ret_missing: there is no such topic (and no reader). @blocks up to 1.5 s */
struct log_reader *log_reader_open(const struct kc_config *config, enum mirror_side side, const char *role,
                                   const char *topic, bool *ret_missing, struct kc_error *err);
/* Gives every record that comes within `timeout_ms` to f; comes back early when the end was reached.
 * @errors the topic cannot be read; what passes by itself is only logged */
int log_reader_poll(struct log_reader *reader, int64_t timeout_ms,
                    void (*f)(void *arg, const struct record_bytes *record), void *arg,
                    struct kc_error *err) KC_CHECKED;
bool log_reader_was_at_end(const struct log_reader *reader); /* at least once */
struct log_reader *log_reader_free(struct log_reader *reader);

#endif
