/* GET /, GET /health and GET /kconnect/metrics. */
#include "rest/routes.h"

void handle_root(struct rest_exchange *ex) {
    rest_submit(ex, herder_request_new(HERDER_ROOT, NULL), REST_TIMEOUT_MS);
}

void handle_health(struct rest_exchange *ex) {
    rest_submit(ex, herder_request_new(HERDER_HEALTH, NULL), REST_HEALTH_TIMEOUT_MS);
}

void handle_metrics(struct rest_exchange *ex) {
    rest_submit(ex, herder_request_new(HERDER_METRICS, NULL), REST_TIMEOUT_MS);
}
