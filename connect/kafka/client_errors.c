/* Kafka's error codes as Java's exceptions. */
#include <stdarg.h>
#include <stdio.h>

#include "connect/base/err.h"
#include "connect/kafka/client.h"

struct kafka_error {
    const char *exception; /* in org.apache.kafka.common.errors, or a full name */
    bool retriable;
};

/* By broker error code; @source org.apache.kafka.common.protocol.Errors of 4.3 */
static const struct kafka_error broker_errors[] = {
    [1] = {"OffsetOutOfRangeException", false},
    [2] = {"CorruptRecordException", true},
    [3] = {"UnknownTopicOrPartitionException", true},
    [4] = {"InvalidFetchSizeException", false},
    [5] = {"LeaderNotAvailableException", true},
    [6] = {"NotLeaderOrFollowerException", true},
    [7] = {"TimeoutException", true},
    [8] = {"BrokerNotAvailableException", false},
    [9] = {"ReplicaNotAvailableException", true},
    [10] = {"RecordTooLargeException", false},
    [11] = {"ControllerMovedException", false},
    [12] = {"OffsetMetadataTooLarge", false},
    [13] = {"NetworkException", true},
    [14] = {"CoordinatorLoadInProgressException", true},
    [15] = {"CoordinatorNotAvailableException", true},
    [16] = {"NotCoordinatorException", true},
    [17] = {"InvalidTopicException", false},
    [18] = {"RecordBatchTooLargeException", false},
    [19] = {"NotEnoughReplicasException", true},
    [20] = {"NotEnoughReplicasAfterAppendException", true},
    [21] = {"InvalidRequiredAcksException", false},
    [22] = {"IllegalGenerationException", false},
    [23] = {"InconsistentGroupProtocolException", false},
    [24] = {"InvalidGroupIdException", false},
    [25] = {"UnknownMemberIdException", false},
    [26] = {"InvalidSessionTimeoutException", false},
    [27] = {"RebalanceInProgressException", false},
    [28] = {"InvalidCommitOffsetSizeException", false},
    [29] = {"TopicAuthorizationException", false},
    [30] = {"GroupAuthorizationException", false},
    [31] = {"ClusterAuthorizationException", false},
    [32] = {"InvalidTimestampException", false},
    [33] = {"UnsupportedSaslMechanismException", false},
    [34] = {"IllegalSaslStateException", false},
    [35] = {"UnsupportedVersionException", false},
    [36] = {"TopicExistsException", false},
    [37] = {"InvalidPartitionsException", false},
    [38] = {"InvalidReplicationFactorException", false},
    [39] = {"InvalidReplicaAssignmentException", false},
    [40] = {"InvalidConfigurationException", false},
    [41] = {"NotControllerException", true},
    [42] = {"InvalidRequestException", false},
    [43] = {"UnsupportedForMessageFormatException", false},
    [44] = {"PolicyViolationException", false},
    [45] = {"OutOfOrderSequenceException", false},
    [46] = {"DuplicateSequenceException", false},
    [47] = {"InvalidProducerEpochException", false},
    [48] = {"InvalidTxnStateException", false},
    [49] = {"InvalidPidMappingException", false},
    [50] = {"InvalidTxnTimeoutException", false},
    [51] = {"ConcurrentTransactionsException", true},
    [52] = {"TransactionCoordinatorFencedException", false},
    [53] = {"TransactionalIdAuthorizationException", false},
    [54] = {"SecurityDisabledException", false},
    [55] = {"OperationNotAttemptedException", false},
    [56] = {"KafkaStorageException", true},
    [57] = {"LogDirNotFoundException", false},
    [58] = {"SaslAuthenticationException", false},
    [59] = {"UnknownProducerIdException", false},
    [60] = {"ReassignmentInProgressException", false},
    [61] = {"DelegationTokenDisabledException", false},
    [62] = {"DelegationTokenNotFoundException", false},
    [63] = {"DelegationTokenOwnerMismatchException", false},
    [64] = {"UnsupportedByAuthenticationException", false},
    [65] = {"DelegationTokenAuthorizationException", false},
    [66] = {"DelegationTokenExpiredException", false},
    [67] = {"InvalidPrincipalTypeException", false},
    [68] = {"GroupNotEmptyException", false},
    [69] = {"GroupIdNotFoundException", false},
    [70] = {"FetchSessionIdNotFoundException", true},
    [71] = {"InvalidFetchSessionEpochException", true},
    [72] = {"ListenerNotFoundException", true},
    [73] = {"TopicDeletionDisabledException", false},
    [74] = {"FencedLeaderEpochException", true},
    [75] = {"UnknownLeaderEpochException", true},
    [76] = {"UnsupportedCompressionTypeException", false},
    [77] = {"StaleBrokerEpochException", false},
    [78] = {"OffsetNotAvailableException", true},
    [79] = {"MemberIdRequiredException", false},
    [80] = {"PreferredLeaderNotAvailableException", true},
    [81] = {"GroupMaxSizeReachedException", false},
    [82] = {"FencedInstanceIdException", false},
    [83] = {"EligibleLeadersNotAvailableException", true},
    [84] = {"ElectionNotNeededException", true},
    [85] = {"NoReassignmentInProgressException", false},
    [86] = {"GroupSubscribedToTopicException", false},
    [87] = {"org.apache.kafka.common.InvalidRecordException", false},
    [88] = {"UnstableOffsetCommitException", true},
    [89] = {"ThrottlingQuotaExceededException", true},
    [90] = {"ProducerFencedException", false},
    [91] = {"ResourceNotFoundException", false},
    [92] = {"DuplicateResourceException", false},
    [93] = {"UnacceptableCredentialException", false},
    [94] = {"InconsistentVoterSetException", false},
    [95] = {"InvalidUpdateVersionException", false},
    [96] = {"FeatureUpdateFailedException", false},
    [97] = {"PrincipalDeserializationException", false},
    [98] = {"SnapshotNotFoundException", false},
    [99] = {"PositionOutOfRangeException", false},
    [100] = {"UnknownTopicIdException", true},
    [101] = {"DuplicateBrokerRegistrationException", false},
    [102] = {"BrokerIdNotRegisteredException", false},
    [103] = {"InconsistentTopicIdException", true},
    [104] = {"InconsistentClusterIdException", false},
    [105] = {"TransactionalIdNotFoundException", false},
    [106] = {"FetchSessionTopicIdException", true},
    [107] = {"IneligibleReplicaException", false},
    [108] = {"NewLeaderElectedException", false},
    [109] = {"OffsetMovedToTieredStorageException", false},
    [110] = {"FencedMemberEpochException", false},
    [111] = {"UnreleasedInstanceIdException", false},
    [112] = {"UnsupportedAssignorException", false},
    [113] = {"StaleMemberEpochException", false},
    [114] = {"MismatchedEndpointTypeException", false},
    [115] = {"UnsupportedEndpointTypeException", false},
    [116] = {"UnknownControllerIdException", false},
    [117] = {"UnknownSubscriptionIdException", false},
    [118] = {"TelemetryTooLargeException", false},
    [119] = {"InvalidRegistrationException", false},
    [120] = {"TransactionAbortableException", false},
    [121] = {"InvalidRecordStateException", false},
    [122] = {"ShareSessionNotFoundException", true},
    [123] = {"InvalidShareSessionEpochException", true},
    [124] = {"FencedStateEpochException", false},
    [125] = {"InvalidVoterKeyException", false},
    [126] = {"DuplicateVoterException", false},
    [127] = {"VoterNotFoundException", false},
    [128] = {"InvalidRegularExpression", false},
    [129] = {"RebootstrapRequiredException", false},
    [130] = {"StreamsInvalidTopologyException", false},
    [131] = {"StreamsInvalidTopologyEpochException", false},
    [132] = {"StreamsTopologyFencedException", false},
    [133] = {"ShareSessionLimitReachedException", true},
};

