/* Thin skin over cJSON for REST bodies, internal topics and configurations; never for the data path. */
#ifndef CONNECT_BASE_JSON_H
#define CONNECT_BASE_JSON_H

#include <cjson/cJSON.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

static inline void json_free(cJSON *json) {
    cJSON_Delete(json);
}
AUTO_FREE(json, cJSON, json_free)

/* A number that is no integer or beyond 2^53 keeps its text in item->valuestring; json_write writes large integers from
 * it. Of members of the same name the last one counts. \u0000 in strings is an error.
 * The whole text must be one JSON value (blanks around it are fine), valid UTF-8, nesting at most 500. Caller frees. */
cJSON *json_parse(const char *text, size_t len, struct kc_error *err);
/* Appends compact text: Jackson's escapes; in objects the order is kept; integers without a dot. With
 * `supplementary_escaped` characters above U+FFFF are written as two \uXXXX escapes (Jackson's byte form, used in the
 * internal topics). */
int json_write(struct buf *b, const cJSON *json, bool supplementary_escaped);
/* One string as json_write writes it, with quotes. */
int json_write_text(struct buf *b, const char *s, size_t len, bool supplementary_escaped);

const char *json_get_text(const cJSON *object, const char *name); /* NULL when absent or not a string */
int json_get_int(const cJSON *object, const char *name, int64_t *ret_value);
bool json_get_bool(const cJSON *object, const char *name); /* false when absent or not a boolean */
/* {"a":"b",…} ↔ configuration; numbers and booleans become their text, null stays NULL, nested values are an error that
 * names the key. */
struct kc_config *json_to_config(const cJSON *object, struct kc_error *err);
cJSON *json_from_config(const struct kc_config *config);

#endif
