/* A converter of the Schema Registry and a scripted registry beside it: what the tests of all three converters begin
 * and end with. One of each per program. */
#ifndef TESTS_SUPPORT_REGISTRY_LAB_H
#define TESTS_SUPPORT_REGISTRY_LAB_H

#include "tests/support/converter_run.h"
#include "tests/support/http_script.h"

struct registry_lab {
    struct kc_arena *arena;     /* of the test's own values */
    struct http_script *server; /* NULL: none was started */
    struct converter_run run;
    struct kc_error err;
};
extern struct registry_lab sr; /* schema registry */

/* Fixtures; nothing is logged between them. */
void registry_lab_set_up(void);
void registry_lab_tear_down(void);

/* The registry gives these answers, one after the other. */
#define SERVE(...)                                         \
    static const struct http_step steps[] = {__VA_ARGS__}; \
    sr.server = http_script_start(steps, COUNT_OF(steps)); \
    ck_assert_ptr_nonnull(sr.server)
#define OK(body) \
    { .answer = "HTTP/1.1 200 OK\r\n\r\n" body }
#define SAYS(status, body) \
    { .answer = "HTTP/1.1 " status "\r\n\r\n" body }

/* Configures the converter for values, with the registry that was started and one more option (NULL: none); schemas are
 * registered unless the option is one of use.*. */
void registry_lab_start(const struct kc_plugin *plugin, const char *option, const char *value);
/* The bytes that `hex` names, in sr.arena. */
struct kc_value registry_lab_bytes(const char *hex);
/* The same converted to `v`; returns its schema. Fails the test when they cannot be. */
const struct kc_schema *registry_lab_read(const char *hex, struct kc_value *v);
/* As Java's toString shows it. */
void registry_lab_assert_text(const struct kc_value *v, const char *expected);

#endif
