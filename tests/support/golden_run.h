/* Golden vectors judged: each operation of the notation (tests/golden) put to kconnectd's own functions, and the answer
 * compared with Kafka's. Used by the unit tests of each part, which run their own vectors in full, and by `make
 * golden`, which runs any folder of such files.
 *
 * Each golden_<subject>() fails the running Check test when the answer is another one. It returns NULL when the vector
 * was judged, else why it is left out: only for what the notation's page or the README names as a difference. */
#ifndef TESTS_SUPPORT_GOLDEN_RUN_H
#define TESTS_SUPPORT_GOLDEN_RUN_H

#include "tests/support/golden_value.h"

/* What the operations need of the worker: plugins, config providers `env` and `dir`, a quiet log. Once per process. */
void golden_set_up(void);
void golden_tear_down(void);

typedef const char *golden_judge(const cJSON *vector);
/* Who judges vectors of this kind; NULL: no operation known here. */
golden_judge *golden_judge_of(const cJSON *vector);

struct golden_tally {
    int judged, left_out;
};
/* For golden_each: judges the vector, `arg` is a struct golden_tally. A vector of an unknown kind fails the test. */
void golden_check(const cJSON *vector, void *arg);

golden_judge golden_conversion;                     /* from, to, accept, configure */
golden_judge golden_parse_string;                   /* parseString */
golden_judge golden_convert;                        /* convertToBoolean … convertToDecimal */
golden_judge golden_infer_schema, golden_project;   /* inferSchema, project */
golden_judge golden_validate, golden_struct_put;    /* validate, struct_put */
golden_judge golden_apply, golden_predicate;        /* apply, predicate */
golden_judge golden_chain;                          /* chain */
golden_judge golden_option_parse;                   /* parse with a type */
golden_judge golden_option_define, golden_multi;    /* define, multi */
golden_judge golden_smt_options, golden_connector;  /* validate_smt, validate_connector */
golden_judge golden_properties;                     /* load */
golden_judge golden_double_text, golden_float_text; /* double, float */
golden_judge golden_date_format, golden_date_parse; /* format, parse with a pattern */

#endif
