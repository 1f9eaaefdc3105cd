/* SASL exchanges: the vectors of RFC 7677 and their SHA-512 counterpart, refusals, OAUTHBEARER. */
#include <string.h>

#include "connect/base/err.h"
#include "connect/kafka/wire_sasl.h"
#include "tests/support/suite.h"

#define NONCE        "rOprNGfwEbeRWgbNEkqO"
#define SERVER_NONCE NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SERVER_FIRST "r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

static struct wire_security security(enum wire_mechanism mechanism, const char *user, const char *password) {
    return (struct wire_security){.mechanism = mechanism, .user = user, .password = password};
}

static const struct {
    enum wire_mechanism mechanism;
    const char *proof, *verifier;
} scram_vectors[] = {
    {WIRE_SCRAM_SHA_256,
     "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {WIRE_SCRAM_SHA_512, "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
     "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="},
};

/* Runs an exchange up to the client's final message. */
static struct wire_sasl *up_to_final(const struct wire_security *sec, const char *server_first, int wanted) {
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 4096);
    struct wire_sasl *sasl = wire_sasl_new(sec, NONCE, &err);
    ck_assert_ptr_nonnull(sasl);
    ck_assert_int_eq(wire_sasl_first(sasl, &out, &err), 0);
    buf_clear(&out);
    ck_assert_msg(wire_sasl_next(sasl, server_first, strlen(server_first), &out, &err) == wanted, "%s: %s",
                  server_first, err.text);
    if (wanted < 0)
        ck_assert_int_eq(err.code, ERR_AUTH);
    return sasl;
}

START_TEST(scram) {
    struct wire_security sec = security(scram_vectors[_i].mechanism, "user", "pencil");
    struct kc_error err = {0};
    AUTO_BUF out, final;
    buf_init(&out, 4096);
    buf_init(&final, 4096);
    AUTO(wire_sasl) sasl = wire_sasl_new(&sec, NONCE, &err);
    ck_assert_int_eq(wire_sasl_first(sasl, &out, &err), 0);
    ck_assert_str_eq(buf_text(&out), "n,,n=user,r=" NONCE);
    buf_clear(&out);
    ck_assert_int_eq(wire_sasl_next(sasl, SERVER_FIRST, strlen(SERVER_FIRST), &out, &err), 0);
    buf_printf(&final, "c=biws,r=%s,p=%s", SERVER_NONCE, scram_vectors[_i].proof);
    ck_assert_str_eq(buf_text(&out), buf_text(&final));
    buf_clear(&final);
    buf_printf(&final, "v=%s", scram_vectors[_i].verifier);
    ck_assert_int_eq(wire_sasl_next(sasl, final.data, final.len, &out, &err), 1);
    ck_assert_int_eq(wire_sasl_next(sasl, final.data, final.len, &out, &err), -1);
}
END_TEST

START_TEST(scram_names_and_tokens) {
    struct wire_security sec = security(WIRE_SCRAM_SHA_256, "a=b,c", "x");
    sec.scram_delegation_token = true;
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 4096);
    AUTO(wire_sasl) sasl = wire_sasl_new(&sec, "abc", &err);
    ck_assert_int_eq(wire_sasl_first(sasl, &out, &err), 0);
    ck_assert_str_eq(buf_text(&out), "n,,n=a=3Db=2Cc,r=abc,tokenauth=true");
}
END_TEST

START_TEST(random_nonces_differ) {
    struct wire_security sec = security(WIRE_SCRAM_SHA_256, "u", "x");
    struct kc_error err = {0};
    AUTO_BUF a, b;
    buf_init(&a, 4096);
    buf_init(&b, 4096);
    AUTO(wire_sasl) first = wire_sasl_new(&sec, NULL, &err);
    AUTO(wire_sasl) second = wire_sasl_new(&sec, NULL, &err);
    ck_assert_int_eq(wire_sasl_first(first, &a, &err) + wire_sasl_first(second, &b, &err), 0);
    ck_assert_str_ne(buf_text(&a), buf_text(&b));
    ck_assert_uint_eq(a.len, strlen("n,,n=u,r=") + 32);
}
END_TEST

