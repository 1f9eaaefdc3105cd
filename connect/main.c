/* Arguments, start-up, ordered shutdown.
 *
 *     kconnectd distributed FILE        a worker of a Kafka Connect cluster; also when called connect-distributed(.sh)
 *     kconnectd standalone FILE [CONNECTOR …]     one without a cluster; also when called connect-standalone(.sh)
 *     kconnectd dev […]                 the same with everything embedded, see dev.h
 *     kconnectd transform | plugins | version | help        see cli.h
 *
 * Exit status: 0 stopped by a signal; 1 wrong arguments, or the worker could not go on; 2 the configuration or the REST
 * address cannot be used; 3 the worker or, standalone, a connector could not be started. @source AbstractConnectCli,
 * ConnectDistributed, ConnectStandalone */
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/version.h"
#include "connect/cli.h"
#include "connect/dev.h"
#include "connect/distributed.h"
#include "connect/log_setup.h"
#include "connect/plugins.h"
#include "connect/standalone_files.h"
#include "connect/worker_config.h"
#include "rest/server.h"

enum { EXIT_USAGE = 1, EXIT_WORKER = 1, EXIT_CONSTRUCTION = 2, EXIT_START = 3 };

#define LOG_MAIN "org.apache.kafka.connect.cli.ConnectDistributed"

/* ---- process ----------------------------------------------------------------------------------------------------- */

/* What ends the worker in good order; a hang-up too, as in Java, unless nohup has it ignored. */
static sigset_t stop_signals(void) {
    sigset_t set;
    struct sigaction hangup;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(&set, SIGHUP);
    return set;
}

/* Since Linux 6.16 a process has a table of its own for those that wait for a futex, of four buckets a processor, and
 * to wake one means to look through all that wait in its bucket: thousands of threads do here. An older kernel refuses;
 * it has one large table for all processes. */
static void widen_futex_table(void) {
    enum { FUTEX_HASH = 78, SET_SLOTS = 1, SLOTS = 2048 }; /* PR_FUTEX_HASH, in the headers of later systems */
    prctl(FUTEX_HASH, SET_SLOTS, SLOTS, 0, 0);
}

/* Before any thread exists: all of them inherit the signal mask. */
static void set_up_process(void) {
    sigset_t set = stop_signals();
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    widen_futex_table();
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int complain(int status, const struct kc_error *err) {
    AUTO_TEXT trace = err_trace(err);
    kc_log(KC_ERROR, LOG_MAIN, "Stopping due to error: %s", trace);
    return status;
}

/* ---- one worker from start to end -------------------------------------------------------------------------------- */

static void wake_main(void *arg) {
    eventfd_write(*(int *)arg, 1);
}

/* Waits for a signal, or for news of the herder. true: a signal. */
static bool wait_for_signal(int signal_fd, int news_fd) {
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN}, {.fd = news_fd, .events = POLLIN}};
    struct signalfd_siginfo info;
    eventfd_t count;
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    if (fds[1].revents & POLLIN)
        eventfd_read(news_fd, &count);
    if (!(fds[0].revents & POLLIN) || read(signal_fd, &info, sizeof(info)) != sizeof(info))
        return false;
    kc_log(KC_INFO, LOG_MAIN, "Received signal %u, stopping", info.ssi_signo);
    return true;
}

/* REST passes requests on as soon as the Kafka cluster has answered. Until a signal comes or the herder has failed. */
static int attend(struct herder *herder, struct rest_server *rest, struct standalone_files *files, int signal_fd,
                  int news_fd, struct kc_error *err) {
    bool open = false;
    while (!wait_for_signal(signal_fd, news_fd)) {
        if (herder_failed(herder))
            return files ? EXIT_START : EXIT_WORKER;
        if (open || !herder_cluster_id(herder))
            continue;
        if (rest_server_start(rest, herder, err) < 0)
            return complain(EXIT_START, err);
        open = true;
        kc_log(KC_INFO, LOG_MAIN, "Kafka Connect worker started, REST at %s", rest_server_url(rest));
        if (files)
            standalone_files_create(files, herder);
    }
    return 0;
}

