/* MirrorSourceConnector and its task. */
#ifndef CONNECTORS_MIRROR_SOURCE_H
#define CONNECTORS_MIRROR_SOURCE_H

#include "connect/plugin.h"

/* org.apache.kafka.connect.mirror.MirrorSourceConnector */
extern const struct kc_plugin mirror_source_connector;

/* source_task.c */
extern const struct kc_source_task_ops mirror_source_task_ops;

#endif
