/* The connectors that the command line of a standalone worker names: files read, connectors made one after the other.
 * @source ConnectStandalone.processExtraArgs, parseConnectorConfigurationFile (distributed-worker 17) */
#ifndef CONNECT_STANDALONE_FILES_H
#define CONNECT_STANDALONE_FILES_H

#include "connect/distributed.h"

struct standalone_files;

/* Reads all of them. A file is, as its content says: a JSON object of texts, the configuration; a JSON object with
 * "name", "config" and maybe "initial_state"; or Java properties.
 * @thread main  @blocks reads files  @errors names the file */
struct standalone_files *standalone_files_load(char *const *paths, size_t count, struct kc_error *err);
struct standalone_files *standalone_files_free(struct standalone_files *files); /* after the herder's end */
/* Has the connectors made, in order; then the herder is ready (herder_set_ready), or at the first that cannot be made
 * it gives up (herder_give_up). `files` and `herder` must stay. @thread any  @blocks no */
void standalone_files_create(struct standalone_files *files, struct herder *herder);

AUTO_FREE(standalone_files, struct standalone_files, standalone_files_free)

#endif
