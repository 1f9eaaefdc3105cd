/* The JSON reader of REST bodies and internal topics: what it accepts it writes so that it accepts that again and
 * writes the same. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/json.h"
#include "tests/support/fuzz.h"

static void target(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    AUTO(json) json = json_parse((const char *)data, len, &err);
    if (!json) {
        if (!err.text[0])
            abort();
        return;
    }
    AUTO_BUF once, twice;
    buf_init(&once, 10 * len + 1000);
    buf_init(&twice, 10 * len + 1000);
    if (json_write(&once, json, len % 2 == 0) < 0)
        abort();
    AUTO(json) again = json_parse(buf_text(&once), once.len, &err);
    if (!again || json_write(&twice, again, len % 2 == 0) < 0)
        abort();
    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
        abort();
    struct kc_config *config = json_to_config(json, &err);
    kc_config_free(config);
}
FUZZ_TARGET(target)
