/* ConfigDef: parsing and validators by the golden vectors, conf structs, whole tables. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "tests/support/suite.h"

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

static enum kc_option_type type_of(const char *name) {
    for (int t = KC_OPT_T_BOOLEAN; t <= KC_OPT_T_PASSWORD; t++)
        if (strcmp(option_type_name((enum kc_option_type)t), name) == 0)
            return (enum kc_option_type)t;
    ck_abort_msg("type %s", name);
    return KC_OPT_T_STRING;
}

/* A text as the vector shows it: informative after "Invalid regex: ". */
static bool same_text(const char *got, const char *want) {
    const char *regex = strstr(want, "Invalid regex: ");
    return regex ? strncmp(got, want, (size_t)(regex - want) + 15) == 0 : strcmp(got, want) == 0;
}

static void check_value(const char *id, const struct kc_option *row, const struct option_parsed *v, const cJSON *want) {
    if (cJSON_IsNull(want) || v->null) {
        ck_assert_msg(cJSON_IsNull(want) && v->null, "%s: null", id);
        return;
    }
    switch (row->type) {
    case KC_OPT_T_BOOLEAN:
        ck_assert_msg(v->b == cJSON_IsTrue(want), "%s", id);
        break;
    case KC_OPT_T_INT:
    case KC_OPT_T_SHORT:
    case KC_OPT_T_LONG:
        ck_assert_msg(want->valuestring ? v->i == strtoll(want->valuestring, NULL, 10)
                                        : (double)v->i == want->valuedouble,
                      "%s: %lld", id, (long long)v->i);
        break;
    case KC_OPT_T_DOUBLE:
        if (cJSON_IsString(want)) {
            AUTO_TEXT text = option_text(row, v);
            ck_assert_str_eq(text, want->valuestring);
        } else {
            ck_assert_msg(v->d == want->valuedouble, "%s: %g", id, v->d);
        }
        break;
    case KC_OPT_T_LIST:
        ck_assert_msg((int)v->list.count == cJSON_GetArraySize(want), "%s: %zu items", id, v->list.count);
        for (size_t i = 0; i < v->list.count; i++)
            ck_assert_str_eq(v->list.items[i], cJSON_GetArrayItem(want, (int)i)->valuestring);
        break;
    case KC_OPT_T_STRING:
        ck_assert_msg(strcmp(v->text, want->valuestring) == 0, "%s: %s", id, v->text);
        break;
    case KC_OPT_T_CLASS:
        ck_assert_str_eq(v->text, json_get_text(want, "class"));
        break;
    case KC_OPT_T_PASSWORD:
        ck_assert_str_eq(v->text, json_get_text(want, "password"));
        break;
    }
}

static void check_parse(const cJSON *vector, void *arg) {
    struct kc_option row = {
        .name = "k", .type = type_of(json_get_text(vector, "type")), .offset = KC_NO_FIELD, .kind = KC_ANY_CLASS};
    const char *id = json_get_text(vector, "id");
    const cJSON *out = cJSON_GetObjectItem(vector, "out"), *error = cJSON_GetObjectItem(vector, "error");
    struct kc_error err = {0};
    struct option_parsed v;
    AUTO(arena) arena = arena_new(0);
    int rc = option_parse(&row, "k", json_get_text(vector, "in"), arena, &v, &err);
    if (error) {
        ck_assert_msg(rc == -1, "%s: no error", id);
        ck_assert_str_eq(err.exception, json_get_text(error, "class"));
        ck_assert_str_eq(err.text, json_get_text(error, "message"));
        return;
    }
    ck_assert_msg(rc == 0, "%s: %s", id, err.text);
    check_value(id, &row, &v, cJSON_GetObjectItem(out, "value"));
    AUTO_TEXT text = option_text(&row, &v);
    const cJSON *string = cJSON_GetObjectItem(vector, "jdk21");
    string = cJSON_GetObjectItem(string ? cJSON_GetObjectItem(string, "out") : out, "string");
    ck_assert_msg(cJSON_IsNull(string) ? !text : text && strcmp(text, string->valuestring) == 0, "%s: string %s", id,
                  text ? text : "null");
    (void)arg;
}

START_TEST(test_golden_parse) {
    option_classes_set(&test_classes);
    ck_assert_int_eq(golden_each("config_def.jsonl", "parse", check_parse, NULL), 132);
}
END_TEST

/* ---- Validators -------------------------------------------------------------------------------------------------- */

static int check_list_size(const char *name, const char *text, struct kc_error *err) {
    size_t count = text && *text ? 1 : 0;
    for (const char *s = text; s && *s; s++)
        count += *s == ',';
    return count > 2 ? option_invalid(err, name, text, "exceeds maximum list size of [2].") : 0;
}

