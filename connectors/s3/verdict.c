/* See verdict.h. @source spec of S3 error codes; Java: S3ErrorUtils, SDK retry conditions */
#include "connectors/s3/verdict.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/err.h"
#include "connectors/s3/xml.h"

#define CLOCK_TOLERANCE_MS (4 * 60 * 1000)
#define S3_EXCEPTION       "software.amazon.awssdk.services.s3.model.S3Exception"
#define CLIENT_EXCEPTION   "software.amazon.awssdk.core.exception.SdkClientException"

static const struct {
    const char *code;
    enum verdict verdict;
} codes[] = {
    {"InternalError", VERDICT_RETRY},
    {"ServiceUnavailable", VERDICT_RETRY},
    {"SlowDown", VERDICT_RETRY},
    {"Throttling", VERDICT_RETRY},
    {"ThrottlingException", VERDICT_RETRY},
    {"ThrottledException", VERDICT_RETRY},
    {"RequestThrottled", VERDICT_RETRY},
    {"RequestThrottledException", VERDICT_RETRY},
    {"EC2ThrottledException", VERDICT_RETRY},
    {"ProvisionedThroughputExceededException", VERDICT_RETRY},
    {"TooManyRequests", VERDICT_RETRY},
    {"TooManyRequestsException", VERDICT_RETRY},
    {"RequestLimitExceeded", VERDICT_RETRY},
    {"BandwidthLimitExceeded", VERDICT_RETRY},
    {"KMS.ThrottlingException", VERDICT_RETRY},
    {"QuotaExceeded", VERDICT_RETRY},
    {"XMinioStorageFull", VERDICT_RETRY},
    {"InsufficientStorage", VERDICT_RETRY},
    {"OperationAborted", VERDICT_RETRY},
    {"ConditionalRequestConflict", VERDICT_RETRY},
    {"RequestTimeout", VERDICT_RETRY_FRESH},
    {"RequestTimeTooSkewed", VERDICT_CLOCK},
    {"RequestExpired", VERDICT_CLOCK},
    {"RequestInTheFuture", VERDICT_CLOCK},
    {"ExpiredToken", VERDICT_CREDENTIALS},
    {"TokenRefreshRequired", VERDICT_CREDENTIALS},
    {"InvalidToken", VERDICT_CREDENTIALS},
    {"PermanentRedirect", VERDICT_REGION},
    {"TemporaryRedirect", VERDICT_REGION},
    {"AuthorizationHeaderMalformed", VERDICT_REGION},
    {"IllegalLocationConstraintException", VERDICT_REGION},
    {"BadDigest", VERDICT_ONCE},
    {"InvalidDigest", VERDICT_ONCE},
    {"XAmzContentSHA256Mismatch", VERDICT_ONCE},
    {"IncompleteBody", VERDICT_ONCE},
};

void verdict_read_error(struct s3_response *resp) {
    char root[32] = "", region[64] = "", request_id[128] = "";
    struct xml_field fields[] = {{"Code", resp->code, sizeof(resp->code), NULL},
                                 {"Message", resp->message, sizeof(resp->message), NULL},
                                 {"Region", region, sizeof(region), NULL},
                                 {"RequestId", request_id, sizeof(request_id), NULL}};
    if (!resp->body.len)
        return;
    if (xml_fields(resp->body.data, resp->body.len, root, sizeof(root), fields, COUNT_OF(fields)) < 0 ||
        strcmp(root, "Error") != 0) { /* a proxy's page, or a result: only the status counts */
        resp->code[0] = resp->message[0] = '\0';
        return;
    }
    if (!resp->region[0])
        memcpy(resp->region, region, sizeof(region));
    if (!resp->request_id[0])
        memcpy(resp->request_id, request_id, sizeof(request_id));
}

static bool clock_is_off(int64_t clock_off_ms) {
    return clock_off_ms > CLOCK_TOLERANCE_MS || clock_off_ms < -CLOCK_TOLERANCE_MS;
}

enum verdict verdict_of(const struct s3_response *resp, int64_t clock_off_ms, bool head) {
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (!strcmp(codes[i].code, resp->code))
            return codes[i].verdict;
    switch (resp->status) {
    case 500:
    case 502:
    case 503:
    case 504:
    case 429:
    case 507:
    case 509:
        return VERDICT_RETRY;
    case 408:
        return VERDICT_RETRY_FRESH;
    case 301:
    case 307:
        return VERDICT_REGION;
    case 400:
        return head && resp->region[0] ? VERDICT_REGION : VERDICT_FAIL;
    case 403:
        return clock_is_off(clock_off_ms) ? VERDICT_CLOCK : VERDICT_FAIL;
    default:
        return resp->status >= 200 && resp->status < 300 && !resp->code[0] ? VERDICT_DONE : VERDICT_FAIL;
    }
}

static const char *status_text(int status) {
    switch (status) {
    case 301:
        return "the bucket is in another region";
    case 400:
        return "the request was refused";
    case 403:
        return "access denied";
    case 404:
        return "not found";
    case 412:
        return "a condition of the request was not met";
    default:
        return "the store failed";
    }
}

static bool may_pass(const struct s3_response *resp) {
    switch (verdict_of(resp, 0, false)) {
    case VERDICT_RETRY:
    case VERDICT_RETRY_FRESH:
    case VERDICT_CLOCK:
    case VERDICT_CREDENTIALS:
    case VERDICT_ONCE:
        return true;
    default:
        return false;
    }
}

int verdict_fail(const struct s3_response *resp, const char *what, const char *bucket, const char *key, bool final,
                 struct kc_error *err) {
    char answer[1024];
    snprintf(answer, sizeof(answer), "%s (Service: S3, Status Code: %d, Request ID: %s)",
             resp->message[0] ? resp->message : status_text(resp->status), resp->status,
             resp->request_id[0] ? resp->request_id : "null");
    enum err_code code = ERR_S3;
    if (!final && may_pass(resp))
        code = ERR_S3_RETRIABLE;
    else if (key && !strcmp(resp->code, "InvalidObjectState")) /* archived: it cannot be read as it is */
        code = ERR_BAD_DATA;
    else if (resp->status == 404)
        code = ERR_NOT_FOUND;
    else if (resp->status == 403)
        code = ERR_FORBIDDEN;
    else if (resp->status == 412 || !strcmp(resp->code, "PreconditionFailed"))
        code = ERR_ALREADY_EXISTS;
    err_set_class(err, code, code == ERR_S3_RETRIABLE ? KC_RETRIABLE_EXCEPTION : KC_CONNECT_EXCEPTION,
                  "Cannot %s s3://%s%s%s: %s%s%s", what, bucket, key ? "/" : "", key ? key : "", resp->code,
                  resp->code[0] ? ": " : "", answer);
    if (err)
        snprintf(err->cause, sizeof(err->cause), S3_EXCEPTION ": %s", answer);
    return -1;
}

int verdict_broken(const char *reason, const char *what, const char *bucket, const char *key, int attempts,
                   struct kc_error *err) {
    err_set(err, ERR_S3_RETRIABLE, "Cannot %s s3://%s%s%s: %s (%d attempts)", what, bucket, key ? "/" : "",
            key ? key : "", reason, attempts);
    if (err)
        snprintf(err->cause, sizeof(err->cause), CLIENT_EXCEPTION ": Unable to execute HTTP request: %s", reason);
    return -1;
}
