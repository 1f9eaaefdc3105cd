/* Key stores (JKS, PKCS12, PEM) and JAAS entries: foreign bytes that come with the configuration. The first byte
 * chooses. */
#include <stdlib.h>
#include <string.h>

#include "connect/kafka/jaas.h"
#include "connect/kafka/keystore.h"
#include "tests/support/fuzz.h"

static void fuzz_keystore(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    struct keystore_key key;
    char *pem;
    if (len < 1)
        return;
    if (data[0] % 3 == 0) {
        struct jaas jaas;
        char *text = strndup((const char *)data + 1, len - 1);
        if (jaas_parse(text, &jaas, &err) == 0)
            jaas_done(&jaas);
        struct jaas_entry entry;
        if (jaas_file_parse(text, "fuzz", "KafkaConnect", &entry, &err) == 0)
            jaas_entry_done(&entry);
        free(text);
    } else if (data[0] % 3 == 1) {
        if (keystore_parse_key(data + 1, len - 1, "fuzz", "changeit", NULL, &key, &err) == 0)
            keystore_key_done(&key);
    } else if (keystore_parse_trust(data + 1, len - 1, "fuzz", NULL, &pem, &err) == 0) {
        free(pem);
    }
}

FUZZ_TARGET(fuzz_keystore)
