/* Small pieces of the JSON texts that schemas are written as; a full buffer is noticed at the end (buf.failed). */
#ifndef CONNECT_CONVERT_JSON_MEMBERS_H
#define CONNECT_CONVERT_JSON_MEMBERS_H

#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/json.h"

static inline void json_add_raw(struct buf *out, const char *text) {
    (void)buf_add_text(out, text);
}

static inline void json_add_quoted(struct buf *out, const char *text) {
    (void)json_write_text(out, text, strlen(text), false);
}

/* ,"name":"value" – every object begins with a member that is written otherwise. */
static inline void json_add_member(struct buf *out, const char *name, const char *value) {
    json_add_raw(out, ",");
    json_add_quoted(out, name);
    json_add_raw(out, ":");
    json_add_quoted(out, value);
}

#endif
