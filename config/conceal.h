/* Values that came from config providers are secrets: where they would show, the reference stands in their place. */
#ifndef CONFIG_CONCEAL_H
#define CONFIG_CONCEAL_H

#include "config/parse.h"

/* `raw` is the configuration as it was given, `resolved` the same with its references replaced (config/substitute.h).
 */

/* Values and messages of a validation of `resolved`. */
void conceal_problems(const struct kc_config *raw, const struct kc_config *resolved, struct kc_problems *values);
/* Text and cause of an error that came from working with `resolved`. */
void conceal_error(const struct kc_config *raw, const struct kc_config *resolved, struct kc_error *err);

#endif
