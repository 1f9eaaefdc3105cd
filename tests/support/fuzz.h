/* Every fuzz target is one function that must survive any bytes; fuzz_main feeds it each file of the corpus folder,
 * then `runs` seeded mutations of them (FUZZ_SEED changes the seed). Under libFuzzer the same function is the entry. */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int fuzz_main(int argc, char **argv, void (*target)(const uint8_t *data, size_t len));

#define FUZZ_TARGET(function)                   \
    int main(int argc, char **argv) {           \
        return fuzz_main(argc, argv, function); \
    }

#endif
