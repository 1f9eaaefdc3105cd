/* Both assignors against rounds computed by the Java classes (vectors A-H). */
#include <stdio.h>
#include <string.h>

#include "connect/group/assign.h"
#include "tests/support/group_text.h"
#include "tests/support/suite.h"

enum { MEMBERS_MAX = 8, PREVIOUS = -100 };

/* One round: who joins with what, and what each must get. Members are w1, w2 …; NULL ends the list. */
struct step {
    const char *name;
    int64_t now_ms;
    const char *config;
    const char *in[MEMBERS_MAX];
    const char *assigned[MEMBERS_MAX], *revoked[MEMBERS_MAX]; /* NULL: nothing */
    int32_t delay_ms;
    int32_t last_completed; /* PREVIOUS: that of the round before */
};

struct vector {
    const char *name;
    int32_t max_delay_ms, first_generation;
    const struct step *steps;
    size_t count;
};

/* Before which steps who says that it leaves. */
static const struct {
    const char *step, *member;
} farewells[] = {{"L2", "w2"}, {"L3", "w9"}, {"L5", "w2"}, {"M2", "w3"}};

static const char *const ids[MEMBERS_MAX] = {"w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"};

static struct group_config *no_newer_config(void *arg) {
    return group_config_new(*(int64_t *)arg);
}

static void assert_work(const char *where, const char *what, const struct work *w, const char *wanted) {
    AUTO_WORK expected = {0};
    work_parse(&expected, wanted ? wanted : "");
    char *is = work_format(w), *should = work_format(&expected);
    ck_assert_msg(strcmp(is, should) == 0, "%s %s: is '%s', should be '%s'", where, what, is, should);
    free(is);
    free(should);
}

static void run_step(struct assignor *assignor, const struct step *step, int32_t last_completed, int32_t generation) {
    struct assign_member members[MEMBERS_MAX] = {0};
    struct work allocations[MEMBERS_MAX] = {0};
    size_t count = 0;
    int64_t offset = 10;
    for (; count < MEMBERS_MAX && step->in[count]; count++) {
        work_parse(&allocations[count], step->in[count]);
        members[count] = (struct assign_member){
            .id = ids[count], .url = ids[count], .offset = offset, .allocation = &allocations[count]};
    }
    struct assign_input in = {.protocol = GROUP_SESSIONED,
                              .leader = "w1",
                              .members = members,
                              .member_count = count,
                              .last_completed_generation = last_completed,
                              .generation = generation,
                              .now_ms = step->now_ms};
    AUTO(group_config) config = group_config_parse(offset, step->config);
    for (size_t i = 0; i < COUNT_OF(farewells); i++)
        if (strcmp(farewells[i].step, step->name) == 0)
            assignor_leaving(assignor, farewells[i].member);
    AUTO(assign_plan) plan = assignor_run(assignor, &in, &config, no_newer_config, &offset);
    for (size_t i = 0; i < count; i++) {
        char where[64];
        snprintf(where, sizeof where, "%s %s", step->name, ids[i]);
        assert_work(where, "gets", &plan->assignments[i]->work, step->assigned[i]);
        assert_work(where, "loses", &plan->assignments[i]->revoked, step->revoked[i]);
        ck_assert_msg(plan->assignments[i]->delay_ms == step->delay_ms, "%s: delay %d, should be %d", where,
                      plan->assignments[i]->delay_ms, step->delay_ms);
        ck_assert_int_eq(plan->assignments[i]->error, ASSIGNMENT_OK);
        ck_assert_int_eq(plan->assignments[i]->offset, offset);
        ck_assert_str_eq(plan->assignments[i]->leader_url, "w1");
        work_done(&allocations[i]);
    }
}

#define TWO    "c1=2 c2=2"
#define W1_ALL "c1 c2 c1-0..1 c2-0..1"
#define W1_C2  "c2 c2-0..1"
#define W2_C1  "c1 c1-0..1"

