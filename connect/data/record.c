/* Source batches and headers of records. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/plugin.h"

struct kc_record *kc_batch_add(struct kc_batch *batch) {
    if (batch->count == batch->capacity)
        return NULL;
    struct kc_record *r = &batch->records[batch->count++];
    memset(r, 0, sizeof(*r));
    r->partition = -1;
    r->timestamp = KC_NO_TIMESTAMP;
    return r;
}

/* Grows in place while the headers are the arena's last allocation; whoever made the array need not have left room. */
void kc_record_add_header(struct kc_arena *arena, struct kc_record *r, const char *key, const struct kc_schema *schema,
                          struct kc_value value) {
    size_t old_bytes = sizeof(struct kc_header) * r->header_count;
    r->headers =
        arena_grow(arena, r->header_count ? r->headers : NULL, old_bytes, old_bytes + sizeof(struct kc_header));
    r->headers[r->header_count++] = (struct kc_header){key, schema, value};
}
