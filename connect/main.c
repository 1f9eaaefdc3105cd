/* Arguments, start-up, ordered shutdown. */
#include <stdio.h>
#include <string.h>

#include "connect/base/version.h"

int main(int argc, char **argv) {
    if (argc == 2 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
        printf("kconnectd %s (Apache Kafka Connect %s)\n", KCONNECTD_VERSION, KAFKA_VERSION);
        return 0;
    }
    fprintf(stderr, "usage: kconnectd version\n");
    return 1;
}
