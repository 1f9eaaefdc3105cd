/* FileStreamSource: every complete line of a file (or of the standard input) becomes a record; what is appended later,
 * too. The stored position counts bytes. Java counts UTF-16 units, which is the same for ASCII and wrong for the rest.
 * @source org.apache.kafka.connect.file.FileStreamSourceConnector, FileStreamSourceTask */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/def.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/convert/charset.h"
#include "connectors/filestream/filestream.h"

#define LOG_SOURCE     "org.apache.kafka.connect.file.FileStreamSourceTask"
#define LOG_CONNECTOR  "org.apache.kafka.connect.file.FileStreamSourceConnector"
#define FILENAME_FIELD "filename"
#define POSITION_FIELD "position"

enum { READ_BYTES = 64 * 1024, LINE_MAX_BYTES = 256 * 1024 * 1024, IDLE_MS = 1000, POLL_BYTES = 512 * 1024 };

struct source_conf {
    const char *file, *topic;
    int32_t batch_size;
};

static const struct kc_option source_options[] = {
    OPT_STRING("file", struct source_conf, file, .importance = KC_HIGH,
               .doc = "Source filename. If not specified, the standard input will be used"),
    OPT_STRING("topic", struct source_conf, topic, .required = true, .importance = KC_HIGH, .not_empty = true,
               .doc = "The topic to publish data to"),
    OPT_INT("batch.size", struct source_conf, batch_size, .def = "2000", .importance = KC_LOW,
            .doc = "The maximum number of records the source task can read from the file each time it is polled"),
    KC_OPTION_END,
};

/* ---- Connector ---- */

static int source_connector_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                                  void **ret_self, struct kc_error *err) {
    const struct source_conf *c = conf;
    (void)ctx, (void)config, (void)err;
    kc_log(KC_INFO, LOG_CONNECTOR, "Starting file source connector reading from %s",
           c->file && *c->file ? c->file : "standard input");
    *ret_self = NULL;
    return 0;
}

/* Only one input stream makes sense. */
static int source_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                               struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)max_tasks, (void)err;
    ret_configs[0] = kc_config_copy(config);
    *ret_count = 1;
    return 0;
}

static int check_offset(const struct kc_value *partition, const struct kc_value *offset, struct kc_error *err) {
    if (offset->tag == KC_V_NULL)
        return 0; /* whatever the partition: it must be possible to clean up */
    const struct kc_value *position = offset->tag == KC_V_MAP ? kc_map_get(offset, POSITION_FIELD) : NULL;
    if (!position)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Offset objects should either be null or contain the key '" POSITION_FIELD "'");
    if (position->tag != KC_V_INT64)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "The value for the '" POSITION_FIELD "' key in the offset is expected to be a Long value");
    if (position->i < 0)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "The value for the '" POSITION_FIELD "' key in the offset should be a non-negative value");
    if (partition->tag == KC_V_NULL)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Partition objects cannot be null");
    if (partition->tag != KC_V_MAP || !kc_map_get(partition, FILENAME_FIELD))
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Partition objects should contain the key '" FILENAME_FIELD "'");
    return 0;
}

static int source_alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                                const struct kc_value *offsets, size_t count, struct kc_error *err) {
    const char *file = kc_config_get(config, "file");
    if (!file || !*file)
        return kc_fail(
            err, KC_CONNECT_EXCEPTION,
            "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is "
            "used for input and offsets are not tracked.");
    for (size_t i = 0; i < count; i++)
        if (check_offset(&partitions[i], &offsets[i], err) < 0)
            return -1;
    return 0;
}

/* A "real" file is read again where it was left; the standard input is not. */
static int source_exactly_once(const struct kc_config *config, struct kc_error *err) {
    const char *file = kc_config_get(config, "file");
    (void)err;
    return file && *file ? KC_EXACTLY_ONCE_SUPPORTED : KC_EXACTLY_ONCE_UNSUPPORTED;
}

