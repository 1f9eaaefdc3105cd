/* Accept headers and what Java's worker answers to them; each line was asked of it. */
#include "rest/accept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "tests/support/suite.h"

#define JSON "application/json"

static const struct {
    const char *accept;
    enum accept_answer answer;
    const char *type; /* NULL: plain application/json */
} cases[] = {
    {"", ACCEPT_JSON, NULL},
    {"*", ACCEPT_JSON, NULL},
    {"*/*;x=1", ACCEPT_JSON, NULL},
    {"*/json", ACCEPT_JSON, NULL},
    {"application", ACCEPT_JSON, NULL},
    {"application;x=1", ACCEPT_JSON, NULL},
    {"application/*;x=1", ACCEPT_JSON, NULL},
    {JSON, ACCEPT_JSON, NULL},
    {"APPLICATION/JSON", ACCEPT_JSON, NULL},
    {JSON ";q=0", ACCEPT_JSON, NULL},
    {JSON ";q=.5", ACCEPT_JSON, NULL},
    {JSON ";q=1.0", ACCEPT_JSON, NULL},
    {JSON ";", ACCEPT_JSON, NULL},
    {JSON ";;", ACCEPT_JSON, NULL},
    {JSON ",", ACCEPT_JSON, NULL},
    {JSON ";q=0.5,text/html", ACCEPT_JSON, NULL},
    {"text/html, */*", ACCEPT_JSON, NULL},
    {"text/*, */json;v=3", ACCEPT_JSON, NULL},
    {JSON ";q=0.3;charset=utf-8,*/*;q=0.5", ACCEPT_JSON, NULL},
    {JSON "," JSON ";v=1", ACCEPT_JSON, NULL},
    {"application/*;v=1," JSON ";q=0.5", ACCEPT_JSON, NULL},
    {JSON ";charset=utf-8", ACCEPT_JSON, JSON ";charset=utf-8"},
    {JSON "; charset=UTF-8", ACCEPT_JSON, JSON ";charset=utf-8"},
    {"Application/Json;charset=\"utf-8\"", ACCEPT_JSON, JSON ";charset=utf-8"},
    {JSON ";charset=ISO-8859-1", ACCEPT_JSON, JSON ";charset=iso-8859-1"},
    {JSON ";charset=US-ASCII", ACCEPT_JSON, JSON ";charset=US-ASCII"},
    {JSON ";v=1;charset=UTF-8", ACCEPT_JSON, JSON ";charset=UTF-8;v=1"},
    {JSON ";V=ABC", ACCEPT_JSON, JSON ";v=ABC"},
    {JSON "; b=2 ; a=1", ACCEPT_JSON, JSON ";a=1;b=2"},
    {JSON ";v=1;v=2", ACCEPT_JSON, JSON ";v=2"},
    {JSON ";v=1;q=0.5", ACCEPT_JSON, JSON ";v=1"},
    {JSON ";q=0.3;charset=utf-8", ACCEPT_JSON, JSON ";charset=utf-8"},
    {JSON ";v=\"a b\"", ACCEPT_JSON, JSON ";v=\"a b\""},
    {JSON ";v=\"a\\\"b\"", ACCEPT_JSON, JSON ";v=\"a\\\"b\""},
    {"*/*, " JSON ";charset=utf-8", ACCEPT_JSON, JSON ";charset=utf-8"},
    {JSON ";v=2;q=0.2," JSON ";v=1", ACCEPT_JSON, JSON ";v=1"},
    {JSON ";v=1," JSON, ACCEPT_JSON, JSON ";v=1"},
    {"text/html," JSON ";x=2", ACCEPT_JSON, JSON ";x=2"},
    {"text/html", ACCEPT_OTHER, NULL},
    {"text/html;q=0", ACCEPT_OTHER, NULL},
    {"garbage", ACCEPT_OTHER, NULL},
    {"application/vnd.x+json", ACCEPT_OTHER, NULL},
    {JSON ";q=abc", ACCEPT_MALFORMED, NULL},
    {JSON ";q=2", ACCEPT_MALFORMED, NULL},
    {JSON ";q=1.1", ACCEPT_MALFORMED, NULL},
    {JSON ";q=-1", ACCEPT_MALFORMED, NULL},
    {JSON ";q=0.1234", ACCEPT_MALFORMED, NULL},
    {JSON ";q=", ACCEPT_MALFORMED, NULL},
    {JSON ";q", ACCEPT_MALFORMED, NULL},
    {"text/html;q=abc," JSON, ACCEPT_MALFORMED, NULL},
    {JSON ";charset", ACCEPT_MALFORMED, NULL},
    {JSON ";v=\xe4", ACCEPT_MALFORMED, NULL},
    {JSON ";v=\"a", ACCEPT_MALFORMED, NULL},
    {JSON ",,*/*", ACCEPT_MALFORMED, NULL},
    {"," JSON, ACCEPT_MALFORMED, NULL},
    {JSON "/x", ACCEPT_MALFORMED, NULL},
    {"application /json", ACCEPT_MALFORMED, NULL},
    {"application/ json", ACCEPT_MALFORMED, NULL},
    {"app(lication/json", ACCEPT_MALFORMED, NULL},
    {"/", ACCEPT_MALFORMED, NULL},
    {"*/", ACCEPT_MALFORMED, NULL},
};

START_TEST(as_java_answers) {
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_TEXT type = NULL;
        ck_assert_msg(accept_json(cases[i].accept, &type) == cases[i].answer, "%s", cases[i].accept);
        ck_assert_msg(cases[i].type ? type && strcmp(type, cases[i].type) == 0 : !type, "%s: %s", cases[i].accept,
                      type ? type : "none");
    }
}
END_TEST

START_TEST(many_parameters) {
    char text[2000] = JSON;
    for (int i = 0; i < 100; i++) {
        size_t used = strlen(text);
        AUTO_TEXT type = NULL;
        snprintf(text + used, sizeof(text) - used, ";p%d=%d", i, i);
        ck_assert_int_eq(accept_json(text, &type), i < 32 ? ACCEPT_JSON : ACCEPT_MALFORMED);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("accept");
    TCase *tc = tcase_create("accept");
    tcase_add_test(tc, as_java_answers);
    tcase_add_test(tc, many_parameters);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
