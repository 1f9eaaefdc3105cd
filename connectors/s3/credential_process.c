/* One command of the user, its output and its end; see credential_process.h. Not popen: that lets the child inherit the
 * blocked signals of our threads and waits for it for ever. Keeps nothing. */
#include "connectors/s3/credential_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"

extern char **environ;

/* As after a log-in: nothing blocked, nothing ignored, a process group of its own, so that all of it can be killed. */
static int set_attributes(posix_spawnattr_t *attr) {
    sigset_t none, ignored;
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    int rc = posix_spawnattr_setsigmask(attr, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(attr, &ignored);
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    return rc ? rc
              : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int set_actions(posix_spawn_file_actions_t *actions, int output) {
    int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* 0, or an errno. */
static int spawn(const char *command, int output, pid_t *ret_pid) {
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)command, NULL};
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    int rc = posix_spawnattr_init(&attr);
    if (rc)
        return rc;
    rc = posix_spawn_file_actions_init(&actions);
    if (rc == 0) {
        rc = set_attributes(&attr);
        rc = rc ? rc : set_actions(&actions, output);
        rc = rc ? rc : posix_spawn(ret_pid, "/bin/sh", &actions, &attr, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attr);
    return rc;
}

/* Reads until the end of the output. */
static int read_output(int fd, int64_t timeout_ms, struct buf *out, struct kc_error *err) {
    int64_t deadline = clock_ms() + timeout_ms;
    char chunk[4096];
    for (;;) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_ms();
        int ready = left > 0 ? poll(&pfd, 1, (int)left) : 0;
        if (ready == 0)
            return err_set(err, ERR_S3, "credential_process of the profile did not end within %lld s",
                           (long long)(timeout_ms / 1000));
        ssize_t n = ready > 0 ? read(fd, chunk, sizeof(chunk)) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? 0 : err_set(err, ERR_S3, "Cannot read from credential_process: %s", strerror(errno));
        if (buf_add(out, chunk, (size_t)n) < 0)
            return err_set(err, ERR_S3, "credential_process of the profile prints more than %zu bytes", out->max);
    }
}

/* The status as waitpid gives it; a process that only closed its output still has some time (-1: for ever). Where
 * children are reaped by the kernel (SIGCHLD is ignored) nobody knows it, and what was printed has to speak. */
static int await_end(pid_t pid, int64_t timeout_ms, int *ret_status) {
    int64_t deadline = clock_ms() + timeout_ms;
    for (;;) {
        pid_t rc = waitpid(pid, ret_status, timeout_ms < 0 ? 0 : WNOHANG);
        if (rc == pid || (rc < 0 && errno == ECHILD))
            return 0;
        if (rc == 0 && clock_ms() >= deadline)
            return -1;
        if (rc == 0)
            clock_sleep_ms(5);
    }
}

int credential_process(const char *command, int64_t timeout_ms, struct buf *ret_output, struct kc_error *err) {
    int fds[2], status = 0;
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_S3, "Cannot run credential_process: %s", strerror(errno));
    int failure = spawn(command, fds[1], &pid);
    close(fds[1]);
    if (failure) {
        close(fds[0]);
        return err_set(err, ERR_S3, "Cannot run credential_process: %s", strerror(failure));
    }
    int64_t began = clock_ms();
    int rc = read_output(fds[0], timeout_ms, ret_output, err);
    close(fds[0]);
    int64_t left = timeout_ms - (clock_ms() - began);
    if (rc == 0 && await_end(pid, left > 0 ? left : 0, &status) < 0)
        rc = err_set(err, ERR_S3, "credential_process of the profile did not end within %lld s",
                     (long long)(timeout_ms / 1000));
    else if (rc == 0 && status != 0)
        return err_set(err, ERR_S3, "credential_process of the profile ended with status %d",
                       WIFEXITED(status) ? WEXITSTATUS(status) : status);
    if (rc < 0) {
        kill(-pid, SIGKILL);
        await_end(pid, /* timeout_ms= */ -1, &status);
    }
    return rc;
}