static const struct kc_connector_ops source_connector_ops = {
    .start = source_connector_start,
    .task_configs = source_task_configs,
    .alter_offsets = source_alter_offsets,
    .exactly_once_support = source_exactly_once,
};

/* ---- Task ---- */

struct file_source {
    struct kc_source_context *ctx;
    const struct source_conf *conf;
    const char *file; /* NULL: standard input */
    int fd;           /* -1: not open yet */
    int64_t position; /* in the file, of buf[start] */
    char *buf;        /* what was read and has not become a record: [start, end) */
    size_t start, end, capacity;
    size_t searched; /* there is no line end in [start, searched) */
    const struct kc_source_partition *partition;
};

static int source_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct file_source *s = calloc(1, sizeof *s);
    (void)err;
    if (!s)
        abort();
    s->ctx = ctx;
    s->conf = conf;
    s->file = s->conf->file && *s->conf->file ? s->conf->file : NULL;
    s->fd = s->file ? -1 : STDIN_FILENO;
    *ret_self = s;
    return 0;
}

static struct kc_value partition_of(struct file_source *s, struct kc_arena *arena) {
    struct kc_value partition = kc_map_new(arena, 1);
    kc_map_put(&partition, FILENAME_FIELD, kc_string(s->file));
    return partition;
}

/* Goes to the stored position. */
static int find_position(struct file_source *s, struct kc_arena *arena, struct kc_error *err) {
    struct kc_value partition = partition_of(s, arena), offset;
    if (s->ctx->offset(s->ctx, arena, &partition, &offset, err) < 0)
        return -1;
    offset = kc_json_expand(arena, offset);
    const struct kc_value *position = offset.tag == KC_V_MAP ? kc_map_get(&offset, POSITION_FIELD) : NULL;
    if (!position || position->tag == KC_V_NULL)
        return 0;
    if (position->tag != KC_V_INT64)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Offset position is the incorrect type");
    kc_log(KC_DEBUG, LOG_SOURCE, "Found previous offset, trying to skip to file offset %" PRId64, position->i);
    if (lseek(s->fd, (off_t)position->i, SEEK_SET) < 0)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Error while trying to seek to previous offset %" PRId64 " in file %s: %s", position->i, s->file,
                       strerrordesc_np(errno));
    s->position = position->i;
    return 0;
}

/* 1 open, 0 not there yet, -1 error */
static int open_file(struct file_source *s, struct kc_arena *arena, struct kc_error *err) {
    int fd = open(s->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        kc_log(KC_WARN, LOG_SOURCE,
               "Couldn't find file %s for FileStreamSourceTask, sleeping to wait for it to be created", s->file);
        s->ctx->wait(s->ctx, IDLE_MS);
        return 0;
    }
    if (fd < 0)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Error while trying to open file %s: %s", s->file,
                       strerrordesc_np(errno));
    s->fd = fd;
    if (find_position(s, arena, err) < 0) {
        close(fd);
        s->fd = -1;
        return -1;
    }
    kc_log(KC_DEBUG, LOG_SOURCE, "Opened %s for reading", s->file);
    return 1;
}

/* Room for another read behind `end`. */
static int make_room(struct file_source *s, struct kc_error *err) {
    size_t kept = s->end - s->start;
    if (s->start) {
        memmove(s->buf, s->buf + s->start, kept);
        s->searched -= s->start;
        s->start = 0;
        s->end = kept;
    }
    if (s->capacity - kept >= READ_BYTES)
        return 0;
    if (kept > LINE_MAX_BYTES)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "A line of %s at byte %" PRId64 " is longer than %d bytes",
                       s->file ? s->file : "standard input", s->position, LINE_MAX_BYTES);
    size_t capacity = s->capacity ? s->capacity * 2 : 2 * READ_BYTES;
    char *grown = realloc(s->buf, capacity);
    if (!grown)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "out of memory for a line of %zu bytes", kept);
    s->buf = grown;
    s->capacity = capacity;
    return 0;
}

