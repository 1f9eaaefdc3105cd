/* See xml.h: two expat handlers, one for named fields and one for listings. */
#include "connectors/s3/xml.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "connect/base/err.h"
#include "connect/base/url_text.h"

#define TEXT_LIMIT 8192 /* longest text of one element: a key has at most 1024 bytes, three times that encoded */

static const char *local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* A document type is never part of these answers and would allow entities. */
static void XMLCALL refuse_doctype(void *parser, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                                   int internal) {
    (void)name, (void)system, (void)public, (void)internal;
    XML_StopParser(*(XML_Parser *)parser, XML_FALSE);
}

/* ---- Named fields ------------------------------------------------------------------------------------------------ */

struct field_reader {
    XML_Parser parser; /* first: see refuse_doctype */
    struct xml_field *fields, *open;
    size_t count, open_len, root_size;
    unsigned depth;
    uint64_t seen; /* bit per field */
    char *root;
};

static void XMLCALL field_start(void *arg, const XML_Char *name, const XML_Char **attributes) {
    (void)attributes;
    struct field_reader *r = arg;
    if (!r->depth++ && r->root)
        snprintf(r->root, r->root_size, "%s", local_name(name));
    r->open = NULL;
    for (size_t i = 0; i < r->count; i++)
        if (!strcmp(r->fields[i].name, local_name(name)) && !(r->seen & (1ULL << i))) {
            r->seen |= 1ULL << i;
            r->open = &r->fields[i];
            r->open_len = 0;
            r->open->value[0] = '\0';
        }
}

static void XMLCALL field_text(void *arg, const XML_Char *text, int len) {
    struct field_reader *r = arg;
    if (!r->open)
        return;
    size_t room = r->open->size - 1 - r->open_len, want = (size_t)len;
    if (want > room && r->open->cut)
        *r->open->cut = true;
    size_t n = want < room ? want : room;
    memcpy(r->open->value + r->open_len, text, n);
    r->open_len += n;
    r->open->value[r->open_len] = '\0';
}

static void XMLCALL field_end(void *arg, const XML_Char *name) {
    (void)name;
    struct field_reader *r = arg;
    r->depth--;
    r->open = NULL;
}

int xml_fields(const char *text, size_t len, char *root, size_t root_size, struct xml_field *fields, size_t count) {
    struct field_reader r = {.fields = fields, .count = count, .root = root, .root_size = root_size};
    if (len > INT32_MAX || count > 64 || !(r.parser = XML_ParserCreate(NULL)))
        return -1;
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, field_start, field_end);
    XML_SetCharacterDataHandler(r.parser, field_text);
    XML_SetStartDoctypeDeclHandler(r.parser, refuse_doctype);
    enum XML_Status status = XML_Parse(r.parser, text ? text : "", (int)len, 1);
    XML_ParserFree(r.parser);
    return status == XML_STATUS_OK ? 0 : -1;
}

/* ---- Listings ---------------------------------------------------------------------------------------------------- */

struct listed {
    struct store_object object;
    size_t key_at; /* in listing_reader.keys */
};

struct listing_reader {
    XML_Parser parser; /* first: see refuse_doctype */
    struct xml_listing *listing;
    struct buf text; /* of the innermost element */
    struct buf keys; /* NUL-terminated, one behind the other */
    struct listed *items;
    size_t count, capacity;
    unsigned depth;
    bool is_listing, in_contents, failed;
};

static void XMLCALL listing_start(void *arg, const XML_Char *name, const XML_Char **attributes) {
    (void)attributes;
    struct listing_reader *r = arg;
    name = local_name(name);
    if (!r->depth++)
        r->is_listing = !strcmp(name, "ListBucketResult");
    buf_clear(&r->text);
    if (r->depth != 2 || strcmp(name, "Contents"))
        return;
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 256;
        r->items = reallocarray(r->items, r->capacity, sizeof(*r->items));
        if (!r->items)
            abort();
    }
    r->items[r->count] = (struct listed){.object.size = -1, .key_at = SIZE_MAX};
    r->in_contents = true;
}

static void XMLCALL listing_text(void *arg, const XML_Char *text, int len) {
    struct listing_reader *r = arg;
    buf_add(&r->text, text, (size_t)len);
}

