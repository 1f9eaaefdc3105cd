/* Any bytes as an answer of S3: error documents and listings. */
#include <string.h>

#include "connectors/s3/xml.h"
#include "tests/support/fuzz.h"

static int each(void *arg, const struct store_object *object, struct kc_error *err) {
    (void)err;
    *(size_t *)arg += strlen(object->key);
    return 0;
}

static void fuzz(const uint8_t *data, size_t len) {
    char root[16], code[32] = "", message[64] = "";
    bool cut = false;
    struct xml_field fields[] = {{"Code", code, sizeof(code), NULL}, {"Message", message, sizeof(message), &cut}};
    (void)xml_fields((const char *)data, len, root, sizeof(root), fields, 2);
    struct xml_listing listing;
    struct kc_error err = {0};
    size_t total = 0;
    buf_init(&listing.token, 1024);
    (void)xml_listing((const char *)data, len, &listing, each, &total, &err);
    buf_done(&listing.token);
    AUTO_TEXT text = strndup((const char *)data, len);
    (void)xml_time_ms(text);
}

FUZZ_TARGET(fuzz)
