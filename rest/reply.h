/* Fills the answer of an exchange and gives it to libmicrohttpd. @thread polling, or any with the server's lock held */
#ifndef REST_REPLY_H
#define REST_REPLY_H

#include "rest/exchange.h"

void reply_json(struct rest_exchange *ex, unsigned status, const char *json, size_t len);
void reply_take(struct rest_exchange *ex, unsigned status, struct buf *json); /* the text is moved, `json` is empty */
void reply_empty(struct rest_exchange *ex, unsigned status);                  /* 202, 204 */
void reply_message(struct rest_exchange *ex, unsigned status, const char *fmt, ...) KC_PRINTF(3, 4); /* error entity */
void reply_http_error(struct rest_exchange *ex, unsigned status); /* "HTTP 404 Not Found" and so on */
/* Where Java's container refuses the request before REST sees it: the connection ends, no configured headers. */
void reply_refused(struct rest_exchange *ex, unsigned status, const char *why);
void reply_malformed(struct rest_exchange *ex, const char *why); /* 400 */
void reply_error(struct rest_exchange *ex, const struct kc_error *err);
/* Sends it; called once the exchange is answered. */
enum MHD_Result reply_send(struct rest_exchange *ex);

#endif
