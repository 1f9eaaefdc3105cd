/* The validators behind the members of struct kc_option; used by parse.c only. */
#ifndef CONFIG_VALIDATORS_H
#define CONFIG_VALIDATORS_H

#include "config/parse.h"

const struct option_classes *option_classes_get(void);
/* ConfigDef.ValidList: a list whose items must differ, be non-empty and perhaps be one of some words. */
bool option_is_valid_list(const struct kc_option *row);
/* Keeps the first of equal items; the list is new, in `arena`. */
void option_drop_repeated(struct kc_list *list, struct kc_arena *arena);

#endif
