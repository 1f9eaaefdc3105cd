/* The time types among the logical types. */
#include "connect/data/logical.h"

#include "connect/base/err.h"

const char *logical_name(enum logical logical) {
    static const char *const names[] = {"", "Decimal", "Date", "Time", "Timestamp"};
    return names[logical];
}

int logical_encode(enum logical logical, int64_t ms, int64_t *ret_encoded, struct kc_error *err) {
    if (logical == LOGICAL_DATE) {
        if (ms % MS_PER_DAY != 0)
            return err_set(err, ERR_BAD_DATA,
                           "Kafka Connect Date type should not have any time fields set to non-zero values.");
        *ret_encoded = (int32_t)(ms / MS_PER_DAY);
        return 0;
    }
    if (logical == LOGICAL_TIME && (ms < 0 || ms > MS_PER_DAY))
        return err_set(err, ERR_BAD_DATA,
                       "Kafka Connect Time type should not have any date fields set to non-zero values.");
    *ret_encoded = ms;
    return 0;
}

int logical_decode(enum logical logical, int64_t encoded, int64_t *ret_ms, struct kc_error *err) {
    if (logical == LOGICAL_TIME && (encoded < 0 || encoded > MS_PER_DAY))
        return err_set(err, ERR_BAD_DATA,
                       "Time values must use number of milliseconds greater than 0 and less than 86400000");
    *ret_ms = logical == LOGICAL_DATE ? encoded * MS_PER_DAY : encoded;
    return 0;
}
