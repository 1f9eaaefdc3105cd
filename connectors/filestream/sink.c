/* FileStreamSink: one line per record, the value as Java's println writes it, to a file or to the standard output.
 * @source org.apache.kafka.connect.file.FileStreamSinkConnector, FileStreamSinkTask */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/def.h"
#include "connect/base/buf.h"
#include "connectors/filestream/filestream.h"

#define LOG_SINK "org.apache.kafka.connect.file.FileStreamSinkTask"

enum { LINES_MAX_BYTES = 1 << 30, WRITE_AT_BYTES = 256 * 1024 };

struct sink_conf {
    const char *file;
};

static const struct kc_option sink_options[] = {
    OPT_STRING("file", struct sink_conf, file, .importance = KC_HIGH,
               .doc = "Destination filename. If not specified, the standard output will be used"),
    KC_OPTION_END,
};

/* ---- Connector ---- */

static int sink_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                             struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)err;
    for (int i = 0; i < max_tasks; i++)
        ret_configs[i] = kc_config_copy(config);
    *ret_count = max_tasks;
    return 0;
}

/* Offsets are Kafka's own: any change is fine. */
static int sink_alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                              const struct kc_value *offsets, size_t count, struct kc_error *err) {
    (void)config, (void)partitions, (void)offsets, (void)count, (void)err;
    return 0;
}

static const struct kc_connector_ops sink_connector_ops = {.task_configs = sink_task_configs,
                                                           .alter_offsets = sink_alter_offsets};

/* ---- Task ---- */

struct file_sink {
    const char *name; /* of the file, for messages */
    int fd;
    struct buf lines; /* of one put */
};

static int sink_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    const char *file = ((const struct sink_conf *)conf)->file;
    (void)ctx;
    int fd = STDOUT_FILENO;
    if (file && *file) {
        fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0)
            return kc_fail(err, KC_CONNECT_EXCEPTION, "Couldn't find or create file '%s' for FileStreamSinkTask: %s",
                           file, strerrordesc_np(errno));
    }
    struct file_sink *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->name = file && *file ? file : "stdout";
    s->fd = fd;
    buf_init(&s->lines, LINES_MAX_BYTES);
    *ret_self = s;
    return 0;
}

static int write_all(struct file_sink *s, struct kc_error *err) {
    for (size_t done = 0; done < s->lines.len;) {
        ssize_t n = write(s->fd, s->lines.data + done, s->lines.len - done);
        if (n < 0 && errno != EINTR)
            return kc_fail(err, KC_CONNECT_EXCEPTION, "Could not write to %s: %s", s->name, strerrordesc_np(errno));
        done += n > 0 ? (size_t)n : 0;
    }
    buf_clear(&s->lines);
    return 0;
}

static enum kc_put sink_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct file_sink *s = self;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r))
            continue;
        size_t len;
        const char *text = kc_value_to_text(batch->arena, &r->value, &len);
        if (buf_add(&s->lines, text, len) < 0 || buf_add_char(&s->lines, '\n') < 0) {
            kc_fail(err, KC_CONNECT_EXCEPTION, "A record of topic %s is too large to write to %s", r->topic, s->name);
            return KC_PUT_FAIL;
        }
        if (s->lines.len >= WRITE_AT_BYTES && write_all(s, err) < 0)
            return KC_PUT_FAIL;
    }
    return write_all(s, err) < 0 ? KC_PUT_FAIL : KC_PUT_DONE;
}

static void sink_stop(void *self) {
    struct file_sink *s = self;
    if (s->fd != STDOUT_FILENO && close(s->fd) < 0)
        kc_log(KC_ERROR, LOG_SINK, "Could not close %s: %s", s->name, strerrordesc_np(errno));
    buf_done(&s->lines);
    free(s);
}

static const struct kc_sink_task_ops sink_task_ops = {.start = sink_start, .put = sink_put, .stop = sink_stop};

const struct kc_plugin filestream_sink_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SINK,
    .class_name = "org.apache.kafka.connect.file.FileStreamSinkConnector",
    .task_class = "org.apache.kafka.connect.file.FileStreamSinkTask",
    .options = sink_options,
    .conf_size = sizeof(struct sink_conf),
    .connector = &sink_connector_ops,
    .sink_task = &sink_task_ops,
};
