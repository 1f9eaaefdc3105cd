/* Vectors of ConfigDef: values of one type, validators, several keys, options of transforms. */
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "config/validators.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/plugins.h"
#include "tests/support/golden_run.h"

/* ---- classes: those of the worker, and some of Java's own ---- */

static const struct option_classes *of_worker;

static const char *find_class(const char *name) {
    static const char *const javas[] = {
        "java.lang.Boolean", "java.lang.Double",  "java.lang.Integer",   "java.lang.Long",  "java.lang.Object",
        "java.lang.String",  "java.util.HashMap", "java.util.ArrayList", "java.util.Map",   "java.util.Map$Entry",
        "java.util.List",    "java.util.Date",    "java.lang.Number",    "java.lang.Class", "java.util.Properties",
    };
    for (size_t i = 0; i < COUNT_OF(javas); i++)
        if (strcmp(javas[i], name) == 0)
            return javas[i];
    return of_worker ? of_worker->find(name) : NULL;
}

static int check_class(const char *class_name, int kind, struct kc_error *err) {
    return of_worker ? of_worker->check(class_name, kind, err) : 0;
}

/* The classes of the vectors count until the scope is left. */
static const struct option_classes *vector_classes(void) {
    static const struct option_classes classes = {.find = find_class, .check = check_class};
    of_worker = option_classes_get();
    option_classes_set(&classes);
    return of_worker;
}
static void leave_classes(const struct option_classes **before) {
    option_classes_set(*before);
}
#define VECTOR_CLASSES \
    __attribute__((cleanup(leave_classes), unused)) const struct option_classes *classes_before = vector_classes()

/* ---- comparing ---- */

enum { WORDS_MAX = 16, WORDS_TEXT = 512 };

static enum kc_option_type type_of(const char *name) {
    for (int t = KC_OPT_T_BOOLEAN; t <= KC_OPT_T_PASSWORD; t++)
        if (strcmp(option_type_name((enum kc_option_type)t), name) == 0)
            return (enum kc_option_type)t;
    ck_abort_msg("type %s", name);
    return KC_OPT_T_STRING;
}

static void expect_text(const char *id, const char *wanted, const char *got) {
    ck_assert_msg(wanted && got ? strcmp(wanted, got) == 0 : wanted == got, "%s: expected '%s', got '%s'", id,
                  wanted ? wanted : "null", got ? got : "null");
}

static void expect_message(const char *id, const char *wanted, const char *got) {
    ck_assert_msg(golden_same_message(wanted, got, false), "%s: expected '%s', got '%s'", id, wanted, got);
}

static void expect_list(const char *id, const cJSON *want, const struct kc_list *list) {
    ck_assert_msg((int)list->count == cJSON_GetArraySize(want), "%s: expected %d items, got %zu", id,
                  cJSON_GetArraySize(want), list->count);
    for (size_t i = 0; i < list->count; i++)
        expect_text(id, cJSON_GetArrayItem(want, (int)i)->valuestring, list->items[i]);
}

static void expect_value(const char *id, const struct kc_option *row, const struct option_parsed *v,
                         const cJSON *want) {
    ck_assert_msg((bool)cJSON_IsNull(want) == v->null, "%s: expected %s, got %s", id,
                  cJSON_IsNull(want) ? "null" : "a value", v->null ? "null" : "a value");
    if (v->null)
        return;
    switch (row->type) {
    case KC_OPT_T_BOOLEAN:
        ck_assert_msg(v->b == cJSON_IsTrue(want), "%s: got %d", id, v->b);
        break;
    case KC_OPT_T_INT:
    case KC_OPT_T_SHORT:
    case KC_OPT_T_LONG:
        ck_assert_msg(v->i == golden_integer(want), "%s: expected %lld, got %lld", id, (long long)golden_integer(want),
                      (long long)v->i);
        break;
    case KC_OPT_T_DOUBLE:
        if (cJSON_IsString(want)) {
            AUTO_TEXT text = option_text(row, v);
            expect_text(id, want->valuestring, text);
        } else {
            ck_assert_msg(v->d == want->valuedouble, "%s: expected %g, got %g", id, want->valuedouble, v->d);
        }
        break;
    case KC_OPT_T_LIST:
        expect_list(id, want, &v->list);
        break;
    case KC_OPT_T_STRING:
        expect_text(id, want->valuestring, v->text);
        break;
    case KC_OPT_T_CLASS:
        expect_text(id, json_get_text(want, "class"), v->text);
        break;
    case KC_OPT_T_PASSWORD:
        expect_text(id, json_get_text(want, "password"), v->text);
        break;
    }
}

