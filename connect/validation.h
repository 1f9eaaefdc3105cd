/* Validation of a connector configuration: the answer of PUT …/config/validate and the check before create and update.
 * @source AbstractHerder.validateConnectorConfig (rest-api 5.16, 5.17, 6) */
#ifndef CONNECT_VALIDATION_H
#define CONNECT_VALIDATION_H

#include "config/worker_options.h"
#include "connect/base/buf.h"
#include "config/substitute.h"

struct validation; /* the ConfigInfos of one configuration */
/* Never fails for a bad configuration (see validation_error_count); fails when no connector class can be found etc.
 * (REST code in err). @thread any  @blocks connectors may look at the outside world */
struct validation *validation_run(const struct worker_conf *worker, struct substitute *substitute,
                                  const struct kc_config *config, struct kc_error *err);
struct validation *validation_free(struct validation *v);
/* Whether a validation of `config` can neither block nor take long: it is short, nothing of it asks a provider, and the
 * connector has no rules of its own, which may look at the outside world. @thread any */
bool validation_is_quick(const struct kc_config *config);
int validation_error_count(const struct validation *v);
int validation_json(const struct validation *v, struct buf *out); /* ConfigInfos */
/* The text of the 400 on create and update: "Connector configuration is invalid and contains the following N error(s):
 * …" malloc'ed. (rest-api 6.8) */
char *validation_message(const struct validation *v);
/* [ConfigKeyInfo…] of any plugin, for GET /connector-plugins/{p}/config. */
int plugin_config_json(const struct kc_plugin *plugin, struct buf *out, struct kc_error *err);

/* Drops what is remembered of option rows: they may go away. @thread with no validation under way */
void validation_forget_rows(void);

#endif
