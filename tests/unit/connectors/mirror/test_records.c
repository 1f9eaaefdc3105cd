/* Offset syncs, checkpoints and heartbeats against bytes that Java wrote. */
#include "connectors/mirror/records.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/base64.h"
#include "tests/support/suite.h"

static int seen;
static struct kc_arena *arena;

static const char *text_of(const cJSON *v, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, name));
}

static int64_t number_of(const cJSON *v, const char *name) {
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(v, name);
    ck_assert(cJSON_IsNumber(n));
    return n->valuestring ? strtoll(n->valuestring, NULL, 10) : (int64_t)n->valuedouble;
}

/* The golden texts stand for U+0000 by another character. */
static size_t metadata_len(const char *metadata) {
    return strcmp(metadata, GOLDEN_NUL) == 0 ? 1 : strlen(metadata);
}

static void write_fields(const char *type, const cJSON *f, struct buf *key, struct buf *value) {
    struct kc_error err = {0};
    int rc;
    if (strcmp(type, "offset-sync") == 0) {
        struct offset_sync sync = {.topic = text_of(f, "topic"),
                                   .partition = (int32_t)number_of(f, "partition"),
                                   .upstream = number_of(f, "upstream"),
                                   .downstream = number_of(f, "downstream")};
        rc = offset_sync_write(&sync, key, value, &err);
    } else if (strcmp(type, "checkpoint") == 0) {
        const char *metadata = text_of(f, "metadata");
        struct checkpoint point = {.group = text_of(f, "group"),
                                   .topic = text_of(f, "topic"),
                                   .partition = (int32_t)number_of(f, "partition"),
                                   .upstream = number_of(f, "upstream"),
                                   .downstream = number_of(f, "downstream"),
                                   .metadata = strcmp(metadata, GOLDEN_NUL) == 0 ? "\0" : metadata,
                                   .metadata_len = metadata_len(metadata)};
        rc = checkpoint_write(&point, key, value, &err);
    } else {
        struct heartbeat beat = {
            .source = text_of(f, "source"), .target = text_of(f, "target"), .timestamp_ms = number_of(f, "timestamp")};
        rc = heartbeat_write(&beat, key, value, &err);
    }
    ck_assert_msg(rc == 0, "%s", err.text);
}

static void check_read(const char *type, const cJSON *f, const struct record_bytes *bytes) {
    struct kc_error err = {0};
    if (strcmp(type, "offset-sync") == 0) {
        struct offset_sync sync;
        ck_assert_msg(offset_sync_read(bytes, arena, &sync, &err) == 0, "%s", err.text);
        ck_assert_str_eq(sync.topic, text_of(f, "topic"));
        ck_assert_int_eq(sync.partition, number_of(f, "partition"));
        ck_assert_int_eq(sync.upstream, number_of(f, "upstream"));
        ck_assert_int_eq(sync.downstream, number_of(f, "downstream"));
    } else if (strcmp(type, "checkpoint") == 0) {
        struct checkpoint point;
        ck_assert_msg(checkpoint_read(bytes, arena, &point, &err) == 0, "%s", err.text);
        ck_assert_str_eq(point.group, text_of(f, "group"));
        ck_assert_str_eq(point.topic, text_of(f, "topic"));
        ck_assert_int_eq(point.partition, number_of(f, "partition"));
        ck_assert_int_eq(point.upstream, number_of(f, "upstream"));
        ck_assert_int_eq(point.downstream, number_of(f, "downstream"));
        ck_assert_uint_eq(point.metadata_len, metadata_len(text_of(f, "metadata")));
    } else {
        struct heartbeat beat;
        ck_assert_msg(heartbeat_read(bytes, arena, &beat, &err) == 0, "%s", err.text);
        ck_assert_str_eq(beat.source, text_of(f, "source"));
        ck_assert_str_eq(beat.target, text_of(f, "target"));
        ck_assert_int_eq(beat.timestamp_ms, number_of(f, "timestamp"));
    }
}

/* Every proper prefix of key or value is refused and nothing beyond it is read. */
static int read_any(const char *type, const struct record_bytes *bytes, struct kc_error *err) {
    struct offset_sync sync;
    struct checkpoint point;
    struct heartbeat beat;
    return strcmp(type, "offset-sync") == 0  ? offset_sync_read(bytes, arena, &sync, err)
           : strcmp(type, "checkpoint") == 0 ? checkpoint_read(bytes, arena, &point, err)
                                             : heartbeat_read(bytes, arena, &beat, err);
}

