/* Struct schemas that are being made of a foreign schema, so that those that hold themselves can be referred to before
 * they are whole. A list in an arena, of one conversion. */
#ifndef CONNECT_CONVERT_OPEN_SCHEMAS_H
#define CONNECT_CONVERT_OPEN_SCHEMAS_H

#include "connect/data/schema.h"

/* One that is being made, or that was made and is referred to. */
struct open_schema {
    const void *source;                 /* what it is made of */
    const struct kc_schema *forward[2]; /* required, optional; NULL until needed */
    const struct kc_schema *target;     /* once there */
    char id[32];                        /* for the one who makes it; "" at first */
    struct open_schema *next;
};

struct open_schemas {
    struct open_schema *first;
};

struct open_schema *open_schemas_begin(struct open_schemas *list, struct kc_arena *arena, const void *source);
struct open_schema *open_schemas_find(const struct open_schemas *list, const void *source); /* NULL: there is none */
/* A reference to the schema, which may not be whole yet. The caller owns one reference. */
const struct kc_schema *open_schema_forward(struct open_schema *open, bool optional);
/* It is whole now: it leaves the list unless somebody refers to it. Returns whether somebody does. */
bool open_schemas_end(struct open_schemas *list, struct open_schema *open, const struct kc_schema *target);
/* At the end of the conversion: references come to stand for their schemas, or go when nothing came of it. */
void open_schemas_done(struct open_schemas *list, bool made);

#endif
