/* Transforms and predicates of one connector in order. @source TransformationChain, TransformationStage */
#ifndef CONNECT_TRANSFORM_CHAIN_H
#define CONNECT_TRANSFORM_CHAIN_H

#include "connect/plugin.h"

struct chain;
/* From transforms, transforms.<a>.type, .predicate, .negate, predicates, predicates.<p>.type. Errors as Java. */
struct chain *chain_new(const struct kc_config *connector, struct kc_error *err);
struct chain *chain_free(struct chain *chain);
size_t chain_length(const struct chain *chain);
const char *chain_class(const struct chain *chain, size_t stage); /* Java class of a stage, for error reports */
/* Applies the whole chain to live records from `from` on; returns the index of the first record that failed (err set,
 * *ret_stage its transform; records before it are through, later ones are not) or batch->count. Predicates that do not match
 * leave a record alone. The caller marks or retries the failed record and calls again with chain_resume.
 * @thread task */
uint32_t chain_apply(struct chain *chain, struct kc_batch *batch, uint32_t from, size_t *ret_stage, struct kc_error *err);

#endif