static const struct step life[] = {
    {"A1", 0, TWO, {""}, {W1_ALL}, {0}, 0, -1},
    {"A2", 0, TWO, {W1_ALL, ""}, {0}, {W2_C1}, 0, PREVIOUS},
    {"A3", 0, TWO, {W1_C2, ""}, {NULL, W2_C1}, {0}, 0, PREVIOUS},
    {"A4", 0, TWO, {W1_C2, W2_C1}, {0}, {0}, 0, PREVIOUS},
    {"A5", 0, TWO, {W1_C2}, {0}, {0}, 300000, PREVIOUS},
    {"A6", 100000, TWO, {W1_C2, ""}, {0}, {0}, 200000, PREVIOUS},
    {"A7", 300000, TWO, {W1_C2, ""}, {NULL, W2_C1}, {0}, 0, PREVIOUS},
    {"A8", 300000, TWO, {W1_C2}, {0}, {0}, 300000, PREVIOUS},
    {"A9", 600000, TWO, {W1_C2}, {W2_C1}, {0}, 0, PREVIOUS},
    {"A10", 600000, "c2=2", {W1_ALL}, {0}, {W2_C1}, 0, PREVIOUS},
    {"A11", 600000, "c2=2", {W1_C2}, {0}, {0}, 0, PREVIOUS},
    {"A12", 600000, "c2=1", {W1_C2}, {0}, {"c2-1"}, 0, PREVIOUS},
    {"A13", 600000, "c2=1", {"c2 c2-0"}, {0}, {0}, 0, PREVIOUS},
};

static const struct step backoff[] = {
    {"B1", 0, "c1=12", {""}, {"c1 c1-0..11"}, {0}, 0, -1},
    {"B2", 0, "c1=12", {"c1 c1-0..11", ""}, {0}, {"c1-0..5"}, 0, PREVIOUS},
    {"B3", 0, "c1=12", {"c1 c1-6..11", "", ""}, {NULL, "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5"}, {0}, 40, PREVIOUS},
    {"B4", 0, "c1=12", {"c1 c1-6..11", "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5", ""}, {0}, {0}, 40, PREVIOUS},
    {"B5", 40, "c1=12", {"c1 c1-6..11", "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5", ""}, {0}, {"c1-6..8"}, 0, PREVIOUS},
    {"B6",
     40,
     "c1=12",
     {"c1 c1-9..11", "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5", ""},
     {NULL, NULL, NULL, "c1-6..8"},
     {0},
     0,
     PREVIOUS},
    {"B7", 40, "c1=12", {"c1 c1-9..11", "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5", "c1-6..8"}, {0}, {0}, 0, PREVIOUS},
    {"B8", 40, "c1=12", {"c1 c1-9..11", "c1-0 c1-2 c1-4", "c1-1 c1-3 c1-5", "c1-6..8"}, {0}, {0}, 0, PREVIOUS},
};

static const struct step no_delay[] = {
    {"C1", 0, "c1=6", {""}, {"c1 c1-0..5"}, {0}, 0, -1},
    {"C2", 0, "c1=6", {"c1 c1-0..5", ""}, {0}, {"c1-0..2"}, 0, PREVIOUS},
    {"C3", 0, "c1=6", {"c1 c1-3..5", "", ""}, {NULL, "c1-0 c1-2", "c1-1"}, {"c1-3"}, 0, PREVIOUS},
    {"C4", 0, "c1=6", {"c1 c1-4..5", "c1-0 c1-2", "c1-1"}, {NULL, NULL, "c1-3"}, {0}, 0, PREVIOUS},
    {"C5", 0, "c1=6", {"c1 c1-4..5", "c1-0 c1-2"}, {"c1-1", "c1-3"}, {0}, 0, PREVIOUS},
};

static const struct step not_completed[] = {
    {"D1", 0, "c1=4", {""}, {"c1 c1-0..3"}, {0}, 0, -1},
    {"D2", 0, "c1=4", {"c1 c1-0..3", ""}, {0}, {"c1-0..1"}, 0, 1},
    {"D3", 0, "c1=4", {"c1 c1-0..3", ""}, {0}, {0}, 40, 1},
    {"D4", 0, "c1=4", {"c1 c1-0..3", ""}, {0}, {0}, 40, 3},
};

