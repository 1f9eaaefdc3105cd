/* Request bodies: any bytes are a map, a request, a list, or an error. */
#include "rest/body.h"

#include <stdlib.h>

#include "tests/support/fuzz.h"

static void target(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    struct kc_config *map = NULL, **maps = NULL;
    struct create_request request;
    int count = 0;
    if (body_string_map((const char *)data, len, &map, &err) == 0)
        kc_config_free(map);
    if (body_create_request((const char *)data, len, &request, &err) == 0)
        create_request_done(&request);
    if (body_string_maps((const char *)data, len, &maps, &count, &err) == 0) {
        for (int i = 0; i < count; i++)
            kc_config_free(maps[i]);
        free(maps);
    }
}

FUZZ_TARGET(target)
