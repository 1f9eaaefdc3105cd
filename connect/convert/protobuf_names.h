/* How names of Connect and Protobuf turn into each other. Results lie in the arena, or are the argument. */
#ifndef CONNECT_CONVERT_PROTOBUF_NAMES_H
#define CONNECT_CONVERT_PROTOBUF_NAMES_H

#include "connect/plugin.h"

/* The message of a map's entries: my_map → MyMapEntry, myMap → myMapEntry. @source ProtobufSchema.toMapEntry */
const char *protobuf_map_entry_name(struct kc_arena *arena, const char *name);
/* The way back, for the last part of a dotted name: a.MyMapEntry → a.my_map. @source ProtobufSchema.toMapField */
const char *protobuf_map_field_name(struct kc_arena *arena, const char *name);
/* A valid name for any text: URL encoded, then every character but A-Z a-z 0-9 _ becomes _, with an x in front of a
 * digit or _. @source ProtobufData.doScrubName */
const char *protobuf_scrub_name(struct kc_arena *arena, const char *name);

#endif
