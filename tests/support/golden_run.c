/* Which operation is judged by whom; see golden_run.h. */
#include "tests/support/golden_run.h"

#include <string.h>

#include "connect/base/json.h"

static const struct {
    const char *op;     /* ends with '*': any operation that starts so */
    const char *member; /* a member that tells operations of one name apart */
    golden_judge *judge;
} judges[] = {
    {"from", NULL, golden_conversion},
    {"to", NULL, golden_conversion},
    {"accept", NULL, golden_conversion},
    {"configure", NULL, golden_conversion},
    {"parseString", NULL, golden_parse_string},
    {"convertTo*", NULL, golden_convert},
    {"inferSchema", NULL, golden_infer_schema},
    {"project", NULL, golden_project},
    {"validate", NULL, golden_validate},
    {"struct_put", NULL, golden_struct_put},
    {"apply", NULL, golden_apply},
    {"predicate", NULL, golden_predicate},
    {"chain", NULL, golden_chain},
    {"parse", "type", golden_option_parse},
    {"parse", "pattern", golden_date_parse},
    {"define", NULL, golden_option_define},
    {"multi", NULL, golden_multi},
    {"validate_smt", NULL, golden_smt_options},
    {"validate_connector", NULL, golden_connector},
    {"load", NULL, golden_properties},
    {"double", NULL, golden_double_text},
    {"float", NULL, golden_float_text},
    {"format", NULL, golden_date_format},
};

static bool same_op(const char *pattern, const char *op) {
    size_t len = strlen(pattern);
    return pattern[len - 1] == '*' ? strncmp(pattern, op, len - 1) == 0 : strcmp(pattern, op) == 0;
}

golden_judge *golden_judge_of(const cJSON *vector) {
    const char *op = json_get_text(vector, "op");
    for (size_t i = 0; op && i < sizeof judges / sizeof *judges; i++)
        if (same_op(judges[i].op, op) && (!judges[i].member || golden_member(vector, judges[i].member)))
            return judges[i].judge;
    return NULL;
}

void golden_check(const cJSON *vector, void *arg) {
    struct golden_tally *tally = arg;
    golden_judge *judge = golden_judge_of(vector);
    ck_assert_msg(judge != NULL, "%s: unknown operation", golden_id(vector));
    if (judge(vector))
        tally->left_out++;
    else
        tally->judged++;
}