static const struct step not_delivered[] = {
    {"E1", 0, "c1=2", {"", ""}, {"c1 c1-0", "c1-1"}, {0}, 0, -1},
    {"E2", 0, TWO, {"c1 c1-0", "c1-1"}, {"c2-0", "c2 c2-1"}, {0}, 0, PREVIOUS},
    {"E3", 0, TWO, {"c1 c1-0", "c1-1"}, {"c2-0", "c2 c2-1"}, {0}, 0, PREVIOUS},
};

static const struct step duplicate[] = {
    {"F1", 0, "c1=2", {"", ""}, {"c1 c1-0", "c1-1"}, {0}, 0, -1},
    {"F2", 0, "c1=2", {"c1 c1-0..1", "c1-1"}, {0}, {"c1-1", "c1-1"}, 0, PREVIOUS},
    {"F3", 0, "c1=2", {"c1 c1-0", ""}, {NULL, "c1-1"}, {0}, 0, PREVIOUS},
};

static const struct step fresh_leader[] = {
    {"G", 0, "c1=3", {"c1 c1-0", "c1-1"}, {"c1-2"}, {0}, 0, 20},
};

/* What was deleted while the leader changed is stopped; Java leaves it running. */
static const struct step fresh_leader_deleted[] = {
    {"G2", 0, "c1=1", {"c1 c1-0 c1-1", "old old-0"}, {0}, {"c1-1", "old old-0"}, 0, 20},
};

static const struct step three_workers[] = {
    {"H1", 0, "c1=4 c2=4", {"", "", ""}, {"c1 c1-0 c1-3 c2-2", "c2 c1-1 c2-0 c2-3", "c1-2 c2-1"}, {0}, 0, -1},
    {"H2",
     0,
     "c1=4 c2=4",
     {"c1 c1-0 c1-3 c2-2", "c2 c1-1 c2-0 c2-3", "c1-2 c2-1", ""},
     {0},
     {"c1-0", "c1-1"},
     0,
     PREVIOUS},
    {"H3",
     0,
     "c1=4 c2=4",
     {"c1 c1-3 c2-2", "c2 c2-0 c2-3", "c1-2 c2-1", ""},
     {NULL, NULL, NULL, "c1-0 c1-1"},
     {0},
     0,
     PREVIOUS},
    {"H4", 0, "c1=4 c2=4", {"c1 c1-3 c2-2", "c2 c2-0 c2-3", "c1-2 c2-1", "c1-0 c1-1"}, {0}, {0}, 0, PREVIOUS},
};

/* Ours: who says that it leaves is not waited for; who does not say so is, also when both go at the same time. */
static const struct step announced[] = {
    {"L1", 0, TWO, {"", ""}, {"c1 c1-0 c2-0", "c2 c1-1 c2-1"}, {0}, 0, -1},
    {"L2", 0, TWO, {"c1 c1-0 c2-0"}, {"c2 c1-1 c2-1"}, {0}, 0, PREVIOUS},
    {"L3", 0, TWO, {W1_ALL, ""}, {0}, {W2_C1}, 0, PREVIOUS}, /* nobody knows it */
    {"L4", 0, TWO, {W1_C2, ""}, {NULL, W2_C1}, {0}, 0, PREVIOUS},
    {"L5", 0, TWO, {W1_C2, W2_C1}, {0}, {0}, 0, PREVIOUS}, /* still there */
    {"L6", 5, TWO, {W1_C2}, {W2_C1}, {0}, 0, PREVIOUS},    /* gone one generation later */
    {"L7", 5, TWO, {W1_ALL, ""}, {0}, {W2_C1}, 0, PREVIOUS},
    {"L8", 5, TWO, {W1_C2, ""}, {NULL, W2_C1}, {0}, 0, PREVIOUS}, /* what was announced is forgotten */
    {"L9", 5, TWO, {W1_C2}, {0}, {0}, 300000, PREVIOUS},
};

