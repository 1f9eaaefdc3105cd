/* Where the keys that sign requests come from: the connector's own options, or a provider class by its Java name (both
 * SDK generations), which names one element of the default chain or the chain itself. The first element that yields is
 * remembered. Credentials that expire are fetched again before they do. One source may be shared by threads. */
#ifndef CONNECTORS_S3_CREDENTIALS_H
#define CONNECTORS_S3_CREDENTIALS_H

#include "connectors/s3/store.h"

struct credentials {
    bool anonymous; /* requests go unsigned */
    char id[256], secret[256];
    char token[8192];   /* "" when none */
    int64_t expires_ms; /* 0: never */
};

#define CREDENTIALS_DEFAULT_CLASS "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
/* The provider classes that configurations may name, NULL-terminated. */
extern const char *const credentials_class_names[];
/* For option rows: refuses a class that provides no credentials. */
int credentials_check_class(const char *option, const char *class_name, struct kc_error *err);

struct credentials_source;

/* Both keys of `conf` win over its provider class, unless the class takes them itself. Reads nothing yet.
 * @errors ERR_BAD_CONFIG for a class that is not known */
struct credentials_source *credentials_new(const struct store_conf *conf, struct kc_error *err);
struct credentials_source *credentials_free(struct credentials_source *src);

/* @blocks for files, and for the metadata services up to some seconds
 * @errors ERR_S3 when nothing provides credentials, retriable when a service did not answer */
int credentials_get(struct credentials_source *src, struct credentials *ret_credentials,
                    struct kc_error *err) KC_CHECKED;
/* The server said that they have expired: the next get fetches new ones. False when there can be no others. */
bool credentials_expire(struct credentials_source *src);

#endif
