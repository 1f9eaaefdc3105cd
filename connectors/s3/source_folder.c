/* See source_folder.h. */
#include "connectors/s3/source_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

enum {
    PAGE_KEYS = 1000,
    LISTINGS_MAX = 10 /* of one page; a folder whose listings never agree is read all the same */
};

struct page_key {
    char *name;
    unsigned shown; /* a bit for each listing of the page that showed the key, the latest in bit 0 */
};

/* Keys in order of their bytes. */
struct page {
    struct page_key *keys;
    size_t next, count; /* those before `next` are used up */
};

struct source_folder {
    struct source_input base;
    const struct source_naming *naming;
    struct object_store *store;
    char *name;
    /* the last object begun */
    char *last_file;      /* NULL: none */
    int64_t last_records; /* of last_file, as far as it was read; -1: not known */
    bool reopen;          /* it must be opened again behind last_records */
    bool stored;          /* that is what the stored offset says */
    int64_t missed_at;    /* where in the next object something was not found once; -1: nowhere */
    unsigned siblings;    /* SIBLING_… that objects of this folder have */
    /* the next ones */
    struct page page;
    bool settled; /* two listings agreed */
    int listings; /* of this page */
    int64_t listed_ms;
};

/* ---- pages ---- */

static void page_done(struct page *p) {
    for (size_t i = p->next; i < p->count; i++)
        free(p->keys[i].name);
    free(p->keys);
    *p = (struct page){0};
}

/* Room for PAGE_KEYS and one more, so that a key found by its name always fits. */
static void page_init(struct page *p) {
    *p = (struct page){.keys = calloc(PAGE_KEYS + 1, sizeof *p->keys)};
    if (!p->keys) {
        fprintf(stderr, "kconnectd: out of memory for a listing\n");
        abort();
    }
}

static void page_insert_first(struct page *p, char *name) {
    if (p->next == 0) {
        memmove(p->keys + 1, p->keys, p->count * sizeof *p->keys);
        p->count++;
    } else {
        p->next--;
    }
    p->keys[p->next] = (struct page_key){.name = name};
}

/* `p` becomes what it and `fresh`, a later listing, show: the first PAGE_KEYS of both. True when `fresh` showed the
 * same as the listing before it. `fresh` ends empty. */
static bool page_merge(struct page *p, struct page *fresh) {
    struct page all;
    bool same = true;
    page_init(&all);
    while (all.count < PAGE_KEYS && (p->next < p->count || fresh->next < fresh->count)) {
        struct page_key *old = p->next < p->count ? &p->keys[p->next] : NULL,
                        *new = fresh->next < fresh->count ? &fresh->keys[fresh->next] : NULL;
        int order = !old ? 1 : !new ? -1 : strcmp(old->name, new->name);
        struct page_key *key = &all.keys[all.count++];
        *key = (struct page_key){.name = order <= 0 ? old->name : new->name,
                                 .shown = (order <= 0 ? old->shown << 1 : 0) | (order >= 0)};
        same = same && ((key->shown & 3) == 0 || (key->shown & 3) == 3);
        if (order == 0)
            free(new->name);
        p->next += order <= 0;
        fresh->next += order >= 0;
    }
    page_done(p);
    page_done(fresh);
    *p = all;
    return same;
}

/* ---- listing ---- */

struct listing {
    struct source_folder *f;
    struct page page;
    const char *last; /* no key behind it; NULL: any */
};

static int on_key(void *arg, const struct store_object *object, struct kc_error *err) {
    struct listing *l = arg;
    struct source_folder *f = l->f;
    (void)err;
    /* objects of folders below belong to those folders */
    if (source_folder_length(f->naming, object->key) != strlen(f->name))
        return 0;
    if (l->last && strcmp(object->key, l->last) > 0)
        return 1;
    switch (source_object_kind(f->naming, object->key)) {
    case OBJECT_KEYS:
        f->siblings |= SIBLING_KEYS;
        return 0;
    case OBJECT_HEADERS:
        f->siblings |= SIBLING_HEADERS;
        return 0;
    case OBJECT_OTHER:
        return 0;
    case OBJECT_VALUES:
        break;
    }
    l->page.keys[l->page.count++] = (struct page_key){.name = strdup(object->key), .shown = 1};
    return l->page.count == PAGE_KEYS;
}

