/* The elements of the credential chain that read files or ask a service: profile files, STS, container and instance
 * metadata. */
#ifndef CONNECTORS_S3_CREDENTIALS_REMOTE_H
#define CONNECTORS_S3_CREDENTIALS_REMOTE_H

#include "connect/base/buf.h"
#include "connectors/s3/credentials.h"

/* The connector's own keys, "" when not set. */
struct credentials_static {
    char *id, *secret;
};

/* 1: `ret` (cleared before) is filled and `origin` says from where; 0: not set up here; -1: set up but failed. */
typedef int credentials_load_fn(const struct credentials_static *fixed, const struct kc_config *config,
                                struct credentials *ret, char *origin, size_t origin_size, struct kc_error *err);

struct credentials_element {
    const char *name;
    credentials_load_fn *load;
};

credentials_load_fn credentials_environment;  /* AWS_ACCESS_KEY_ID, … */
credentials_load_fn credentials_profile;      /* ~/.aws/credentials and ~/.aws/config */
credentials_load_fn credentials_web_identity; /* AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN */
credentials_load_fn credentials_container;    /* AWS_CONTAINER_CREDENTIALS_…_URI */
credentials_load_fn credentials_instance;     /* EC2 metadata, version 2 then 1 */
/* Confluent's provider: `config` holds sts.role.arn, sts.role.session.name, sts.role.external.id, sts.region; signed
 * with the connector's keys, else with what the chain before this element yields. */
credentials_load_fn credentials_assume_role;

/* The connector's own keys, and what the default chain yields; 0 or -1. */
int credentials_own(const struct credentials_static *fixed, struct credentials *ret, struct kc_error *err);
int credentials_chain(struct credentials *ret, struct kc_error *err);

/* {"AccessKeyId":…,"SecretAccessKey":…,<token_name>:…,"Expiration":…}; a "Code" other than Success is an error. `from`
 * is named in errors. 1 or -1. */
int credentials_read_json(const struct buf *answer, const char *from, const char *token_name, struct credentials *ret,
                          struct kc_error *err);

struct sts_role {
    const char *arn, *session, *external_id, *duration_s; /* NULL: none */
    const char *region;                                   /* NULL or "": us-east-1 */
    const char *token_file;                               /* web identity instead of a signature */
};
/* AssumeRole signed by `base`, or AssumeRoleWithWebIdentity. @errors retriable when STS did not answer */
int sts_assume(const struct sts_role *role, const struct credentials *base, struct credentials *ret,
               struct kc_error *err);

#endif
