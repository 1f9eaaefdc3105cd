/* Headers that the configuration adds to answers: CORS (access.control.allow.*) and response.http.headers.config.
 * @source Jetty's CrossOriginHandler, HeaderFilter (rest-api 8.4, 8.6) */
#ifndef REST_CORS_H
#define REST_CORS_H

#include "rest/exchange.h"

struct cors;
/* Parses both options. ConfigException names the option and what is wrong with it. Freed with cors_free. */
struct cors *cors_new(const struct worker_conf *conf, struct kc_error *err);
struct cors *cors_free(struct cors *c);
/* Adds the headers to an answer of a main listener. @thread polling */
void cors_headers(struct rest_exchange *ex, struct MHD_Response *response);

#endif