static const char *const a_b[] = {"a", "b", NULL}, *const only_a[] = {"a", NULL},
                         *const one_two[] = {"one", "TWO", NULL}, *const formats[] = {"BASE64", "NUMERIC", NULL};

static const struct {
    const char *validator;
    struct kc_option row;
} validators[] = {
    {"none", {0}},
    {"Range.atLeast(1)", {.has_min = true, .min = 1}},
    {"Range.atLeast(0)", {.has_min = true, .min = 0}},
    {"Range.atLeast(0.5)", {.has_min = true, .min = 0.5}},
    {"Range.between(0,1)", {.has_min = true, .min = 0, .has_max = true, .max = 1}},
    {"Range.between(1,5)", {.has_min = true, .min = 1, .has_max = true, .max = 5}},
    {"Range.between(1,10)", {.has_min = true, .min = 1, .has_max = true, .max = 10}},
    {"ValidString.in(a,b)", {.one_of = a_b}},
    {"ValidString.in(a)", {.one_of = only_a}},
    {"CaseInsensitiveValidString.in(one,TWO)", {.one_of = one_two, .one_of_ignores_case = true}},
    {"CaseInsensitiveValidString.in(BASE64,NUMERIC)", {.one_of = formats, .one_of_ignores_case = true}},
    {"ValidList.in(a,b)", {.one_of = a_b}},
    {"ValidList.in(false,a,b)", {.one_of = a_b, .list_not_empty = true}},
    {"ValidList.anyNonDuplicateValues(true,true)", {.list_unique = true}},
    {"ValidList.anyNonDuplicateValues(true,false)", {.list_unique = true}},
    {"ValidList.anyNonDuplicateValues(false,false)", {.list_unique = true, .list_not_empty = true}},
    {"NonNullValidator", {.check = option_check_non_null}},
    {"NonEmptyString", {.not_empty = true}},
    {"NonEmptyStringWithoutControlChars", {.check = option_check_printable}},
    {"ListSize.atMostOfSize(2)", {.check = check_list_size}},
    {"CompositeValidator.of(NonEmptyString, ValidString.in(a))", {.not_empty = true, .one_of = only_a}},
    {"RegexValidator", {.check = option_check_regex}},
    {"NonEmptyListValidator", {.list_not_empty = true}},
};

static struct kc_option row_of(const cJSON *vector, char *def, size_t size) {
    const char *validator = json_get_text(vector, "validator");
    const cJSON *d = cJSON_GetObjectItem(vector, "default");
    struct kc_option row = {0};
    size_t i = 0;
    while (i < COUNT_OF(validators) && strcmp(validators[i].validator, validator) != 0)
        i++;
    ck_assert_msg(i < COUNT_OF(validators), "validator %s", validator);
    row = validators[i].row;
    row.name = "k";
    row.type = type_of(json_get_text(vector, "type"));
    row.offset = KC_NO_FIELD;
    row.kind = KC_ANY_CLASS;
    row.required = !d && !strstr(validator, "Values(true,true)"); /* a nullable list has the default null here */
    if (cJSON_IsNumber(d))
        snprintf(def, size, "%d", d->valueint);
    else
        snprintf(def, size, "%s",
                 cJSON_IsBool(d)     ? (cJSON_IsTrue(d) ? "true" : "false")
                 : cJSON_IsString(d) ? d->valuestring
                                     : "");
    row.def = d && !cJSON_IsNull(d) ? def : NULL;
    return row;
}

/* What the row makes of the text, as a value for comparison. */
static void reparse(const struct kc_option *row, const struct kc_config *config, struct kc_arena *arena,
                    struct option_parsed *ret_v) {
    const char *raw = kc_config_has(config, "k") ? kc_config_get(config, "k") : row->def;
    if (option_parse(row, "k", raw, arena, ret_v, NULL) < 0)
        *ret_v = (struct option_parsed){.null = true};
}

static void check_define_parse(const char *id, struct kc_option *row, const struct kc_config *config,
                               const cJSON *want) {
    struct {
        struct kc_list list;
        const char *text;
        int64_t number;
    } conf;
    const cJSON *error = cJSON_GetObjectItem(want, "error");
    struct kc_error err = {0};
    AUTO(arena) arena = arena_new(0);
    struct kc_option rows[] = {*row, KC_OPTION_END};
    rows[0].offset = row->type == KC_OPT_T_LIST ? offsetof(__typeof__(conf), list) : KC_NO_FIELD;
    int rc = config_parse(rows, config, arena, &conf, sizeof(conf), &err);
    if (error) {
        ck_assert_msg(rc == -1, "%s: parse: no error", id);
        ck_assert_str_eq(err.exception, json_get_text(error, "class"));
        ck_assert_msg(same_text(err.text, json_get_text(error, "message")), "%s: parse: %s", id, err.text);
        return;
    }
    ck_assert_msg(rc == 0, "%s: parse: %s", id, err.text);
    struct option_parsed v;
    reparse(row, config, arena, &v);
    if (row->type == KC_OPT_T_LIST && !v.null)
        v.list = conf.list; /* repeated items are gone */
    check_value(id, row, &v, cJSON_GetObjectItem(want, "value"));
}

