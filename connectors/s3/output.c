/* See output.h. Gzip is written by hand around a raw deflate stream, so that its header is Java's byte for byte. */
#include "connectors/s3/output.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "connect/base/buf.h"

#define RECORD_LIMIT  ((size_t)1 << 30)
#define DEFLATE_CHUNK 16384
#define GROWN         ((size_t)1 << 20)
#define FIRST_PART    (OUTPUT_MIN_PART + ((size_t)1 << 20))

struct gzip {
    z_stream stream;
    uLong crc;
    uint32_t bytes;
    struct buf line; /* of the record that is being written */
};

struct output {
    struct uploader *up;
    struct channel *ch;
    struct remote *remote;
    struct output_conf conf;
    struct buf open;
    size_t mark; /* length before the present record */
    size_t cut;  /* size of the parts that were handed over; 0: none was */
    struct gzip *gzip;
};

static const unsigned char gzip_header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};

static struct gzip *gzip_new(int level) {
    struct gzip *gz = calloc(1, sizeof(*gz));
    if (!gz || deflateInit2(&gz->stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* memory only: the level was checked */
    gz->crc = crc32(0, NULL, 0);
    buf_init(&gz->line, RECORD_LIMIT);
    return gz;
}

static void gzip_free(struct gzip *gz) {
    if (!gz)
        return;
    deflateEnd(&gz->stream);
    buf_done(&gz->line);
    free(gz);
}

/* The buffer has room for RECORD_LIMIT beyond a part, so that nothing here can fail. */
static void deflate_into(struct gzip *gz, struct buf *out, const char *data, size_t len, int flush) {
    unsigned char chunk[DEFLATE_CHUNK];
    gz->stream.next_in = (Bytef *)(uintptr_t)data;
    gz->stream.avail_in = (uInt)len;
    int rc;
    do {
        gz->stream.next_out = chunk;
        gz->stream.avail_out = sizeof(chunk);
        rc = deflate(&gz->stream, flush);
        buf_add(out, chunk, sizeof(chunk) - gz->stream.avail_out);
    } while (rc == Z_OK && (gz->stream.avail_in || gz->stream.avail_out == 0 || flush == Z_FINISH));
}

static void gzip_end(struct gzip *gz, struct buf *out) {
    deflate_into(gz, out, "", 0, Z_FINISH);
    unsigned char trailer[8];
    for (int i = 0; i < 4; i++) {
        trailer[i] = (unsigned char)(gz->crc >> (8 * i));
        trailer[4 + i] = (unsigned char)(gz->bytes >> (8 * i));
    }
    buf_add(out, trailer, sizeof(trailer));
}

static void fresh_buffer(struct output *o) {
    uploader_buffer(o->up, o->conf.part_bytes + 2 * RECORD_LIMIT, &o->open);
    if (o->conf.first_bytes && !o->open.cap)
        buf_reserve(&o->open, o->conf.first_bytes);
}

struct output *output_new(struct uploader *up, struct channel *ch, const char *key, const struct output_conf *conf) {
    struct output *o = calloc(1, sizeof(*o));
    if (!o)
        abort();
    o->up = up;
    o->ch = ch;
    o->conf = *conf;
    o->remote = remote_new(key);
    fresh_buffer(o);
    if (conf->gzip_level != OUTPUT_NO_GZIP) {
        o->gzip = gzip_new(conf->gzip_level);
        buf_add(&o->open, gzip_header, sizeof(gzip_header));
    }
    return o;
}

struct buf *output_line(struct output *o) {
    o->mark = o->open.len;
    return o->gzip ? &o->gzip->line : &o->open;
}

void output_undo(struct output *o) {
    if (o->gzip) {
        buf_clear(&o->gzip->line);
        return;
    }
    o->open.len = o->mark;
    o->open.failed = false;
    if (o->open.data)
        o->open.data[o->open.len] = '\0';
}

/* What memory allows, until the first part has left. From then on all are as large as that one: some stores want equal
 * parts. */
static size_t part_size(const struct output *o) {
    const struct output_conf *c = &o->conf;
    if (o->cut)
        return o->cut;
    return c->early_bytes && *c->early_bytes < c->part_bytes ? *c->early_bytes : c->part_bytes;
}

/* Full parts leave; what is behind them is the start of the next one. */
static void hand_over(struct output *o, size_t size) {
    while (o->open.len >= size) {
        struct buf part = o->open;
        size_t rest = part.len - size;
        fresh_buffer(o);
        if (rest)
            buf_add(&o->open, part.data + size, rest);
        part.len = size;
        channel_part(o->ch, o->remote, &part);
        o->cut = size;
    }
}

/* Doubling would leave half of a buffer unused when parts leave early: a buffer that is on its way to a part gets the
 * room of the smallest part and a little more at once. */
static void grow_to_a_part(struct buf *b) {
    if (b->len >= GROWN && b->cap < FIRST_PART)
        (void)buf_reserve(b, FIRST_PART - b->len - 1);
}

void output_accept(struct output *o) {
    if (o->gzip) {
        struct buf *line = &o->gzip->line;
        o->gzip->crc = crc32_z(o->gzip->crc, (const Bytef *)buf_text(line), line->len);
        o->gzip->bytes += (uint32_t)line->len;
        deflate_into(o->gzip, &o->open, buf_text(line), line->len, Z_NO_FLUSH);
        buf_clear(line);
    }
    grow_to_a_part(&o->open);
    hand_over(o, part_size(o));
}

size_t output_buffered(const struct output *o) {
    return o->open.len;
}

void output_relieve(struct output *o) {
    hand_over(o, o->cut ? o->cut : OUTPUT_MIN_PART);
}

static void output_free(struct output *o) {
    gzip_free(o->gzip);
    buf_done(&o->open);
    free(o);
}

struct remote *output_finish(struct output *o) {
    if (o->gzip) {
        gzip_end(o->gzip, &o->open);
        hand_over(o, part_size(o));
    }
    if (o->open.len || !o->cut) /* no empty part behind full ones: some stores refuse it */
        channel_part(o->ch, o->remote, &o->open);
    struct remote *remote = o->remote;
    output_free(o);
    return remote;
}

struct output *output_discard(struct output *o) {
    if (o) {
        channel_discard(o->ch, o->remote);
        output_free(o);
    }
    return NULL;
}
