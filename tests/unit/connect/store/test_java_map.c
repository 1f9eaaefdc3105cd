/* Serialized maps: bytes that Java 17 wrote (ObjectOutputStream.writeObject of a HashMap), what we write, and what is
 * refused. */
#include "connect/store/java_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

#define HEAD                                                                                                       \
    "aced0005 7372 0011 6a6176612e7574696c2e486173684d6170 0507dac1c31660d1 03 0002 46 000a 6c6f6164466163746f72 " \
    "49 0009 7468726573686f6c64 7870 3f400000"
#define FIRST "7572 0002 5b42 acf317f8060854e0 02 0000 7870 "
#define NEXT  "7571007e0002 "
#define ONE   "0000000c 7708 00000010 00000001 "

static void show(void *arg, const struct java_map_entry *e) {
    struct buf *out = arg;
    buf_printf(out, "%.*s=%.*s;", e->key ? (int)e->key_len : 4, e->key ? (const char *)e->key : "null",
               e->value ? (int)e->value_len : 4, e->value ? (const char *)e->value : "null");
}

/* The entries as text, or the error. */
static char *decode(const void *data, size_t len) {
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    return strdup(java_map_decode(data, len, show, &out, &err) < 0 ? err.text : buf_text(&out));
}

static const struct {
    const char *hex, *entries;
    bool ours; /* our writer makes the same bytes of the same entries */
} maps[] = {
    {HEAD "00000000 7708 00000010 00000000 78", "", true},
    {HEAD ONE FIRST "0000000f 5b2263222c7b2266223a2261227d5d" NEXT "00000007 7b2270223a317d 78",
     "[\"c\",{\"f\":\"a\"}]={\"p\":1};", true},
    {HEAD ONE FIRST "00000001 6b 70 78", "k=null;", true},
    {HEAD ONE "70" FIRST "00000001 76 78", "null=v;", true},
    {HEAD ONE FIRST "00000000" NEXT "00000000 78", "=;", true},
    {HEAD ONE FIRST "00000004 73616d65 71 007e0003 78", "same=same;", false}, /* one array as key and value */
    {HEAD "00000018 7708 00000020 00000002" FIRST "00000001 61" NEXT "00000001 62" NEXT "00000001 63" NEXT
          "00000001 64 78",
     "a=b;c=d;", false}, /* from a larger table */
};

START_TEST(test_java_reads_and_writes) {
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        AUTO_BUF bytes;
        buf_init(&bytes, 1 << 16);
        hex_add(&bytes, maps[i].hex);
        AUTO_TEXT text = decode(bytes.data, bytes.len);
        ck_assert_str_eq(text, maps[i].entries);
    }
}
END_TEST

struct kept {
    struct java_map_entry entries[16];
    size_t count;
};

static void keep(void *arg, const struct java_map_entry *e) {
    struct kept *k = arg;
    ck_assert_uint_lt(k->count, COUNT_OF(k->entries));
    k->entries[k->count++] = *e;
}

START_TEST(test_written_as_java_writes) {
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        struct kept kept = {0};
        struct kc_error err = {0};
        AUTO_BUF bytes;
        AUTO_BUF out;
        buf_init(&bytes, 1 << 16);
        buf_init(&out, 1 << 16);
        hex_add(&bytes, maps[i].hex);
        ck_assert_int_eq(java_map_decode(bytes.data, bytes.len, keep, &kept, &err), 0);
        ck_assert_int_eq(java_map_encode(&out, kept.entries, kept.count), 0);
        if (maps[i].ours)
            hex_assert_eq(out.data, out.len, maps[i].hex);
        AUTO_TEXT text = decode(out.data, out.len);
        ck_assert_str_eq(text, maps[i].entries);
    }
}
END_TEST

