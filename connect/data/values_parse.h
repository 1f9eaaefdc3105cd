/* Guesses schema and value of a text: how header values come back from bytes.
 * @source org.apache.kafka.connect.data.Values.parseString */
#ifndef CONNECT_DATA_VALUES_PARSE_H
#define CONNECT_DATA_VALUES_PARSE_H

#include "connect/plugin.h"

/* Booleans, numbers, dates, arrays and maps when the text begins like one, else STRING; `null` gives no schema and
 * null. Schemas are kept by `arena`; strings lie in `arena` or in `s`. Arrays and maps nested more than 500 levels deep
 * are strings. */
void values_parse(struct kc_arena *arena, const char *s, size_t len, const struct kc_schema **ret_schema,
                  struct kc_value *ret_value);

#endif
