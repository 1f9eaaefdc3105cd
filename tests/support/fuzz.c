/* Feeds a fuzz target: every file of a folder, then seeded mutations of them. Each input is an allocation of exactly
 * its size, so that ASan sees every byte read behind it. */
#include "tests/support/fuzz.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CORPUS_MAX = 256, INPUT_MAX = 64 * 1024 };

struct input {
    uint8_t *data;
    size_t len;
};

static struct input corpus[CORPUS_MAX];
static size_t corpus_count;
static uint64_t state; /* of the generator */
static uint64_t present_seed;
static unsigned long present_run;

/* xorshift64* */
static uint64_t next_random(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du;
}

static size_t below(size_t n) {
    return n ? (size_t)(next_random() % n) : 0;
}

static void load(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in || corpus_count == CORPUS_MAX) {
        fprintf(stderr, "%s: cannot be read, or more than %d files\n", path, CORPUS_MAX);
        exit(2);
    }
    uint8_t *data = malloc(INPUT_MAX);
    size_t len = data ? fread(data, 1, INPUT_MAX, in) : 0;
    fclose(in);
    corpus[corpus_count++] = (struct input){data, len};
}

static void load_folder(const char *folder) {
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.')
            load(folder, names[i]->d_name);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    if (corpus_count == 0) {
        fprintf(stderr, "%s: no corpus files\n", folder);
        exit(2);
    }
}

/* Puts `more` in place of `cut` bytes at `at`; what would be too long is left as it is. */
static void splice(struct input *in, size_t at, size_t cut, const uint8_t *more, size_t len) {
    if (in->len - cut + len > INPUT_MAX)
        return;
    memmove(in->data + at + len, in->data + at + cut, in->len - at - cut);
    if (len)
        memcpy(in->data + at, more, len);
    in->len = in->len - cut + len;
}

static void mutate(struct input *in) {
    static const uint8_t telling[] = {0,   1,   0x7f, 0x80, 0xff, '"', '\\', '{',  '}', '[', ']', '(', ')',
                                      '-', '0', '9',  ',',  ':',  '.', '$',  '\n', ' ', '*', '?', '<', '&'};
    size_t at = below(in->len + 1);
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = telling[below(sizeof(telling))];
    switch (below(7)) {
    case 0: /* one bit */
        if (at < in->len)
            in->data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1: /* one byte */
        if (at < in->len)
            in->data[at] = bytes[0];
        break;
    case 2: /* some bytes more */
        splice(in, at, 0, bytes, 1 + below(sizeof(bytes)));
        break;
    case 3: /* some less */
        splice(in, at, below(in->len - at + 1) / (1 + below(8)), NULL, 0);
        break;
    case 4: { /* a piece of another one */
        const struct input *other = &corpus[below(corpus_count)];
        size_t from = below(other->len + 1);
        splice(in, at, below(in->len - at + 1), other->data + from, below(other->len - from + 1));
        break;
    }
    case 5: /* the end cut off */
        in->len = at;
        break;
    default: { /* a piece of itself again */
        uint8_t piece[64];
        size_t len = in->len - at < sizeof(piece) ? in->len - at : sizeof(piece);
        memcpy(piece, in->data + at, len);
        splice(in, below(in->len + 1), 0, piece, len);
        break;
    }
    }
}

static void feed(void (*target)(const uint8_t *data, size_t len), const struct input *in) {
    uint8_t *exact = malloc(in->len ? in->len : 1);
    if (!exact)
        abort();
    memcpy(exact, in->data, in->len);
    target(exact, in->len);
    free(exact);
}

/* Says which input it was, then lets the signal do what it does. */
static void crashed(int sig) {
    char text[128];
    int len =
        snprintf(text, sizeof(text), "fuzz: crashed in run %lu of FUZZ_SEED=%" PRIu64 "\n", present_run, present_seed);
    if (write(STDERR_FILENO, text, (size_t)len) < 0)
        _exit(2);
    signal(sig, SIG_DFL);
    raise(sig);
}

int fuzz_main(int argc, char **argv, void (*target)(const uint8_t *data, size_t len)) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER [RUNS]\n", argv[0]);
        return 2;
    }
    const char *seed = getenv("FUZZ_SEED");
    present_seed = seed ? strtoull(seed, NULL, 0) : 1;
    unsigned long runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
    signal(SIGABRT, crashed);
#if !defined(__SANITIZE_ADDRESS__)
    signal(SIGSEGV, crashed);
#endif
    load_folder(argv[1]);
    for (size_t i = 0; i < corpus_count; i++)
        feed(target, &corpus[i]);
    struct input in = {.data = malloc(INPUT_MAX)};
    if (!in.data)
        return 2;
    for (present_run = 1; present_run <= runs; present_run++) {
        /* each run has its own state, so that one can be repeated without those before it */
        state = (present_seed + 1) * 0x9E3779B97F4A7C15u ^ present_run * 0xBF58476D1CE4E5B9u;
        const struct input *from = &corpus[below(corpus_count)];
        memcpy(in.data, from->data, from->len);
        in.len = from->len;
        for (size_t i = 1 + below(6); i > 0; i--)
            mutate(&in);
        feed(target, &in);
    }
    free(in.data);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i].data);
    return 0;
}
