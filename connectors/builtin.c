/* The table of built-in connectors; the registry sorts them. */
#include "connectors/builtin.h"

#include "connectors/filestream/filestream.h"
#include "connectors/mirror/checkpoint.h"
#include "connectors/mirror/heartbeat.h"
#include "connectors/mirror/source.h"
#include "connectors/s3/sink.h"
#include "connectors/s3/source.h"
#include "connectors/tools/tools.h"

const struct kc_plugin *const builtin_connectors[] = {
    &filestream_sink_connector,
    &filestream_source_connector,
    &mirror_checkpoint_connector,
    &mirror_heartbeat_connector,
    &mirror_source_connector,
    &mock_sink_connector,
    &mock_source_connector,
    &s3_sink_connector,
    &s3_source_connector,
    &schema_source_connector,
    &verifiable_sink_connector,
    &verifiable_source_connector,
    NULL,
};
