/* The member's thread and the herder's doors to it; see member.h. The thread is one loop: take messages, let discovery,
 * joining, heartbeats and leaving each do what is due, wait for the earliest of their deadlines. It ends when it was
 * stopped and has left the group, or after a fatal error. */
#include "connect/group/member.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/group/member_internal.h"
#include "connect/kafka/bootstrap.h"

enum { STOP_MS = 5000 };

enum message_type { /* all herder → group */
                    MSG_REJOIN,
                    MSG_POLLED, /* only when the member left because nobody polled */
                    MSG_REVOKED,
                    MSG_CLEAR_REVOKED,
                    MSG_EXPECT_LEAVE,
                    MSG_LEAVE,
                    MSG_STOP
};

struct command {
    struct message message;
    const char *reason; /* MSG_LEAVE; a literal */
    char *leaver;       /* MSG_EXPECT_LEAVE */
};

static void command_free(struct command *command) {
    free(command->leaver);
    free(command);
}

void member_set_text(char **to, const char *text) {
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    free(*to);
    *to = copy;
}

int64_t member_backoff(struct backoff *b, int64_t base_ms, int64_t max_ms) {
    int64_t delay = base_ms;
    for (int i = 0; i < b->failures && delay < max_ms; i++)
        delay *= 2;
    if (delay > max_ms)
        delay = max_ms;
    if (b->failures < 30)
        b->failures++;
    unsigned char random = 128;
    RAND_bytes(&random, 1);
    return delay * (1280 + (random - 128) * 2) / 1280;
}

/* ---- life ---- */

static void copy_conf(struct group_member *m, const struct group_member_conf *conf) {
    m->conf = *conf;
    m->conf.security = NULL;
    m->conf.bootstrap_servers = NULL; /* parsed */
    m->conf.client_id = strdup(conf->client_id);
    m->conf.group_id = strdup(conf->group_id);
    m->conf.url = strdup(conf->url);
    if (!m->conf.client_id || !m->conf.group_id || !m->conf.url)
        abort();
}

struct group_member *group_member_new(const struct group_member_conf *conf, const struct group_member_callbacks *cb,
                                      void *arg, struct kc_error *err) {
    static const struct wire_security plaintext = {.protocol = WIRE_PLAINTEXT};
    AUTO(group_member) m = calloc(1, sizeof *m);
    if (!m)
        abort();
    copy_conf(m, conf);
    m->cb = *cb;
    m->arg = arg;
    m->member_id = strdup("");
    m->generation = m->last_completed_generation = -1;
    m->protocol = conf->protocol;
    m->assignor = assignor_new(conf->scheduled_rebalance_max_delay_ms);
    m->mailbox = mailbox_new();
    m->peers = map_new(free);
    pthread_mutex_init(&m->owners_lock, NULL);
    m->security = wire_security_copy(conf->security ? conf->security : &plaintext, err);
    if (!m->security || bootstrap_parse(conf->bootstrap_servers, &m->bootstrap, &m->bootstrap_count, err) < 0)
        return NULL;
    int64_t setup_ms = conf->connection_setup_timeout_ms;
    m->conn_conf = (struct wire_conn_conf){.client_id = m->conf.client_id,
                                           .security = m->security,
                                           .setup_timeout_ms = setup_ms > INT32_MAX ? INT32_MAX : (int32_t)setup_ms};
    if (mailbox_fd(m->mailbox) < 0) {
        err_set(err, ERR_IO, "no descriptor for the group thread: %s", strerror(errno));
        return NULL;
    }
    return TAKE(m);
}

struct group_member *group_member_free(struct group_member *m) {
    if (!m)
        return NULL;
    group_member_stop(m);
    for (struct message *msg; (msg = mailbox_get(m->mailbox, 0));)
        command_free(CONTAINER_OF(msg, struct command, message));
    member_conn_done(m);
    assignment_free(m->assignment);
    assignment_free(m->incoming);
    group_config_free(m->config);
    assignor_free(m->assignor);
    owner_map_free(m->owners);
    map_free(m->peers);
    mailbox_free(m->mailbox);
    pthread_mutex_destroy(&m->owners_lock);
    wire_security_free(m->security);
    free((void *)(uintptr_t)m->conf.client_id);
    free((void *)(uintptr_t)m->conf.group_id);
    free((void *)(uintptr_t)m->conf.url);
    free(m->member_id);
    free(m->leaving_id);
    free(m);
    return NULL;
}

/* ---- thread ---- */

void member_publish(struct group_member *m) {
    bool joined = m->state == MEMBER_STABLE && m->assignment && !m->revoking;
    m->stable = joined && !m->rejoin_told && !m->rejoin_asked;
    m->leads = m->stable && assignment_is_leader(m->assignment);
}

void member_set_state(struct group_member *m, enum member_state state) {
    m->state = state;
    member_publish(m);
}

void member_fatal(struct group_member *m, const struct kc_error *err) {
    if (m->ended || m->stopping)
        return;
    m->ended = true;
    m->stable = m->leads = m->connected = false;
    m->cb.on_fatal(m->arg, err);
}

static void ask_rejoin(struct group_member *m) {
    m->absence = PRESENT;
    m->rejoin_asked = true;
    member_publish(m);
}

static void begin_stop(struct group_member *m) {
    m->stopping = true;
    m->stop_deadline_ms = clock_ms() + STOP_MS;
    member_leave(m, "the worker is shutting down");
}