static const struct step announced_and_lost[] = {
    {"M1", 0, "c1=4 c2=4", {"", "", ""}, {"c1 c1-0 c1-3 c2-2", "c2 c1-1 c2-0 c2-3", "c1-2 c2-1"}, {0}, 0, -1},
    {"M2", 0, "c1=4 c2=4", {"c1 c1-0 c1-3 c2-2"}, {"c1-2 c2-1"}, {0}, 300000, PREVIOUS},
    {"M3", 300000, "c1=4 c2=4", {"c1 c1-0 c1-2 c1-3 c2-1 c2-2"}, {"c2 c1-1 c2-0 c2-3"}, {0}, 0, PREVIOUS},
};

#define VECTOR(name, max_delay, generation, steps) \
    { name, max_delay, generation, steps, COUNT_OF(steps) }
static const struct vector vectors[] = {
    VECTOR("A", 300000, 1, life),          VECTOR("B", 300000, 1, backoff),
    VECTOR("C", 0, 1, no_delay),           VECTOR("D", 300000, 1, not_completed),
    VECTOR("E", 300000, 1, not_delivered), VECTOR("F", 300000, 1, duplicate),
    VECTOR("G", 300000, 21, fresh_leader), VECTOR("G2", 300000, 21, fresh_leader_deleted),
    VECTOR("L", 300000, 1, announced),     VECTOR("M", 300000, 1, announced_and_lost),
    VECTOR("H", 300000, 1, three_workers),
};

START_TEST(cooperative_vectors) {
    const struct vector *v = &vectors[_i];
    AUTO(assignor) assignor = assignor_new(v->max_delay_ms);
    for (size_t i = 0; i < v->count; i++) {
        int32_t generation = v->first_generation + (int32_t)i;
        int32_t last = v->steps[i].last_completed == PREVIOUS ? generation - 1 : v->steps[i].last_completed;
        run_step(assignor, &v->steps[i], last, generation);
    }
}
END_TEST

static const struct assign_member three[] = {{.id = "w3", .url = "u3", .offset = 10},
                                             {.id = "w1", .url = "u1", .offset = 10},
                                             {.id = "w2", .url = "u2", .offset = 10}};

START_TEST(eager_vectors) {
    struct assign_input in = {.protocol = GROUP_EAGER, .leader = "w2", .members = three, .member_count = 3};
    AUTO(assignor) assignor = assignor_new(300000);
    AUTO(group_config) config = group_config_parse(10, "c2=2 c10=1 c1=3");
    AUTO(assign_plan) plan = assignor_run(assignor, &in, &config, no_newer_config, NULL);
    assert_work("eager", "w3", &plan->assignments[0]->work, "c2 c1-2 c2-1");
    assert_work("eager", "w1", &plan->assignments[1]->work, "c1 c1-0 c10-0");
    assert_work("eager", "w2", &plan->assignments[2]->work, "c10 c1-1 c2-0");
    ck_assert_str_eq(plan->assignments[0]->leader, "w2");
    ck_assert_str_eq(plan->assignments[0]->leader_url, "u2");
    ck_assert_int_eq(plan->assignments[0]->offset, 10);
    ck_assert_str_eq(owner_map_url(plan->owners, "c10", -1), "u2");
    ck_assert_str_eq(owner_map_url(plan->owners, "c2", 1), "u3");
    ck_assert_ptr_null(owner_map_url(plan->owners, "c2", 2));
}
END_TEST

/* The leader has read less than a member: a fresh snapshot helps, or everybody is told to wait. */
START_TEST(config_offsets) {
    for (int protocol = GROUP_EAGER; protocol <= GROUP_SESSIONED; protocol++) {
        struct assign_input in = {.protocol = (enum group_protocol)protocol,
                                  .leader = "w2",
                                  .members = three,
                                  .member_count = 3,
                                  .last_completed_generation = -1};
        AUTO(assignor) assignor = assignor_new(300000);
        AUTO(group_config) behind = group_config_parse(9, "c1=1");
        int64_t newer = 9;
        AUTO(assign_plan) mismatch = assignor_run(assignor, &in, &behind, no_newer_config, &newer);
        for (size_t i = 0; i < 3; i++) {
            ck_assert_int_eq(mismatch->assignments[i]->error, ASSIGNMENT_CONFIG_MISMATCH);
            ck_assert_int_eq(mismatch->assignments[i]->offset, 10);
            ck_assert_int_eq(mismatch->assignments[i]->delay_ms, 0);
            ck_assert(work_empty(&mismatch->assignments[i]->work));
        }
        ck_assert_int_eq(behind->offset, 9);
        newer = 12;
        AUTO(assign_plan) fine = assignor_run(assignor, &in, &behind, no_newer_config, &newer);
        ck_assert_int_eq(fine->assignments[0]->error, ASSIGNMENT_OK);
        ck_assert_int_eq(fine->assignments[0]->offset, 12);
        ck_assert_int_eq(behind->offset, 12);
    }
}
END_TEST

