#ifndef CONNECTORS_MIRROR_HEARTBEAT_H
#define CONNECTORS_MIRROR_HEARTBEAT_H

#include "connect/plugin.h"

/* org.apache.kafka.connect.mirror.MirrorHeartbeatConnector */
extern const struct kc_plugin mirror_heartbeat_connector;

#endif
