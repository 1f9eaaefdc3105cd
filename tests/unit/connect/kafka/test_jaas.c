/* sasl.jaas.config, and the tokens that OAUTHBEARER makes from it. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/kafka/client.h"
#include "connect/kafka/jaas.h"
#include "connect/kafka/oauth.h"
#include "connect/kafka/wire.h"
#include "tests/support/mock_kafka.h"

static const struct {
    const char *text, *module, *name, *value;
} good[] = {
    {"org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" password=\"secret\";",
     "PlainLoginModule", "password", "secret"},
    {"a.B required k='it''s';", NULL, NULL, NULL},
    {"a.B required k='x;y=z';", "B", "k", "x;y=z"},
    {"a.B REQUIRED\n  k = \"a\\\"b\\\\c\\t\\101\" ;", "B", "k", "a\"b\\c\tA"},
    {"a.B required k=abc+/==;", "B", "k", "abc+/=="},
    {"a.B required k=17;", "B", "k", "17"},
    {"// first\na.B /* in between; */ sufficient k=v; // behind", "B", "k", "v"},
    {"NoPackage optional;", "NoPackage", "k", NULL},
    {"a.B required k=\"\";", "B", "k", ""},
    {"  com.x.Y requisite k=\"\xC3\xA9\" l=2;  ", "Y", "l", "2"},
};

START_TEST(entries) {
    struct jaas jaas;
    struct kc_error err = {0};
    int rc = jaas_parse(good[_i].text, &jaas, &err);
    if (!good[_i].module) {
        ck_assert_int_lt(rc, 0);
        return;
    }
    ck_assert_msg(rc == 0, "%s: %s", good[_i].text, err.text);
    ck_assert_str_eq(jaas_module_name(&jaas), good[_i].module);
    const char *value = kc_config_get(jaas.options, good[_i].name);
    if (good[_i].value)
        ck_assert_str_eq(value, good[_i].value);
    else
        ck_assert_ptr_null(value);
    jaas_done(&jaas);
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "Login module not specified in JAAS config"},
    {";", "Login module not specified in JAAS config"},
    {"a.B", "Login module control flag is not available"},
    {"a.B maybe k=v;", "Login module control flag is not available"},
    {"a.B required k=v", "JAAS config entry not terminated by semi-colon"},
    {"a.B required k;", "Value not specified for key 'k'"},
    {"a.B required k=;", "Value not specified for key 'k'"},
    {"a.B required password=\"secret", "Value not specified for key 'password'"},
    {"a.B required; c.D required;", "more than one login module"},
    {"a.B required =v;", "expected an option name"},
    {"a.B required k=\"secret\\", "Value not specified for key 'k'"},
};

START_TEST(bad_entries) {
    struct jaas jaas;
    struct kc_error err = {0};
    ck_assert_int_lt(jaas_parse(bad[_i].text, &jaas, &err), 0);
    ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s: %s", bad[_i].text, err.text);
    ck_assert_ptr_null(strstr(err.text, "secret"));
}
END_TEST

#define OAUTH_MODULE "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "

START_TEST(unsecured_token) {
    struct kc_error err = {0};
    AUTO(props)
    java =
        mock_kafka_props("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.jaas.config=" OAUTH_MODULE
                         "unsecuredLoginStringClaim_sub=\"alice\" unsecuredLoginLifetimeSeconds=60 "
                         "unsecuredLoginListClaim_scope=\" a b\" unsecuredLoginExtension_ns=x;");
    struct wire_security *sec = client_security(java, &err);
    ck_assert_msg(sec != NULL, "%s", err.text);
    ck_assert_int_eq(sec->mechanism, WIRE_OAUTHBEARER);
    struct wire_token token;
    ck_assert_int_eq(sec->token(sec->token_arg, &token, &err), 0);
    ck_assert_uint_eq(token.extension_count, 1);
    ck_assert_str_eq(token.extensions[0], "ns=x");
    struct oauth_token parsed;
    ck_assert_int_eq(oauth_token_parse(token.value, NULL, &parsed, &err), 0);
    ck_assert_str_eq(parsed.principal, "alice");
    ck_assert_int_ge(parsed.expires_ms, clock_wall_ms() + 55000);
    ck_assert_int_le(parsed.expires_ms, clock_wall_ms() + 61000);
    oauth_token_done(&parsed);
    free(token.extensions[0]);
    free(token.extensions);
    free(token.value);
    client_security_free(sec);
    /* librdkafka takes the settings, too, and fetches the token on its own thread */
    kc_config_set(java, "bootstrap.servers", "127.0.0.1:1");
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, &err);
    ck_assert_msg(conf != NULL, "%s", err.text);
    rd_kafka_t *rk = client_new(CLIENT_PRODUCER, conf, &err);
    ck_assert_msg(rk != NULL, "%s", err.text);
    client_free(rk);
}
END_TEST

START_TEST(bad_tokens) {
    static const char *const tokens[] = {
        "", "a", "a.b", "a.!!.c", "e30.e30.", "e30.eyJleHAiOjF9.", "e30.eyJzdWIiOiJhIn0.x"};
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct oauth_token token;
        struct kc_error err = {0};
        ck_assert_msg(oauth_token_parse(tokens[i], NULL, &token, &err) < 0, "%s", tokens[i]);
    }
}
END_TEST

START_TEST(refused_settings) {
    static const struct {
        const char *java, *text;
    } cases[] = {
        {"sasl.mechanism=OAUTHBEARER\nsasl.jaas.config=" OAUTH_MODULE ";", "sasl.oauthbearer.token.endpoint.url"},
        {"sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://h/t\nsasl.jaas.config=" OAUTH_MODULE
         "clientId=a;",
         "clientId and clientSecret are required"},
        {"sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required;",
         "the worker's group membership supports"},
        {"sasl.mechanism=AWS_MSK_IAM\nsasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;",
         "Invalid value AWS_MSK_IAM for configuration sasl.mechanism"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) java = mock_kafka_props(cases[i].java);
        kc_config_set(java, "security.protocol", "SASL_SSL");
        ck_assert_ptr_null(client_security(java, &err));
        ck_assert_msg(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("jaas");
    TCase *t = tcase_create("jaas");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, entries, 0, (int)COUNT_OF(good));
    tcase_add_loop_test(t, bad_entries, 0, (int)COUNT_OF(bad));
    tcase_add_test(t, unsecured_token);
    tcase_add_test(t, bad_tokens);
    tcase_add_test(t, refused_settings);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
