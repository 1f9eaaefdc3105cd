/* Intrusive doubly linked list: a struct holds a `struct list` link; the head is one too. */
#ifndef CONNECT_BASE_LIST_H
#define CONNECT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "connect/base/auto.h"

struct list {
    struct list *prev, *next;
};

static inline void list_init(struct list *l) {
    l->prev = l->next = l;
}
static inline bool list_empty(const struct list *l) {
    return l->next == l;
}
static inline void list_append(struct list *head, struct list *item) {
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}
static inline void list_remove(struct list *item) {
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = item;
}
static inline struct list *list_pop(struct list *head) {
    struct list *item = head->next;
    if (item == head)
        return NULL;
    list_remove(item);
    return item;
}

#endif