static void check_cut(const char *type, const struct record_bytes *whole) {
    for (int part = 0; part < 2; part++) {
        size_t len = part ? whole->value_len : whole->key_len;
        for (size_t cut = 0; cut < len; cut += 1 + cut / 64) {
            struct kc_error err = {0};
            void *copy = malloc(cut + 1); /* not one byte more is there to be read, the sanitizers say */
            memcpy(copy, part ? whole->value : whole->key, cut);
            copy = realloc(copy, cut ? cut : 1);
            struct record_bytes bytes = *whole;
            *(part ? &bytes.value : &bytes.key) = copy;
            *(part ? &bytes.value_len : &bytes.key_len) = cut;
            ck_assert_int_eq(read_any(type, &bytes, &err), -1);
            ck_assert_ptr_nonnull(strstr(err.text, part ? "value is cut" : "key is cut"));
            free(copy);
        }
    }
}

static void vector(const cJSON *v, void *arg) {
    struct buf key, value;
    const char *kind = text_of(v, "kind"), *type = text_of(v, "type");
    (void)arg;
    if (strcmp(kind, "record") != 0 && strcmp(kind, "captured") != 0)
        return;
    const cJSON *fields = cJSON_GetObjectItem(v, "fields");
    struct kc_error err = {0};
    struct kc_value key_bytes, value_bytes;
    ck_assert_int_eq(base64_read(arena, text_of(v, "key"), strlen(text_of(v, "key")), &key_bytes, &err), 0);
    ck_assert_int_eq(base64_read(arena, text_of(v, "value"), strlen(text_of(v, "value")), &value_bytes, &err), 0);
    struct record_bytes want = {key_bytes.bytes, value_bytes.bytes, key_bytes.len, value_bytes.len};
    buf_init(&key, MIRROR_RECORD_MAX);
    buf_init(&value, MIRROR_RECORD_MAX);
    write_fields(type, fields, &key, &value);
    ck_assert_uint_eq(key.len, want.key_len);
    ck_assert_uint_eq(value.len, want.value_len);
    ck_assert_mem_eq(key.data, want.key, key.len);
    ck_assert_mem_eq(value.data, want.value, value.len);
    check_read(type, fields, &want);
    check_cut(type, &want);
    buf_done(&key);
    buf_done(&value);
    seen++;
}

START_TEST(test_golden) {
    arena = arena_new(0);
    golden_each("mirror.jsonl", NULL, vector, NULL);
    ck_assert_int_eq(seen, 29);
    arena_free(arena);
}
END_TEST

START_TEST(test_limits) {
    struct kc_error err = {0};
    struct buf key, value;
    char *long_name = malloc(MIRROR_TEXT_MAX + 2);
    memset(long_name, 'x', MIRROR_TEXT_MAX + 1);
    long_name[MIRROR_TEXT_MAX + 1] = 0;
    buf_init(&key, MIRROR_RECORD_MAX);
    buf_init(&value, MIRROR_RECORD_MAX);
    struct checkpoint point = {.group = long_name, .topic = "t", .metadata = ""};
    ck_assert_int_eq(checkpoint_write(&point, &key, &value, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "longer than 32767 bytes"));
    buf_clear(&key);
    buf_clear(&value);
    long_name[MIRROR_TEXT_MAX] = 0;
    point.topic = point.metadata = long_name;
    point.metadata_len = MIRROR_TEXT_MAX;
    ck_assert_int_eq(checkpoint_write(&point, &key, &value, &err), 0);
    buf_done(&key);
    buf_done(&value);
    free(long_name);
}
END_TEST

START_TEST(test_tombstones_and_versions) {
    arena = arena_new(0);
    struct kc_error err = {0};
    struct offset_sync sync;
    struct heartbeat beat;
    struct record_bytes tombstone = {.key = "\0\1t\0\0\0\0", .key_len = 7};
    ck_assert_int_eq(offset_sync_read(&tombstone, arena, &sync, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "no value"));
    struct record_bytes newer = {.key = "\0\1a\0\1b", .key_len = 6, .value = "\0\1\0\0\0\0\0\0\0\0", .value_len = 10};
    ck_assert_int_eq(heartbeat_read(&newer, arena, &beat, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "unknown version 1"));
    arena_free(arena);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror records");
    TCase *tc = tcase_create("records");
    tcase_add_test(tc, test_golden);
    tcase_add_test(tc, test_limits);
    tcase_add_test(tc, test_tombstones_and_versions);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
