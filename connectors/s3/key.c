/* See key.h. @source TopicPartitionWriter.fileKeyToCommit, FileUtils */
#include "connectors/s3/key.h"

static bool blank(const char *text) {
    for (; text && *text; text++)
        if (*text != ' ' && *text != '\t')
            return false;
    return true;
}

int key_base(const struct key_layout *layout, const char *topic, const char *enc, const char *file_topic,
             int32_t partition, int64_t offset, struct buf *out) {
    const char *d = layout->directory_delim, *f = layout->file_delim;
    int rc = 0;
    if (!blank(layout->topics_dir))
        rc |= buf_printf(out, "%s%s", layout->topics_dir, d);
    rc |= buf_printf(out, "%s%s%s%s%s%s%d%s%0*lld", topic, d, enc, d, file_topic, f, partition, f, layout->pad_width,
                     (long long)offset);
    return rc ? -1 : 0;
}