START_TEST(test_capacity) {
    static const struct {
        size_t count;
        const char *sizes; /* threshold … count */
    } rows[] = {{12, "0000000c77080000001000000"
                     "00c"},
                {13, "0000001877080000002000000"
                     "00d"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct java_map_entry entries[13] = {{.key = "k", .key_len = 1}};
        AUTO_BUF out;
        buf_init(&out, 1 << 16);
        for (size_t k = 0; k < rows[i].count; k++)
            entries[k] = (struct java_map_entry){.key = "k", .key_len = 1};
        ck_assert_int_eq(java_map_encode(&out, entries, rows[i].count), 0);
        AUTO_TEXT hex = hex_text(out.data, out.len);
        ck_assert_ptr_nonnull(strstr(hex, rows[i].sizes));
    }
}
END_TEST

START_TEST(test_refused) {
    static const struct {
        const char *hex, *text;
    } rows[] = {
        {"", "there is no data"},
        {"7b7d", "this is no Java serialization stream: invalid header at byte 0 of 2"},
        {"aced0006", "this is no Java serialization stream: invalid header at byte 0 of 4"},
        {"aced", "the data is cut short at byte 0 of 2"},
        {"aced0005 7372 0011 6a6176612e7574696c2e547265654d6170", "the object is no java.util.HashMap at byte 4 of 25"},
        {HEAD "0000000c 7708 00000010 00000001 7400 0161 74000162 78", "something that is no byte array at byte 81 of"},
        {HEAD "0000000c 7708 00000010 00000001 7372 0011", "an object that is no byte array at byte 81 of"},
        {HEAD "0000000c 7708 00000010 ffffffff", "the map has a negative number of entries"},
        {HEAD "0000000c 7708 00000010 7fffffff 78", "something that is no byte array at byte 81 of"},
        {HEAD "0000000c 7709 00000010 00000001", "the map's sizes are missing at byte 71"},
        {HEAD ONE FIRST "ffffffff 6b 70 78", "an array of negative length"},
        {HEAD ONE FIRST "7fffffff 6b 70 78", "the data is cut short"},
        {HEAD ONE FIRST "00000001 6b 70", "the data is cut short at byte 106 of 106"},
        {HEAD ONE FIRST "00000001 6b 70 70", "the map does not end behind its last entry"},
        {HEAD ONE FIRST "00000001 6b 70 78 00", "there is something behind the map at byte 107 of 108"},
        {HEAD ONE "7571007e0002 00000001 6b 70 78", "an array of another class"},
        {HEAD ONE FIRST "00000001 6b 71 007e0004 78", "a reference to something that is no byte array"},
        {HEAD ONE FIRST "00000001 6b 71 007e0001 78", "a reference to something that is no byte array"},
        {HEAD ONE FIRST "00000001 6b 71 ffffffff 78", "a reference to something that is no byte array"},
        {"aced0005 7372 0011 6a6176612e7574696c2e486173684d6170 0507dac1c31660d1 03 0002 46 000a "
         "6c6f6164466163746f72 49 0009 7468726573686f6c64 7870 7fc00000 0000000c",
         "the map has an illegal load factor"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF bytes;
        buf_init(&bytes, 1 << 16);
        hex_add(&bytes, rows[i].hex);
        AUTO_TEXT text = decode(bytes.data, bytes.len);
        ck_assert_msg(strncmp(text, rows[i].text, strlen(rows[i].text)) == 0, "row %zu: %s", i, text);
    }
}
END_TEST

/* Every prefix is refused, whatever it ends with, and nothing is read behind it (ASan). */
START_TEST(test_cut_short) {
    AUTO_BUF bytes;
    buf_init(&bytes, 1 << 16);
    hex_add(&bytes, maps[1].hex);
    for (size_t len = 0; len < bytes.len; len++) {
        char *copy = malloc(len ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes.data, len);
        AUTO_TEXT text = decode(copy, len);
        ck_assert_msg(strstr(text, "cut short") || len == 0, "%zu: %s", len, text);
        free(copy);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("java_map");
    TCase *tc = tcase_create("java_map");
    tcase_add_test(tc, test_java_reads_and_writes);
    tcase_add_test(tc, test_written_as_java_writes);
    tcase_add_test(tc, test_capacity);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_cut_short);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