/* librdkafka's own codes (negative). */
static const struct {
    rd_kafka_resp_err_t code;
    enum err_code err;
    struct kafka_error as;
} local_errors[] = {
    {RD_KAFKA_RESP_ERR__TIMED_OUT, ERR_TIMEOUT, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ERR_TIMEOUT, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ERR_TIMEOUT, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, ERR_TIMEOUT, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ERR_TIMEOUT, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__TRANSPORT, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__RESOLVE, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, ERR_RETRIABLE, {"CoordinatorNotAvailableException", true}},
    {RD_KAFKA_RESP_ERR__WAIT_CACHE, ERR_RETRIABLE, {"TimeoutException", true}},
    {RD_KAFKA_RESP_ERR__RETRY, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__IN_PROGRESS, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__ISR_INSUFF, ERR_RETRIABLE, {"NotEnoughReplicasException", true}},
    {RD_KAFKA_RESP_ERR__PARTIAL, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__OUTDATED, ERR_RETRIABLE, {"DisconnectException", true}},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ERR_RETRIABLE, {"UnknownTopicOrPartitionException", true}},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERR_RETRIABLE, {"UnknownTopicOrPartitionException", true}},
    {RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, ERR_KAFKA, {"RebalanceInProgressException", false}},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
     ERR_KAFKA,
     {"org.apache.kafka.clients.consumer.CommitFailedException", false}},
    {RD_KAFKA_RESP_ERR__BAD_MSG, ERR_KAFKA, {"CorruptRecordException", false}},
    {RD_KAFKA_RESP_ERR__BAD_COMPRESSION, ERR_KAFKA, {"CorruptRecordException", false}},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ERR_AUTH, {"SaslAuthenticationException", false}},
    {RD_KAFKA_RESP_ERR__SSL, ERR_AUTH, {"SslAuthenticationException", false}},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, ERR_KAFKA, {"UnsupportedVersionException", false}},
    {RD_KAFKA_RESP_ERR__FENCED, ERR_KAFKA, {"ProducerFencedException", false}},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, ERR_KAFKA, {"java.lang.IllegalArgumentException", false}},
    {RD_KAFKA_RESP_ERR__STATE, ERR_KAFKA, {"java.lang.IllegalStateException", false}},
    {RD_KAFKA_RESP_ERR__DESTROY, ERR_STOPPING, {"org.apache.kafka.common.KafkaException", false}},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, ERR_STOPPING, {"org.apache.kafka.common.KafkaException", false}},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ERR_STOPPING, {"org.apache.kafka.common.KafkaException", false}},
};

