/* The Confluent S3 sink connector as a plugin. */
#ifndef CONNECTORS_S3_SINK_H
#define CONNECTORS_S3_SINK_H

#include "connect/plugin.h"

extern const struct kc_plugin s3_sink_connector;

#endif