START_TEST(owners_after_revocation) {
    AUTO_WORK all = {0};
    work_parse(&all, "c1 c1-0..1");
    struct assign_member members[] = {{.id = "a", .url = "ua", .offset = 1, .allocation = &all},
                                      {.id = "b", .url = "ub", .offset = 1}};
    struct assign_input in = {.protocol = GROUP_COMPATIBLE,
                              .leader = "b",
                              .members = members,
                              .member_count = 2,
                              .last_completed_generation = 4,
                              .generation = 5};
    AUTO(assignor) assignor = assignor_new(300000);
    AUTO(group_config) config = group_config_parse(1, "c1=2");
    AUTO(assign_plan) plan = assignor_run(assignor, &in, &config, no_newer_config, NULL);
    assert_work("owners", "revoked", &plan->assignments[0]->revoked, "c1-0");
    ck_assert_ptr_null(owner_map_url(plan->owners, "c1", 0));
    ck_assert_str_eq(owner_map_url(plan->owners, "c1", 1), "ua");
    ck_assert_str_eq(owner_map_url(plan->owners, "c1", -1), "ua");
    ck_assert_int_eq(plan->assignments[1]->version, 1);
}
END_TEST

/* A large group ends balanced, everything runs once, and nothing moves any more. */
START_TEST(large_group_settles) {
    enum { TASKS = 500 };
    char text[64];
    snprintf(text, sizeof text, "a=%d b=%d", TASKS, TASKS);
    struct assign_member members[MEMBERS_MAX] = {0};
    struct work runs[MEMBERS_MAX] = {0};
    AUTO(assignor) assignor = assignor_new(0);
    for (int32_t generation = 1; generation <= 30; generation++) {
        size_t count = (size_t)generation < MEMBERS_MAX ? (size_t)generation : MEMBERS_MAX;
        for (size_t i = 0; i < count; i++)
            members[i] = (struct assign_member){.id = ids[i], .url = ids[i], .offset = 1, .allocation = &runs[i]};
        struct assign_input in = {.protocol = GROUP_SESSIONED,
                                  .leader = "w1",
                                  .members = members,
                                  .member_count = count,
                                  .last_completed_generation = generation - 1,
                                  .generation = generation};
        AUTO(group_config) config = group_config_parse(1, text);
        AUTO(assign_plan) plan = assignor_run(assignor, &in, &config, no_newer_config, NULL);
        for (size_t i = 0; i < count; i++) {
            if (generation > 25)
                ck_assert(work_empty(&plan->assignments[i]->work) && work_empty(&plan->assignments[i]->revoked));
            work_remove_all(&runs[i], &plan->assignments[i]->revoked);
            work_add_all(&runs[i], &plan->assignments[i]->work);
        }
    }
    AUTO_WORK all = {0};
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        ck_assert_uint_eq(runs[i].task_count, 2 * TASKS / MEMBERS_MAX);
        work_copy(&all, &runs[i]);
        work_done(&runs[i]);
    }
    work_unique(&all);
    ck_assert_uint_eq(all.task_count, 2 * TASKS);
    ck_assert_uint_eq(all.connector_count, 2);
}
END_TEST

/* Workers come, leave with and without saying so, and come back, at random: nothing runs twice in a generation, nothing
 * of those who said it waits, and what waits does so only as long as a delay is told. */
enum { PEOPLE = 6, ROUNDS = 400 };

