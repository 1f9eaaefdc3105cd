/* Names of the sink's objects: [topics.dir/]topic/enc/topic+partition+0000000042.ext */
#ifndef CONNECTORS_S3_KEY_H
#define CONNECTORS_S3_KEY_H

#include "connect/base/buf.h"

struct key_layout {
    const char *topics_dir, *directory_delim, *file_delim;
    int pad_width;
};

/* Appends the name without its ending. `topic` is the record's topic and gives the folder; `file_topic` the topic that
 * the record was read from: if a transform sends several topics into one folder, their files still have different
 * names. */
int key_base(const struct key_layout *layout, const char *topic, const char *enc, const char *file_topic,
             int32_t partition, int64_t offset, struct buf *out);

#endif
