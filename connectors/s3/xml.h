/* The few XML answers of S3 (and STS) that a client reads. Names are matched without namespace; what is not known is
 * ignored. Documents are capped by their caller; entities other than XML's own are refused by not being declared, and
 * document type declarations end the parse. */
#ifndef CONNECTORS_S3_XML_H
#define CONNECTORS_S3_XML_H

#include "connect/base/buf.h"
#include "connectors/s3/store.h"

/* Fields of the root's direct children (and of one nested level, see xml_fields). */
struct xml_field {
    const char *name;
    char *value; /* where the text goes, NUL-terminated and cut to `size` */
    size_t size;
    bool *cut; /* set when the text did not fit; may be NULL */
};

/* Collects the texts of the named elements wherever they are; the first of a name wins. Writes the root's name to
 * `root` (may be NULL). 0, or -1 when the text is not XML. Fields that do not occur are left alone. */
int xml_fields(const char *text, size_t len, char *root, size_t root_size, struct xml_field *fields, size_t count);

/* One page of ListObjectsV2. */
struct xml_listing {
    bool truncated;
    bool url_encoded; /* keys were form-encoded on the wire; they are handed out decoded */
    struct buf token; /* NextContinuationToken; owner calls buf_done */
};
/* Calls f for each object in order; stops at its first non-zero answer, which is returned (0 or 1 well, -1 error).
 * @errors ERR_S3_RETRIABLE for a document that is no listing (a proxy's page, a cut answer) */
int xml_listing(const char *text, size_t len, struct xml_listing *listing, store_list_fn *f, void *arg,
                struct kc_error *err);

/* Appends `text` with &, <, > and quotes escaped. */
int xml_escape(struct buf *out, const char *text);
/* 2026-01-02T04:04:05Z (a fraction is allowed) as ms since the epoch; 0 when it is none. */
int64_t xml_time_ms(const char *text);

#endif