/* Lists behind the last object and adds what the present page does not have. */
static int list_page(struct source_folder *f, struct kc_error *err) {
    bool first = f->page.next == f->page.count;
    struct listing l = {.f = f, .last = first ? NULL : f->page.keys[f->page.count - 1].name};
    page_init(&l.page);
    if (store_list(f->store, f->name, f->last_file, on_key, &l, err) < 0) {
        page_done(&l.page);
        return -1;
    }
    f->listed_ms = clock_ms();
    if (first) {
        page_done(&f->page);
        f->page = l.page;
        f->settled = false;
        f->listings = 1;
        return 0;
    }
    f->settled = page_merge(&f->page, &l.page);
    if (!f->settled && ++f->listings == LISTINGS_MAX) {
        kc_log(KC_WARN, LOG, "Folder %s in bucket %s: %d listings in a row differ; reading on with %s", f->name,
               f->store->bucket, f->listings, f->page.keys[f->page.next].name);
        f->settled = true;
    }
    return 0;
}

/* ---- the next object ---- */

/* What the name of an object that directly continues the last one says; nothing before it: one that begins at 0. NULL
 * when that cannot be told. malloc'ed */
static char *expected_key(const struct source_folder *f, const char *next) {
    const char *like = f->last_file ? f->last_file : next;
    struct source_name name;
    if ((f->last_file && f->last_records < 0) || source_name_parse(f->naming, "", like, &name, NULL) < 0)
        return NULL;
    return source_name_at(like, &name, f->last_file ? name.offset + f->last_records : 0);
}

/* Whether both names say the same topic, partition and first offset. */
static bool same_place(const struct source_folder *f, const char *a, const char *b) {
    struct source_name x, y;
    return source_name_parse(f->naming, "", a, &x, NULL) == 0 && source_name_parse(f->naming, "", b, &y, NULL) == 0 &&
           x.topic_len == y.topic_len && memcmp(x.topic, y.topic, x.topic_len) == 0 && x.partition == y.partition &&
           x.offset == y.offset && x.offset >= 0;
}

/* Looks for the object between the last one and the next by its name. 1: the first key of the page can be read. */
static int ask_for_expected(struct source_folder *f, struct kc_error *err) {
    const char *next = f->page.keys[f->page.next].name;
    AUTO_TEXT expected = expected_key(f, next);
    if (!expected)
        return 0;
    if (same_place(f, expected, next))
        return 1;
    if (strcmp(expected, next) >= 0 || (f->last_file && strcmp(expected, f->last_file) <= 0))
        return 0;
    int there = store_head(f->store, expected, NULL, err);
    if (there < 0 && err->code == ERR_FORBIDDEN) { /* what S3 says of an absent object when listing is restricted */
        *err = (struct kc_error){0};
        return 0;
    }
    if (there != 1)
        return there;
    page_insert_first(&f->page, TAKE(expected));
    return 1;
}

/* 1: the first key of the page comes next; 0: not before due_ms. */
static int find_next(struct source_folder *f, struct kc_error *err) {
    bool empty = f->page.next == f->page.count;
    if (empty && list_page(f, err) < 0)
        return -1;
    if (f->page.next == f->page.count) {
        f->base.due_ms = clock_after_ms(f->naming->conf->poll_interval_ms);
        return 0;
    }
    if (f->settled)
        return 1;
    int rc = ask_for_expected(f, err);
    if (rc)
        return rc;
    if (clock_ms() >= f->listed_ms + SOURCE_SETTLE_MS) {
        if (list_page(f, err) < 0)
            return -1;
        if (f->settled)
            return 1;
        if ((rc = ask_for_expected(f, err)))
            return rc;
    }
    f->base.due_ms = f->listed_ms + SOURCE_SETTLE_MS;
    return 0;
}

static void begin_next(struct source_folder *f) {
    free(f->last_file);
    f->last_file = f->page.keys[f->page.next++].name;
    f->last_records = -1;
    f->reopen = f->stored = false;
    if (f->page.next == f->page.count)
        page_done(&f->page);
}

/* ---- objects that are not found ---- */

