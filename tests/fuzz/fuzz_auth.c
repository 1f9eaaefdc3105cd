/* Authorization headers, and Java's options in the environment. */
#include "rest/auth.h"

#include <stdlib.h>
#include <string.h>

#include "connect/kafka/jaas_file.h"
#include "tests/support/fuzz.h"

static void target(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    char *user, *password;
    char *text = strndup((const char *)data, len);
    if (auth_credentials(text, &user, &password, &err) == 0) {
        free(user);
        free(password);
    }
    free(jaas_file_option(text));
    free(text);
}

FUZZ_TARGET(target)
