/* The S3 source connector and its task. */
#ifndef CONNECTORS_S3_SOURCE_H
#define CONNECTORS_S3_SOURCE_H

#include "connect/plugin.h"

extern const struct kc_plugin s3_source_connector;
extern const struct kc_source_task_ops s3_source_task_ops; /* source_task.c */

#endif
