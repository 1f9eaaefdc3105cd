/* Contiguous acknowledged offsets of one source task. The task's thread owns it from start to end; see acks.h. */
#include "connect/task/acks.h"

#include <assert.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/map.h"

struct acks {
    struct map *partitions; /* by key; owns struct kc_source_partition */
    struct list ready;      /* head of the queue is acknowledged */
    struct list dirty;      /* committable offset not stored yet */
    size_t outstanding;
    void (*release)(void *arg, struct ack *ack);
    void *arg;
};

static void partition_free(void *value) {
    struct kc_source_partition *part = value;
    arena_free(part->arena);
    free(part->key);
    free(part);
}

struct acks *acks_new(void (*release)(void *arg, struct ack *ack), void *arg) {
    struct acks *acks = calloc(1, sizeof *acks);
    if (!acks)
        abort();
    acks->partitions = map_new(partition_free);
    list_init(&acks->ready);
    list_init(&acks->dirty);
    acks->release = release;
    acks->arg = arg;
    return acks;
}

struct acks *acks_free(struct acks *acks) {
    if (acks) {
        map_free(acks->partitions);
        free(acks);
    }
    return NULL;
}

struct kc_source_partition *acks_partition(struct acks *acks, char *key, size_t key_len) {
    struct kc_source_partition *part = map_get_bytes(acks->partitions, key, key_len);
    if (part) {
        free(key);
        return part;
    }
    part = calloc(1, sizeof *part);
    if (!part)
        abort();
    part->key = key;
    part->key_len = key_len;
    part->arena = arena_new(256);
    list_init(&part->ready);
    list_init(&part->dirty);
    map_put_bytes(acks->partitions, key, key_len, part);
    return part;
}

void acks_submit(struct acks *acks, struct ack *ack, const struct kc_source_partition *part) {
    ack->part = (struct kc_source_partition *)(uintptr_t)part; /* plugins see it as const, it is ours */
    ack->next = NULL;
    ack->acked = false;
    acks->outstanding++;
    if (!ack->part)
        return;
    if (ack->part->tail)
        ack->part->tail->next = ack;
    else
        ack->part->head = ack;
    ack->part->tail = ack;
}

void acks_ack(struct acks *acks, struct ack *ack) {
    acks->outstanding--;
    ack->acked = true;
    if (!ack->part)
        acks->release(acks->arg, ack);
    else if (ack->part->head == ack && list_empty(&ack->part->ready))
        list_append(&acks->ready, &ack->part->ready);
}

void acks_advance(struct acks *acks) {
    struct list *item;
    while ((item = list_pop(&acks->ready))) {
        struct kc_source_partition *part = CONTAINER_OF(item, struct kc_source_partition, ready);
        struct ack *last = part->head;
        assert(last && last->acked);
        while (last->next && last->next->acked)
            last = last->next;
        /* The offset is copied before its batch may go. */
        arena_reset(part->arena);
        part->committable = kc_value_copy(part->arena, &last->record->source_offset);
        if (list_empty(&part->dirty))
            list_append(&acks->dirty, &part->dirty);
        struct ack *ack = part->head, *end = last->next;
        part->head = end;
        if (!end)
            part->tail = NULL;
        while (ack != end) {
            struct ack *next = ack->next;
            acks->release(acks->arg, ack);
            ack = next;
        }
    }
}

void acks_each_dirty(struct acks *acks, bool (*f)(void *arg, struct kc_source_partition *part), void *arg) {
    for (struct list *item = acks->dirty.next; item != &acks->dirty;) {
        struct list *next = item->next;
        if (f(arg, CONTAINER_OF(item, struct kc_source_partition, dirty)))
            list_remove(item);
        item = next;
    }
}

void acks_stored(struct acks *acks) {
    while (list_pop(&acks->dirty))
        ;
}

bool acks_any_dirty(const struct acks *acks) {
    return !list_empty(&acks->dirty);
}

size_t acks_outstanding(const struct acks *acks) {
    return acks->outstanding;
}
