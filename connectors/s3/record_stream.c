/* See record_stream.h. */
#include "connectors/s3/record_stream.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { RANGE_BYTES = 4 << 20, INFLATE_STEP = 1 << 20, GZIP_WINDOW = 15 + 16 };
static const size_t record_max = (size_t)1 << 30; /* more does not fit into a Kafka record anyway */

struct record_stream {
    struct object_store *store;
    char *key;
    char separator[64];
    size_t separator_len;
    int64_t fetched; /* bytes of the object so far */
    int64_t size;    /* -1 before the first range */
    char etag[96];   /* of the first range; "" when the store gives none */
    struct buf raw;  /* fetched and not inflated yet; unused without gzip */
    struct buf text; /* records not given yet, from text_pos */
    size_t text_pos;
    bool gzip, inflating, inflate_ended;
    z_stream z;
    int64_t count;
};

static bool ends_with(const char *s, const char *suffix) {
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

struct record_stream *record_stream_new(struct object_store *store, const char *key, const char *separator,
                                        size_t separator_len) {
    struct record_stream *rs = calloc(1, sizeof *rs);
    if (!rs)
        return NULL;
    rs->store = store;
    rs->key = strdup(key);
    rs->separator_len = separator_len < sizeof rs->separator ? separator_len : sizeof rs->separator;
    memcpy(rs->separator, separator, rs->separator_len);
    rs->size = -1;
    rs->gzip = ends_with(key, ".gz");
    buf_init(&rs->raw, RANGE_BYTES + 1);
    buf_init(&rs->text, record_max);
    return rs;
}

struct record_stream *record_stream_free(struct record_stream *rs) {
    if (!rs)
        return NULL;
    if (rs->inflating)
        inflateEnd(&rs->z);
    buf_done(&rs->raw);
    buf_done(&rs->text);
    free(rs->key);
    free(rs);
    return NULL;
}

static int fail(struct record_stream *rs, const char *what, struct kc_error *err) {
    return err_set(err, ERR_BAD_DATA, "Object %s in bucket %s: %s", rs->key, rs->store->bucket, what);
}

static int on_data(void *arg, const void *data, size_t len, struct kc_error *err) {
    struct record_stream *rs = arg;
    rs->fetched += (int64_t)len;
    if (buf_add(rs->gzip ? &rs->raw : &rs->text, data, len) < 0)
        return fail(rs, "a record is longer than 1 GiB", err);
    return 0;
}

/* Drops what was given already, so that a buffer holds one range and a started record at most. */
static void compact(struct buf *b, size_t *pos) {
    if (*pos == 0)
        return;
    memmove(b->data, b->data + *pos, b->len - *pos);
    b->len -= *pos;
    *pos = 0;
}

/* The next range. 0: the object has no more. */
static int fetch(struct record_stream *rs, struct kc_error *err) {
    struct store_object object = {0};
    int64_t before = rs->fetched;
    if (rs->size >= 0 && rs->fetched >= rs->size)
        return 0;
    if (store_get(rs->store, rs->key, rs->fetched, RANGE_BYTES, &object, on_data, rs, err) < 0)
        return -1;
    if (rs->size >= 0 && strcmp(rs->etag, object.etag) != 0)
        return err_set(err, ERR_S3_RETRIABLE, "Object %s in bucket %s was replaced while it was read", rs->key,
                       rs->store->bucket);
    memcpy(rs->etag, object.etag, sizeof rs->etag);
    rs->size = object.size;
    if (rs->fetched == before && rs->fetched < rs->size)
        return err_set(err, ERR_S3_RETRIABLE, "Object %s in bucket %s: the store gave no data from byte %lld on",
                       rs->key, rs->store->bucket, (long long)before);
    return rs->fetched > before;
}

/* Inflates all of `raw` into `text`; gzip members may follow one another. */
static int inflate_raw(struct record_stream *rs, struct kc_error *err) {
    if (!rs->inflating) {
        if (inflateInit2(&rs->z, GZIP_WINDOW) != Z_OK)
            return fail(rs, "cannot start to decompress", err);
        rs->inflating = true;
    }
    rs->z.next_in = (Bytef *)(rs->raw.data);
    rs->z.avail_in = (uInt)rs->raw.len;
    while (rs->z.avail_in > 0) {
        if (rs->inflate_ended && inflateReset(&rs->z) != Z_OK)
            return fail(rs, "cannot decompress", err);
        rs->inflate_ended = false;
        if (buf_reserve(&rs->text, INFLATE_STEP) < 0)
            return fail(rs, "a record is longer than 1 GiB", err);
        rs->z.next_out = (Bytef *)rs->text.data + rs->text.len;
        rs->z.avail_out = INFLATE_STEP;
        int rc = inflate(&rs->z, Z_NO_FLUSH);
        rs->text.len += INFLATE_STEP - rs->z.avail_out;
        if (rc == Z_STREAM_END)
            rs->inflate_ended = true;
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return fail(rs, "it is not gzip data as its name says", err);
    }
    /* what was decoded but did not fit comes out without further input */
    while (!rs->inflate_ended && rs->z.avail_out == 0) {
        if (buf_reserve(&rs->text, INFLATE_STEP) < 0)
            return fail(rs, "a record is longer than 1 GiB", err);
        rs->z.next_out = (Bytef *)rs->text.data + rs->text.len;
        rs->z.avail_out = INFLATE_STEP;
        int rc = inflate(&rs->z, Z_NO_FLUSH);
        rs->text.len += INFLATE_STEP - rs->z.avail_out;
        rs->inflate_ended = rc == Z_STREAM_END;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return fail(rs, "it is not gzip data as its name says", err);
    }
    buf_clear(&rs->raw);
    return 0;
}

/* More text behind what is there. 1 more, 0 the end. */
static int refill(struct record_stream *rs, struct kc_error *err) {
    compact(&rs->text, &rs->text_pos);
    size_t before = rs->text.len;
    do {
        int rc = fetch(rs, err);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            if (rs->gzip && rs->inflating && !rs->inflate_ended)
                return fail(rs, "it ends in the middle of its gzip data", err);
            return rs->text.len > before;
        }
        if (rs->gzip && inflate_raw(rs, err) < 0)
            return -1;
    } while (rs->text.len == before);
    return 1;
}

