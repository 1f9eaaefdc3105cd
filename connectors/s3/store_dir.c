/* A local directory as object store: `file:///root` with bucket b keeps the object `a/b.json` in /root/b/a/b.json.
 *
 * Objects are written to /root/b/.kconnectd-uploads, synced and renamed, so that they appear whole or not at all; what
 * a crash leaves in that folder is removed when it is a day old. Nothing is cached and no thread is used.
 */
#include "connectors/s3/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

#define UPLOADS        ".kconnectd-uploads"
#define READ_BYTES     (256 * 1024)
#define PATH_LIMIT     4096
#define LEFTOVER_AGE_S (24 * 3600)

struct dir_store {
    struct object_store base;
    char *root; /* path of the bucket */
    bool (*cancelled)(void *arg);
    void *cancelled_arg;
};

struct dir_upload {
    struct store_upload base;
    char *key, *temporary;
    int fd; /* -1: completed or failed */
    bool if_none_match;
};

static struct dir_store *of(struct object_store *st) {
    return CONTAINER_OF(st, struct dir_store, base);
}

/* Everything but "not there" may pass (a full disk, a slow mount). */
static int fail_io(struct kc_error *err, const struct dir_store *ds, const char *what, const char *key) {
    int cause = errno;
    enum err_code code = cause == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    err_set_class(err, code, KC_CONNECT_EXCEPTION, "Cannot %s %s%s%s: %s", what, ds->root, *key ? "/" : "", key,
                  strerror(cause));
    if (err)
        err->retriable = cause == ENOSPC || cause == EDQUOT || cause == EIO || cause == EAGAIN || cause == ESTALE ||
                         cause == EMFILE || cause == ENFILE;
    return -1;
}

/* ---- Keys and paths ---------------------------------------------------------------------------------------------- */

/* A key is a path below the bucket: no empty, "." or ".." part, and not our own folder. */
static const char *key_defect(const char *key) {
    size_t len = strlen(key), start = 0;
    if (!len)
        return "it is empty";
    if (!strncmp(key, UPLOADS, strlen(UPLOADS)) && (key[strlen(UPLOADS)] == '/' || !key[strlen(UPLOADS)]))
        return "the name is used for unfinished uploads";
    for (size_t i = 0; i <= len; i++) {
        if (i < len && key[i] != '/')
            continue;
        size_t part = i - start;
        if (!part)
            return "a directory store has no names with an empty part";
        if ((part == 1 && key[start] == '.') || (part == 2 && key[start] == '.' && key[start + 1] == '.'))
            return "it would lead out of the directory";
        if (part > NAME_MAX)
            return "a part of the name is longer than 255 bytes";
        start = i + 1;
    }
    return NULL;
}

/* `path` is initialised. */
static int path_of(const struct dir_store *ds, const char *key, struct buf *path, struct kc_error *err) {
    const char *defect = key_defect(key);
    if (defect)
        return err_set_class(err, ERR_S3, KC_CONNECT_EXCEPTION, "The object name \"%s\" cannot be used under %s: %s",
                             key, ds->root, defect);
    if (buf_printf(path, "%s/%s", ds->root, key) < 0) {
        errno = ENAMETOOLONG;
        return fail_io(err, ds, "use the name", key);
    }
    return 0;
}

/* Brings the name of `path` to the disk. Folders that cannot be synced (on SMB) or read are done
 * without. */
static int sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char folder[PATH_LIMIT];
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : -1;
    int rc = fsync(fd) < 0 && errno != EINVAL && errno != EBADF ? -1 : 0;
    close(fd);
    return rc;
}

/* Makes the folders of `path` below the bucket. New ones are there to stay: offsets may be committed because of what is
 * put into them. */
