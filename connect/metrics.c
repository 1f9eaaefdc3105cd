/* See metrics.h. */
#include "connect/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/version.h"
#include "connect/task/error_counts.h"
#include "connect/task/task_counts.h"

#define PREFIX "kafka_connect_"

/* ---- the format -------------------------------------------------------------------------------------------------- */

static void add_head(struct buf *out, const char *name, const char *type, const char *help) {
    (void)buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_number(struct buf *out, double value) {
    (void)buf_printf(out, " %.15g\n", value);
}

/* ,name="value" or, as the first, {name="value"; backslashes, quotes and line ends are escaped. */
static void add_label(struct buf *out, char before, const char *name, const char *value) {
    (void)buf_printf(out, "%c%s=\"", before, name);
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '"')
            (void)buf_add_char(out, '\\');
        if (*p == '\n')
            (void)buf_add_text(out, "\\n");
        else
            (void)buf_add_char(out, *p);
    }
    (void)buf_add_char(out, '"');
}

void metrics_add(struct buf *out, const char *name, const char *type, const char *help, double value) {
    char full[128];
    snprintf(full, sizeof full, PREFIX "%s", name);
    add_head(out, full, type, help);
    (void)buf_add_text(out, full);
    add_number(out, value);
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

static void add_plain(struct buf *out, const char *name, const char *type, const char *help, double value) {
    add_head(out, name, type, help);
    (void)buf_add_text(out, name);
    add_number(out, value);
}

/* The n-th number of /proc/self/statm, in bytes; 0 when there is no such file. */
static double memory_bytes(int n) {
    double pages[2] = {0};
    FILE *in = fopen("/proc/self/statm", "re");
    if (in && fscanf(in, "%lf %lf", &pages[0], &pages[1]) != 2)
        pages[0] = pages[1] = 0;
    if (in)
        fclose(in);
    return pages[n] * (double)sysconf(_SC_PAGESIZE);
}

static double open_files(void) {
    double count = -3; /* ".", ".." and the folder itself */
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count < 0 ? 0 : count;
}

/* Seconds since the epoch; from the process's start in clock ticks since the boot. */
static double start_time(void) {
    char text[1024];
    unsigned long long ticks = 0;
    FILE *in = fopen("/proc/self/stat", "re");
    size_t len = in ? fread(text, 1, sizeof text - 1, in) : 0;
    text[len] = '\0';
    if (in)
        fclose(in);
    const char *p = strrchr(text, ')'); /* the name may have blanks */
    for (int field = 3; p && field <= 22; field++)
        p = strchr(p + 1, ' ');
    if (p)
        ticks = strtoull(p, NULL, 10);
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    double up_s = (double)up.tv_sec + (double)up.tv_nsec / 1e9;
    return (double)clock_wall_ms() / 1000 - up_s + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void metrics_add_process(struct buf *out) {
    struct rusage used = {0};
    getrusage(RUSAGE_SELF, &used);
    add_head(out, PREFIX "app_info", "gauge", "Versions; the value is always 1.");
    (void)buf_add_text(out, PREFIX "app_info{version=\"" KAFKA_VERSION "\",commit_id=\"" KAFKA_COMMIT
                                   "\",kconnectd=\"" KCONNECTD_VERSION "\"} 1\n");
    add_plain(out, "process_start_time_seconds", "gauge", "Start of the process, seconds since the epoch.",
              start_time());
    add_plain(out, "process_cpu_seconds_total", "counter", "User and system time.",
              (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    add_plain(out, "process_resident_memory_bytes", "gauge", "Resident memory.", memory_bytes(1));
    add_plain(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.", memory_bytes(0));
    add_plain(out, "process_open_fds", "gauge", "Open files.", open_files());
}

/* ---- the cluster ------------------------------------------------------------------------------------------------- */

enum { STATES = STATE_STOPPED + 1 };

static void lower(char *out, size_t size, const char *word) {
    size_t n = 0;
    for (; word[n] && n + 1 < size; n++)
        out[n] = (char)(word[n] >= 'A' && word[n] <= 'Z' ? word[n] + 32 : word[n]);
    out[n] = '\0';
}

static void add_by_state(struct buf *out, const char *name, const char *help, const size_t counts[STATES]) {
    char state[16];
    add_head(out, name, "gauge", help);
    for (int i = 0; i < STATES; i++) {
        if (i == STATE_DESTROYED)
            continue;
        lower(state, sizeof state, state_name((enum state)i));
        (void)buf_add_text(out, name);
        add_label(out, '{', "status", state);
        (void)buf_add_char(out, '}');
        add_number(out, (double)counts[i]);
    }
}

void metrics_add_states(struct buf *out, const struct config_snapshot *snap, struct status_store *statuses) {
    size_t connectors[STATES] = {0}, tasks[STATES] = {0};
    for (size_t i = 0; i < snap->count; i++) {
        const char *name = snap->connectors[i].name;
        struct status status;
        size_t count;
        if (status_store_get(statuses, name, -1, &status)) {
            connectors[status.state]++;
            status_done(&status);
        }
        struct status *list = status_store_tasks(statuses, name, &count);
        for (size_t k = 0; k < count; k++) {
            tasks[list[k].state]++;
            status_done(&list[k]);
        }
        free(list);
    }
    add_by_state(out, PREFIX "cluster_connectors", "Connectors of the cluster by state.", connectors);
    add_by_state(out, PREFIX "cluster_tasks", "Tasks of the cluster by state.", tasks);
}

/* ---- this worker ------------------------------------------------------------------------------------------------- */

struct row {
    const char *connector;
    int number; /* -1: the connector itself */
    const struct task *task;
};

struct rows {
    struct row *items;
    size_t count, capacity;
};

static void add_row(void *arg, const char *connector, int number, const struct task *task) {
    struct rows *rows = arg;
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 64;
        rows->items = reallocarray(rows->items, rows->capacity, sizeof *rows->items);
        if (!rows->items)
            abort();
    }
    rows->items[rows->count++] = (struct row){connector, number, task};
}

static void add_name(struct buf *out, const char *name, const struct row *row) {
    char number[16];
    (void)buf_add_text(out, name);
    add_label(out, '{', "connector", row->connector);
    if (row->number < 0)
        return;
    snprintf(number, sizeof number, "%d", row->number);
    add_label(out, ',', "task", number);
}

/* The states of connectors or of tasks; one sample for each, whose value is 1. */
static void add_status(struct buf *out, const struct rows *rows, bool tasks, struct status_store *statuses) {
    const char *name = tasks ? PREFIX "connector_task_status" : PREFIX "connector_status";
    char state[16];
    add_head(out, name, "gauge", tasks ? "State of a task that runs here." : "State of a connector that runs here.");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];
        struct status status;
        if ((row->number >= 0) != tasks || !status_store_get(statuses, row->connector, row->number, &status))
            continue;
        lower(state, sizeof state, state_name(status.state));
        status_done(&status);
        add_name(out, name, row);
        add_label(out, ',', "status", state);
        (void)buf_add_text(out, "} 1\n");
    }
}

enum kinds { SINKS, SOURCES, BOTH };

/* One family over all tasks of a kind. */
static void add_family(struct buf *out, const struct rows *rows, enum kinds kinds, const char *name, const char *type,
                       const char *help, double (*value)(const struct task *t, int which), int which) {
    char full[128];
    snprintf(full, sizeof full, PREFIX "%s", name);
    add_head(out, full, type, help);
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];
        if (!row->task || (kinds != BOTH && task_is_sink(row->task) != (kinds == SINKS)))
            continue;
        add_name(out, full, row);
        (void)buf_add_char(out, '}');
        add_number(out, value(row->task, which));
    }
}