static const char *find_separator(const struct record_stream *rs, size_t from) {
    const char *p = rs->text.data + rs->text_pos + from;
    size_t len = rs->text.len - rs->text_pos - from;
    return rs->separator_len == 1 ? memchr(p, rs->separator[0], len) : memmem(p, len, rs->separator, rs->separator_len);
}

int record_stream_next(struct record_stream *rs, const char **ret_data, size_t *ret_len, struct kc_error *err) {
    size_t searched = 0;
    for (;;) {
        size_t have = rs->text.len - rs->text_pos;
        const char *end = rs->separator_len && have > searched ? find_separator(rs, searched) : NULL;
        if (end) {
            *ret_data = rs->text.data + rs->text_pos;
            *ret_len = (size_t)(end - *ret_data);
            rs->text_pos += *ret_len + rs->separator_len;
            rs->count++;
            return 1;
        }
        searched = have > rs->separator_len ? have - rs->separator_len : 0;
        int rc = refill(rs, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            break;
    }
    size_t rest = rs->text.len - rs->text_pos;
    bool whole = rs->separator_len == 0;
    if (rest == 0 || (whole && rs->count > 0))
        return 0;
    *ret_data = rs->text.data + rs->text_pos;
    *ret_len = rest;
    rs->text_pos = rs->text.len;
    rs->count++;
    return 1;
}

int record_stream_at_end(struct record_stream *rs, struct kc_error *err) {
    if (rs->text.len > rs->text_pos)
        return 0;
    int rc = refill(rs, err);
    return rc < 0 ? -1 : rc == 0;
}

int64_t record_stream_count(const struct record_stream *rs) {
    return rs->count;
}
