/* The file connectors: lines to records, positions, waiting for more; values to lines; offsets from outside. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connectors/filestream/filestream.h"
#include "tests/support/fake_source_context.h"
#include "tests/support/suite.h"

static char folder[] = "/tmp/filestream-XXXXXX", path[64];

static void set_up(void) {
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void tear_down(void) {
    unlink(path);
    rmdir(folder);
}

static void append(const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* ---- Source ---- */

enum { BATCH = 100 };

struct source {
    struct fake_source ctx;
    struct kc_arena *conf_arena;
    void *conf, *self;
    struct kc_arena *arena;
    struct kc_record records[BATCH];
    struct kc_batch batch;
    struct kc_error err;
};

static void *parse(const struct kc_plugin *plugin, const struct kc_config *config, struct kc_arena *arena) {
    struct kc_error err = {0};
    void *conf = kc_arena_zalloc(arena, plugin->conf_size);
    ck_assert_msg(config_parse(plugin->options, config, arena, conf, plugin->conf_size, &err) == 0, "%s", err.text);
    return conf;
}

static void source_init(struct source *s, const char *batch_size) {
    memset(s, 0, sizeof *s);
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "file", path);
    kc_config_set(config, "topic", "t");
    if (batch_size)
        kc_config_set(config, "batch.size", batch_size);
    fake_source_init(&s->ctx, config);
    s->conf_arena = arena_new(0);
    s->conf = parse(&filestream_source_connector, config, s->conf_arena);
    s->arena = arena_new(0);
    s->batch = (struct kc_batch){s->arena, s->records, 0, BATCH};
    ck_assert_int_eq(filestream_source_connector.source_task->start(&s->ctx.ctx, s->conf, &s->self, &s->err), 0);
}

static void source_done(struct source *s) {
    filestream_source_connector.source_task->stop(s->self);
    fake_source_done(&s->ctx);
    arena_free(s->conf_arena);
    arena_free(s->arena);
}

/* The lines of one poll as "text@position|text@position|"; valid until the next call. */
static const char *poll_lines(struct source *s) {
    static char shown[8192];
    size_t len = 0;
    s->batch.count = 0;
    arena_reset(s->arena);
    shown[0] = 0;
    if (filestream_source_connector.source_task->poll(s->self, &s->batch, &s->err) < 0)
        return s->err.text;
    for (uint32_t i = 0; i < s->batch.count; i++) {
        const struct kc_record *r = &s->records[i];
        ck_assert_str_eq(r->topic, "t");
        ck_assert(r->value_schema == kc_schema_of(KC_STRING, false) && r->key.tag == KC_V_NULL && !r->key_schema);
        ck_assert(r->timestamp > 1600000000000 && r->partition == -1);
        len += (size_t)snprintf(shown + len, sizeof shown - len, "%.*s@%lld|", (int)r->value.len, r->value.s,
                                (long long)kc_map_get(&r->source_offset, "position")->i);
    }
    return shown;
}

