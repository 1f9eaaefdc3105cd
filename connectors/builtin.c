/* The table of built-in connectors; order is the order of /connector-plugins. */
#include "connectors/builtin.h"

#include "connectors/filestream/filestream.h"
#include "connectors/mirror/checkpoint.h"
#include "connectors/mirror/heartbeat.h"
#include "connectors/mirror/source.h"
#include "connectors/s3/sink.h"
#include "connectors/s3/source.h"

const struct kc_plugin *const builtin_connectors[] = {
    &filestream_sink_connector, &filestream_source_connector, &mirror_checkpoint_connector, &mirror_heartbeat_connector,
    &mirror_source_connector,   &s3_sink_connector,           &s3_source_connector,         NULL,
};
