/* Loggers and the lines they write. Loggers are made at first use and live as long as the process; finding one takes no
 * lock, its effective level is an atomic. Lines leave in one write each, under a lock that keeps them whole. */
#include "connect/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/map.h"

enum {
    BUCKETS = 256,
    MESSAGE_BYTES = 64 * 1024, /* longer messages are cut */
    CONTEXT_BYTES = 256,
    TIME_BYTES = 32,
};

struct logger {
    _Atomic(struct logger *) next; /* in its bucket; set before the logger is published */
    uint64_t hash;
    atomic_int level; /* effective */
    _Atomic int64_t changed_ms;
    char name[];
};

static _Atomic(struct logger *) buckets[BUCKETS];
static atomic_int root_level = KC_INFO;
static _Atomic int64_t root_changed_ms = -1;
/* Taken to add a logger or to change levels. */
static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*sink)(void *arg, enum kc_level level, const char *line);
static void *sink_arg;
/* The file that the lines go to, where there is one; under write_lock. */
static struct {
    int fd; /* -1: there is none, the standard error is written */
    char *path;
    dev_t device;
    ino_t inode;
    bool console; /* the standard error too */
} file = {.fd = -1};

static _Thread_local char thread_context[CONTEXT_BYTES];

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"};

void log_context(const char *context) {
    snprintf(thread_context, sizeof(thread_context), "%s", context ? context : "");
}

const char *log_context_get(void) {
    return thread_context;
}

int log_level_parse(const char *text, enum kc_level *ret_level) {
    for (int i = KC_TRACE; i <= (int)LOG_OFF; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *ret_level = (enum kc_level)i;
            return 0;
        }
    }
    if (strcasecmp(text, "ALL") == 0) {
        *ret_level = KC_TRACE;
        return 0;
    }
    return -1;
}

const char *log_level_name(enum kc_level level) {
    return (unsigned)level <= (unsigned)LOG_OFF ? level_names[level] : "OFF";
}

static bool is_root(const char *name) {
    return !name[0] || strcasecmp(name, "root") == 0;
}

static struct logger *find(const char *name, uint64_t hash) {
    struct logger *l = atomic_load_explicit(&buckets[hash % BUCKETS], memory_order_acquire);
    while (l && (l->hash != hash || strcmp(l->name, name) != 0))
        l = atomic_load_explicit(&l->next, memory_order_relaxed);
    return l;
}

/* The level that a new logger starts with: of its nearest known ancestor. */
static int inherited_level(const char *name) {
    size_t len = strlen(name);
    char *prefix = strdup(name);
    int level = atomic_load(&root_level);
    while (prefix && len > 0) {
        while (len > 0 && prefix[len - 1] != '.')
            len--;
        if (len == 0)
            break;
        prefix[--len] = 0;
        struct logger *l = find(prefix, hash_bytes(prefix, len));
        if (l) {
            level = atomic_load(&l->level);
            break;
        }
    }
    free(prefix);
    return level;
}

/* change_lock is held. */
static struct logger *add(const char *name, uint64_t hash) {
    struct logger *l = find(name, hash); /* another thread may have been first */
    if (l)
        return l;
    size_t len = strlen(name);
    l = malloc(sizeof(*l) + len + 1);
    if (!l) {
        fprintf(stderr, "kconnectd: out of memory for a logger\n");
        abort();
    }
    l->hash = hash;
    memcpy(l->name, name, len + 1);
    atomic_init(&l->level, inherited_level(name));
    atomic_init(&l->changed_ms, -1);
    atomic_init(&l->next, atomic_load_explicit(&buckets[hash % BUCKETS], memory_order_relaxed));
    atomic_store_explicit(&buckets[hash % BUCKETS], l, memory_order_release);
    return l;
}

static struct logger *get(const char *name) {
    uint64_t hash = hash_bytes(name, strlen(name));
    struct logger *l = find(name, hash);
    if (l)
        return l;
    pthread_mutex_lock(&change_lock);
    l = add(name, hash);
    pthread_mutex_unlock(&change_lock);
    return l;
}

enum kc_level log_level(const char *logger) {
    if (is_root(logger))
        return (enum kc_level)atomic_load(&root_level);
    return (enum kc_level)atomic_load_explicit(&get(logger)->level, memory_order_relaxed);
}

bool kc_log_on(enum kc_level level, const char *logger) {
    return level >= log_level(logger);
}

static void change_level(const char *logger, enum kc_level level, int64_t now) {
    size_t len = is_root(logger) ? 0 : strlen(logger);
    pthread_mutex_lock(&change_lock);
    if (len > 0) {
        add(logger, hash_bytes(logger, len));
    } else if (atomic_load(&root_level) != (int)level) {
        atomic_store(&root_level, (int)level);
        atomic_store(&root_changed_ms, now);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct logger *l = atomic_load(&buckets[i]); l; l = atomic_load(&l->next)) {
            if (strncmp(l->name, logger, len) != 0 || atomic_load(&l->level) == (int)level)
                continue; /* one that has the level already was not changed */
            atomic_store(&l->level, (int)level);
            atomic_store(&l->changed_ms, now);
        }
    }
    pthread_mutex_unlock(&change_lock);
}

