/* The key that signs requests between workers: made by the leader, shared through the config topic.
 * @source DistributedHerder.checkKeyRotation, KIP-507 (distributed-worker 6.1, 8) */
#ifndef CONNECT_SESSION_KEY_H
#define CONNECT_SESSION_KEY_H

#include <stdbool.h>

#include "connect/plugin.h"
#include "connect/store/config_store.h"

/* Bytes of a key of `algorithm` (HmacSHA256 …) with `bits` from inter.worker.key.size, 0 = the generator's default.
 * @errors ERR_BAD_CONFIG: unknown algorithm or a size that cannot be made */
int session_key_length(const char *algorithm, int bits, size_t *ret_len, struct kc_error *err) KC_CHECKED;
/* A random key, created now. @errors as above, and when there is no randomness */
int session_key_make(const char *algorithm, int bits, struct session_key *ret_key, struct kc_error *err) KC_CHECKED;
/* Whether this worker, as leader, would keep the key: same algorithm and length as its own settings give. */
bool session_key_fits(const struct session_key *key, const char *algorithm, int bits);
/* When the key is due for rotation (wall clock); INT64_MAX with ttl 0. */
int64_t session_key_expiration(const struct session_key *key, int64_t ttl_ms);

#endif
