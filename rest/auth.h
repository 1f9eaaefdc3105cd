/* Basic authentication: Java's BasicAuthSecurityRestExtension with its PropertyFileLoginModule, by users and passwords
 * of a properties file that a JAAS file names. Made with the server, asked by its polling threads.
 * @source JaasBasicAuthFilter, PropertyFileLoginModule (rest-api 9) */
#ifndef REST_AUTH_H
#define REST_AUTH_H

#include "config/worker_options.h"
#include "rest/exchange.h"

struct auth;

/* *ret_auth NULL: rest.extension.classes does not ask for it. A file of users that cannot be read is logged, not an
 * error: it is tried again at each request, and until then nobody is let in.
 * @blocks reads files  @errors ERR_BAD_CONFIG: no JAAS file, none of its modules can be used */
int auth_new(const struct worker_conf *conf, struct auth **ret_auth, struct kc_error *err) KC_CHECKED;
struct auth *auth_free(struct auth *auth);
/* Answers 401 (500 when the header is no base64) unless the request's user may go on. For requests that have a route,
 * before their body is looked at. @thread polling */
void auth_check(struct rest_exchange *ex);

/* The user and password of an Authorization header; *ret_user NULL: it has none, or is of another kind.
 * @errors ERR_INTERNAL: not base64, Java's text */
int auth_credentials(const char *header, char **ret_user, char **ret_password, struct kc_error *err) KC_CHECKED;

#endif
