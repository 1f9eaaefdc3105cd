/* What is known of option rows before any configuration comes: their entries of a validate answer as JSON and what they
 * are when nobody sets them. Made when a table is first asked about, then immutable, so that an answer is mostly a
 * copy; dropped with the plugins, whose rows may be gone then. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/map.h"
#include "connect/base/name_index.h"
#include "connect/validation_parts.h"

enum { ENTRY_MAX = 1024 * 1024, PREFIX_MAX = 64 };

struct table {
    struct row_memo *memos; /* of all rows, in their order */
    struct kc_arena *arena;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *tables; /* address of the rows and prefix → struct table */

static void table_free(void *table) {
    struct table *t = table;
    arena_free(t->arena);
    free(t);
}

/* The value without a setting, and whether no validator has anything against it. */
static void look_at_default(struct row_memo *memo, const struct kc_option *row, struct kc_arena *arena) {
    struct option_parsed v;
    AUTO(props) nothing = kc_config_new();
    if (option_read(row, row->name, nothing, arena, &v, /* err= */ NULL) < 0)
        return;
    memo->unset = option_shown(row, &v, arena);
    memo->unset_is_good = option_check(row, row->name, &v, /* err= */ NULL) == 0;
}

/* The entry of the row when it is not set, with the places of what may be different. */
static void render(struct row_memo *memo, const struct key_def *def, struct kc_arena *arena) {
    const struct option_value value = {
        .name = def->name, .value = memo->unset, .visible = true, .recommended = def->recommended};
    AUTO_BUF json;
    buf_init(&json, ENTRY_MAX);
    (void)buf_add_text(&json, "{\"definition\":");
    validation_add_definition(def, &json, arena, &memo->default_at, &memo->default_end);
    memo->definition_end = json.len;
    (void)buf_add_text(&json, ",\"value\":{\"name\":");
    (void)buf_add_json(&json, def->name, strlen(def->name));
    (void)buf_add_text(&json, ",\"value\":");
    memo->value_at = json.len;
    validation_add_value(&value, &json);
    if (buf_add_text(&json, "}") < 0)
        return; /* too long to be kept: memo->json stays NULL */
    memo->json_len = json.len;
    memo->json = kc_arena_copy(arena, buf_text(&json), json.len);
}

static struct table *table_new(const struct kc_option *rows, const char *prefix) {
    struct table *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    t->arena = arena_new(0);
    t->memos = kc_arena_zalloc(t->arena, (option_count(rows) + 1) * sizeof(*t->memos));
    for (const struct kc_option *row = rows; row && row->name; row++) {
        struct row_memo *memo = &t->memos[row - rows];
        struct key_defs one = {0};
        struct key_def *def = key_defs_add(&one, t->arena, row, kc_arena_printf(t->arena, "%s%s", prefix, row->name));
        def->order = option_order(rows, row);
        *memo = (struct row_memo){
            .row = row, .name = def->name, .hash = def->hash, .row_hash = name_hash(row->name), .order = def->order};
        look_at_default(memo, row, t->arena);
        render(memo, def, t->arena);
    }
    return t;
}

const struct row_memo *row_memos(const struct kc_option *rows, const char *prefix) {
    char key[sizeof(rows) + PREFIX_MAX];
    size_t len = strlen(prefix);
    if (len > PREFIX_MAX)
        abort(); /* the prefixes are ours: those of converters */
    memcpy(key, &rows, sizeof(rows));
    memcpy(key + sizeof(rows), prefix, len);
    pthread_mutex_lock(&lock);
    if (!tables)
        tables = map_new(table_free);
    struct table *t = map_get_bytes(tables, key, sizeof(rows) + len);
    if (!t) {
        t = table_new(rows, prefix);
        map_put_bytes(tables, key, sizeof(rows) + len, t);
    }
    pthread_mutex_unlock(&lock);
    return t->memos;
}

void validation_forget_rows(void) {
    pthread_mutex_lock(&lock);
    tables = map_free(tables);
    pthread_mutex_unlock(&lock);
}
