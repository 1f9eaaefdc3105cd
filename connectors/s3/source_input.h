/* Where a task of the S3 source gets its objects from, one after the other: a folder of a backup (source_folder.c), or
 * all that a listing shows (source_scan.c, mode=GENERIC). An input belongs to one task and its thread. */
#ifndef CONNECTORS_S3_SOURCE_INPUT_H
#define CONNECTORS_S3_SOURCE_INPUT_H

#include "connect/plugin.h"
#include "connectors/s3/source_file.h"

enum { SOURCE_SETTLE_MS = 1000 }; /* between two looks at something that should be there */

struct source_input;

struct source_input_ops {
    int (*open)(struct source_input *in, struct kc_error *err);
    void (*skip)(struct source_input *in);
    void (*end)(struct source_input *in);
    int (*interrupt)(struct source_input *in, int64_t position, struct kc_error *err);
    void (*free)(struct source_input *in);
};

/* First member of every input's struct. */
struct source_input {
    const struct source_input_ops *ops;
    const struct kc_source_partition *partition; /* of the open object's records */
    struct source_file *file;                    /* the open object; NULL: none */
    int64_t due_ms;                              /* clock_ms: there is nothing to read before */
};

/* Opens the next object unless one is open. 1: `file` is open; 0: nothing can be read before `due_ms`; -1: the same
 * again at the next call, or source_input_skip when the error (ERR_BAD_DATA) says that the object cannot be used.
 * @blocks for requests */
static inline int source_input_open(struct source_input *in, struct kc_error *err) {
    return in->file ? 1 : in->ops->open(in, err);
}

/* Passes over the object that could not be opened. */
static inline void source_input_skip(struct source_input *in) {
    in->ops->skip(in);
}

/* The open object was read to its end, or as far as it can be. */
static inline void source_input_end(struct source_input *in) {
    in->ops->end(in);
    in->file = source_file_free(in->file);
}

/* Reading stopped behind `position` records: the object is closed, and opened there again by the next
 * source_input_open. 0: because it was not found, to be believed when seen again; -1: `err` stays. */
static inline int source_input_interrupt(struct source_input *in, int64_t position, struct kc_error *err) {
    in->file = source_file_free(in->file);
    return in->ops->interrupt(in, position, err);
}

/* Closes the open object, too; NULL is fine. */
static inline struct source_input *source_input_free(struct source_input *in) {
    if (in) {
        source_file_free(in->file);
        in->ops->free(in);
    }
    return NULL;
}

#endif