static int make_folders(const struct dir_store *ds, char *path) {
    for (char *p = path + strlen(ds->root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        int rc = mkdir(path, 0777) == 0 ? sync_folder(path) : errno == EEXIST ? 0 : -1;
        *p = '/';
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *data, size_t len) {
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static void dir_upload_free(struct store_upload *base) {
    struct dir_upload *up = CONTAINER_OF(base, struct dir_upload, base);
    if (up->fd >= 0) {
        close(up->fd);
        unlink(up->temporary);
    }
    free(up->key);
    free(up->temporary);
    free(up);
}

static int dir_begin(struct object_store *st, const char *key, const struct store_put *how,
                     struct store_upload **ret_upload, struct kc_error *err) {
    static atomic_uint serial;
    struct dir_store *ds = of(st);
    AUTO_BUF path, temporary;
    buf_init(&temporary, PATH_LIMIT);
    buf_init(&path, PATH_LIMIT);
    if (path_of(ds, key, &path, err) < 0)
        return -1;
    buf_printf(&temporary, "%s/" UPLOADS "/%ld-%u", ds->root, (long)getpid(), atomic_fetch_add(&serial, 1));
    if (make_folders(ds, temporary.data) < 0)
        return fail_io(err, ds, "make the folder for", key);
    int fd = open(temporary.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail_io(err, ds, "write", key);
    struct dir_upload *up = calloc(1, sizeof(*up));
    up->base.store = st;
    up->key = strdup(key);
    up->temporary = buf_take(&temporary);
    up->fd = fd;
    up->if_none_match = how->if_none_match;
    *ret_upload = &up->base;
    return 0;
}

static int dir_part(struct store_upload *base, const void *data, size_t len, struct kc_error *err) {
    struct dir_upload *up = CONTAINER_OF(base, struct dir_upload, base);
    if (write_all(up->fd, data, len) < 0)
        return fail_io(err, of(base->store), "write", up->key);
    return 0;
}

/* Gives the finished file its name. A link instead of a rename refuses an existing object. */
static int publish(struct dir_store *ds, struct dir_upload *up, char *path, struct kc_error *err) {
    if (make_folders(ds, path) < 0)
        return fail_io(err, ds, "make the folder for", up->key);
    if (up->if_none_match) {
        if (link(up->temporary, path) < 0) {
            if (errno == EEXIST)
                return err_set_class(err, ERR_ALREADY_EXISTS, KC_CONNECT_EXCEPTION, "%s already exists", path);
            return fail_io(err, ds, "write", up->key);
        }
        unlink(up->temporary);
    } else if (rename(up->temporary, path) < 0) {
        return fail_io(err, ds, "write", up->key);
    }
    if (sync_folder(path) < 0)
        return fail_io(err, ds, "sync the folder of", up->key);
    return 0;
}

static int dir_complete(struct store_upload *base, struct kc_error *err) {
    struct dir_upload *up = CONTAINER_OF(base, struct dir_upload, base);
    struct dir_store *ds = of(base->store);
    AUTO_BUF path;
    buf_init(&path, PATH_LIMIT);
    if (path_of(ds, up->key, &path, err) < 0)
        return -1;
    if (fsync(up->fd) < 0)
        return fail_io(err, ds, "sync", up->key);
    if (publish(ds, up, path.data, err) < 0)
        return -1;
    close(up->fd);
    up->fd = -1;
    return 0;
}

static int dir_put(struct object_store *st, const char *key, const void *data, size_t len, const struct store_put *how,
                   struct kc_error *err) {
    struct store_upload *up = NULL;
    if (dir_begin(st, key, how, &up, err) < 0 || !up)
        return -1;
    int rc = dir_part(up, data, len, err) < 0 ? -1 : dir_complete(up, err);
    dir_upload_free(up);
    return rc;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static void describe(const struct stat *sb, struct store_object *object) {
    *object = (struct store_object){.size = sb->st_size,
                                    .modified_ms = sb->st_mtim.tv_sec * 1000 + sb->st_mtim.tv_nsec / 1000000};
    snprintf(object->etag, sizeof(object->etag), "\"%llx-%llx-%llx\"", (unsigned long long)sb->st_ino,
             (unsigned long long)sb->st_mtim.tv_sec * 1000000000ULL + (unsigned long long)sb->st_mtim.tv_nsec,
             (unsigned long long)sb->st_size);
}

static int read_on(struct dir_store *ds, int fd, const char *key, int64_t from, int64_t cap, store_data_fn *f,
                   void *arg, struct kc_error *err) {
    char *chunk = malloc(READ_BYTES);
    int rc = 0;
    while (!rc && cap != 0) {
        size_t want = cap > 0 && cap < READ_BYTES ? (size_t)cap : READ_BYTES;
        ssize_t n = pread(fd, chunk, want, from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            rc = n < 0 ? fail_io(err, ds, "read", key) : 1;
            break;
        }
        from += n;
        cap -= cap > 0 ? n : 0;
        rc = f(arg, chunk, (size_t)n, err);
        if (!rc && ds->cancelled && ds->cancelled(ds->cancelled_arg))
            rc = err_set(err, ERR_STOPPING, "Reading %s/%s was interrupted", ds->root, key);
    }
    free(chunk);
    return rc < 0 ? -1 : 0;
}

static int dir_get(struct object_store *st, const char *key, int64_t from, int64_t cap, struct store_object *ret_object,
                   store_data_fn *f, void *arg, struct kc_error *err) {
    struct dir_store *ds = of(st);
    AUTO_BUF path;
    buf_init(&path, PATH_LIMIT);
    if (path_of(ds, key, &path, err) < 0)
        return -1;
    int fd = open(path.data, O_RDONLY | O_CLOEXEC);
    struct stat sb;
    if (fd < 0 || fstat(fd, &sb) < 0 || (S_ISDIR(sb.st_mode) && (errno = ENOENT))) {
        fail_io(err, ds, "read", key);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    describe(&sb, ret_object);
    int rc = read_on(ds, fd, key, from, cap, f, arg, err);
    close(fd);
    return rc;
}

static int dir_head(struct object_store *st, const char *key, struct store_object *ret_object, struct kc_error *err) {
    struct dir_store *ds = of(st);
    AUTO_BUF path;
    buf_init(&path, PATH_LIMIT);
    struct stat sb;
    if (path_of(ds, key, &path, err) < 0)
        return -1;
    if (stat(path.data, &sb) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_io(err, ds, "look at", key);
    if (!S_ISREG(sb.st_mode))
        return 0;
    describe(&sb, ret_object);
    return 1;
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

struct walk {
    struct dir_store *ds;
    const char *prefix, *start_after;
    store_list_fn *f;
    void *arg;
    struct kc_error *err;
};

/* Names of one folder, folders with a '/' at the end: in their byte order the walk meets keys in theirs. */
struct names {
    char **items;
    size_t count, capacity;
};

static void names_add(struct names *names, const char *name, bool folder) {
    if (names->count == names->capacity) {
        names->capacity = names->capacity ? names->capacity * 2 : 64;
        names->items = reallocarray(names->items, names->capacity, sizeof(*names->items));
        if (!names->items)
            abort();
    }
    size_t len = strlen(name);
    char *copy = malloc(len + 2);
    memcpy(copy, name, len);
    copy[len] = folder ? '/' : '\0';
    copy[len + 1] = '\0';
    names->items[names->count++] = copy;
}

static void names_done(struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b); /* strcmp compares unsigned bytes */
}

/* Whether anything under `key` (a file, or a folder ending with '/') can be wanted. */
static bool wanted(const struct walk *w, const char *key, size_t len) {
    size_t prefix = strlen(w->prefix);
    bool folder = key[len - 1] == '/';
    if (folder ? strncmp(key, w->prefix, len < prefix ? len : prefix) : strncmp(key, w->prefix, prefix))
        return false;
    if (folder)
        return strcmp(key, w->start_after) > 0 || !strncmp(w->start_after, key, len);
    return strcmp(key, w->start_after) > 0;
}

static bool is_folder(DIR *d, const struct dirent *entry) {
    struct stat sb;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return !fstatat(dirfd(d), entry->d_name, &sb, 0) && S_ISDIR(sb.st_mode);
}

static int read_names(struct walk *w, const struct buf *path, const char *key, struct names *names) {
    DIR *d = opendir(path->data);
    if (!d)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_io(w->err, w->ds, "list", key);
    for (struct dirent *entry; (errno = 0, entry = readdir(d));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || (!*key && !strcmp(entry->d_name, UPLOADS)))
            continue;
        names_add(names, entry->d_name, is_folder(d, entry));
    }
    int rc = errno ? fail_io(w->err, w->ds, "list", key) : 0;
    closedir(d);
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return rc;
}

static int walk_file(struct walk *w, const char *path, const char *key) {
    struct stat sb;
    if (stat(path, &sb) < 0) /* deleted since the folder was read */
        return errno == ENOENT ? 0 : fail_io(w->err, w->ds, "list", key);
    if (!S_ISREG(sb.st_mode))
        return 0;
    struct store_object object;
    describe(&sb, &object);
    object.key = key;
    return w->f(w->arg, &object, w->err);
}

/* `path` is the folder, ending with '/'; the key begins at `root_len` in it. */
static int walk_folder(struct walk *w, struct buf *path, size_t root_len) {
    size_t len = path->len;
    struct names names = {0};
    int rc = read_names(w, path, path->data + root_len, &names);
    for (size_t i = 0; !rc && i < names.count; i++) {
        path->len = len;
        path->data[len] = '\0';
        if (buf_add_text(path, names.items[i]) < 0) {
            errno = ENAMETOOLONG;
            rc = fail_io(w->err, w->ds, "list", names.items[i]);
            break;
        }
        const char *key = path->data + root_len;
        if (!wanted(w, key, path->len - root_len))
            continue;
        rc = path->data[path->len - 1] == '/' ? walk_folder(w, path, root_len) : walk_file(w, path->data, key);
        if (!rc && w->ds->cancelled && w->ds->cancelled(w->ds->cancelled_arg))
            rc = err_set(w->err, ERR_STOPPING, "Listing %s was interrupted", w->ds->root);
    }
    names_done(&names);
    return rc;
}

static int dir_list(struct object_store *st, const char *prefix, const char *start_after, store_list_fn *f, void *arg,
                    struct kc_error *err) {
    struct dir_store *ds = of(st);
    struct walk w = {ds, prefix, start_after, f, arg, err};
    AUTO_BUF path;
    buf_init(&path, PATH_LIMIT);
    if (access(ds->root, R_OK | X_OK) < 0)
        return fail_io(err, ds, "list", "");
    buf_printf(&path, "%s/", ds->root);
    return walk_folder(&w, &path, path.len) < 0 ? -1 : 0;
}

/* ---- The store --------------------------------------------------------------------------------------------------- */

static int dir_bucket(struct object_store *st, enum store_bucket *ret_state, struct kc_error *err) {
    struct dir_store *ds = of(st);
    struct stat sb;
    bool there = stat(ds->root, &sb) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        return fail_io(err, ds, "look at", "");
    *ret_state = there && S_ISDIR(sb.st_mode) ? STORE_BUCKET_EXISTS : STORE_BUCKET_ABSENT;
    return 0;
}

static int dir_tag(struct object_store *st, const char *key, const struct kc_config *tags, struct kc_error *err) {
    (void)tags;
    return err_set_class(err, ERR_S3, KC_CONNECT_EXCEPTION, "A directory store keeps no tags of objects (%s/%s)",
                         of(st)->root, key);
}

static void dir_free(struct object_store *st) {
    struct dir_store *ds = of(st);
    free(ds->base.bucket);
    free(ds->root);
    free(ds);
}

/* What crashed writers left. Other live writers' files are younger. */
static void remove_leftovers(const struct dir_store *ds) {
    char path[PATH_LIMIT];
    snprintf(path, sizeof(path), "%s/" UPLOADS, ds->root);
    DIR *d = opendir(path);
    if (!d)
        return;
    time_t now = time(NULL);
    struct stat sb;
    for (struct dirent *entry; (entry = readdir(d));)
        if (!fstatat(dirfd(d), entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) && S_ISREG(sb.st_mode) &&
            now - sb.st_mtime > LEFTOVER_AGE_S)
            unlinkat(dirfd(d), entry->d_name, 0);
    closedir(d);
}

static const struct object_store_ops dir_ops = {.bucket = dir_bucket,
                                                .put = dir_put,
                                                .get = dir_get,
                                                .head = dir_head,
                                                .list = dir_list,
                                                .tag = dir_tag,
                                                .begin = dir_begin,
                                                .part = dir_part,
                                                .complete = dir_complete,
                                                .upload_free = dir_upload_free,
                                                .free = dir_free};

static bool set(const char *text) {
    return text && *text;
}

struct object_store *store_dir_open(const struct store_conf *conf, struct kc_error *err) {
    const char *path = conf->url + strlen("file:");
    path += !strncmp(path, "///", 3) ? 2 : 0;
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    if (*path != '/' || (path[1] == '/') || len + strlen(conf->bucket) > PATH_LIMIT / 2) {
        err_set(err, ERR_BAD_CONFIG, "store.url \"%s\" is not of the form file:///absolute/path", conf->url);
        return NULL;
    }
    if (key_defect(conf->bucket) || strchr(conf->bucket, '/')) {
        err_set(err, ERR_BAD_CONFIG, "The bucket name \"%s\" cannot be a folder of %s", conf->bucket, conf->url);
        return NULL;
    }
    if (set(conf->acl) || set(conf->sse) || set(conf->proxy_url) || conf->accelerate) {
        err_set(err, ERR_BAD_CONFIG, "ACL, server side encryption, proxy and acceleration need an S3 store, not %s",
                conf->url);
        return NULL;
    }
    struct dir_store *ds = calloc(1, sizeof(*ds));
    ds->base.ops = &dir_ops;
    ds->base.bucket = strdup(conf->bucket);
    ds->cancelled = conf->cancelled;
    ds->cancelled_arg = conf->cancelled_arg;
    if (asprintf(&ds->root, "%.*s/%s", (int)len, path, conf->bucket) < 0)
        abort();
    remove_leftovers(ds);
    return &ds->base;
}
