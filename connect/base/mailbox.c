/* Mailbox: a list under a mutex. Its reader waits on a condition, or watches an eventfd that exists only when asked for
 * and is readable exactly while a message waits. */
#include "connect/base/mailbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct list messages;
    int fd;        /* -1: nobody asked */
    bool readable; /* fd has been written and not been read back */
};

struct mailbox *mailbox_new(void) {
    struct mailbox *mb = calloc(1, sizeof(*mb));
    if (!mb) {
        fprintf(stderr, "kconnectd: out of memory for a mailbox\n");
        abort();
    }
    pthread_mutex_init(&mb->lock, NULL);
    pthread_cond_init(&mb->arrived, NULL);
    list_init(&mb->messages);
    mb->fd = -1;
    return mb;
}

struct mailbox *mailbox_free(struct mailbox *mb) {
    if (!mb)
        return NULL;
    if (mb->fd >= 0)
        close(mb->fd);
    pthread_cond_destroy(&mb->arrived);
    pthread_mutex_destroy(&mb->lock);
    free(mb);
    return NULL;
}

/* Makes the eventfd say what is true. The lock is held. */
static void update_fd(struct mailbox *mb) {
    bool readable = !list_empty(&mb->messages);
    if (mb->fd < 0 || readable == mb->readable)
        return;
    eventfd_t value;
    int rc = readable ? eventfd_write(mb->fd, 1) : eventfd_read(mb->fd, &value);
    assert(rc == 0);
    (void)rc;
    mb->readable = readable;
}

void mailbox_post(struct mailbox *mb, struct message *msg) {
    pthread_mutex_lock(&mb->lock);
    list_append(&mb->messages, &msg->link);
    update_fd(mb);
    pthread_cond_signal(&mb->arrived);
    pthread_mutex_unlock(&mb->lock);
}

/* Until something is there or the time is over. The lock is held. */
static void wait_for_arrival(struct mailbox *mb, int64_t timeout_ms) {
    struct timespec until;
    if (timeout_ms > 0) { /* the real clock, also when clock_ms() stands still in a test */
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
        until.tv_sec += (time_t)(timeout_ms / 1000 + ns / 1000000000);
        until.tv_nsec = (long)(ns % 1000000000);
    }
    while (list_empty(&mb->messages)) {
        int rc = timeout_ms < 0 ? pthread_cond_wait(&mb->arrived, &mb->lock)
                                : pthread_cond_clockwait(&mb->arrived, &mb->lock, CLOCK_MONOTONIC, &until);
        if (rc != 0)
            return;
    }
}

struct message *mailbox_get(struct mailbox *mb, int64_t timeout_ms) {
    pthread_mutex_lock(&mb->lock);
    if (timeout_ms != 0)
        wait_for_arrival(mb, timeout_ms);
    struct list *link = list_pop(&mb->messages);
    update_fd(mb);
    pthread_mutex_unlock(&mb->lock);
    return link ? CONTAINER_OF(link, struct message, link) : NULL;
}

int mailbox_fd(struct mailbox *mb) {
    pthread_mutex_lock(&mb->lock);
    if (mb->fd < 0)
        mb->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    update_fd(mb);
    pthread_mutex_unlock(&mb->lock);
    return mb->fd;
}
