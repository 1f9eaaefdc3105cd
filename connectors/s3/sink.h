/* The Confluent S3 sink connector as a plugin. */
#ifndef CONNECTORS_S3_SINK_H
#define CONNECTORS_S3_SINK_H

#include "connect/plugin.h"

extern const struct kc_plugin s3_sink_connector;

struct object_store;
/* What the plugin's task start does once it has opened the store, which is taken over (also on failure). */
int s3_sink_start(struct kc_sink_context *ctx, const void *conf, struct object_store *take_store, void **ret_self,
                  struct kc_error *err) KC_CHECKED;

#endif
