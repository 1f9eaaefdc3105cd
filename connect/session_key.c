/* Session keys: sizes as the JVM's key generators have them, bytes from OpenSSL. See session_key.h. */
#include "connect/session_key.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"

static const struct {
    const char *algorithm;
    size_t default_bytes;
} generators[] = {
    {"HmacMD5", 64},      {"HmacSHA1", 64},     {"HmacSHA224", 28},     {"HmacSHA256", 32},
    {"HmacSHA384", 48},   {"HmacSHA512", 64},   {"HmacSHA512/224", 28}, {"HmacSHA512/256", 32},
    {"HmacSHA3-224", 28}, {"HmacSHA3-256", 32}, {"HmacSHA3-384", 48},   {"HmacSHA3-512", 64},
};

int session_key_length(const char *algorithm, int bits, size_t *ret_len, struct kc_error *err) {
    for (size_t i = 0; i < COUNT_OF(generators); i++) {
        if (strcasecmp(generators[i].algorithm, algorithm) != 0)
            continue;
        if (bits == 0) {
            *ret_len = generators[i].default_bytes;
            return 0;
        }
        size_t len = bits < 0 ? 0 : ((size_t)bits + 7) / 8;
        if (bits < 40 || len > sizeof(((struct session_key *)NULL)->key))
            return err_set(
                err, ERR_BAD_CONFIG,
                "Invalid value %d for configuration inter.worker.key.size: Key length must be at least 40 and at "
                "most %zu bits",
                bits, 8 * sizeof(((struct session_key *)NULL)->key));
        *ret_len = len;
        return 0;
    }
    return err_set(
        err, ERR_BAD_CONFIG,
        "Invalid value %s for configuration inter.worker.key.generation.algorithm: %s KeyGenerator not available",
        algorithm, algorithm);
}

int session_key_make(const char *algorithm, int bits, struct session_key *ret_key, struct kc_error *err) {
    struct session_key key = {.created_ms = clock_wall_ms()};
    if (session_key_length(algorithm, bits, &key.len, err) < 0)
        return -1;
    if (RAND_bytes(key.key, (int)key.len) != 1)
        return err_set(err, ERR_INTERNAL, "No random bytes for a session key");
    snprintf(key.algorithm, sizeof(key.algorithm), "%s", algorithm);
    *ret_key = key;
    return 0;
}

bool session_key_fits(const struct session_key *key, const char *algorithm, int bits) {
    size_t len = 0;
    return strcmp(key->algorithm, algorithm) == 0 && session_key_length(algorithm, bits, &len, NULL) == 0 &&
           key->len == len;
}

int64_t session_key_expiration(const struct session_key *key, int64_t ttl_ms) {
    return ttl_ms > 0 ? key->created_ms + ttl_ms : INT64_MAX;
}
