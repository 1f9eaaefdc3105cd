/* Fencing of transactional producers by their ids (KIP-618), which librdkafka cannot ask for: whatever transaction they
 * have open is aborted, and their next request fails. @source Admin.fenceProducers, FenceProducersHandler */
#ifndef CONNECT_KAFKA_FENCE_PRODUCERS_H
#define CONNECT_KAFKA_FENCE_PRODUCERS_H

#include <stdatomic.h>

#include "connect/plugin.h"

/* `java` are the properties of an admin client. *stop (may be NULL) ends the wait early.
 * @blocks up to timeout_ms  @errors of the first id that cannot be fenced: TransactionalIdAuthorizationException,
 * ERR_AUTH, ERR_TIMEOUT … */
int fence_producers(const struct kc_config *java, const char *const *transactional_ids, size_t count,
                    int64_t timeout_ms, const atomic_bool *stop, struct kc_error *err) KC_CHECKED;

#endif