static void say_waiting(struct rest_server *rest, const struct worker_conf *conf) {
    AUTO_BUF text;
    buf_init(&text, 1 << 16);
    buf_add_text(&text, "Waiting for Kafka brokers at ");
    for (size_t i = 0; i < conf->bootstrap_servers.count; i++)
        buf_printf(&text, "%s%s", i ? "," : "", conf->bootstrap_servers.items[i]);
    rest_server_waiting(rest, buf_text(&text));
}

/* The worker of `conf`, its REST server bound already, until the end; `files` in standalone mode only. Shutdown, in
 * this order:
 * 1. REST refuses new requests and answers those that wait: nothing is asked of the herder any more.
 * 2. The herder stops connectors and tasks, together, within task.shutdown.graceful.timeout.ms: they flush and commit.
 * 3. The herder leaves the group, so that others take over at once, and its loop and helper threads end.
 * 4. The REST server closes its connections.
 * 5. The internal topics' clients and the herder's memory go; Kafka handles are closed before what they point into.
 * Only then does the caller free the configuration, the providers and the plugins, which all of the above use. */
static int run_worker(const struct worker_conf *conf, struct substitute *substitute, struct rest_server *rest,
                      struct standalone_files *files) {
    struct kc_error err = {0};
    sigset_t set = stop_signals();
    int signal_fd = signalfd(-1, &set, SFD_CLOEXEC), news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct herder_setup setup = {.conf = conf,
                                 .substitute = substitute,
                                 .url = rest_server_url(rest),
                                 .worker_id = rest_server_worker_id(rest),
                                 .on_news = wake_main,
                                 .arg = &news_fd};
    say_waiting(rest, conf);
    if (signal_fd < 0 || news_fd < 0)
        err_set(&err, ERR_IO, "No descriptor for signals: %s", strerror(errno));
    struct herder *herder = signal_fd < 0 || news_fd < 0 ? NULL : herder_new(&setup, &err);
    int status = EXIT_CONSTRUCTION;
    if (!herder)
        complain(status, &err);
    else if (herder_start(herder, &err) < 0)
        status = complain(EXIT_START, &err);
    else
        status = attend(herder, rest, files, signal_fd, news_fd, &err);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* a second signal ends the process at once */
    close(signal_fd);
    kc_log(KC_INFO, LOG_MAIN, "Kafka Connect stopping");
    rest_server_stop(rest);                        /* 1 */
    bool stopped = !herder || herder_stop(herder); /* 2, 3 */
    rest_server_free(rest);                        /* 4 */
    if (!stopped) {
        kc_log(KC_WARN, LOG_MAIN, "Kafka Connect stopped without waiting for what still blocks");
        _exit(status);
    }
    herder_free(herder); /* 5 */
    close(news_fd);
    kc_log(KC_INFO, LOG_MAIN, "Kafka Connect stopped");
    return status;
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static int serve(struct worker_conf *conf, struct substitute *substitute, const struct dev *dev,
                 struct standalone_files *files) {
    struct kc_error err = {0};
    kc_log(KC_INFO, "org.apache.kafka.common.utils.AppInfoParser", "Kafka version: %s", KAFKA_VERSION);
    struct rest_server *rest = rest_server_new(conf, &err);
    int status;
    if (!rest) {
        status = complain(EXIT_CONSTRUCTION, &err);
    } else {
        if (dev)
            dev_announce(dev, rest_server_url(rest));
        status = run_worker(conf, substitute, rest, files);
    }
    substitute_free(substitute);
    worker_conf_free(conf);
    plugins_done();
    return status;
}

static int run_distributed(const char *file) {
    struct kc_error err = {0};
    struct worker_conf *conf;
    struct substitute *substitute;
    set_up_process();
    log_setup(KC_INFO);
    kc_log(KC_INFO, LOG_MAIN, "kconnectd %s (Apache Kafka Connect %s) starting with %s", KCONNECTD_VERSION,
           KAFKA_VERSION, file);
    if (worker_config_load(file, &conf, &substitute, &err) < 0) {
        plugins_done();
        return complain(EXIT_CONSTRUCTION, &err);
    }
    return serve(conf, substitute, /* dev= */ NULL, /* files= */ NULL);
}

static int run_standalone(const char *file, char *const *connectors, size_t count) {
    struct kc_error err = {0};
    struct worker_conf *conf;
    struct substitute *substitute;
    set_up_process();
    log_setup(KC_INFO);
    kc_log(KC_INFO, LOG_MAIN, "kconnectd %s (Apache Kafka Connect %s) starting standalone with %s", KCONNECTD_VERSION,
           KAFKA_VERSION, file);
    if (worker_config_load_standalone(file, &conf, &substitute, &err) < 0) {
        plugins_done();
        return complain(EXIT_CONSTRUCTION, &err);
    }
    AUTO(standalone_files) files = standalone_files_load(connectors, count, &err);
    if (files)
        return serve(conf, substitute, /* dev= */ NULL, files);
    substitute_free(substitute);
    worker_conf_free(conf);
    plugins_done();
    AUTO_TEXT trace = err_trace(&err);
    kc_log(KC_ERROR, LOG_MAIN, "Stopping after connector error: %s", trace);
    return EXIT_START;
}

static int run_dev(int argc, char **argv) {
    struct kc_error err = {0};
    struct worker_conf *conf;
    struct substitute *substitute;
    static struct dev_options options;
    if (dev_parse(argc, argv, &options, &err) < 0) {
        fprintf(stderr, "kconnectd: %s\n", err.text);
        return EXIT_USAGE;
    }
    set_up_process();
    log_setup(KC_WARN);
    AUTO(dev) dev = dev_new(&options, &err);
    if (!dev)
        return complain(EXIT_CONSTRUCTION, &err);
    if (worker_config_new(dev_worker_config(dev), &conf, &substitute, &err) < 0) {
        plugins_done();
        return complain(EXIT_CONSTRUCTION, &err);
    }
    return serve(conf, substitute, dev, /* files= */ NULL);
}

/* Whether the program was started under this name, or the same with ".sh". */
static bool called(const char *path, const char *name) {
    const char *slash = strrchr(path, '/'), *own = slash ? slash + 1 : path;
    size_t len = strlen(name);
    return strncmp(own, name, len) == 0 && (!own[len] || strcmp(own + len, ".sh") == 0);
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return argc < 2 || argv[1][0] == '-';
}

static int as_distributed(int argc, char **argv) {
    if (argc == 2 && !asks_for_help(argc, argv))
        return run_distributed(argv[1]);
    fprintf(stderr, "USAGE: %s connect-distributed.properties\n", argv[0]);
    return EXIT_USAGE;
}

static int as_standalone(int argc, char **argv) {
    if (!asks_for_help(argc, argv))
        return run_standalone(argv[1], argv + 2, (size_t)argc - 2);
    fprintf(stderr, "USAGE: %s worker.properties [connector1.properties connector2.json ...]\n", argv[0]);
    return EXIT_USAGE;
}

/* Fetched batches and parts of objects are megabytes that come and go all the time. glibc would give each back to the
 * system and have it cleared again (a fifth of the cost of receiving); so they stay in its heaps, which shrink only
 * when this much lies idle at their end. */
static void keep_large_blocks(void) {
    enum { LARGE = 32 << 20 };
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LARGE);
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    keep_large_blocks();
    if (called(argv[0], "connect-distributed"))
        return as_distributed(argc, argv);
    if (called(argv[0], "connect-standalone"))
        return as_standalone(argc, argv);
    bool handled;
    int status = cli_run(argc, argv, &handled);
    if (handled)
        return status;
    if (strcmp(command, "distributed") == 0 && argc == 3)
        return run_distributed(argv[2]);
    if (strcmp(command, "standalone") == 0 && argc >= 3)
        return run_standalone(argv[2], argv + 3, (size_t)argc - 3);
    if (strcmp(command, "dev") == 0)
        return run_dev(argc - 2, argv + 2);
    if (strcmp(command, "distributed") == 0)
        fprintf(stderr, "kconnectd: distributed wants one properties file\n");
    else if (strcmp(command, "standalone") == 0)
        fprintf(stderr, "kconnectd: standalone wants a worker's properties file and maybe files of connectors\n");
    else
        fprintf(stderr, "kconnectd: unknown command %s; see `kconnectd help`\n", command);
    return EXIT_USAGE;
}
