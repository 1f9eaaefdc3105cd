/* Whole requests as bytes from a socket → HTTP → routes → bodies, with a herder that answers everything at once. One
 * server for all inputs; an input is one connection, read to its end. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/log.h"
#include "rest/server.h"
#include "tests/support/fake_herder.h"
#include "tests/support/fuzz.h"

static struct worker_conf conf;
static const char *listener = "http://127.0.0.1:0";
static struct herder herder;
static struct rest_server *server;

static void forget(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

static void end(void) {
    rest_server_free(server);
    kc_config_free(conf.text);
}

static void begin(void) {
    struct kc_error err = {0};
    log_sink(forget, NULL);
    conf = (struct worker_conf){
        .text = kc_config_new(), .listeners = {&listener, 1}, .advertised_port = -1, .rest_body_max_bytes = 100000};
    fake_herder_init(&herder);
    server = rest_server_new(&conf, &err);
    if (!server || rest_server_start(server, &herder, &err) < 0)
        abort();
    atexit(end);
}

static void fuzz_rest(const uint8_t *data, size_t len) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger at_once = {.l_onoff = 1};
    struct timeval patience = {.tv_sec = 20};
    char answer[4096];
    ssize_t n;
    if (!server)
        begin();
    to.sin_port = htons((uint16_t)strtoul(strrchr(rest_server_worker_id(server), ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* no port stays in use behind it */
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        abort();
    (void)!send(fd, data, len, MSG_NOSIGNAL);
    /* An end that comes a little later than the bytes is noticed at once, see listener_nudge. */
    (void)ppoll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, &(struct timespec){.tv_nsec = 200000}, NULL);
    shutdown(fd, SHUT_WR);
    while ((n = recv(fd, answer, sizeof answer, 0)) > 0)
        ;
    if (n < 0 && errno == EAGAIN)
        abort(); /* the server hangs */
    close(fd);
}
FUZZ_TARGET(fuzz_rest)
