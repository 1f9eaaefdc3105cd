/* What the registry's converters share: records of a batch in turn, and the structs they keep for writing. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/registry_batch.h"
#include "tests/support/suite.h"

static int freed;

static void count_free(void *value) {
    freed++;
    free(value);
}

static void *item(int number) {
    int *n = malloc(sizeof(*n));
    *n = number;
    return n;
}

static const int sizes[] = {-1, 0, 1, 2, 100};

START_TEST(writables_live_until_they_are_pushed_out) {
    const struct kc_schema *schemas[] = {kc_schema_of(KC_INT32, false), kc_schema_of(KC_STRING, false), NULL};
    struct writables w;
    int size = sizes[_i], put = 0;
    freed = 0;
    writables_init(&w, size, count_free);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(schemas); i++) {
            for (int t = 0; t < 2; t++) {
                const char *topic = t ? "b" : "a";
                int number = (int)i * 2 + t, *there = writables_get(&w, schemas[i], topic);
                ck_assert(size < 100 || (there != NULL) == (round == 1));
                if (!there)
                    writables_put(&w, schemas[i], topic, item(number)), put++;
                there = writables_get(&w, schemas[i], topic);
                ck_assert_ptr_nonnull(there);
                ck_assert_int_eq(*there, number);
            }
        }
        ck_assert_int_eq(freed, put - (size < 1 ? 1 : size < put ? size : put));
    }
    writables_clear(&w);
    ck_assert_int_eq(freed, put);
    ck_assert_ptr_null(writables_get(&w, schemas[0], "a"));
    writables_done(&w);
}
END_TEST

static int note_topic(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                      struct kc_value *v, struct kc_error *err) {
    char *topics = self;
    (void)arena, (void)schema, (void)v, (void)err;
    strncat(topics, topic, 20);
    strncat(topics, " ", 2);
    return 0;
}

START_TEST(records_are_written_in_turn) {
    char topics[100] = "";
    AUTO(arena) arena = arena_new(0);
    struct kc_record records[4] = {{.topic = "a"}, {.topic = "b", .dropped = true}, {.topic = NULL}, {.topic = "c"}};
    struct kc_batch batch = {.arena = arena, .records = records, .count = 4, .capacity = 4};
    for (size_t i = 0; i < COUNT_OF(records); i++)
        records[i].value_schema = kc_schema_of(KC_INT32, false);
    ck_assert_uint_eq(registry_write_batch(NULL, note_topic, topics, &batch, 0, false, NULL), 4);
    ck_assert_str_eq(topics, "a null c ");
    ck_assert_ptr_null(records[0].value_schema);
    ck_assert_ptr_nonnull(records[1].value_schema);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("registry_batch");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, writables_live_until_they_are_pushed_out, 0, COUNT_OF(sizes));
    tcase_add_test(t, records_are_written_in_turn);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