/* A value of the notation as text. */
static void value_text(const cJSON *value, char *out, size_t size) {
    out[0] = '\0';
    if (cJSON_IsBool(value)) {
        snprintf(out, size, "%s", cJSON_IsTrue(value) ? "true" : "false");
    } else if (cJSON_IsNumber(value)) {
        if (value->valuestring)
            snprintf(out, size, "%s", value->valuestring);
        else
            snprintf(out, size, "%.17g", value->valuedouble);
    } else if (cJSON_IsString(value)) {
        snprintf(out, size, "%s", value->valuestring);
    } else if (cJSON_IsArray(value)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, value) {
            size_t len = strlen(out);
            snprintf(out + len, size - len, "%s%s", len ? "," : "", item->valuestring);
        }
    } else if (cJSON_IsObject(value)) { /* {"class":"x.Y"}, {"password":"x"} */
        snprintf(out, size, "%s", value->child->valuestring);
    }
}

static void expect_validated(const char *id, struct kc_problems *problems, const char *name, const cJSON *want) {
    struct option_value *o = problems_find(problems, name);
    const cJSON *errors = golden_member(want, "errors"), *value = golden_member(want, "value");
    ck_assert_msg(o != NULL, "%s: no key %s", id, name);
    ck_assert_msg((int)o->error_count == cJSON_GetArraySize(errors), "%s: %s: expected %d errors, got %zu: %s", id,
                  name, cJSON_GetArraySize(errors), o->error_count, o->error_count ? o->errors[0] : "");
    for (size_t i = 0; i < o->error_count; i++)
        expect_message(id, cJSON_GetArrayItem(errors, (int)i)->valuestring, o->errors[i]);
    char text[WORDS_TEXT];
    value_text(value, text, sizeof text);
    if (o->row && o->row->type == KC_OPT_T_PASSWORD && !cJSON_IsNull(value))
        snprintf(text, sizeof text, KC_HIDDEN);
    bool fraction = o->row && o->row->type == KC_OPT_T_DOUBLE && cJSON_IsNumber(value); /* the text is Java's */
    if (fraction)
        ck_assert_msg(o->value && strtod(o->value, NULL) == value->valuedouble, "%s: %s: expected %s, got %s", id, name,
                      text, o->value ? o->value : "null");
    else
        expect_text(id, cJSON_IsNull(value) ? NULL : text, o->value);
}

/* ---- parse ---- */

const char *golden_option_parse(const cJSON *vector) {
    VECTOR_CLASSES;
    struct kc_option row = {
        .name = "k", .type = type_of(json_get_text(vector, "type")), .offset = KC_NO_FIELD, .kind = KC_ANY_CLASS};
    const char *id = golden_id(vector);
    struct kc_error err = {0};
    struct option_parsed v;
    AUTO(arena) arena = arena_new(0);
    int rc = option_parse(&row, "k", json_get_text(vector, "in"), arena, &v, &err);
    if (golden_expect_error(vector, rc < 0, &err))
        return NULL;
    expect_value(id, &row, &v, golden_member(golden_member(vector, "out"), "value"));
    AUTO_TEXT text = option_text(&row, &v);
    expect_text(id, json_get_text(golden_member(golden_answer(vector), "out"), "string"), text);
    return NULL;
}

/* ---- define: validators by their Java text ---- */

struct definition {
    struct kc_option rows[2];
    const char *words[WORDS_MAX];
    char text[WORDS_TEXT]; /* what the words point into */
    char def[WORDS_TEXT];
};
static size_t list_size_max;

static int check_list_size(const char *name, const char *text, struct kc_error *err) {
    size_t count = text && *text ? 1 : 0;
    for (const char *s = text; s && *s; s++)
        count += *s == ',';
    return count > list_size_max ? option_invalid(err, name, text, "exceeds maximum list size of [%zu].", list_size_max)
                                 : 0;
}

