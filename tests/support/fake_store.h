/* An object store in memory for tests: says what was asked of it, and fails where a rule tells it to. Thread-safe. */
#ifndef TESTS_SUPPORT_FAKE_STORE_H
#define TESTS_SUPPORT_FAKE_STORE_H

#include "connectors/s3/store.h"

/* `op`: "begin", "part", "complete", "abort", "put", "head", "tag" …; `nth`: how often it was called, from 1. An error
 * code to fail with (ERR_S3_RETRIABLE is retriable), 0 to go on. */
typedef int fake_store_rule(void *arg, const char *op, const char *key, int nth);

/* Whether an object that is there is not seen: by the nth "list", which leaves it out, or by the nth "get" or "head",
 * which do not find it. */
typedef bool fake_store_hidden(void *arg, const char *op, const char *key, int nth);

struct object_store *fake_store_new(void);
void fake_store_rules(struct object_store *st, fake_store_rule *rule, void *arg);
void fake_store_hide(struct object_store *st, fake_store_hidden *hidden, void *arg);
/* "begin k, part k 3, complete k, …" of the calls that went through or failed; abort where it really aborted. */
const char *fake_store_log(struct object_store *st);
int fake_store_calls(struct object_store *st, const char *op);
/* Bytes of an object (NUL behind them), NULL when there is none. */
const char *fake_store_object(struct object_store *st, const char *key, size_t *ret_len);
/* Keys in the order of bytes, each with a blank behind it. */
const char *fake_store_keys(struct object_store *st);
/* "a=b c=d " of the last tag call. */
const char *fake_store_tags(struct object_store *st);

#endif