static void handle(struct group_member *m, const struct command *command) {
    switch ((enum message_type)command->message.type) {
    case MSG_REJOIN:
        ask_rejoin(m);
        break;
    case MSG_POLLED:
        if (m->absence == AWAY_UNTIL_POLL)
            m->absence = PRESENT;
        break;
    case MSG_REVOKED:
        member_revoked(m);
        break;
    case MSG_CLEAR_REVOKED:
        if (m->assignment)
            work_done(&m->assignment->revoked);
        break;
    case MSG_EXPECT_LEAVE:
        member_expect_leave(m, command->leaver);
        break;
    case MSG_LEAVE:
        member_leave(m, command->reason);
        m->absence = AWAY_UNTIL_REJOIN;
        break;
    case MSG_STOP:
        begin_stop(m);
        break;
    }
}

static bool finished(const struct group_member *m) {
    if (m->ended)
        return true;
    return m->stopping && (!m->leaving_id || clock_ms() >= m->stop_deadline_ms);
}

static int64_t earliest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Until something arrives or is due. */
static void wait_for_events(struct group_member *m) {
    int64_t due = earliest(member_conn_due_ms(m), member_join_due_ms(m));
    due = earliest(due, member_heartbeat_due_ms(m));
    if (m->stopping)
        due = earliest(due, m->stop_deadline_ms);
    struct pollfd fds[3] = {{.fd = mailbox_fd(m->mailbox), .events = POLLIN}};
    nfds_t count = 1;
    struct wire_conn *conns[] = {m->coordinator, m->seeker};
    for (size_t i = 0; i < COUNT_OF(conns); i++)
        if (conns[i])
            fds[count++] = (struct pollfd){.fd = wire_conn_fd(conns[i]), .events = wire_conn_events(conns[i])};
    int64_t left = due - clock_ms();
    poll(fds, count, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
}

static void *run(void *arg) {
    struct group_member *m = arg;
    member_conn_init(m);
    for (;;) {
        for (struct message *msg; !m->ended && (msg = mailbox_get(m->mailbox, 0));) {
            struct command *command = CONTAINER_OF(msg, struct command, message);
            handle(m, command);
            command_free(command);
        }
        member_conn_step(m);
        if (!m->ended && !m->stopping)
            member_join_step(m);
        if (!m->ended && !m->stopping)
            member_heartbeat_step(m);
        if (!m->ended)
            member_leave_step(m); /* the steps before may have decided so */
        if (finished(m))
            break;
        wait_for_events(m);
    }
    m->stable = m->leads = m->connected = false;
    member_conn_done(m);
    return NULL;
}

int group_member_start(struct group_member *m, struct kc_error *err) {
    m->polled_at_ms = clock_ms();
    if (thread_start(&m->thread, "group", run, m, err) < 0)
        return -1;
    m->started = true;
    return 0;
}

/* ---- the herder's side ---- */

static struct command *command_new(enum message_type type) {
    struct command *command = calloc(1, sizeof *command);
    if (!command)
        abort();
    command->message.type = (int)type;
    return command;
}

static void post(struct group_member *m, enum message_type type, const char *reason) {
    struct command *command = command_new(type);
    command->reason = reason;
    mailbox_post(m->mailbox, &command->message);
}

void group_member_stop(struct group_member *m) {
    if (!m->started)
        return;
    post(m, MSG_STOP, NULL);
    pthread_join(m->thread, NULL);
    m->started = false;
}

void group_member_rejoin(struct group_member *m) {
    m->stable = m->leads = false;
    post(m, MSG_REJOIN, NULL);
}

void group_member_poll(struct group_member *m, const char *stage) {
    m->polled_at_ms = clock_ms();
    m->stage = stage;
    if (atomic_exchange(&m->waits_for_poll, false))
        post(m, MSG_POLLED, NULL);
}

void group_member_revoked(struct group_member *m) {
    post(m, MSG_REVOKED, NULL);
}

void group_member_clear_revoked(struct group_member *m) {
    post(m, MSG_CLEAR_REVOKED, NULL);
}

void group_member_leave(struct group_member *m, const char *reason) {
    m->stable = m->leads = false;
    post(m, MSG_LEAVE, reason);
}

bool group_member_stable(struct group_member *m) {
    return m->stable;
}

bool group_member_is_leader(struct group_member *m) {
    return m->leads;
}

bool group_member_connected(struct group_member *m) {
    return m->connected;
}

char *group_member_owner_url(struct group_member *m, const char *connector, int32_t task) {
    if (!m->leads)
        return NULL;
    pthread_mutex_lock(&m->owners_lock);
    const char *url = m->owners ? owner_map_url(m->owners, connector, task) : NULL;
    char *copy = url ? strdup(url) : NULL;
    pthread_mutex_unlock(&m->owners_lock);
    return copy;
}

void group_member_expect_leave(struct group_member *m, const char *leaver) {
    struct command *command = command_new(MSG_EXPECT_LEAVE);
    member_set_text(&command->leaver, leaver);
    mailbox_post(m->mailbox, &command->message);
}

char **group_member_peer_urls(struct group_member *m, const char *except, size_t *ret_count) {
    const char *id;
    void *url;
    size_t count = 0;
    pthread_mutex_lock(&m->owners_lock);
    char **urls = calloc(map_count(m->peers) + 1, sizeof *urls);
    if (!urls)
        abort();
    for (size_t i = 0; map_next(m->peers, &i, &id, &url);)
        if (strcmp(id, except) != 0)
            member_set_text(&urls[count++], url);
    pthread_mutex_unlock(&m->owners_lock);
    *ret_count = count;
    return urls;
}