/* The arguments of "name(a,b)", in definition.words; *ret_count of them. Whether `call` is one of `name`. */
static bool is_call(struct definition *d, const char *call, const char *name, size_t *ret_count) {
    size_t len = strlen(name);
    if (strncmp(call, name, len) != 0 || call[len] != '(' || strlen(call) >= sizeof d->text)
        return false;
    snprintf(d->text, sizeof d->text, "%s", call + len + 1);
    d->text[strcspn(d->text, ")")] = '\0';
    size_t n = 0;
    for (char *p = d->text; n + 1 < WORDS_MAX; n++) {
        d->words[n] = p;
        p += strcspn(p, ",");
        if (!*p)
            break;
        *p++ = '\0';
        p += strspn(p, " ");
    }
    d->words[n + 1] = NULL;
    *ret_count = n + 1;
    return true;
}

static void set_range(struct kc_option *row, const struct definition *d, size_t count) {
    row->has_min = true;
    row->min = strtod(d->words[0], NULL);
    row->has_max = count > 1;
    row->max = count > 1 ? strtod(d->words[1], NULL) : 0;
}

/* Validators without arguments. */
static bool set_plain(struct kc_option *row, const char *validator) {
    if (strcmp(validator, "NonNullValidator") == 0)
        row->check = option_check_non_null;
    else if (strcmp(validator, "NonEmptyString") == 0)
        row->not_empty = true;
    else if (strcmp(validator, "NonEmptyStringWithoutControlChars") == 0)
        row->check = option_check_printable;
    else if (strcmp(validator, "RegexValidator") == 0)
        row->check = option_check_regex;
    else if (strcmp(validator, "NonEmptyListValidator") == 0)
        row->list_not_empty = true;
    else
        return strcmp(validator, "none") == 0;
    return true;
}

static bool set_validator(struct definition *d, const char *validator) {
    static const char composite[] = "CompositeValidator.of(NonEmptyString, ";
    struct kc_option *row = &d->rows[0];
    size_t n;
    if (strncmp(validator, composite, sizeof composite - 1) == 0) {
        row->not_empty = true;
        return set_validator(d, validator + sizeof composite - 1);
    }
    if (is_call(d, validator, "Range.atLeast", &n) || is_call(d, validator, "Range.between", &n)) {
        set_range(row, d, n);
    } else if (is_call(d, validator, "ValidString.in", &n)) {
        row->one_of = d->words;
    } else if (is_call(d, validator, "CaseInsensitiveValidString.in", &n)) {
        row->one_of = d->words;
        row->one_of_ignores_case = true;
    } else if (is_call(d, validator, "ValidList.in", &n)) {
        bool flagged = strcmp(d->words[0], "true") == 0 || strcmp(d->words[0], "false") == 0;
        row->one_of = d->words + flagged;
        row->list_not_empty = flagged && strcmp(d->words[0], "false") == 0;
    } else if (is_call(d, validator, "ValidList.anyNonDuplicateValues", &n)) {
        row->list_unique = true;
        row->list_not_empty = strcmp(d->words[0], "false") == 0;
        row->required =
            row->required && !(n > 1 && strcmp(d->words[1], "true") == 0); /* nullable: null is its default */
    } else if (is_call(d, validator, "ListSize.atMostOfSize", &n)) {
        list_size_max = strtoul(d->words[0], NULL, 10);
        row->check = check_list_size;
    } else {
        return set_plain(row, validator);
    }
    return true;
}

static void define(struct definition *d, const cJSON *vector) {
    const cJSON *def = golden_member(vector, "default");
    memset(d, 0, sizeof *d);
    d->rows[0] = (struct kc_option){.name = "k",
                                    .type = type_of(json_get_text(vector, "type")),
                                    .offset = KC_NO_FIELD,
                                    .kind = KC_ANY_CLASS,
                                    .required = !def};
    value_text(def, d->def, sizeof d->def);
    d->rows[0].def = def && !cJSON_IsNull(def) ? d->def : NULL;
    ck_assert_msg(set_validator(d, json_get_text(vector, "validator")), "%s: unknown validator %s", golden_id(vector),
                  json_get_text(vector, "validator"));
}

