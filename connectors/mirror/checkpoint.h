/* MirrorCheckpointConnector and its task. */
#ifndef CONNECTORS_MIRROR_CHECKPOINT_H
#define CONNECTORS_MIRROR_CHECKPOINT_H

#include "connect/plugin.h"

/* org.apache.kafka.connect.mirror.MirrorCheckpointConnector */
extern const struct kc_plugin mirror_checkpoint_connector;

/* checkpoint_task.c */
extern const struct kc_source_task_ops mirror_checkpoint_task_ops;

#endif
