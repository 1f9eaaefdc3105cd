/* ConfigDef: parsing and validators by the golden vectors, conf structs, whole tables. */
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "tests/support/golden_run.h"

/* The classes that the vectors' worker knows. */
static const char *find_class(const char *name) {
    static const char *const known[] = {"java.lang.String", "java.util.Map$Entry",
                                        "org.apache.kafka.connect.json.JsonConverter",
                                        "org.apache.kafka.connect.storage.StringConverter"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i], name) == 0)
            return known[i];
    return strcmp(name, "String") == 0 ? known[3] : NULL;
}

static int check_class(const char *class_name, int kind, struct kc_error *err) {
    if (kind == KC_KIND_CONVERTER && strstr(class_name, "Converter"))
        return 0;
    return kc_fail(err, KC_CONFIG_EXCEPTION, "Class class %s does not implement it", class_name);
}

static const struct option_classes test_classes = {.find = find_class, .check = check_class};

static const struct {
    const char *op;
    int count, left_out;
} vectors[] = {{"parse", 132, 0}, {"define", 108, 1}, {"multi", 4, 0}};

START_TEST(test_golden) {
    struct golden_tally tally = {0};
    golden_set_up();
    ck_assert_int_eq(golden_each("config_def.jsonl", vectors[_i].op, golden_check, &tally), vectors[_i].count);
    ck_assert_int_eq(tally.left_out, vectors[_i].left_out); /* a look-behind without limit */
    golden_tear_down();
}
END_TEST

/* ---- Structs, secrets, plugins' additions ------------------------------------------------------------------------ */

struct multi {
    int32_t a;
    const char *b;
    struct kc_list c;
    bool d;
    int64_t l;
    int16_t s;
    double f;
    struct kc_secret p;
    const char *k;
};

static const char *const a_b[] = {"a", "b", NULL};

static const struct kc_option all_rows[] = {
    OPT_INT("a", struct multi, a, .def = "-7"),
    OPT_STRING("b", struct multi, b),
    OPT_LIST("c", struct multi, c, .def = "x, y", .list_unique = true),
    OPT_BOOLEAN("d", struct multi, d, .def = "true"),
    OPT_LONG("l", struct multi, l, .def = "9223372036854775807"),
    OPT_SHORT("s", struct multi, s, .def = "-32768"),
    OPT_DOUBLE("f", struct multi, f, .def = "0.25"),
    OPT_PASSWORD("p", struct multi, p, .one_of = a_b),
    OPT_CLASS("k", struct multi, k, .def = "x.DefaultConverter", .kind = KC_KIND_CONVERTER),
    {.name = "unread", .type = KC_OPT_T_INT, .offset = KC_NO_FIELD, .def = "1"},
    KC_OPTION_END,
};

START_TEST(test_conf_struct) {
    struct multi conf;
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    AUTO(arena) arena = arena_new(0);
    option_classes_set(&test_classes);
    kc_config_set(config, "c", "u,v,u");
    kc_config_set(config, "p", " a ");
    ck_assert_int_eq(config_parse(all_rows, config, arena, &conf, sizeof(conf), &err), 0);
    ck_assert_int_eq(conf.a, -7);
    ck_assert_ptr_null(conf.b);
    ck_assert_uint_eq(conf.c.count, 2);
    ck_assert_str_eq(conf.c.items[1], "v");
    ck_assert(conf.d);
    ck_assert_int_eq(conf.l, INT64_MAX);
    ck_assert_int_eq(conf.s, -32768);
    ck_assert(conf.f == 0.25);
    ck_assert_str_eq(conf.p.value, "a");
    ck_assert_str_eq(conf.k, "x.DefaultConverter");
    kc_config_set(config, "k", "java.lang.String");
    ck_assert_int_eq(config_parse(all_rows, config, arena, &conf, sizeof(conf), &err), -1);
    ck_assert_str_eq(err.text, "Class class java.lang.String does not implement it");
}
END_TEST

static void no_secret(void *arg, enum kc_level level, const char *line) {
    ck_assert_ptr_null(strstr(line, "s3cret"));
    if (level == KC_WARN)
        *(int *)arg += strstr(line, "'typo'") != NULL;
}

START_TEST(test_secrets_are_hidden) {
    AUTO(props) config = kc_config_new();
    AUTO(problems) problems = problems_new();
    AUTO(arena) arena = arena_new(0);
    int warnings = 0;
    kc_config_set(config, "p", "s3cret");
    kc_config_set(config, "typo", "s3cret too");
    kc_config_set(config, "producer.x", "1");
    config_validate(all_rows, config, arena, NULL, 0, problems);
    struct option_value *o = problems_find(problems, "p");
    ck_assert_str_eq(o->value, KC_HIDDEN);
    ck_assert_uint_eq(o->error_count, 1);
    ck_assert_str_eq(o->errors[0], "Invalid value [hidden] for configuration p: String must be one of: a, b");
    log_sink(no_secret, &warnings);
    config_log_unknown("test", all_rows, config, (const char *const[]){"producer.", NULL});
    log_sink(NULL, NULL);
    ck_assert_int_eq(warnings, 1);
}
END_TEST

START_TEST(test_problems) {
    AUTO(problems) problems = problems_new();
    char name[16];
    ck_assert(!kc_problem_has(problems, "x"));
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "k%d", i);
        kc_problem(problems, name, "error %d of %s", i, name);
    }
    kc_problem(problems, "k7", "again");
    ck_assert_uint_eq(problems_count(problems), 100);
    ck_assert_uint_eq(problems_at(problems, 7)->error_count, 2);
    ck_assert_uint_eq(problems_at(problems, 8)->error_count, 1);
    ck_assert(kc_problem_has(problems, "k99"));
    ck_assert_str_eq(problems_at(problems, 7)->errors[1], "again");
    problems_value(problems, "fine");
    ck_assert(!kc_problem_has(problems, "fine"));
}
END_TEST

START_TEST(test_order) {
    static const struct kc_option counted[] = {
        {.name = "a", .group = "G"}, {.name = "b"}, {.name = "c", .group = "G"}, KC_OPTION_END};
    static const struct kc_option said[] = {
        {.name = "a", .group = "G"}, {.name = "b", .group = "G", .order_in_group = 1}, KC_OPTION_END};
    ck_assert_int_eq(option_order(counted, &counted[0]), 1);
    ck_assert_int_eq(option_order(counted, &counted[1]), -1);
    ck_assert_int_eq(option_order(counted, &counted[2]), 2);
    ck_assert_int_eq(option_order(said, &said[0]), 0);
    ck_assert_int_eq(option_order(said, &said[1]), 1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("parse");
    TCase *tc = tcase_create("parse");
    tcase_add_loop_test(tc, test_golden, 0, COUNT_OF(vectors));
    tcase_add_test(tc, test_conf_struct);
    tcase_add_test(tc, test_secrets_are_hidden);
    tcase_add_test(tc, test_problems);
    tcase_add_test(tc, test_order);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