static void check_validated(const char *id, struct kc_problems *problems, const char *name, const cJSON *want) {
    struct option_value *o = problems_find(problems, name);
    const cJSON *errors = cJSON_GetObjectItem(want, "errors");
    ck_assert_msg(o != NULL, "%s: %s missing", id, name);
    ck_assert_msg((int)o->error_count == cJSON_GetArraySize(errors), "%s: %s: %zu errors, first %s", id, name,
                  o->error_count, o->error_count ? o->errors[0] : "none");
    for (size_t i = 0; i < o->error_count; i++) {
        const char *text = cJSON_GetArrayItem(errors, (int)i)->valuestring;
        ck_assert_msg(same_text(o->errors[i], text), "%s: %s is not %s", id, o->errors[i], text);
    }
    ck_assert_msg((o->value == NULL) == (bool)cJSON_IsNull(cJSON_GetObjectItem(want, "value")), "%s: %s: value %s", id,
                  name, o->value ? o->value : "null");
}

static void check_define(const cJSON *vector, void *arg) {
    char def[64];
    const char *id = json_get_text(vector, "id");
    const cJSON *out = cJSON_GetObjectItem(vector, "out"), *in = cJSON_GetObjectItem(vector, "in");
    struct kc_option rows[] = {row_of(vector, def, sizeof(def)), KC_OPTION_END};
    AUTO(props) config = kc_config_new();
    AUTO(problems) problems = problems_new();
    AUTO(arena) arena = arena_new(0);
    if (cJSON_IsString(in) && strcmp(in->valuestring, "(?<=a*)b") == 0)
        return; /* PCRE2 before 10.43 wants lookbehinds of fixed length: a difference from Java */
    if (in)
        kc_config_set(config, "k", in->valuestring);
    check_define_parse(id, rows, config, cJSON_GetObjectItem(out, "parse"));
    config_validate(rows, config, arena, /* conf= */ NULL, 0, problems);
    check_validated(id, problems, "k", cJSON_GetObjectItem(out, "validate"));
    struct option_parsed v;
    reparse(rows, config, arena, &v);
    check_value(id, rows, &v, cJSON_GetObjectItem(cJSON_GetObjectItem(out, "validate"), "value"));
    (void)arg;
}

START_TEST(test_golden_define) {
    option_classes_set(&test_classes);
    ck_assert_int_eq(golden_each("config_def.jsonl", "define", check_define, NULL), 108);
}
END_TEST

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

static const struct kc_option multi_rows[] = {
    OPT_INT("a", struct multi, a, .required = true, .has_min = true, .min = 1),
    OPT_STRING("b", struct multi, b, .def = "x"), OPT_LIST("c", struct multi, c, .required = true),
    OPT_BOOLEAN("d", struct multi, d, .required = true), KC_OPTION_END};

static void check_multi(const cJSON *vector, void *arg) {
    const cJSON *out = cJSON_GetObjectItem(vector, "out"), *member;
    struct multi conf;
    struct kc_error err = {0};
    AUTO(props) config = json_to_config(cJSON_GetObjectItem(vector, "cfg"), &err);
    AUTO(problems) problems = problems_new();
    AUTO(arena) arena = arena_new(0);
    config_validate(multi_rows, config, arena, &conf, sizeof(conf), problems);
    ck_assert_uint_eq(problems_count(problems), 4);
    cJSON_ArrayForEach(member, out) check_validated(json_get_text(vector, "id"), problems, member->string, member);
    (void)arg;
}

START_TEST(test_golden_multi) {
    ck_assert_int_eq(golden_each("config_def.jsonl", "multi", check_multi, NULL), 4);
}
END_TEST

/* ---- Structs, secrets, plugins' additions ------------------------------------------------------------------------ */

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
    ck_assert_uint_eq(problems_error_count(problems), 101);
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
    tcase_add_test(tc, test_golden_parse);
    tcase_add_test(tc, test_golden_define);
    tcase_add_test(tc, test_golden_multi);
    tcase_add_test(tc, test_conf_struct);
    tcase_add_test(tc, test_secrets_are_hidden);
    tcase_add_test(tc, test_problems);
    tcase_add_test(tc, test_order);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