static double work_value(const struct task *t, int which) {
    return (double)task_counts_get(task_counts(t), (enum task_count)which);
}

static double error_value(const struct task *t, int which) {
    return (double)error_counts_get(task_error_counts(t), (enum error_count)which);
}

static const struct {
    enum kinds kinds;
    enum task_count which;
    const char *name, *type, *help;
} work_families[] = {
    {SINKS, COUNT_READ, "sink_task_sink_record_read_total", "counter", "Records read from Kafka."},
    {SINKS, COUNT_SENT, "sink_task_sink_record_send_total", "counter",
     "Records that the connector took, after the transforms."},
    {SINKS, COUNT_POLLS, "sink_task_poll_total", "counter", "Batches read from Kafka."},
    {SOURCES, COUNT_READ, "source_task_source_record_poll_total", "counter",
     "Records that the connector gave, before the transforms."},
    {SOURCES, COUNT_SENT, "source_task_source_record_write_total", "counter", "Records that Kafka acknowledged."},
    {SOURCES, COUNT_POLLS, "source_task_poll_total", "counter", "Batches that the connector gave."},
    {BOTH, COUNT_COMMITS, "connector_task_offset_commit_completion_total", "counter", "Commits of offsets."},
    {BOTH, COUNT_COMMIT_FAILURES, "connector_task_offset_commit_failure_total", "counter",
     "Commits of offsets that failed."},
    {BOTH, COUNT_COMMIT_MS, "connector_task_offset_commit_time_ms_total", "counter",
     "Time that all commits of offsets took."},
    {BOTH, COUNT_COMMIT_MAX_MS, "connector_task_offset_commit_max_time_ms", "gauge", "The longest commit of offsets."},
};

static void add_errors(struct buf *out, const struct rows *rows) {
    for (int which = 0; which < ERROR_COUNTS; which++) {
        char name[96];
        snprintf(name, sizeof name, "task_error_%s", error_count_name((enum error_count)which));
        for (char *p = name; *p; p++)
            *p = *p == '-' ? '_' : *p;
        bool time = which == COUNT_LAST_ERROR_MS;
        add_family(out, rows, BOTH, name, time ? "gauge" : "counter",
                   time ? "When a record failed last, milliseconds since the epoch." : "See Java's task-error-metrics.",
                   error_value, which);
    }
}

void metrics_add_worker(struct buf *out, const struct worker *worker, struct status_store *statuses) {
    struct rows rows = {0};
    size_t tasks = 0;
    if (worker)
        worker_each(worker, add_row, &rows);
    for (size_t i = 0; i < rows.count; i++)
        tasks += rows.items[i].number >= 0;
    metrics_add(out, "worker_connector_count", "gauge", "Connectors that run here.", (double)(rows.count - tasks));
    metrics_add(out, "worker_task_count", "gauge", "Tasks that run here.", (double)tasks);
    add_status(out, &rows, false, statuses);
    add_status(out, &rows, true, statuses);
    for (size_t i = 0; i < sizeof work_families / sizeof *work_families; i++)
        add_family(out, &rows, work_families[i].kinds, work_families[i].name, work_families[i].type,
                   work_families[i].help, work_value, (int)work_families[i].which);
    add_errors(out, &rows);
    free(rows.items);
}