struct crowd {
    struct work runs[PEOPLE];
    bool here[PEOPLE];
    char id[PEOPLE][16];
    int births;
};

static void arrive(struct crowd *crowd, size_t i) {
    crowd->here[i] = true;
    snprintf(crowd->id[i], sizeof crowd->id[i], "m%d", crowd->births++);
}

/* One generation; what ran on those who are not here has ended. */
static int32_t crowd_round(struct crowd *crowd, struct assignor *assignor, int32_t generation, int64_t now_ms) {
    struct assign_member members[PEOPLE];
    size_t who[PEOPLE], count = 0;
    for (size_t i = 0; i < PEOPLE; i++) {
        if (!crowd->here[i])
            continue;
        who[count] = i;
        members[count++] =
            (struct assign_member){.id = crowd->id[i], .url = crowd->id[i], .offset = 1, .allocation = &crowd->runs[i]};
    }
    struct assign_input in = {.protocol = GROUP_SESSIONED,
                              .leader = crowd->id[0],
                              .members = members,
                              .member_count = count,
                              .last_completed_generation = generation - 1,
                              .generation = generation,
                              .now_ms = now_ms};
    AUTO(group_config) config = group_config_parse(1, "a=9 b=4 c=1");
    AUTO(assign_plan) plan = assignor_run(assignor, &in, &config, no_newer_config, NULL);
    AUTO_WORK all = {0}, twice = {0};
    for (size_t i = 0; i < count; i++) {
        struct work *runs = &crowd->runs[who[i]];
        work_remove_all(runs, &plan->assignments[i]->revoked);
        work_copy(runs, &plan->assignments[i]->work);
        work_copy(&all, runs);
    }
    work_add_repeated(&twice, &all);
    ck_assert_msg(work_empty(&twice), "generation %d: something runs twice", generation);
    return plan->assignments[0]->delay_ms;
}

static size_t running(const struct crowd *crowd) {
    size_t count = 0;
    for (size_t i = 0; i < PEOPLE; i++)
        count += crowd->runs[i].task_count + crowd->runs[i].connector_count;
    return count;
}

START_TEST(announced_leaves_at_random) {
    unsigned seed = (unsigned)_i + 1;
    struct crowd crowd = {0};
    AUTO(assignor) assignor = assignor_new(1000);
    int64_t now_ms = 1;
    int32_t generation = 1;
    arrive(&crowd, 0);
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = 1 + (size_t)rand_r(&seed) % (PEOPLE - 1); /* 0 leads for ever */
        bool crash = rand_r(&seed) % 4 == 0;
        size_t before = running(&crowd);
        bool leaves = crowd.here[i];
        if (leaves) {
            crowd.here[i] = false;
            work_done(&crowd.runs[i]);
            if (!crash)
                assignor_leaving(assignor, crowd.id[i]);
        } else {
            arrive(&crowd, i);
        }
        int32_t delay_ms = crowd_round(&crowd, assignor, generation++, now_ms);
        if (leaves && !crash && before == 17) /* all ran before: all runs after it, whoever gave the rest up */
            ck_assert_msg(running(&crowd) == 17 || delay_ms < 1000, "round %d: %zu run, delay %d", round,
                          running(&crowd), delay_ms);
        for (int more = 0; more < 12 && (more < 4 || delay_ms > 0); more++) { /* as the workers do: until it is quiet */
            now_ms += delay_ms;
            delay_ms = crowd_round(&crowd, assignor, generation++, now_ms);
        }
        ck_assert_msg(running(&crowd) == 17, "round %d: %zu run", round, running(&crowd));
    }
    for (size_t i = 0; i < PEOPLE; i++)
        work_done(&crowd.runs[i]);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/assign");
    TCase *tc = tcase_create("assignors");
    tcase_add_loop_test(tc, cooperative_vectors, 0, COUNT_OF(vectors));
    tcase_add_test(tc, eager_vectors);
    tcase_add_test(tc, config_offsets);
    tcase_add_test(tc, owners_after_revocation);
    tcase_add_test(tc, large_group_settles);
    tcase_add_loop_test(tc, announced_leaves_at_random, 0, 5);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
