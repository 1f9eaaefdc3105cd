/* Many writers, one reader. Messages are intrusive, so posting cannot fail, and ownership travels with the message.
 * The reader waits on a deadline, or polls `mailbox_fd` (an eventfd, readable while something waits) in its own loop.
 */
#ifndef CONNECT_BASE_MAILBOX_H
#define CONNECT_BASE_MAILBOX_H

#include <stdint.h>

#include "connect/base/list.h"

struct message {
    struct list link;
    int type;
};

struct mailbox;
struct mailbox *mailbox_new(void);
struct mailbox *mailbox_free(struct mailbox *mb);           /* must be empty or its messages owned elsewhere */
void mailbox_post(struct mailbox *mb, struct message *msg); /* @thread any */
/* The oldest message, or NULL after `timeout_ms` (0: at once; -1: wait for ever). @thread the reader */
struct message *mailbox_get(struct mailbox *mb, int64_t timeout_ms);
/* The eventfd, made at the first call; -1 (errno set) when there is none to be had. Never read it: mailbox_get does.
 * @thread the reader */
int mailbox_fd(struct mailbox *mb);

#endif