/* The object that was half read when the offset was stored: whether it is gone. 1: yes, and the next one comes. */
static int stored_is_gone(struct source_folder *f, struct kc_error *err) {
    int there = store_head(f->store, f->last_file, NULL, err);
    if (there != 0)
        return there < 0 ? -1 : 0;
    kc_log(KC_WARN, LOG,
           "Object %s in bucket %s was read to record %lld and is not there any more; reading on with the next one",
           f->last_file, f->store->bucket, (long long)f->last_records);
    f->reopen = f->stored = false;
    f->last_records = f->missed_at = -1;
    return 1;
}

/* Something of the next object was not found behind `position` records. 0 the first time: to be tried again; 1 the
 * object is passed over; -1 it cannot be used. */
static int not_found(struct source_folder *f, int64_t position, struct kc_error *err) {
    if (f->missed_at != position) {
        kc_log(KC_INFO, LOG, "%s; looking again in %d ms", err->text, SOURCE_SETTLE_MS);
        f->missed_at = position;
        f->base.due_ms = clock_ms() + SOURCE_SETTLE_MS;
        *err = (struct kc_error){0};
        return 0;
    }
    struct kc_error why = *err;
    int gone = f->stored ? stored_is_gone(f, err) : 0;
    if (gone == 0)
        return err_set(err, ERR_BAD_DATA, "%s", why.text);
    if (gone > 0)
        *err = (struct kc_error){0};
    return gone;
}

/* ---- callbacks ---- */

static struct source_folder *of(struct source_input *in) {
    return CONTAINER_OF(in, struct source_folder, base);
}

static int folder_open(struct source_input *in, struct kc_error *err) {
    struct source_folder *f = of(in);
    while (!in->file) {
        if (clock_ms() < in->due_ms)
            return 0;
        int rc = f->reopen ? 1 : find_next(f, err);
        if (rc <= 0)
            return rc;
        const char *key = f->reopen ? f->last_file : f->page.keys[f->page.next].name;
        int64_t skip = f->reopen ? f->last_records : 0;
        unsigned expected = f->missed_at == skip ? 0 : f->stored ? SIBLING_KEYS | SIBLING_HEADERS : f->siblings;
        in->file = source_file_open(f->naming, f->store, key, NULL, skip, expected, err);
        if (!in->file) {
            rc = err->code == ERR_NOT_FOUND ? not_found(f, skip, err) : -1;
            if (rc <= 0)
                return rc;
        }
    }
    if (!f->reopen)
        begin_next(f);
    f->reopen = f->stored = false;
    f->siblings = source_file_siblings(in->file);
    return 1;
}

static void folder_skip(struct source_input *in) {
    struct source_folder *f = of(in);
    if (f->reopen)
        f->reopen = f->stored = false;
    else
        begin_next(f);
    f->last_records = f->missed_at = -1;
}

static void folder_end(struct source_input *in) {
    of(in)->last_records = source_file_position(in->file);
    of(in)->missed_at = -1;
}

static int folder_interrupt(struct source_input *in, int64_t position, struct kc_error *err) {
    struct source_folder *f = of(in);
    f->reopen = true;
    f->last_records = position;
    return err->code == ERR_NOT_FOUND ? not_found(f, position, err) : -1;
}

static void folder_free(struct source_input *in) {
    struct source_folder *f = of(in);
    page_done(&f->page);
    free(f->last_file);
    free(f->name);
    free(f);
}

static const struct source_input_ops folder_ops = {
    .open = folder_open, .skip = folder_skip, .end = folder_end, .interrupt = folder_interrupt, .free = folder_free};

void source_folder_resume(struct source_input *in, const char *file, int64_t records, bool eof) {
    struct source_folder *f = of(in);
    f->last_file = strdup(file);
    f->reopen = f->stored = !eof;
    f->last_records = f->reopen && records < 0 ? 0 : records;
}

struct source_input *source_folder_new(const struct source_naming *n, struct object_store *store, const char *name,
                                       const struct kc_source_partition *partition) {
    struct source_folder *f = calloc(1, sizeof *f);
    if (!f) {
        fprintf(stderr, "kconnectd: out of memory for a folder\n");
        abort();
    }
    f->base = (struct source_input){.ops = &folder_ops, .partition = partition, .due_ms = INT64_MIN};
    f->naming = n;
    f->store = store;
    f->name = strdup(name);
    f->missed_at = f->last_records = -1;
    return &f->base;
}
