/* Protobuf bytes from Kafka: whatever is read must become a value, and that value can be written again; what was
 * written is read back. The first byte chooses the options. */
#include <string.h>

#include "connect/convert/protobuf_data.h"
#include "tests/support/fuzz.h"

#define REQUIRE(condition) \
    do {                   \
        if (!(condition))  \
            abort();       \
    } while (0)

static const char text[] =
    "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; import \"google/type/date.proto\";"
    "import \"google/type/timeofday.proto\"; import \"confluent/type/decimal.proto\"; "
    "import \"google/protobuf/wrappers.proto\";"
    "message M { int32 a = 1; sint32 b = 2; fixed32 c = 3; uint64 d = 4; sfixed64 e = 5; float f = 6; double g = 7; "
    "bool "
    "h = 8; string i = 9; bytes j = 10; E k = 11; N l = 12; optional int32 m = 13; repeated int32 n = 14; repeated "
    "string o = 15; repeated N p = 16; map<string, N> q = 17; map<int64, bytes> r = 18; oneof s { int32 t = 19; N u = "
    "20; "
    "google.protobuf.StringValue v = 21; } google.protobuf.Timestamp w = 22; google.type.Date x = 23; "
    "google.type.TimeOfDay y = 24; confluent.type.Decimal z = 25; google.protobuf.Int64Value aa = 26; repeated E ab = "
    "27; "
    "google.protobuf.UInt32Value ac = 28; enum E { A = 0; B = 5; } message N { int32 x = 1; O o = 2; } "
    "message O { string s = 1; repeated N2 more = 2; } message N2 { int32 z = 1; } Rec rec = 29; message Rec { Rec "
    "next = 1; repeated Rec kids = 2; map<string, Rec> m = 3; } }";

static void write_again(const struct protobuf_data_conf *conf, struct kc_arena *arena, const struct kc_schema *schema,
                        const struct kc_value *v) {
    struct protobuf_target *made = NULL;
    struct protobuf_node *node = NULL;
    struct kc_error err = {0};
    REQUIRE(protobuf_from_schema(conf, schema, &made, &err) == 0);
    AUTO(protobuf_target) target = made;
    if (protobuf_from_value(conf, arena, target, schema, v, &node, &err) < 0)
        return;
    AUTO_BUF bytes;
    AUTO_BUF again;
    buf_init(&bytes, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    REQUIRE(protobuf_encode(&bytes, node) == 0);
    REQUIRE(protobuf_decode(arena, target->root, buf_text(&bytes), bytes.len, &node, &err) == 0);
    REQUIRE(protobuf_encode(&again, node) == 0);
    REQUIRE(again.len == bytes.len && memcmp(buf_text(&again), buf_text(&bytes), bytes.len) == 0);
}

static void target(const uint8_t *data, size_t len) {
    static struct protobuf_schema *schema;
    struct kc_error err = {0};
    if (len == 0)
        return;
    if (!schema)
        REQUIRE(protobuf_schema_new(text, strlen(text), NULL, NULL, &schema, &err) == 0);
    struct protobuf_data_conf conf = {.enhanced = data[0] & 1,
                                      .optional_for_nullables = data[0] & 2,
                                      .wrapper_for_nullables = data[0] & 4,
                                      .wrapper_for_raw = !(data[0] & 8),
                                      .struct_for_nulls = data[0] & 16,
                                      .index_for_unions = !(data[0] & 32),
                                      .int_for_enums = data[0] & 64,
                                      .optional_for_proto2 = true};
    const struct protobuf_message *message = protobuf_message_named(schema, "M");
    AUTO(arena) arena = arena_new(0);
    struct protobuf_node *node = NULL;
    const struct kc_schema *made = NULL;
    struct kc_value v;
    REQUIRE(protobuf_to_schema(&conf, schema, message, NULL, &made, &err) == 0);
    AUTO(schema) owned = made;
    if (protobuf_decode(arena, message, data + 1, len - 1, &node, &err) == 0 &&
        protobuf_to_value(&conf, arena, owned, node, &v, &err) == 0)
        write_again(&conf, arena, owned, &v);
}

FUZZ_TARGET(target)
