/* YAML into trees, shown as text; what is refused, by file and line. */
#include "config/yaml_tree.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/buf.h"

/* {key:value,…}, [item,…], 'text' */
static void show(const struct yaml_tree *node, struct buf *to) {
    if (node->kind == TREE_SCALAR) {
        buf_printf(to, "'%s'", node->text);
        return;
    }
    (void)buf_add_char(to, node->kind == TREE_MAP ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        buf_printf(to, "%s%s%s", i ? "," : "", node->kind == TREE_MAP ? node->keys[i] : "",
                   node->kind == TREE_MAP ? ":" : "");
        show(node->items[i], to);
    }
    (void)buf_add_char(to, node->kind == TREE_MAP ? '}' : ']');
}

static const struct {
    const char *text, *want;
} trees[] = {
    {"", "{}"},
    {"# nothing\n\n---\n", "''"},
    {"a: 1", "{a:'1'}"},
    {"a: 1\r\nb:   x y  # why\r\n", "{a:'1',b:'x y'}"},
    {"a:\nb: # c\n", "{a:'',b:''}"},
    {"a:\n  b:\n    c: d\n  e: f\ng: h\n", "{a:{b:{c:'d'},e:'f'},g:'h'}"},
    {"a:\n  - x\n  - y\n", "{a:['x','y']}"},
    {"a:\n- x\n- y\nb: z\n", "{a:['x','y'],b:'z'}"},
    {"- a: 1\n  b: 2\n- a: 3\n", "[{a:'1',b:'2'},{a:'3'}]"},
    {"- - x\n  - y\n- z\n", "[['x','y'],'z']"},
    {"a: \"[%d] %p # %m\\n\\\"\"\n", "{a:'[%d] %p # %m\n\"'}"},
    {"a: 'it''s'  \n'k e': v\n", "{a:'it's',k e:'v'}"},
    {"a: [x, 'y, z' , \"]\"]\nb: []\nc: {d: e}\n", "{a:['x','y, z',']'],b:[],c:{d:'e'}}"},
    {"a: ${sys:logs}/x.log\n", "{a:'${sys:logs}/x.log'}"},
    {"a: |\n  one\n  two\nb: three\n  four\n", "{a:'one\ntwo\n',b:'three four'}"},
    {"just text\n", "'just text'"},
    {"a: !!str 5\n...\n", "{a:'5'}"},
};

START_TEST(reads) {
    struct kc_error err = {0};
    AUTO_BUF text;
    AUTO(yaml_tree) node = yaml_tree_parse(trees[_i].text, strlen(trees[_i].text), "f", &err);
    buf_init(&text, 1000);
    ck_assert_msg(node, "%s: %s", trees[_i].text, err.text);
    show(node, &text);
    ck_assert_str_eq(buf_text(&text), trees[_i].want);
}
END_TEST

static const struct {
    const char *text, *want;
} faults[] = {
    {"a: 1\n  b: 2\n", "f:2: mapping values are not allowed in this context"},
    {"a: 1\nb\n", "f:3: could not find expected ':'"},
    {"a: 1\na: 2\n", "f:2: the key is there twice"},
    {"a:\n\tb: 2\n", "f:2: found character that cannot start any token"},
    {"a: &x 1\n", "f:1: anchors and aliases are not read"},
    {"a: &x [1]\n", "f:1: anchors and aliases are not read"},
    {"a: 1\nb: *x\n", "f:2: anchors and aliases are not read"},
    {"&x a: 1\n", "f:1: anchors and aliases are not read"},
    {"? [a]\n: b\n", "f:1: a key must be a text"},
    {"a: \"x\n", "f:2: found unexpected end of stream"},
    {"a: [x\n", "f:2: did not find expected ',' or ']'"},
    {"a: \"\\0\"\n", "f:1: a NUL character in a text"},
    {"a: 1\n--- \nb: 2\n", "f:2: a second document"},
    {"a: \xff\n", "f:1: invalid leading UTF-8 octet"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n", "f:1: nested too deeply"},
};

START_TEST(refuses) {
    struct kc_error err = {0};
    ck_assert_ptr_null(yaml_tree_parse(faults[_i].text, strlen(faults[_i].text), "f", &err));
    ck_assert_msg(strncmp(err.text, faults[_i].want, strlen(faults[_i].want)) == 0, "%s: %s", faults[_i].text,
                  err.text);
}
END_TEST

START_TEST(refuses_nul_and_length) {
    struct kc_error err = {0};
    ck_assert_ptr_null(yaml_tree_parse("a: \0b", 5, "f", &err));
    ck_assert_str_eq(err.text, "f:1: control characters are not allowed");
    char *text = malloc((1 << 20) + 1);
    memset(text, '#', (1 << 20) + 1);
    ck_assert_ptr_null(yaml_tree_parse(text, (1 << 20) + 1, "f", &err));
    ck_assert_str_eq(err.text, "f:1: the file is longer than 1 MiB");
    free(text);
}
END_TEST

START_TEST(looks_up) {
    const char *text = "Root: {}\nLogger:\n  - name: a\nOne:\n  name: b\n";
    AUTO(yaml_tree) node = yaml_tree_parse(text, strlen(text), "f", NULL);
    ck_assert_ptr_nonnull(yaml_tree_get(node, "root"));
    ck_assert_ptr_null(yaml_tree_get(node, "name"));
    ck_assert_ptr_null(yaml_tree_get(NULL, "x"));
    ck_assert_ptr_null(yaml_tree_text(node, "Root"));
    ck_assert_str_eq(yaml_tree_text(yaml_tree_item(yaml_tree_get(node, "logger"), 0), "NAME"), "a");
    ck_assert_ptr_null(yaml_tree_item(yaml_tree_get(node, "Logger"), 1));
    ck_assert_str_eq(yaml_tree_text(yaml_tree_item(yaml_tree_get(node, "One"), 0), "name"), "b");
    ck_assert_ptr_null(yaml_tree_item(yaml_tree_get(node, "One"), 1));
    ck_assert_ptr_null(yaml_tree_item(NULL, 0));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("yaml");
    TCase *tc = tcase_create("all");
    tcase_add_loop_test(tc, reads, 0, COUNT_OF(trees));
    tcase_add_loop_test(tc, refuses, 0, COUNT_OF(faults));
    tcase_add_test(tc, refuses_nul_and_length);
    tcase_add_test(tc, looks_up);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
