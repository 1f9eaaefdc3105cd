/* One object while its records arrive: grows a buffer, compresses, and hands full parts to the uploader, all of one
 * size but the last. Task thread only. A record is appended to output_line's buffer, then accepted or taken back; so
 * several objects of one file stay in step. */
#ifndef CONNECTORS_S3_OUTPUT_H
#define CONNECTORS_S3_OUTPUT_H

#include "connectors/s3/uploader.h"

#define OUTPUT_NO_GZIP  (-2)
#define OUTPUT_MIN_PART ((size_t)5 * 1024 * 1024) /* S3 takes no smaller parts but the last */

struct output_conf {
    size_t part_bytes, first_bytes; /* first_bytes: of the buffer, 0: as needed */
    const size_t *early_bytes;      /* a part may leave at this size already, at least OUTPUT_MIN_PART; NULL: no */
    int gzip_level;                 /* -1 … 9, or OUTPUT_NO_GZIP */
};

struct output;
struct output *output_new(struct uploader *up, struct channel *ch, const char *key, const struct output_conf *conf);
/* Where the next record goes; bytes before it must be left alone. */
struct buf *output_line(struct output *o);
void output_undo(struct output *o); /* drops what was appended since output_line */
void output_accept(struct output *o);
size_t output_buffered(const struct output *o); /* bytes in memory here */
/* Hands over a part before its time, if there is enough for one. Frees memory. */
void output_relieve(struct output *o);
/* Hands over the rest; the object may be completed then. Frees `o`. */
struct remote *output_finish(struct output *o);
/* Gives the object up. Frees `o`; NULL is fine. */
struct output *output_discard(struct output *o);

#endif
