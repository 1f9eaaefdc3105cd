/* Vectors of texts: .properties files, numbers as Java prints them, dates by patterns. */
#include <math.h>
#include <string.h>

#include "config/properties.h"
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/date_format.h"
#include "connect/data/number_text.h"
#include "tests/support/golden_run.h"

const char *golden_properties(const cJSON *vector) {
    AUTO(arena) arena = arena_new(0);
    AUTO(props) config = kc_config_new();
    struct kc_error err = {0};
    const char *id = golden_id(vector);
    struct kc_value text = golden_bytes(arena, golden_member(vector, "in"));
    int rc = properties_parse(text.len ? text.s : "", text.len, "f", config, &err);
    if (memchr(text.len ? text.s : "", 0, text.len)) {
        ck_assert_msg(rc < 0 && strstr(err.text, "a NUL character is not supported"), "%s: %s", id, err.text);
        return "values of options hold no NUL";
    }
    const cJSON *error = golden_member(vector, "error"), *out = golden_member(vector, "out"), *pair;
    if (error) {
        ck_assert_msg(rc < 0, "%s: expected %s, got no error", id, json_get_text(error, "class"));
        ck_assert_msg(strcmp(err.exception, json_get_text(error, "class")) == 0, "%s: expected %s, got %s: %s", id,
                      json_get_text(error, "class"), err.exception, err.text);
        return NULL;
    }
    ck_assert_msg(rc == 0, "%s: %s", id, err.text);
    ck_assert_msg(kc_config_count(config) == (size_t)cJSON_GetArraySize(out), "%s: expected %d keys, got %zu", id,
                  cJSON_GetArraySize(out), kc_config_count(config));
    cJSON_ArrayForEach(pair, out) {
        const char *value = kc_config_get(config, pair->string);
        ck_assert_msg(value && strcmp(value, pair->valuestring) == 0, "%s: expected '%s' = '%s', got %s%s%s", id,
                      pair->string, pair->valuestring, value ? "'" : "", value ? value : "no such key",
                      value ? "'" : "");
    }
    return NULL;
}

/* ---- numbers ---- */

static void expect_number(const cJSON *vector, const char *text, size_t len) {
    const char *wanted = json_get_text(vector, "jdk21");
    ck_assert_msg(strcmp(text, wanted) == 0, "%s: expected %s, got %s", golden_id(vector), wanted, text);
    ck_assert_uint_eq(len, strlen(text));
}

const char *golden_double_text(const cJSON *vector) {
    uint64_t bits = strtoull(json_get_text(vector, "bits"), NULL, 16);
    double value, back;
    char text[NUMBER_TEXT_MAX];
    memcpy(&value, &bits, sizeof(value));
    size_t len = number_text_double(text, value);
    expect_number(vector, text, len);
    if (isfinite(value)) {
        ck_assert_msg(number_parse_double(text, len, &back), "%s: %s does not read back", golden_id(vector), text);
        ck_assert_msg(memcmp(&back, &value, sizeof(value)) == 0, "%s: %s reads back as %a", golden_id(vector), text,
                      back);
    }
    return NULL;
}

const char *golden_float_text(const cJSON *vector) {
    uint32_t bits = (uint32_t)strtoul(json_get_text(vector, "bits"), NULL, 16);
    float value, back;
    char text[NUMBER_TEXT_MAX];
    memcpy(&value, &bits, sizeof(value));
    size_t len = number_text_float(text, value);
    expect_number(vector, text, len);
    if (isfinite(value)) {
        ck_assert_msg(number_parse_float(text, len, &back), "%s: %s does not read back", golden_id(vector), text);
        ck_assert_msg(memcmp(&back, &value, sizeof(value)) == 0, "%s: %s reads back as %a", golden_id(vector), text,
                      (double)back);
    }
    return NULL;
}

/* ---- dates ---- */

const char *golden_date_format(const cJSON *vector) {
    struct kc_error err = {0};
    const char *id = golden_id(vector);
    AUTO(date_format) f = date_format_new(json_get_text(vector, "pattern"), &err);
    if (golden_expect_error(vector, !f, &err)) {
        ck_assert_msg(strcmp(err.text, json_get_text(golden_member(golden_answer(vector), "error"), "message")) == 0,
                      "%s: %s", id, err.text);
        return NULL;
    }
    AUTO_BUF out;
    buf_init(&out, 64 * 1024);
    ck_assert_int_eq(date_format_text(f, golden_integer(golden_member(vector, "millis")), &out), 0);
    const char *wanted = json_get_text(golden_member(golden_answer(vector), "out"), "text");
    ck_assert_msg(strcmp(buf_text(&out), wanted) == 0, "%s: expected '%s', got '%s'", id, wanted, buf_text(&out));
    return NULL;
}

const char *golden_date_parse(const cJSON *vector) {
    struct kc_error err = {0};
    const char *id = golden_id(vector), *text = json_get_text(vector, "text");
    int64_t ms = 0;
    AUTO(date_format) f = date_format_new(json_get_text(vector, "pattern"), &err);
    const cJSON *answer = golden_answer(vector), *error = golden_member(answer, "error");
    if (!f) {
        golden_expect_error(vector, true, &err);
        return NULL;
    }
    bool parsed = date_format_parse(f, text, strlen(text), &ms);
    ck_assert_msg(parsed == !error, "%s: expected %s, got %s", id, error ? "an error" : "a date",
                  parsed ? "a date" : "an error");
    if (error)
        ck_assert_msg(strcmp(json_get_text(error, "class"), "java.text.ParseException") == 0, "%s: expected %s", id,
                      json_get_text(error, "class"));
    if (parsed) {
        int64_t wanted = golden_integer(golden_member(golden_member(answer, "out"), "millis"));
        ck_assert_msg(ms == wanted, "%s: expected %lld, got %lld", id, (long long)wanted, (long long)ms);
    }
    return NULL;
}
