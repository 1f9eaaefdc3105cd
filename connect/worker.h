/* Starts and stops connectors and tasks on behalf of the herder; one thread per connector, one per task.
 * Stops run on the worker's own pool thread, so that the herder never blocks: each call here posts work and reports through
 * `on_done`. @source Worker, WorkerConnector (distributed-worker 7.2-7.5, 10) — owner: part `herder`, free to shape. */
#ifndef CONNECT_WORKER_H
#define CONNECT_WORKER_H

struct worker;

#endif
