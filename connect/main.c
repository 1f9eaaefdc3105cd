/* Arguments, start-up, ordered shutdown. */
#include <stdio.h>

#include "connect/cli.h"

int main(int argc, char **argv) {
    bool handled;
    int code = cli_run(argc, argv, &handled);
    if (handled)
        return code;
    fprintf(stderr, "kconnectd: unknown command %s; see `kconnectd help`\n", argv[1]);
    return 1;
}
