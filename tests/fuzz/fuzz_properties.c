/* Any bytes as a properties file, in both encodings. */
#include "config/properties.h"
#include "tests/support/fuzz.h"

static void one(const uint8_t *data, size_t len) {
    for (int encoding = PROPERTIES_LATIN1; encoding <= PROPERTIES_UTF8; encoding++) {
        struct kc_error err = {0};
        struct kc_config *config = kc_config_new();
        (void)!properties_parse_as((enum properties_encoding)encoding, (const char *)data, len, "fuzz", config, &err);
        kc_config_free(config);
    }
}

FUZZ_TARGET(one)