START_TEST(test_lines) {
    static const struct {
        const char *text, *lines;
    } rows[] = {
        {"one\ntwo\n", "one@4|two@8|"},
        {"one\r\ntwo\rthree\n", "one@5|two@9|three@15|"},
        {"\n\nx\n", "@1|@2|x@4|"},
        {"no end", ""},
        {"half\n of it", "half@5|"},
        {"caf\xc3\xa9\n\xff\n", "caf\xc3\xa9@6|\xef\xbf\xbd@8|"}, /* bytes; what is not UTF-8 becomes U+FFFD */
        {"cr at the end\r", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct source s;
        unlink(path);
        append(rows[i].text);
        source_init(&s, NULL);
        ck_assert_str_eq(poll_lines(&s), rows[i].lines);
        source_done(&s);
    }
}
END_TEST

START_TEST(test_waits_for_more) {
    struct source s;
    append("one\ntw");
    source_init(&s, NULL);
    ck_assert_str_eq(poll_lines(&s), "one@4|");
    ck_assert_str_eq(poll_lines(&s), "");
    ck_assert_int_eq(s.ctx.waited_ms, 1000);
    append("o\r");
    ck_assert_str_eq(poll_lines(&s), ""); /* perhaps "\r\n" */
    append("\nthree\n");
    ck_assert_str_eq(poll_lines(&s), "two@9|three@15|");
    source_done(&s);
}
END_TEST

START_TEST(test_waits_for_the_file) {
    struct source s;
    source_init(&s, NULL);
    ck_assert_str_eq(poll_lines(&s), "");
    ck_assert_int_eq(s.ctx.waited_ms, 1000);
    append("one\n");
    ck_assert_str_eq(poll_lines(&s), "one@4|");
    source_done(&s);
}
END_TEST

START_TEST(test_batch_size) {
    struct source s;
    append("1\n2\n3\n4\n5\n");
    source_init(&s, "2");
    ck_assert_str_eq(poll_lines(&s), "1@2|2@4|");
    ck_assert_str_eq(poll_lines(&s), "3@6|4@8|");
    ck_assert_str_eq(poll_lines(&s), "5@10|");
    source_done(&s);
}
END_TEST

START_TEST(test_stored_position) {
    static const struct {
        const char *offset, *lines;
    } rows[] = {{"{\"position\":4}", "two@8|"},
                {"{\"position\":8}", ""},
                {"{\"position\":100}", ""},
                {"{\"position\":null}", "one@4|two@8|"},
                {"{\"position\":\"4\"}", "Offset position is the incorrect type"},
                {"{}", "one@4|two@8|"}};
    append("one\ntwo\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct source s;
        char key[128];
        source_init(&s, NULL);
        snprintf(key, sizeof key, "{\"filename\":\"%s\"}", path);
        kc_config_set(s.ctx.offsets, key, rows[i].offset);
        ck_assert_str_eq(poll_lines(&s), rows[i].lines);
        source_done(&s);
    }
}
END_TEST

START_TEST(test_long_line) {
    enum { LONG = 3 * 1024 * 1024 };
    struct source s;
    char *text = malloc(LONG + 2);
    memset(text, 'x', LONG);
    text[LONG] = '\n';
    text[LONG + 1] = 0;
    append("short\n");
    append(text);
    append("end\n");
    source_init(&s, NULL);
    ck_assert_int_eq(filestream_source_connector.source_task->poll(s.self, &s.batch, &s.err), 0);
    ck_assert_uint_ge(s.batch.count, 2);
    ck_assert_uint_eq(s.records[1].value.len, LONG);
    ck_assert_int_eq(memcmp(s.records[1].value.s, text, LONG), 0);
    if (s.batch.count == 2)
        ck_assert_str_eq(poll_lines(&s), "end@3145739|");
    else
        ck_assert_uint_eq(s.records[2].value.len, 3);
    source_done(&s);
    free(text);
}
END_TEST

START_TEST(test_a_folder_is_no_file) {
    struct source s;
    snprintf(path, sizeof path, "%s", folder);
    source_init(&s, NULL);
    ck_assert_msg(strstr(poll_lines(&s), folder) != NULL, "%s", s.err.text);
    ck_assert_str_eq(s.err.exception, KC_CONNECT_EXCEPTION);
    source_done(&s);
}
END_TEST

START_TEST(test_alter_offsets) {
    static const struct {
        const char *partition, *offset, *text; /* text NULL: accepted */
    } rows[] = {
        {"{\"filename\":\"a\"}", "{\"position\":1}", NULL},
        {"{\"any\":1}", "null", NULL},
        {"{\"filename\":\"a\"}", "{\"position\":-1}",
         "The value for the 'position' key in the offset should be a non-negative value"},
        {"{\"filename\":\"a\"}", "{\"position\":\"1\"}",
         "The value for the 'position' key in the offset is expected to be a Long value"},
        {"{\"filename\":\"a\"}", "{\"pos\":1}", "Offset objects should either be null or contain the key 'position'"},
        {"{\"file\":\"a\"}", "{\"position\":1}", "Partition objects should contain the key 'filename'"},
        {"null", "{\"position\":1}", "Partition objects cannot be null"},
    };
    AUTO(props) config = kc_config_new();
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_value partition, offset;
    for (size_t i = 0; i <= COUNT_OF(rows); i++) {
        size_t row = i ? i - 1 : 0;
        ck_assert_int_eq(kc_value_from_json(arena, rows[row].partition, strlen(rows[row].partition), &partition, &err),
                         0);
        ck_assert_int_eq(kc_value_from_json(arena, rows[row].offset, strlen(rows[row].offset), &offset, &err), 0);
        partition = kc_json_expand(arena, partition);
        offset = kc_json_expand(arena, offset);
        const char *text = i ? rows[row].text
                             : "Offsets cannot be modified if the 'file' configuration is unspecified. "
                               "This is because stdin is used for input and offsets are not tracked.";
        int rc = filestream_source_connector.connector->alter_offsets(config, &partition, &offset, 1, &err);
        ck_assert_int_eq(rc, text ? -1 : 0);
        if (text)
            ck_assert_str_eq(err.text, text);
        kc_config_set(config, "file", "a");
    }
}
END_TEST

/* ---- Sink ---- */

static const char *file_text(void) {
    static char text[4096];
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

START_TEST(test_sink) {
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = kc_config_new();
    struct kc_error err = {0};
    struct kc_sink_context ctx = {0};
    struct kc_record records[6] = {{0}};
    struct kc_batch batch = {arena, records, 6, 6};
    const struct kc_sink_task_ops *ops = filestream_sink_connector.sink_task;
    void *self;
    kc_config_set(config, "file", path);
    records[0].value = kc_string("text");
    ck_assert_int_eq(kc_value_from_json(arena, "{\"b\":[1,2.5],\"a\":\"x\"}", 21, &records[1].value, &err), 0);
    records[2].value = kc_int(KC_INT64, 7);
    records[3].value = kc_string("dropped");
    records[3].dropped = true;
    records[5].value = kc_bool(true); /* 4 is null */
    append("before\n");
    for (int i = 0; i < 2; i++) { /* a second start appends */
        ck_assert_int_eq(ops->start(&ctx, parse(&filestream_sink_connector, config, arena), &self, &err), 0);
        batch.count = i ? 1 : 6;
        ck_assert_int_eq(ops->put(self, &batch, &err), KC_PUT_DONE);
        ops->stop(self);
    }
    ck_assert_str_eq(file_text(), "before\ntext\n{a=x, b=[1, 2.5]}\n7\nnull\ntrue\ntext\n");
}
END_TEST

START_TEST(test_sink_without_folder) {
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = kc_config_new();
    struct kc_error err = {0};
    struct kc_sink_context ctx = {0};
    void *self;
    kc_config_set(config, "file", "/no/such/folder/file");
    ck_assert_int_eq(
        filestream_sink_connector.sink_task->start(&ctx, parse(&filestream_sink_connector, config, arena), &self, &err),
        -1);
    ck_assert_ptr_nonnull(
        strstr(err.text, "Couldn't find or create file '/no/such/folder/file' for FileStreamSinkTask"));
}
END_TEST

/* ---- Connectors ---- */

START_TEST(test_task_configs) {
    AUTO(props) config = kc_config_new();
    struct kc_config *tasks[3];
    struct kc_error err = {0};
    int count = 0;
    kc_config_set(config, "file", "a");
    ck_assert_int_eq(filestream_source_connector.connector->task_configs(NULL, config, NULL, 3, tasks, &count, &err),
                     0);
    ck_assert_int_eq(count, 1);
    kc_config_free(tasks[0]);
    ck_assert_int_eq(filestream_sink_connector.connector->task_configs(NULL, config, NULL, 3, tasks, &count, &err), 0);
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < count; i++) {
        ck_assert_str_eq(kc_config_get(tasks[i], "file"), "a");
        kc_config_free(tasks[i]);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("filestream");
    TCase *tc = tcase_create("filestream");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_lines);
    tcase_add_test(tc, test_waits_for_more);
    tcase_add_test(tc, test_waits_for_the_file);
    tcase_add_test(tc, test_batch_size);
    tcase_add_test(tc, test_stored_position);
    tcase_add_test(tc, test_long_line);
    tcase_add_test(tc, test_a_folder_is_no_file);
    tcase_add_test(tc, test_alter_offsets);
    tcase_add_test(tc, test_sink);
    tcase_add_test(tc, test_sink_without_folder);
    tcase_add_test(tc, test_task_configs);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
