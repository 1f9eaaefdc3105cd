/* What failures of the registry client become: Java's exceptions and texts, with what happened as the cause. */
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/registry_parts.h"

/* The exception around an answer of this status. */
static const char *exception_of(int status) {
    switch (status) {
    case 401:
        return AUTHENTICATION;
    case 403:
        return AUTHORIZATION;
    case 429:
        return THROTTLING;
    case 408:
    case 500:
    case 503:
    case 504:
        return TIMEOUT_EXCEPTION;
    case 502:
        return DISCONNECT_EXCEPTION;
    default:
        return SERIALIZATION_EXCEPTION;
    }
}

/* Without an answer the exception says what kind of failure it was. */
static const char *exception_without_answer(const struct kc_error *err) {
    if (strcmp(err->exception, SOCKET_TIMEOUT) == 0)
        return TIMEOUT_EXCEPTION;
    if (strncmp(err->exception, "java.net.", 9) == 0 || strncmp(err->exception, "javax.net.", 10) == 0)
        return NETWORK_EXCEPTION;
    return SERIALIZATION_EXCEPTION;
}

int registry_call_failed(int status, struct kc_error *err, const char *fmt, ...) {
    char text[KC_ERROR_TEXT];
    if (!err || strcmp(err->exception, KC_CONFIG_EXCEPTION) == 0)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return err_wrap(err, status ? exception_of(status) : exception_without_answer(err), "%s", text);
}

int registry_incompatible(struct registry *reg, const struct registry_schema *schema, const char *reason,
                          struct kc_error *err) {
    const char *option = reg->conf->use_schema_id >= 0 ? "id" : "latest";
    err_set_class(
        err, ERR_IO, "java.io.IOException",
        "Incompatible schema of type '%s' (id %d): %s. Set %s.compatibility.strict=false to disable this check",
        registry_type_word(reg->type), schema->id, reason, option);
    return err_wrap(err, SERIALIZATION_EXCEPTION, "Error serializing %s message", registry_type_name(reg->type));
}

/* ---- at the edge of a converter ---- */

/* The last line of the cause: what happened in the first place. */
static const char *root(const struct kc_error *err, char text[KC_ERROR_TEXT]) {
    const char *last = err->cause;
    for (const char *next = last; (next = strstr(next, "\nCaused by: "));)
        last = next += strlen("\nCaused by: ");
    const char *colon = strstr(last, ": ");
    snprintf(text, KC_ERROR_TEXT, "%s", *last ? (colon ? colon + 2 : last) : err->text);
    return text;
}

static bool is(const struct kc_error *err, const char *class_name) {
    return strcmp(err->exception, class_name) == 0;
}

static int fail(struct registry *reg, const char *topic, bool reading, struct kc_error *err) {
    const char *type = registry_type_name(reg->type);
    char what[512], cause[KC_ERROR_TEXT];
    if (!err)
        return -1;
    if (is(err, KC_CONFIG_EXCEPTION))
        return err_prefix(err, "Failed to access %s data from topic %s ",
                          reg->type == REGISTRY_JSON ? "JSON Schema" : type, topic);
    if (reg->type == REGISTRY_JSON)
        snprintf(what, sizeof(what), "Converting %s failed due to serialization error of topic %s: ",
                 reading ? "byte[] to Kafka Connect data" : "Kafka Connect data to byte[]", topic);
    else if (reading)
        snprintf(what, sizeof(what), "Failed to deserialize data for topic %s to %s:", topic, type);
    else
        snprintf(what, sizeof(what), "Failed to serialize %s data from topic %s:", type, topic);
    if (is(err, SERIALIZATION_EXCEPTION))
        return err_wrap(err, KC_DATA_EXCEPTION, "%s", what);
    if (is(err, TIMEOUT_EXCEPTION))
        return err_wrap(err, KC_RETRIABLE_EXCEPTION, "%s", what);
    /* Java throws NetworkException or DisconnectException, which errors.retry.timeout does not cover: every record
     * would fail for as long as the registry restarts. */
    if (is(err, NETWORK_EXCEPTION) || is(err, DISCONNECT_EXCEPTION))
        return err_wrap(err, KC_RETRIABLE_EXCEPTION, "Network connection error while %s %s data for topic %s: %.500s",
                        reading ? "deserializing" : "serializing", reg->type == REGISTRY_JSON ? "Json" : type, topic,
                        root(err, cause));
    if (is(err, THROTTLING))
        return err_wrap(err, THROTTLING, "%.500s", root(err, cause));
    return -1;
}

int registry_fail_read(struct registry *reg, const char *topic, struct kc_error *err) {
    return fail(reg, topic, true, err);
}

int registry_fail_write(struct registry *reg, const char *topic, struct kc_error *err) {
    return fail(reg, topic, false, err);
}