/* What the row makes of the text, as a value for comparison. */
static void reparse(const struct kc_option *row, const struct kc_config *config, struct kc_arena *arena,
                    struct option_parsed *ret_v) {
    const char *raw = kc_config_has(config, "k") ? kc_config_get(config, "k") : row->def;
    if (option_parse(row, "k", raw, arena, ret_v, NULL) < 0)
        *ret_v = (struct option_parsed){.null = true};
}

static void check_define_parse(const char *id, const struct kc_option *row, const struct kc_config *config,
                               const cJSON *want) {
    struct {
        struct kc_list list;
    } conf;
    const cJSON *error = golden_member(want, "error");
    struct kc_error err = {0};
    AUTO(arena) arena = arena_new(0);
    struct kc_option rows[] = {*row, KC_OPTION_END};
    rows[0].offset = row->type == KC_OPT_T_LIST ? offsetof(__typeof__(conf), list) : KC_NO_FIELD;
    int rc = config_parse(rows, config, arena, &conf, sizeof(conf), &err);
    if (error) {
        ck_assert_msg(rc == -1, "%s: parse: expected an error, got none", id);
        expect_text(id, json_get_text(error, "class"), err.exception);
        expect_message(id, json_get_text(error, "message"), err.text);
        return;
    }
    ck_assert_msg(rc == 0, "%s: parse: %s", id, err.text);
    struct option_parsed v;
    reparse(row, config, arena, &v);
    if (row->type == KC_OPT_T_LIST && !v.null)
        v.list = conf.list; /* repeated items are gone */
    expect_value(id, row, &v, golden_member(want, "value"));
}

const char *golden_option_define(const cJSON *vector) {
    VECTOR_CLASSES;
    const char *id = golden_id(vector);
    const cJSON *out = golden_member(vector, "out"), *in = golden_member(vector, "in");
    struct definition d;
    define(&d, vector);
    AUTO(props) config = kc_config_new();
    AUTO(problems) problems = problems_new();
    AUTO(arena) arena = arena_new(0);
    if (in)
        kc_config_set(config, "k", in->valuestring);
    config_validate(d.rows, config, arena, /* conf= */ NULL, 0, problems);
    const struct option_value *o = problems_find(problems, "k");
    if (o && o->error_count && strstr(o->errors[0], "lookbehind assertion is not fixed length") &&
        !golden_member(golden_member(out, "parse"), "error"))
        return "PCRE2 wants look-behinds of limited length";
    check_define_parse(id, d.rows, config, golden_member(out, "parse"));
    expect_validated(id, problems, "k", golden_member(out, "validate"));
    struct option_parsed v;
    reparse(d.rows, config, arena, &v);
    expect_value(id, d.rows, &v, golden_member(golden_member(out, "validate"), "value"));
    return NULL;
}

/* ---- several keys ---- */

struct multi {
    int32_t a;
    const char *b;
    struct kc_list c;
    bool d;
};
static const struct kc_option multi_rows[] = {
    OPT_INT("a", struct multi, a, .required = true, .has_min = true, .min = 1),
    OPT_STRING("b", struct multi, b, .def = "x"), OPT_LIST("c", struct multi, c, .required = true),
    OPT_BOOLEAN("d", struct multi, d, .required = true), KC_OPTION_END};

static void check_keys(const cJSON *vector, const struct kc_option *rows, void *conf, size_t conf_size) {
    const cJSON *key;
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    AUTO(problems) problems = problems_new();
    AUTO(arena) arena = arena_new(0);
    config_validate(rows, config, arena, conf, conf_size, problems);
    cJSON_ArrayForEach(key, golden_member(golden_answer(vector), "out"))
        expect_validated(golden_id(vector), problems, key->string, key);
}

const char *golden_multi(const cJSON *vector) {
    struct multi conf;
    check_keys(vector, multi_rows, &conf, sizeof conf);
    return NULL;
}

const char *golden_smt_options(const cJSON *vector) {
    const char *class_name = json_get_text(vector, "class");
    const struct kc_plugin *plugin = plugins_find(class_name, KC_KIND_TRANSFORMATION);
    if (!plugin)
        plugin = plugins_find(class_name, KC_KIND_PREDICATE);
    ck_assert_msg(plugin != NULL, "%s: no class %s", golden_id(vector), class_name);
    check_keys(vector, plugin->options, /* conf= */ NULL, 0);
    return NULL;
}
