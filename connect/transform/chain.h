/* Transforms and predicates of one connector in order. One instance per task; one thread at a time.
 * @source TransformationChain, TransformationStage (transforms 1, 2) */
#ifndef CONNECT_TRANSFORM_CHAIN_H
#define CONNECT_TRANSFORM_CHAIN_H

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct chain;
/* From transforms, transforms.<a>.type, .predicate, .negate, predicates, predicates.<p>.type. Plugins come from the
 * registry (connect/plugins.h). NULL with err: ConfigException or ConnectException with Java's text. */
struct chain *chain_new(const struct kc_config *connector, struct kc_error *err);
struct chain *chain_free(struct chain *chain); /* NULL is fine; returns NULL */
AUTO_FREE(chain, struct chain, chain_free)

/* Only whether all classes and options are good; what their configure() thinks of them is not asked. */
int chain_check(const struct kc_config *connector, struct kc_error *err) KC_CHECKED;

size_t chain_length(const struct chain *chain);
const char *chain_class(const struct chain *chain, size_t stage); /* Java class of a stage, for error reports */
const char *chain_alias(const struct chain *chain, size_t stage);

/* Where a batch is on its way through the chain: {0} at the beginning. */
struct chain_pos {
    size_t stage;   /* the transform that is at work */
    uint32_t index; /* the first record that it has not done */
};
/* Takes the live records of `batch` through the chain from `pos` on, stage by stage. Returns true when all are through.
 * false: the record at pos->index failed in pos->stage (err set). The caller then either leaves everything as it is and
 * calls again (retry), marks the record as dropped and calls again (skip), or cuts batch->count to pos->index and calls
 * again so that the records before it get through (stop there).
 * Records whose predicate does not match pass a stage unchanged. @thread task */
bool chain_apply(struct chain *chain, struct kc_batch *batch, struct chain_pos *pos, struct kc_error *err);

#endif
