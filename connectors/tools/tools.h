/* Kafka's own connectors for tests of a Connect cluster. They write one JSON object a line to the standard output, so
 * that a test sees from outside what tasks have made and received. This header: the plugins, and what they share. */
#ifndef CONNECTORS_TOOLS_TOOLS_H
#define CONNECTORS_TOOLS_TOOLS_H

#include "connect/plugin.h"

extern const struct kc_plugin verifiable_source_connector, verifiable_sink_connector, schema_source_connector,
    mock_source_connector, mock_sink_connector;

/* Options are read by the tasks, without rows, as Java's connectors do: an error is an error of the task's start.
 * Numbers as Integer.parseInt and Long.parseLong read them; `def` (may be NULL) stands for a missing option.
 * @errors java.lang.NumberFormatException with Java's text */
int tools_int(const struct kc_config *config, const char *name, const char *def, int32_t *ret_number,
              struct kc_error *err) KC_CHECKED;
int tools_long(const struct kc_config *config, const char *name, const char *def, int64_t *ret_number,
               struct kc_error *err) KC_CHECKED;
/* A ConnectException with `cause` behind it; returns -1. */
int tools_invalid(struct kc_error *err, const char *text, const struct kc_error *cause);
bool tools_true(const struct kc_config *config, const char *name); /* Boolean.parseBoolean */

/* The connector's configuration for each task, with its number as `id`. Fits kc_connector_ops.task_configs. */
int tools_numbered_tasks(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                         struct kc_config **ret_configs, int *ret_count, struct kc_error *err);

/* The text as a JSON string with its quotes, "null" for NULL; malloc'ed. */
char *tools_json_text(const char *text);
int64_t tools_now_ms(void); /* wall clock */

/* A position kept as {"seqno": n} for the source partition {"id": n}: fills *ret_next with the number after the stored
 * one, 0 when there is none. @thread task */
int tools_next_seqno(struct kc_source_context *ctx, struct kc_arena *arena, int32_t id, int64_t *ret_next,
                     const struct kc_source_partition **ret_partition, struct kc_error *err) KC_CHECKED;

/* At most so many records a second; less than 0: no limit, 0: one record and no more.
 * @source org.apache.kafka.server.util.ThroughputThrottler */
struct throttle {
    int64_t per_second, start_ms;
};
/* How many of `wanted` records may follow the `sent` ones now; when none, *ret_wait_ms says when to ask again. */
uint32_t throttle_allows(const struct throttle *t, int64_t sent, int64_t now_ms, uint32_t wanted, int64_t *ret_wait_ms);

#endif