static void content_field(struct listing_reader *r, const char *name) {
    struct listed *item = &r->items[r->count];
    const char *text = buf_text(&r->text);
    if (!strcmp(name, "Key")) {
        r->failed |= r->text.failed || memchr(text, '\0', r->text.len);
        item->key_at = r->keys.len;
        r->failed |= buf_add(&r->keys, text, r->text.len + 1) < 0;
    } else if (!strcmp(name, "Size")) {
        char *end;
        item->object.size = strtoll(text, &end, 10);
        r->failed |= *end || end == text || item->object.size < 0;
    } else if (!strcmp(name, "ETag")) {
        snprintf(item->object.etag, sizeof(item->object.etag), "%s", text);
    } else if (!strcmp(name, "LastModified")) {
        item->object.modified_ms = xml_time_ms(text);
    }
}

static void XMLCALL listing_end(void *arg, const XML_Char *name) {
    struct listing_reader *r = arg;
    name = local_name(name);
    unsigned depth = r->depth--;
    if (depth == 3 && r->in_contents) {
        content_field(r, name);
    } else if (depth == 2 && r->in_contents) {
        r->in_contents = false;
        r->failed |= r->items[r->count].key_at == SIZE_MAX || r->items[r->count].object.size < 0;
        r->count++;
    } else if (depth == 2 && !strcmp(name, "IsTruncated")) {
        r->listing->truncated = !strcmp(buf_text(&r->text), "true");
    } else if (depth == 2 && !strcmp(name, "NextContinuationToken")) {
        buf_clear(&r->listing->token);
        r->failed |= r->text.failed || buf_add(&r->listing->token, buf_text(&r->text), r->text.len) < 0;
    } else if (depth == 2 && !strcmp(name, "EncodingType")) {
        r->listing->url_encoded = !strcmp(buf_text(&r->text), "url");
    }
    buf_clear(&r->text);
}

static int hand_out(struct listing_reader *r, store_list_fn *f, void *arg, struct kc_error *err) {
    for (size_t i = 0; i < r->count; i++) {
        char *key = r->keys.data + r->items[i].key_at;
        if (r->listing->url_encoded)
            url_decode_form(key, strlen(key) + 1, key, key + strlen(key));
        r->items[i].object.key = key;
        int rc = f(arg, &r->items[i].object, err);
        if (rc)
            return rc;
    }
    return 0;
}

int xml_listing(const char *text, size_t len, struct xml_listing *listing, store_list_fn *f, void *arg,
                struct kc_error *err) {
    struct listing_reader r = {.listing = listing};
    listing->truncated = listing->url_encoded = false;
    if (len > INT32_MAX || !(r.parser = XML_ParserCreate(NULL)))
        return err_set(err, ERR_S3_RETRIABLE, "The listing is too large");
    buf_init(&r.text, TEXT_LIMIT);
    buf_init(&r.keys, len + 1);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, listing_start, listing_end);
    XML_SetCharacterDataHandler(r.parser, listing_text);
    XML_SetStartDoctypeDeclHandler(r.parser, refuse_doctype);
    int rc;
    if (XML_Parse(r.parser, text ? text : "", (int)len, 1) != XML_STATUS_OK)
        rc = err_set(err, ERR_S3_RETRIABLE, "The answer to the listing is not whole: %s",
                     XML_ErrorString(XML_GetErrorCode(r.parser)));
    else if (!r.is_listing || r.failed || (listing->truncated && !listing->token.len))
        rc = err_set(err, ERR_S3_RETRIABLE, "The answer to the listing is not a list of objects");
    else
        rc = hand_out(&r, f, arg, err);
    XML_ParserFree(r.parser);
    buf_done(&r.text);
    buf_done(&r.keys);
    free(r.items);
    return rc;
}

/* ---- Texts ------------------------------------------------------------------------------------------------------- */

int xml_escape(struct buf *out, const char *text) {
    for (; *text; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\r' ? "&#13;"
                                             : NULL;
        if (entity ? buf_add_text(out, entity) : buf_add_char(out, *text))
            return -1;
    }
    return 0;
}

int64_t xml_time_ms(const char *text) {
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end)
        return 0;
    int64_t ms = 0;
    if (*end == '.')
        for (int scale = 100; *++end >= '0' && *end <= '9'; scale /= 10)
            ms += (*end - '0') * scale;
    return *end == 'Z' && !end[1] ? (int64_t)timegm(&tm) * 1000 + ms : 0;
}