/* How many bytes were read; 0 when there are none at present. */
static ssize_t read_some(struct file_source *s, struct kc_error *err) {
    if (make_room(s, err) < 0)
        return -1;
    if (!s->file) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        if (poll(&p, 1, 0) < 1)
            return 0;
    }
    ssize_t n = read(s->fd, s->buf + s->end, READ_BYTES);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Error while reading %s: %s", s->file ? s->file : "standard input",
                       strerrordesc_np(errno));
    s->end += n > 0 ? (size_t)n : 0;
    return n > 0 ? n : 0;
}

/* The next complete line, without its end; false when there is none yet. A '\r' at the very end may be half of "\r\n".
 */
static bool next_line(struct file_source *s, const char **ret_text, size_t *ret_len) {
    if (s->searched == s->end)
        return false;
    const char *from = s->buf + s->searched, *end = s->buf + s->end;
    const char *lf = memchr(from, '\n', (size_t)(end - from));
    const char *cr = memchr(from, '\r', (size_t)((lf ? lf : end) - from));
    const char *line_end = cr ? cr : lf;
    if (!line_end || line_end + (cr ? 1 : 0) == end) {
        s->searched = line_end ? (size_t)(line_end - s->buf) : s->end;
        return false;
    }
    const char *next = line_end + (cr && cr[1] == '\n' ? 2 : 1);
    *ret_text = s->buf + s->start;
    *ret_len = (size_t)(line_end - *ret_text);
    s->position += next - *ret_text;
    s->start = s->searched = (size_t)(next - s->buf);
    return true;
}

/* The line as Java decodes UTF-8: its buffer is used again, so it is copied. */
static struct kc_value text_value(struct kc_arena *arena, const char *text, size_t len) {
    return charset_repair_utf8(arena, kc_arena_copy(arena, text, len), len);
}

/* Records of the complete lines that were read; true when the batch has batch.size of them. */
static bool take_lines(struct file_source *s, struct kc_batch *batch) {
    uint32_t limit = s->conf->batch_size > 0 ? (uint32_t)s->conf->batch_size : 1;
    int64_t now = clock_wall_ms();
    const char *text;
    size_t len;
    if (limit > batch->capacity)
        limit = batch->capacity;
    while (batch->count < limit && next_line(s, &text, &len)) {
        struct kc_record *r = kc_batch_add(batch);
        r->topic = s->conf->topic;
        r->timestamp = now;
        r->value_schema = kc_schema_of(KC_STRING, false);
        r->value = text_value(batch->arena, text, len);
        r->source_partition = s->partition;
        r->source_offset = kc_map_new(batch->arena, 1);
        kc_map_put(&r->source_offset, POSITION_FIELD, s->file ? kc_int(KC_INT64, s->position) : kc_null());
    }
    return batch->count >= limit;
}

static int source_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct file_source *s = self;
    int rc = s->fd < 0 ? open_file(s, batch->arena, err) : 1;
    if (rc < 1)
        return rc;
    if (!s->partition) {
        struct kc_value partition = partition_of(s, batch->arena);
        s->partition = s->ctx->partition(s->ctx, &partition);
    }
    for (ssize_t n = 1; n > 0 && !s->ctx->stopping(s->ctx);) { /* a long line takes several reads */
        if (take_lines(s, batch) || arena_used(batch->arena) >= POLL_BYTES)
            return 0;
        n = read_some(s, err);
        if (n < 0)
            return -1;
    }
    if (batch->count)
        return 0;
    s->ctx->wait(s->ctx, IDLE_MS);
    return 0;
}

static void source_stop(void *self) {
    struct file_source *s = self;
    if (s->file && s->fd >= 0)
        close(s->fd);
    free(s->buf);
    free(s);
}

static const struct kc_source_task_ops source_task_ops = {
    .start = source_start, .poll = source_poll, .stop = source_stop};

const struct kc_plugin filestream_source_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.file.FileStreamSourceConnector",
    .task_class = "org.apache.kafka.connect.file.FileStreamSourceTask",
    .options = source_options,
    .conf_size = sizeof(struct source_conf),
    .connector = &source_connector_ops,
    .source_task = &source_task_ops,
};
