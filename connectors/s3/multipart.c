/* See multipart.h. */
#include "connectors/s3/multipart.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connectors/s3/store_s3.h"
#include "connectors/s3/xml.h"

#define LOGGER         "io.confluent.connect.s3.storage.S3OutputStream"
#define COMPLETE_LIMIT ((size_t)4 * 1024 * 1024)

struct multipart {
    struct store_upload base;
    char *key;
    char id[2048];
    bool if_none_match, completed;
    int part_count;
    int64_t size;
    struct buf parts; /* <Part>… of the completing request */
};

static struct multipart *of(struct store_upload *up) {
    return CONTAINER_OF(up, struct multipart, base);
}

static struct s3_client *client_of(const struct store_upload *up) {
    return s3_store_of(up->store)->client;
}

static int read_id(const struct s3_response *resp, char *ret_id, size_t size) {
    bool cut = false;
    struct xml_field field = {"UploadId", ret_id, size, &cut};
    *ret_id = '\0';
    return xml_fields(buf_text(&resp->body), resp->body.len, NULL, 0, &field, 1) < 0 || cut || !*ret_id ? -1 : 0;
}

int multipart_begin(struct object_store *st, const char *key, const struct store_put *how,
                    struct store_upload **ret_upload, struct kc_error *err) {
    struct s3_store *s3 = s3_store_of(st);
    struct sign_pair headers[S3_HEADERS_MAX + 1], query = {"uploads", ""};
    size_t n = s3_store_headers(s3, S3_HEADERS_CREATE | S3_HEADERS_CUSTOMER_KEY, headers);
    headers[n++] = (struct sign_pair){"content-type", how->content_type ? how->content_type : "binary/octet-stream"};
    struct s3_request req = {.what = "begin the upload of",
                             .method = "POST",
                             .key = key,
                             .query = &query,
                             .query_count = 1,
                             .headers = headers,
                             .header_count = n,
                             .cap = -1};
    AUTO_RESPONSE resp;
    if (s3_client_do(s3->client, &req, &resp, err) < 0)
        return -1;
    struct multipart *mp = calloc(1, sizeof(*mp));
    if (read_id(&resp, mp->id, sizeof(mp->id)) < 0) {
        free(mp);
        return err_set(err, ERR_S3_RETRIABLE, "Cannot begin the upload of s3://%s/%s: the answer has no upload id",
                       st->bucket, key);
    }
    mp->base.store = st;
    mp->key = strdup(key);
    mp->if_none_match = how->if_none_match;
    buf_init(&mp->parts, COMPLETE_LIMIT);
    buf_add_text(&mp->parts, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    *ret_upload = &mp->base;
    return 0;
}

/* The upload is gone (a lifecycle rule, a clean-up): the file must be written again from its start. */
static int vanished(const struct s3_response *resp, struct kc_error *err) {
    if (err && !strcmp(resp->code, "NoSuchUpload"))
        err->retriable = true;
    return -1;
}

int multipart_part(struct store_upload *up, const void *data, size_t len, struct kc_error *err) {
    struct multipart *mp = of(up);
    if (mp->part_count >= MULTIPART_MAX_PARTS)
        return err_set(err, ERR_S3, "s3://%s/%s needs more than %d parts; raise s3.part.size", up->store->bucket,
                       mp->key, MULTIPART_MAX_PARTS);
    char number[16];
    snprintf(number, sizeof(number), "%d", mp->part_count + 1);
    struct sign_pair query[] = {{"partNumber", number}, {"uploadId", mp->id}}, headers[S3_HEADERS_MAX + 1];
    size_t n = s3_store_headers(s3_store_of(up->store), S3_HEADERS_CUSTOMER_KEY, headers);
    headers[n++] = (struct sign_pair){"content-type", "application/octet-stream"};
    struct s3_request req = {.what = "upload a part of",
                             .method = "PUT",
                             .key = mp->key,
                             .query = query,
                             .query_count = 2,
                             .headers = headers,
                             .header_count = n,
                             .body = data,
                             .body_len = len,
                             .expect_continue = true,
                             .cap = -1};
    AUTO_RESPONSE resp;
    if (s3_client_do(client_of(up), &req, &resp, err) < 0)
        return vanished(&resp, err);
    mp->part_count++;
    mp->size += (int64_t)len;
    int rc = buf_printf(&mp->parts, "<Part><PartNumber>%s</PartNumber><ETag>", number);
    rc |= xml_escape(&mp->parts, resp.object.etag);
    rc |= buf_add_text(&mp->parts, "</ETag></Part>");
    return rc ? err_set(err, ERR_S3, "The list of parts of s3://%s/%s is too long", up->store->bucket, mp->key) : 0;
}

/* Whether an object of this name and size is there: 1, 0, or -1 when that cannot be told. Files of one start offset are
 * beginnings of the same sequence of records, so it is this one. */
static int is_there(struct multipart *mp) {
    struct store_object object;
    struct kc_error ignored = {0};
    int rc = store_head(mp->base.store, mp->key, &object, &ignored);
    return rc == 1 ? object.size == mp->size : rc;
}

/* Completing is not idempotent: when an answer was lost (libcurl repeats a request on a dead connection by itself), the
 * repetition finds no upload, or the object that must not exist. */
static bool done_before(struct multipart *mp, const struct s3_response *resp) {
    bool may_be = !strcmp(resp->code, "NoSuchUpload") || resp->status == 404 || resp->status == 412;
    return may_be && is_there(mp) == 1;
}

/* A store sends 200 and blanks while it works; when the rest of the answer does not come, nothing was said. */
static int check_result(struct multipart *mp, const struct s3_response *resp, struct kc_error *err) {
    char root[64] = "";
    if (xml_fields(buf_text(&resp->body), resp->body.len, root, sizeof(root), NULL, 0) >= 0 &&
        !strcmp(root, "CompleteMultipartUploadResult"))
        return 0;
    if (is_there(mp) != 0)
        return 0;
    return err_set(err, ERR_S3_RETRIABLE, "Cannot complete the upload of s3://%s/%s: the answer has no result",
                   mp->base.store->bucket, mp->key);
}

int multipart_complete(struct store_upload *up, struct kc_error *err) {
    struct multipart *mp = of(up);
    size_t len = mp->parts.len; /* a repeated call ends the list again */
    if (buf_add_text(&mp->parts, "</CompleteMultipartUpload>") < 0)
        return err_set(err, ERR_S3, "The list of parts of s3://%s/%s is too long", up->store->bucket, mp->key);
    struct sign_pair query = {"uploadId", mp->id};
    struct sign_pair headers[] = {{"content-type", "application/xml"}, {"if-none-match", "*"}};
    struct s3_request req = {.what = "complete the upload of",
                             .method = "POST",
                             .key = mp->key,
                             .query = &query,
                             .query_count = 1,
                             .headers = headers,
                             .header_count = mp->if_none_match ? 2 : 1,
                             .body = mp->parts.data,
                             .body_len = mp->parts.len,
                             .cap = -1,
                             .error_in_body = true};
    AUTO_RESPONSE resp;
    int rc = s3_client_do(client_of(up), &req, &resp, err);
    mp->parts.len = len;
    if (rc < 0 && done_before(mp, &resp)) {
        kc_log(KC_INFO, LOGGER, "The upload of s3://%s/%s was complete although the store's answer was lost",
               up->store->bucket, mp->key);
        rc = 0;
    } else if (!rc) {
        rc = check_result(mp, &resp, err);
    }
    mp->completed = rc == 0;
    return rc < 0 ? vanished(&resp, err) : 0;
}

static void abort_upload(struct multipart *mp) {
    struct sign_pair query = {"uploadId", mp->id};
    struct s3_request req = {.what = "abort the upload of",
                             .method = "DELETE",
                             .key = mp->key,
                             .query = &query,
                             .query_count = 1,
                             .last_words = true,
                             .cap = -1};
    struct kc_error err = {0};
    AUTO_RESPONSE resp;
    if (s3_client_do(client_of(&mp->base), &req, &resp, &err) < 0 && resp.status != 404)
        kc_log(KC_WARN, LOGGER, "%s; its parts stay in the bucket until a lifecycle rule removes them", err.text);
}

void multipart_free(struct store_upload *up) {
    struct multipart *mp = of(up);
    if (!mp->completed)
        abort_upload(mp);
    buf_done(&mp->parts);
    free(mp->key);
    free(mp);
}
