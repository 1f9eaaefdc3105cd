/* Kafka's own file connectors. @source org.apache.kafka.connect.file */
#ifndef CONNECTORS_FILESTREAM_FILESTREAM_H
#define CONNECTORS_FILESTREAM_FILESTREAM_H

#include "connect/plugin.h"

extern const struct kc_plugin filestream_sink_connector;
extern const struct kc_plugin filestream_source_connector;

#endif
