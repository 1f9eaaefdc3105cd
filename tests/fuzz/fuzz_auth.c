/* Authorization headers, and Java's options in the environment. */
#include "rest/auth.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/fuzz.h"

static void target(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    char *user, *password;
    char *text = strndup((const char *)data, len);
    if (auth_credentials(text, &user, &password, &err) == 0) {
        free(user);
        free(password);
    }
    free(auth_jaas_file(text));
    free(text);
}

FUZZ_TARGET(target)
