/* Adds a header with a fixed value, whose type is guessed once from its text.
 * @source org.apache.kafka.connect.transforms.InsertHeader (transforms 4.9) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/data/values_parse.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"

struct insert_header_conf {
    const char *header, *literal;
};

static const struct kc_option insert_header_options[] = {
    OPT_STRING("header", struct insert_header_conf, header, .required = true, .importance = KC_HIGH,
               .check = option_check_non_null, .range_text = "non-null string", .doc = "The name of the header."),
    OPT_STRING("value.literal", struct insert_header_conf, literal, .required = true, .importance = KC_HIGH,
               .check = option_check_non_null, .range_text = "non-null string",
               .doc = "The literal value that is to be set as the header value on all records."),
    KC_OPTION_END,
};

struct insert_header {
    struct kc_arena *arena; /* of the value */
    struct kc_header header;
};

static int insert_header_new(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    const struct insert_header_conf *c = conf;
    (void)config, (void)err;
    struct insert_header *t = transform_alloc(sizeof *t);
    t->arena = arena_new(512);
    t->header.key = c->header;
    values_parse(t->arena, c->literal, strlen(c->literal), &t->header.schema, &t->header.value);
    t->header.value = kc_json_expand(t->arena, t->header.value);
    *ret_self = t;
    return 0;
}

static int insert_header(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    const struct insert_header *t = self;
    (void)err;
    kc_record_add_header(arena, r, t->header.key, t->header.schema, t->header.value);
    return 0;
}

static uint32_t insert_header_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    const struct insert_header *t = self;
    kc_schema_keep(batch->arena, kc_schema_ref(t->header.schema));
    return transform_each(insert_header, self, batch, from, err);
}

static void insert_header_close(void *self) {
    struct insert_header *t = self;
    arena_free(t->arena);
    free(t);
}

static const struct kc_transformation_ops insert_header_ops = {
    .configure = insert_header_new, .apply = insert_header_apply, .close = insert_header_close};

TRANSFORM_PLUGIN(transform_insert_header, "InsertHeader", insert_header, insert_header_ops);
