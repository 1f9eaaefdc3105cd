/* The credential chain: options, environment, profile files, and services played by a scripted server. */
#include "connectors/s3/credentials.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/http_script.h"
#include "tests/support/suite.h"

#define SDK2 "software.amazon.awssdk.auth.credentials."

static struct store_conf conf;
static struct credentials cred;
static struct credentials_source *src;
static struct http_script *server;
static struct kc_error err;
static char folder[] = "/tmp/kconnectd-aws-XXXXXX";

static void setup(void) { /* each test is a process of its own: the environment is free to change */
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                            "AWS_SECRET_ACCESS_KEY",
                                            "AWS_SESSION_TOKEN",
                                            "AWS_PROFILE",
                                            "AWS_ROLE_ARN",
                                            "AWS_WEB_IDENTITY_TOKEN_FILE",
                                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                            "AWS_CONTAINER_CREDENTIALS_FULL_URI"};
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        unsetenv(variables[i]);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    char path[128];
    snprintf(path, sizeof(path), "%s/credentials", folder);
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    snprintf(path, sizeof(path), "%s/config", folder);
    setenv("AWS_CONFIG_FILE", path, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    store_conf_init(&conf);
}

static void teardown(void) {
    char command[128];
    src = credentials_free(src);
    server = http_script_stop(server);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static int get(void) {
    if (!src)
        src = credentials_new(&conf, &err);
    ck_assert_msg(src != NULL, "%s", err.text);
    memset(&err, 0, sizeof(err));
    return credentials_get(src, &cred, &err);
}

static void expect(const char *id, const char *secret, const char *token) {
    ck_assert_msg(get() == 0, "%s", err.text);
    ck_assert_str_eq(cred.id, id);
    ck_assert_str_eq(cred.secret, secret);
    ck_assert_str_eq(cred.token, token);
}

START_TEST(options_win) {
    setenv("AWS_ACCESS_KEY_ID", "env", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "env", 1);
    conf.access_key = "own";
    conf.secret_key.value = "secret";
    conf.provider_class = SDK2 "EnvironmentVariableCredentialsProvider";
    expect("own", "secret", "");
    ck_assert(!credentials_expire(src)); /* there can be no others */
}
END_TEST

START_TEST(the_environment_comes_first_in_the_chain) {
    setenv("AWS_ACCESS_KEY_ID", "env", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    write_file("credentials", "[default]\naws_access_key_id=file\naws_secret_access_key=s\n");
    expect("env", "secret", "token");
}
END_TEST

START_TEST(half_an_environment_is_an_error) {
    setenv("AWS_ACCESS_KEY_ID", "env", 1);
    ck_assert_int_eq(get(), -1);
    ck_assert_msg(strstr(err.text, "AWS_SECRET_ACCESS_KEY") != NULL, "%s", err.text);
}
END_TEST

START_TEST(profile_files) {
    static const struct {
        const char *profile, *credentials, *config, *id;
    } rows[] = {
        {NULL,
         "# a comment\n[other]\naws_access_key_id=no\n[default]\n aws_nested=1\naws_access_key_id = file \n"
         "aws_secret_access_key=a=b\n",
         "", "file"},
        {"dev", "",
         "[default]\naws_access_key_id=no\naws_secret_access_key=x\n[profile dev]\naws_access_key_id=dev\n"
         "aws_secret_access_key=a=b\n",
         "dev"},
        {"dev", "[dev]\naws_access_key_id=one\n", "[profile dev]\naws_access_key_id=two\naws_secret_access_key=a=b",
         "one"},
    };
    if (rows[_i].profile)
        setenv("AWS_PROFILE", rows[_i].profile, 1);
    write_file("credentials", rows[_i].credentials);
    write_file("config", rows[_i].config);
    expect(rows[_i].id, "a=b", "");
}
END_TEST

START_TEST(profiles_in_a_circle) {
    write_file("config",
               "[default]\nrole_arn=r1\nsource_profile=b\n[profile b]\nrole_arn=r2\nsource_profile=default\n");
    ck_assert_int_eq(get(), -1);
    ck_assert_msg(strstr(err.text, "circle") != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_program_prints_credentials) {
    static const struct {
        const char *output, *error; /* error NULL: good */
        int64_t expires_ms;
    } rows[] = {
        {"{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}", NULL, 0},
        {"{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
         "\"Expiration\":\"2099-01-02T04:04:05Z\"}",
         NULL, 4071009845000},
        {"{\"Version\":1,\"AccessKeyId\":\"P\"}", "credential_process gave an answer without keys", 0},
        {"not signed in", "credential_process gave no credentials: its answer is no JSON", 0},
    };
    char text[256];
    write_file("output", rows[_i].output);
    snprintf(text, sizeof(text), "[default]\ncredential_process = cat '%s/output'\n", folder);
    write_file("config", text);
    if (rows[_i].error) {
        ck_assert_int_eq(get(), -1);
        ck_assert_str_eq(err.text, rows[_i].error);
        return;
    }
    expect("P", "s", "t");
    ck_assert_int_eq(cred.expires_ms, rows[_i].expires_ms);
}
END_TEST

START_TEST(a_program_that_fails_is_an_error) {
    write_file("config", "[default]\ncredential_process = exit 3\n");
    ck_assert_int_eq(get(), -1);
    ck_assert_str_eq(err.text, "credential_process of the profile ended with status 3");
}
END_TEST

START_TEST(nothing_at_all) {
    ck_assert_int_eq(get(), -1);
    ck_assert_msg(strstr(err.text, "Unable to load credentials from any of the providers in the chain") != NULL, "%s",
                  err.text);
    conf.provider_class = SDK2 "AnonymousCredentialsProvider";
    src = credentials_free(src);
    ck_assert_int_eq(get(), 0);
    ck_assert(cred.anonymous);
    conf.provider_class = "no.such.Provider";
    ck_assert_ptr_null(credentials_new(&conf, &err));
}
END_TEST

#define STS_ANSWER                                                                                              \
    "HTTP/1.1 200 OK\r\n\r\n<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>" \
    "<SecretAccessKey>sts</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2099-01-02T04:04:05Z</"  \
    "Expiration>"                                                                                               \
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"

static void sts(const struct http_step *steps, size_t count) {
    server = http_script_start(steps, count);
    setenv("AWS_ENDPOINT_URL_STS", http_script_url(server), 1);
}

static void expect_request(int i, const char *text) {
    ck_assert_msg(strstr(http_script_request(server, i), text) != NULL, "no \"%s\" in: %s", text,
                  http_script_request(server, i));
}

START_TEST(a_web_identity_is_exchanged) {
    static const struct http_step steps[] = {{STS_ANSWER, false}};
    char path[128];
    sts(steps, 1);
    write_file("token", "ey.J\n");
    snprintf(path, sizeof(path), "%s/token", folder);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    expect("ASIA", "sts", "tok");
    expect_request(
        0, "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=kconnectd&"
           "Version=2011-06-15&WebIdentityToken=ey.J");
    ck_assert_ptr_null(strstr(http_script_request(server, 0), "Authorization"));
    expect("ASIA", "sts", "tok"); /* kept */
    ck_assert_int_eq(http_script_count(server), 1);
    ck_assert(credentials_expire(src));
    expect("ASIA", "sts", "tok");
    ck_assert_int_eq(http_script_count(server), 2);
}
END_TEST

START_TEST(a_role_is_assumed_with_own_keys) {
    static const struct http_step steps[] = {{STS_ANSWER, false}};
    static const char *const options[] = {"sts.role.arn",         "arn:r", "sts.role.session.name", "me",
                                          "sts.role.external.id", "x1"};
    sts(steps, 1);
    AUTO(props) config = kc_config_new();
    conf.access_key = "own";
    conf.secret_key.value = "secret";
    conf.provider_class = "io.confluent.connect.s3.auth.AwsAssumeRoleCredentialsProvider";
    conf.provider_config = config;
    ck_assert_int_eq(get(), -1);
    ck_assert_str_eq(
        err.text,
        "Missing required configuration \"s3.credentials.provider.sts.role.arn\" which has no default value.");
    src = credentials_free(src);
    for (size_t i = 0; i < COUNT_OF(options); i += 2)
        kc_config_set(config, options[i], options[i + 1]);
    expect("ASIA", "sts", "tok");
    expect_request(0, "Action=AssumeRole&ExternalId=x1&RoleArn=arn%3Ar&RoleSessionName=me&Version=2011-06-15");
    expect_request(0, "Authorization: AWS4-HMAC-SHA256 Credential=own/");
    expect_request(0, "/us-east-1/sts/aws4_request");
}
END_TEST

START_TEST(sts_says_no) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 403 Forbidden\r\n\r\n<ErrorResponse><Error><Code>AccessDenied</Code><Message>not "
         "you</Message></Error></ErrorResponse>",
         false}};
    sts(steps, 1);
    setenv("AWS_ACCESS_KEY_ID", "env", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    write_file("config", "[profile r]\nrole_arn=arn:r\ncredential_source=Environment\n");
    setenv("AWS_PROFILE", "r", 1);
    conf.provider_class = SDK2 "ProfileCredentialsProvider";
    ck_assert_int_eq(get(), -1);
    ck_assert_str_eq(err.text, "Cannot assume role arn:r: not you (Service: Sts, Status Code: 403) AccessDenied");
    ck_assert(!err.retriable);
}
END_TEST

START_TEST(containers_and_instances) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 200 "
         "OK\r\n\r\n{\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2099-01-02T04:04:"
         "05Z\"}",
         false},
        {"HTTP/1.1 200 OK\r\n\r\nTOKEN", false},
        {"HTTP/1.1 200 OK\r\n\r\nrole1\n", false},
        {"HTTP/1.1 200 "
         "OK\r\n\r\n{\"Code\":\"Success\",\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}",
         false}};
    server = http_script_start(steps, 4);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", http_script_url(server), 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "auth", 1);
    expect("C", "s", "t");
    ck_assert_int_eq(cred.expires_ms, 4071009845000);
    expect_request(0, "Authorization: auth");
    src = credentials_free(src);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", http_script_url(server), 1);
    expect("I", "s", "t");
    expect_request(1, "PUT /latest/api/token");
    expect_request(3, "GET /latest/meta-data/iam/security-credentials/role1");
    expect_request(3, "X-aws-ec2-metadata-token: TOKEN");
    src = credentials_free(src);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/", 1);
    ck_assert_int_eq(get(), -1);
    ck_assert_msg(strstr(err.text, "https or an address of this host") != NULL, "%s", err.text);
}
END_TEST

