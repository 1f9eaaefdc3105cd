/* See recursive_schemas.h. A map behind a lock that is taken when a schema is made, never per record. */
#include "connect/convert/recursive_schemas.h"

#include <pthread.h>

#include "connect/base/err.h"
#include "connect/base/map.h"

enum { MAX_RECURSIVE = 10000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *known; /* key → const struct kc_schema * */

const struct kc_schema *recursive_schemas_find(const struct buf *key) {
    pthread_mutex_lock(&lock);
    const struct kc_schema *found = known ? map_get_bytes(known, key->data, key->len) : NULL;
    pthread_mutex_unlock(&lock);
    return kc_schema_ref(found);
}

int recursive_schemas_keep(const struct buf *key, const struct kc_schema *schema, struct kc_error *err) {
    pthread_mutex_lock(&lock);
    if (!known)
        known = map_new(NULL);
    bool room = map_count(known) < MAX_RECURSIVE;
    if (room)
        map_put_bytes(known, key->data, key->len, (void *)(uintptr_t)kc_schema_ref(schema));
    pthread_mutex_unlock(&lock);
    return room ? 0 : err_set(err, ERR_BAD_DATA, "More than %d schemas that hold themselves are in use", MAX_RECURSIVE);
}