static const struct {
    const char *first;
    int result;
} server_firsts[] = {
    {SERVER_FIRST, 0},
    {SERVER_FIRST ",x=extension", 0},
    {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", -1},             /* nothing added to our nonce */
    {"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", -1},                 /* not ours */
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", -1},      /* too weak */
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999", -1}, /* would take minutes */
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999", -1},
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1", -1},
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", -1},
    {"r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==", -1},
    {"r=" SERVER_NONCE ",s=***,i=4096", -1},
    {"r=" SERVER_NONCE ",s=,i=4096", -1},
    {"m=ext,r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", -1},
    {"e=other-error", -1},
    {"r", -1},
    {"", -1},
};

START_TEST(scram_first_messages) {
    struct wire_security sec = security(WIRE_SCRAM_SHA_256, "user", "pencil");
    wire_sasl_free(up_to_final(&sec, server_firsts[_i].first, server_firsts[_i].result));
}
END_TEST

START_TEST(scram_final_messages) {
    static const struct {
        const char *final, *text;
    } cases[] = {
        {"v=AAAiTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "Invalid server signature"},
        {"v=6rriTRBi23WpRR/wtg==", "Invalid server signature"},
        {"v=", "malformed"},
        {"x", "malformed"},
        {"e=invalid-proof", "the server answered invalid-proof"},
    };
    struct wire_security sec = security(WIRE_SCRAM_SHA_256, "user", "pencil");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO_BUF out;
        buf_init(&out, 4096);
        AUTO(wire_sasl) sasl = up_to_final(&sec, SERVER_FIRST, 0);
        ck_assert_int_eq(wire_sasl_next(sasl, cases[i].final, strlen(cases[i].final), &out, &err), -1);
        ck_assert_msg(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
        ck_assert_ptr_null(strstr(err.text, "pencil"));
    }
}
END_TEST

START_TEST(plain) {
    struct wire_security sec = security(WIRE_PLAIN, "u", "pw");
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 4096);
    AUTO(wire_sasl) sasl = wire_sasl_new(&sec, NULL, &err);
    ck_assert_int_eq(wire_sasl_first(sasl, &out, &err), 0);
    ck_assert_uint_eq(out.len, 5);
    ck_assert_mem_eq(out.data, "\0u\0pw", 5);
    ck_assert_int_eq(wire_sasl_next(sasl, "", 0, &out, &err), 1);
}
END_TEST

static int give_token(void *arg, struct wire_token *ret_token, struct kc_error *err) {
    if (*(bool *)arg)
        return err_set(err, ERR_AUTH, "the token end point is away");
    ret_token->value = strdup("eyJhbGciOiJub25lIn0.e30.");
    ret_token->extensions = calloc(1, sizeof *ret_token->extensions);
    ret_token->extensions[0] = strdup("logicalCluster=lkc-1");
    ret_token->extension_count = 1;
    return 0;
}

START_TEST(bearer_token) {
    bool fails = false;
    struct wire_security sec = {.mechanism = WIRE_OAUTHBEARER, .token = give_token, .token_arg = &fails};
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 4096);
    AUTO(wire_sasl) sasl = wire_sasl_new(&sec, NULL, &err);
    ck_assert_int_eq(wire_sasl_first(sasl, &out, &err), 0);
    ck_assert_str_eq(buf_text(&out), "n,,\001auth=Bearer eyJhbGciOiJub25lIn0.e30.\001logicalCluster=lkc-1\001\001");
    ck_assert_int_eq(wire_sasl_next(sasl, NULL, 0, &out, &err), 1);

    AUTO(wire_sasl) refused = wire_sasl_new(&sec, NULL, &err);
    buf_clear(&out);
    ck_assert_int_eq(wire_sasl_first(refused, &out, &err), 0);
    buf_clear(&out);
    const char *why = "{\"status\":\"invalid_token\"}";
    ck_assert_int_eq(wire_sasl_next(refused, why, strlen(why), &out, &err), 0);
    ck_assert_uint_eq(out.len, 1);
    ck_assert_int_eq(out.data[0], 1);
    ck_assert_int_eq(wire_sasl_next(refused, NULL, 0, &out, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "invalid_token"));

    fails = true;
    AUTO(wire_sasl) without = wire_sasl_new(&sec, NULL, &err);
    ck_assert_int_eq(wire_sasl_first(without, &out, &err), -1);
    ck_assert_str_eq(err.text, "the token end point is away");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("kafka/wire_sasl");
    TCase *tc = tcase_create("mechanisms");
    tcase_add_loop_test(tc, scram, 0, COUNT_OF(scram_vectors));
    tcase_add_test(tc, scram_names_and_tokens);
    tcase_add_test(tc, random_nonces_differ);
    tcase_add_loop_test(tc, scram_first_messages, 0, COUNT_OF(server_firsts));
    tcase_add_test(tc, scram_final_messages);
    tcase_add_test(tc, plain);
    tcase_add_test(tc, bearer_token);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
