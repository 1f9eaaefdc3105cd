/* See acl_sync.h. */
#include "connectors/mirror/acl_sync.h"

#include <stdlib.h>

#include "connect/base/err.h"
#include "connectors/mirror/clients.h"

#define LOGGER MIRROR_LOG("MirrorSourceConnector")

/* Only the mirror writes to a remote topic: ALLOW WRITE is left out, and of ALLOW ALL reading is what remains. */
rd_kafka_AclBinding_t *acl_translate(const rd_kafka_AclBinding_t *acl, const struct acl_rules *rules) {
    bool allow = rd_kafka_AclBinding_permission_type(acl) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW;
    rd_kafka_AclOperation_t operation = rd_kafka_AclBinding_operation(acl);
    char why[256];
    if (rd_kafka_AclBinding_restype(acl) != RD_KAFKA_RESOURCE_TOPIC ||
        rd_kafka_AclBinding_resource_pattern_type(acl) != RD_KAFKA_RESOURCE_PATTERN_LITERAL ||
        (allow && operation == RD_KAFKA_ACL_OPERATION_WRITE))
        return NULL;
    char *remote = rules->remote(rules->arg, rd_kafka_AclBinding_name(acl));
    if (!remote)
        return NULL;
    if (allow && operation == RD_KAFKA_ACL_OPERATION_ALL)
        operation = RD_KAFKA_ACL_OPERATION_READ;
    rd_kafka_AclBinding_t *translated = rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, remote, RD_KAFKA_RESOURCE_PATTERN_LITERAL, rd_kafka_AclBinding_principal(acl),
        rd_kafka_AclBinding_host(acl), operation, rd_kafka_AclBinding_permission_type(acl), why, sizeof why);
    if (!translated)
        kc_log(KC_WARN, LOGGER, "Could not sync ACL of topic %s: %s", remote, why);
    free(remote);
    return translated;
}

/* The bindings that the target is to have; *ret_count of them. */
static rd_kafka_AclBinding_t **translate_all(rd_kafka_event_t *event, const struct acl_rules *rules,
                                             size_t *ret_count) {
    size_t count = 0, kept = 0;
    const rd_kafka_AclBinding_t **acls =
        rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event), &count);
    rd_kafka_AclBinding_t **bindings = calloc(count + 1, sizeof(rd_kafka_AclBinding_t *));
    if (!bindings)
        abort();
    for (size_t i = 0; i < count; i++)
        if ((bindings[kept] = acl_translate(acls[i], rules)))
            kept++;
    *ret_count = kept;
    return bindings;
}

static int create(rd_kafka_t *target, rd_kafka_AclBinding_t **bindings, size_t count, int64_t timeout_ms,
                  struct stop_check stop, struct kc_error *err) {
    struct admin_call call;
    size_t answers = 0;
    admin_call_begin(&call, target, RD_KAFKA_ADMIN_OP_CREATEACLS, timeout_ms, stop);
    rd_kafka_CreateAcls(target, bindings, count, call.options, call.queue);
    rd_kafka_event_t *event = admin_call_wait(&call, err);
    if (event) {
        const rd_kafka_acl_result_t **results =
            rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &answers);
        for (size_t i = 0; i < answers && i < count; i++) {
            const rd_kafka_error_t *problem = rd_kafka_acl_result_error(results[i]);
            if (problem)
                kc_log(KC_WARN, LOGGER, "Could not sync ACL of topic %s: %s", rd_kafka_AclBinding_name(bindings[i]),
                       rd_kafka_error_string(problem));
        }
    }
    admin_call_end(&call);
    return event ? 0 : -1;
}

static int list(struct admin_call *call, rd_kafka_event_t **ret_event, struct kc_error *err) {
    char why[256];
    rd_kafka_AclBindingFilter_t *filter =
        rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_TOPIC, NULL, RD_KAFKA_RESOURCE_PATTERN_ANY, NULL, NULL,
                                      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why, sizeof why);
    if (!filter)
        return err_set(err, ERR_INTERNAL, "ACLs cannot be listed: %s", why);
    rd_kafka_DescribeAcls(call->rk, filter, call->options, call->queue);
    *ret_event = admin_call_wait(call, err);
    rd_kafka_AclBinding_destroy(filter);
    return *ret_event ? 0 : -1;
}

static bool is_disabled(const struct admin_call *call) {
    return call->event && rd_kafka_event_error(call->event) == RD_KAFKA_RESP_ERR_SECURITY_DISABLED;
}

int acl_sync(rd_kafka_t *source, rd_kafka_t *target, const struct acl_rules *rules, int64_t timeout_ms,
             struct stop_check stop, struct kc_error *err) {
    struct admin_call call;
    rd_kafka_event_t *event = NULL;
    size_t count = 0;
    admin_call_begin(&call, source, RD_KAFKA_ADMIN_OP_DESCRIBEACLS, timeout_ms, stop);
    int rc = list(&call, &event, err);
    if (rc < 0 && is_disabled(&call)) {
        kc_log(*rules->told_disabled ? KC_DEBUG : KC_INFO, LOGGER,
               "No ACL authorizer is configured on the source cluster, so no topic ACLs will be synced. Consider "
               "disabling topic ACL syncing by setting sync.topic.acls.enabled to 'false'.");
        *rules->told_disabled = true;
        rc = 0;
    } else if (rc == 0) {
        rd_kafka_AclBinding_t **bindings = translate_all(event, rules, &count);
        if (count)
            rc = create(target, bindings, count, timeout_ms, stop, err);
        rd_kafka_AclBinding_destroy_array(bindings, count);
        free(bindings);
    }
    admin_call_end(&call);
    return rc;
}
