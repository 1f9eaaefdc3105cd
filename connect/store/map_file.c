/* See map_file.h. */
#include "connect/store/map_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/properties.h"
#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/map.h"

enum { FILE_MAX = 1 << 30, FILE_MODE = 0666 };

struct entry {
    char *key, *value; /* NULL: null */
    size_t key_len, value_len;
};

struct map_file {
    char *path;
    struct entry *entries;
    size_t count, room;
    struct map *index; /* key → its number + 1; the null key is not in it */
    size_t null_key;   /* its number + 1 */
};

struct map_file *map_file_new(const char *path) {
    struct map_file *m = calloc(1, sizeof(*m));
    if (!m)
        abort();
    m->path = strdup(path);
    m->index = map_new(NULL);
    return m;
}

struct map_file *map_file_free(struct map_file *m) {
    if (!m)
        return NULL;
    for (size_t i = 0; i < m->count; i++) {
        free(m->entries[i].key);
        free(m->entries[i].value);
    }
    free(m->entries);
    map_free(m->index);
    free(m->path);
    free(m);
    return NULL;
}

const char *map_file_path(const struct map_file *m) {
    return m->path;
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

static char *copy(const void *data, size_t len) {
    if (!data)
        return NULL;
    char *c = malloc(len + 1);
    if (!c)
        abort();
    memcpy(c, data, len);
    c[len] = 0;
    return c;
}

static size_t number_of(const struct map_file *m, const void *key, size_t key_len) {
    return key ? (size_t)(uintptr_t)map_get_bytes(m->index, key, key_len) : m->null_key;
}

static struct entry *add_key(struct map_file *m, const void *key, size_t key_len) {
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 64;
        m->entries = reallocarray(m->entries, m->room, sizeof(*m->entries));
        if (!m->entries)
            abort();
    }
    struct entry *e = &m->entries[m->count++];
    *e = (struct entry){.key = copy(key, key_len), .key_len = key_len};
    if (key)
        map_put_bytes(m->index, key, key_len, (void *)(uintptr_t)m->count);
    else
        m->null_key = m->count;
    return e;
}

static void put(struct map_file *m, const void *key, size_t key_len, const void *value, size_t value_len) {
    size_t number = number_of(m, key, key_len);
    struct entry *e = number ? &m->entries[number - 1] : add_key(m, key, key_len);
    free(e->value);
    e->value = copy(value, value_len);
    e->value_len = value_len;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void put_entry(void *arg, const struct java_map_entry *e) {
    put(arg, e->key, e->key_len, e->value, e->value_len);
}

int map_file_load(struct map_file *m, void (*f)(void *arg, const struct java_map_entry *entry), void *arg,
                  struct kc_error *err) {
    struct stat st;
    size_t len;
    if (stat(m->path, &st) < 0 && errno == ENOENT)
        return 0;
    AUTO_TEXT data = file_read(m->path, FILE_MAX, &len, err);
    if (!data)
        return err_wrap(err, KC_CONNECT_EXCEPTION, "The offsets file %s cannot be read", m->path);
    if (len == 0)
        return 0;
    if (java_map_decode(data, len, put_entry, m, err) < 0)
        return err_wrap(err, KC_CONNECT_EXCEPTION,
                        "The offsets file %s cannot be used: it is damaged, or something else than source offsets of a "
                        "standalone worker; move it away to start without offsets",
                        m->path);
    for (size_t i = 0; i < m->count; i++) {
        const struct entry *e = &m->entries[i];
        struct java_map_entry entry = {
            .key = e->key, .key_len = e->key_len, .value = e->value, .value_len = e->value_len};
        f(arg, &entry);
    }
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int fail(const struct map_file *m, struct kc_error *err, const char *path, int code) {
    err_set(err, ERR_IO, "%s: %s", path, strerrordesc_np(code));
    return err_wrap(err, KC_CONNECT_EXCEPTION, "The offsets file %s cannot be written", m->path);
}

/* 0 or errno; closes fd. */
static int write_and_close(int fd, const struct buf *bytes) {
    int code = 0;
    for (size_t done = 0; done < bytes->len && !code;) {
        ssize_t n = write(fd, bytes->data + done, bytes->len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            code = errno;
    }
    if (!code && fsync(fd) < 0 && errno != EINVAL && errno != EROFS) /* a device has nothing to sync */
        code = errno;
    if (close(fd) < 0 && !code)
        code = errno;
    return code;
}

static int overwrite(const struct map_file *m, const char *path, const struct buf *bytes, struct kc_error *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    int code = fd < 0 ? errno : write_and_close(fd, bytes);
    return code ? fail(m, err, path, code) : 0;
}

/* A new file beside the old one takes its place, so that there is a whole one at any time. */
static int replace(const struct map_file *m, const char *path, const struct buf *bytes, struct kc_error *err) {
    AUTO_TEXT beside = NULL;
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return overwrite(m, path, bytes, err);
    if (asprintf(&beside, "%s.new", path) < 0)
        abort();
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return there ? overwrite(m, path, bytes, err) : fail(m, err, path, errno);
    bool alike =
        !there || (fchmod(fd, st.st_mode & 07777) == 0 && (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0));
    int code = write_and_close(fd, bytes);
    if (!code && alike && rename(beside, path) == 0)
        return 0;
    unlink(beside);
    return code ? fail(m, err, beside, code) : overwrite(m, path, bytes, err);
}

/* Where the file really is: links stay links. */
static char *target_of(const struct map_file *m) {
    char *path = realpath(m->path, NULL);
    return path ? path : strdup(m->path);
}

/* The entries with what `records` change. */
static struct java_map_entry *merged(const struct map_file *m, const struct topic_log_record *records, size_t count,
                                     size_t *ret_count) {
    struct java_map_entry *all = calloc(m->count + count + 1, sizeof(*all));
    struct map *added = map_new(NULL); /* new keys → number + 1 */
    size_t total = m->count;
    if (!all)
        abort();
    for (size_t i = 0; i < m->count; i++) {
        const struct entry *e = &m->entries[i];
        all[i] =
            (struct java_map_entry){.key = e->key, .key_len = e->key_len, .value = e->value, .value_len = e->value_len};
    }
    for (size_t i = 0; i < count; i++) {
        const struct topic_log_record *r = &records[i];
        size_t number = number_of(m, r->key, r->key_len);
        if (!number)
            number = (size_t)(uintptr_t)map_get_bytes(added, r->key, r->key_len);
        if (!number) {
            number = ++total;
            map_put_bytes(added, r->key, r->key_len, (void *)(uintptr_t)number);
        }
        all[number - 1] =
            (struct java_map_entry){.key = r->key, .key_len = r->key_len, .value = r->value, .value_len = r->value_len};
    }
    map_free(added);
    *ret_count = total;
    return all;
}

int map_file_put(struct map_file *m, const struct topic_log_record *records, size_t count, struct kc_error *err) {
    size_t total;
    AUTO_BUF bytes;
    buf_init(&bytes, FILE_MAX);
    struct java_map_entry *all = merged(m, records, count, &total);
    int rc = java_map_encode(&bytes, all, total);
    free(all);
    if (rc < 0)
        return err_set(err, ERR_LIMIT, "The offsets file %s would be larger than %d bytes", m->path, FILE_MAX);
    AUTO_TEXT path = target_of(m);
    if (replace(m, path, &bytes, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        put(m, records[i].key, records[i].key_len, records[i].value, records[i].value_len);
    return 0;
}
