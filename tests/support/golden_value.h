/* The notation of Connect values and schemas in the golden vectors (V and S), and comparing answers with them.
 * Every function fails the running Check test when something does not fit; `id` names the vector in the message. */
#ifndef TESTS_SUPPORT_GOLDEN_VALUE_H
#define TESTS_SUPPORT_GOLDEN_VALUE_H

#include "connect/plugin.h"
#include "tests/support/suite.h"

/* S → schema, kept by `arena`; NULL for null and for an absent member. */
const struct kc_schema *golden_schema(struct kc_arena *arena, const cJSON *s);
/* V → value. Structs take their schema from their own member `schema`, else from `schema`, the one of their place. */
struct kc_value golden_value(struct kc_arena *arena, const struct kc_schema *schema, const cJSON *v);
/* {"schema":S,"value":V} */
void golden_pair(struct kc_arena *arena, const cJSON *pair, const struct kc_schema **ret_schema,
                 struct kc_value *ret_value);
/* {"bytes":base64} → BYTES, or the null value */
struct kc_value golden_bytes(struct kc_arena *arena, const cJSON *bytes);
/* {"name":"text",…} → configuration, the caller frees it; absent: an empty one */
struct kc_config *golden_config(const cJSON *cfg);

const cJSON *golden_member(const cJSON *object, const char *name);
/* A JSON number with all its 64 bits. */
int64_t golden_integer(const cJSON *number);
/* Whether any string inside is given as UTF-16 units: unpaired surrogates, which UTF-8 cannot hold. */
bool golden_has_utf16(const cJSON *item);
/* The answer to compare with: the member jdk21 where there is one, else the vector itself; it has `out` or `error`. */
const cJSON *golden_answer(const cJSON *vector);
const char *golden_id(const cJSON *vector);

void golden_expect_value(const char *id, const struct kc_schema *schema, const cJSON *expected,
                         const struct kc_value *actual);
void golden_expect_pair(const char *id, const cJSON *expected, const struct kc_schema *schema,
                        const struct kc_value *value);
void golden_expect_bytes(const char *id, const cJSON *expected, const struct kc_value *actual);
/* Whether `actual` is `expected`, in which @HASH stands for hexadecimal digits and the text of a regex error is free.
 * `prefix`: it may go on. */
bool golden_same_message(const char *expected, const char *actual, bool prefix);
/* `failed`: whether the call under test failed. Compares class, message and cause as the notation's page says, when the
 * vector wants an error; returns whether it does. */
bool golden_expect_error(const cJSON *vector, bool failed, const struct kc_error *err);

#endif