void log_set_level(const char *logger, enum kc_level level) {
    change_level(logger, level, clock_wall_ms());
}

void log_start_level(const char *logger, enum kc_level level) {
    change_level(logger, level, /* now= */ -1);
}

void log_each(void (*f)(void *arg, const char *logger, enum kc_level level, int64_t changed_ms), void *arg) {
    f(arg, "root", (enum kc_level)atomic_load(&root_level), atomic_load(&root_changed_ms));
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct logger *l = atomic_load_explicit(&buckets[i], memory_order_acquire); l; l = atomic_load(&l->next))
            f(arg, l->name, (enum kc_level)atomic_load(&l->level), atomic_load(&l->changed_ms));
    }
}

void log_sink(void (*f)(void *arg, enum kc_level level, const char *line), void *arg) {
    pthread_mutex_lock(&write_lock);
    sink = f;
    sink_arg = arg;
    pthread_mutex_unlock(&write_lock);
}

static int write_all(int fd, const char *line, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, line, len);
        if (n >= 0) {
            line += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd pfd = {.fd = fd, .events = POLLOUT};
            poll(&pfd, 1, 1000);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

/* Makes the folders above `path`; what fails here fails again when the file is opened. */
static void make_folders(const char *path) {
    char *copy = strdup(path);
    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        (void)!mkdir(copy, 0755);
        *slash = '/';
    }
    free(copy);
}

/* write_lock is held. */
static int open_file(int flags) {
    struct stat st;
    int fd = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (file.fd >= 0)
        close(file.fd);
    file.fd = fd;
    file.device = st.st_dev;
    file.inode = st.st_ino;
    return 0;
}

int log_to_file(const char *path, bool append, bool console) {
    pthread_mutex_lock(&write_lock);
    char *before = file.path;
    file.path = strdup(path);
    make_folders(path);
    int rc = file.path ? open_file(append ? 0 : O_TRUNC) : -1, saved_errno = errno;
    if (rc == 0) {
        file.console = console;
        free(before);
    } else {
        free(file.path);
        file.path = before;
    }
    pthread_mutex_unlock(&write_lock);
    errno = saved_errno;
    return rc;
}

void log_to_console(void) {
    pthread_mutex_lock(&write_lock);
    if (file.fd >= 0)
        close(file.fd);
    free(TAKE(file.path));
    file.fd = -1;
    pthread_mutex_unlock(&write_lock);
}

/* Whoever moves the file away (logrotate) gets a new one in its place. */
static void write_file(const char *line, size_t len) {
    struct stat st;
    if (stat(file.path, &st) < 0 || st.st_dev != file.device || st.st_ino != file.inode)
        (void)!open_file(0); /* else the old one goes on */
    if (write_all(file.fd, line, len) < 0 || file.console)
        (void)!write_all(STDERR_FILENO, line, len);
}

static void write_line(enum kc_level level, char *line, size_t len) {
    pthread_mutex_lock(&write_lock);
    if (sink) {
        line[len - 1] = 0; /* without the newline */
        sink(sink_arg, level, line);
    } else if (file.fd >= 0) {
        write_file(line, len);
    } else {
        (void)!write_all(STDERR_FILENO, line, len); /* nowhere left to complain */
    }
    pthread_mutex_unlock(&write_lock);
}

/* Local time with milliseconds: "2026-11-30 19:08:28.324". */
static void write_time(char to[TIME_BYTES]) {
    static _Thread_local time_t known; /* most lines are written within a second of the one before */
    static _Thread_local char text[TIME_BYTES];
    int64_t now = clock_wall_ms();
    time_t seconds = (time_t)(now / 1000);
    if (seconds != known) {
        struct tm tm;
        localtime_r(&seconds, &tm);
        strftime(text, sizeof(text) - 4, "%Y-%m-%d %H:%M:%S", &tm);
        known = seconds;
    }
    int ms = (int)(now % 1000);
    char end[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), '\0'};
    memcpy(to, text, TIME_BYTES);
    memcpy(to + strlen(text), end, sizeof(end));
}

void kc_log(enum kc_level level, const char *logger, const char *fmt, ...) {
    if (!kc_log_on(level, logger))
        return;
    int saved_errno = errno;
    char time_text[TIME_BYTES], message[1024], short_line[1536];
    write_time(time_text);
    char *text = message, *line = short_line;
    va_list ap;
    va_start(ap, fmt);
    int wanted = vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    if (wanted >= (int)sizeof(message)) {
        size_t size = wanted < MESSAGE_BYTES ? (size_t)wanted + 1 : MESSAGE_BYTES;
        char *longer = malloc(size);
        if (longer) {
            va_start(ap, fmt);
            vsnprintf(longer, size, fmt, ap);
            va_end(ap);
            text = longer;
        }
    }
#define LINE "%s %-5s %s%s (%s)\n", time_text, log_level_name(level), thread_context, wanted < 0 ? fmt : text, logger
    int len = snprintf(short_line, sizeof(short_line), LINE);
    if (len >= (int)sizeof(short_line))
        len = asprintf(&line, LINE);
#undef LINE
    if (len > 0)
        write_line(level, line, (size_t)len);
    if (len >= 0 && line != short_line)
        free(line);
    if (text != message)
        free(text);
    errno = saved_errno;
}