START_TEST(tokens_that_do_not_arrive_leave_version_1) {
    static const struct http_step steps[] = {
        {NULL, true}, /* silence, as with a hop limit of 1 */
        {"HTTP/1.1 200 OK\r\n\r\nrole1\n", false},
        {"HTTP/1.1 200 OK\r\n\r\n{\"Code\":\"Success\",\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"s\"}", false}};
    server = http_script_start(steps, 3);
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", http_script_url(server), 1);
    if (_i) {
        setenv("AWS_EC2_METADATA_V1_DISABLED", "true", 1);
        ck_assert_int_eq(get(), -1);
        ck_assert_msg(strstr(err.text, "Instance metadata gives no token") != NULL, "%s", err.text);
        return;
    }
    expect("I", "s", "");
    ck_assert_ptr_null(strstr(http_script_request(server, 1), "X-aws-ec2-metadata-token"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/credentials");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 20);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, options_win);
    tcase_add_test(t, the_environment_comes_first_in_the_chain);
    tcase_add_test(t, half_an_environment_is_an_error);
    tcase_add_loop_test(t, profile_files, 0, 3);
    tcase_add_test(t, profiles_in_a_circle);
    tcase_add_loop_test(t, a_program_prints_credentials, 0, 4);
    tcase_add_test(t, a_program_that_fails_is_an_error);
    tcase_add_test(t, nothing_at_all);
    tcase_add_test(t, a_web_identity_is_exchanged);
    tcase_add_test(t, a_role_is_assumed_with_own_keys);
    tcase_add_test(t, sts_says_no);
    tcase_add_test(t, containers_and_instances);
    tcase_add_loop_test(t, tokens_that_do_not_arrive_leave_version_1, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
