/* What the status topic says: the latest status of every connector and task, and the active topics. Not locked: the
 * store owns one and guards it. @source KafkaStatusBackingStore, …ConnectorTaskTable (distributed-worker 4.2, 4.3) */
#ifndef CONNECT_STORE_STATUS_PICTURE_H
#define CONNECT_STORE_STATUS_PICTURE_H

#include "connect/store/status_records.h"

struct status_picture;
struct status_picture *status_picture_new(void);
struct status_picture *status_picture_free(struct status_picture *p);

/* Applies a record read from the topic; what it needs is taken out of it. */
void status_picture_apply(struct status_picture *p, struct status_record *record);

/* NULL: unknown. Valid until the next call that changes the picture. */
const struct status *status_picture_get(const struct status_picture *p, const char *connector, int task);
/* Copies of all task statuses, sorted by task. */
struct status *status_picture_tasks(const struct status_picture *p, const char *connector, size_t *ret_count);
/* Names of connectors that have a status, or a task with one. */
char **status_picture_connectors(const struct status_picture *p, size_t *ret_count);
struct status status_copy(const struct status *s);

/* Writing. Every put of a status takes a number; a put is out of date once another one has taken a number after it, or
 * its entry was removed (the number is then 0 or begins anew). */
bool status_picture_safe(const struct status_picture *p, const struct status *s); /* putSafe may write it */
uint64_t status_picture_put(struct status_picture *p, const char *connector, int task);
/* Remembers what is being put, so that it can be put again; not what putSafe refused to write. */
void status_picture_own(struct status_picture *p, const struct status *s, bool written);
/* What this worker has put last of something it still has, if the record is a previous owner's late word that nothing
 * runs: once it is in the topic, it is what others and the next start read last. Else NULL. */
const struct status *status_picture_contradicted(const struct status_picture *p, const struct status_record *record);
/* A tombstone is on its way: the status is unknown from now on, so that nobody writes a second one, which might come
 * after the status of a new life. */
void status_picture_forget(struct status_picture *p, const char *connector, int task);
/* The entry's present number; 0 when the entry was removed since. */
uint64_t status_picture_number(const struct status_picture *p, const char *connector, int task);

/* Topics. */
struct topic_mark {
    bool read;       /* seen in the topic */
    int64_t sent_ms; /* clock of the last write of ours; 0 none */
};
struct topic_mark *status_picture_topic(struct status_picture *p, const char *connector, const char *topic, bool add);
/* Sorted names of those that were read. */
char **status_picture_topics(const struct status_picture *p, const char *connector, size_t *ret_count);

#endif