static enum err_code code_of(rd_kafka_resp_err_t code, bool retriable) {
    switch (code) {
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return ERR_TIMEOUT;
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
        return ERR_AUTH;
    default:
        return retriable ? ERR_RETRIABLE : ERR_KAFKA;
    }
}

static enum err_code find(rd_kafka_resp_err_t code, struct kafka_error *ret) {
    *ret = (struct kafka_error){"org.apache.kafka.common.KafkaException", false};
    for (size_t i = 0; i < COUNT_OF(local_errors); i++) {
        if (local_errors[i].code == code) {
            *ret = local_errors[i].as;
            return local_errors[i].err;
        }
    }
    if (code > 0 && (size_t)code < COUNT_OF(broker_errors) && broker_errors[code].exception)
        *ret = broker_errors[code];
    else if (code == RD_KAFKA_RESP_ERR_UNKNOWN)
        *ret = (struct kafka_error){"UnknownServerException", false};
    return code_of(code, ret->retriable);
}

int client_error(struct kc_error *err, rd_kafka_resp_err_t code, const char *fmt, ...) {
    char text[KC_ERROR_TEXT] = "", exception[KC_ERROR_CLASS];
    struct kafka_error as;
    enum err_code project = find(code, &as);
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
    }
    bool full = as.exception[0] == 'o' || as.exception[0] == 'j';
    snprintf(exception, sizeof(exception), "%s%s", full ? "" : "org.apache.kafka.common.errors.", as.exception);
    err_set_class(err, project, exception, "%s%s%s", text, fmt ? ": " : "", rd_kafka_err2str(code));
    if (err) {
        err->retriable = as.retriable;
        err->fatal = code == RD_KAFKA_RESP_ERR__FATAL;
    }
    return -1;
}

/* @source Sender.failExpiredBatches */
int client_undelivered(struct kc_error *err, const rd_kafka_message_t *m) {
    client_error(err, m->err, "Record for topic %s was not written", rd_kafka_topic_name(m->rkt));
    int64_t latency_us = rd_kafka_message_latency(m);
    if (m->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT && err)
        snprintf(err->text, sizeof(err->text),
                 "Expiring 1 record(s) for %s-%d:%lld ms has passed since batch creation. The request has not been "
                 "sent, or no server response has been received yet.",
                 rd_kafka_topic_name(m->rkt), (int)m->partition, (long long)(latency_us < 0 ? 0 : latency_us / 1000));
    return -1;
}
