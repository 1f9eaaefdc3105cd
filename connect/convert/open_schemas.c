/* See open_schemas.h. */
#include "connect/convert/open_schemas.h"

#include "connect/base/arena.h"

struct open_schema *open_schemas_begin(struct open_schemas *list, struct kc_arena *arena, const void *source) {
    struct open_schema *open = kc_arena_zalloc(arena, sizeof(*open));
    open->source = source;
    open->next = list->first;
    return list->first = open;
}

struct open_schema *open_schemas_find(const struct open_schemas *list, const void *source) {
    struct open_schema *open = list->first;
    while (open && open->source != source)
        open = open->next;
    return open;
}

const struct kc_schema *open_schema_forward(struct open_schema *open, bool optional) {
    if (!open->forward[optional])
        open->forward[optional] = schema_forward_new(optional);
    return kc_schema_ref(open->forward[optional]);
}

bool open_schemas_end(struct open_schemas *list, struct open_schema *open, const struct kc_schema *target) {
    if (open->forward[0] || open->forward[1]) { /* stays: later mentions refer to it, too */
        open->target = kc_schema_ref(target);
        return true;
    }
    struct open_schema **at = &list->first;
    while (*at != open)
        at = &(*at)->next;
    *at = open->next;
    return false;
}

void open_schemas_done(struct open_schemas *list, bool made) {
    for (struct open_schema *open = list->first; open; open = open->next) {
        for (int i = 0; i < 2; i++) {
            if (made && open->forward[i] && open->target)
                schema_forward_bind(open->forward[i], open->target);
            kc_schema_unref(open->forward[i]);
        }
        kc_schema_unref(open->target);
    }
}
