/* ConfigDef's RegexValidator: apart from the other validators because it alone needs the regular expressions. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/regex.h"

int option_check_regex(const char *name, const char *text, struct kc_error *err) {
    if (!text)
        return option_invalid(err, name, NULL, /* Java's words */
                              "Invalid regex: Cannot invoke \"String.isEmpty()\" because \"this.pattern\" is null");
    struct kc_error cause = {0};
    struct regex *re = regex_new(text, &cause);
    if (!re) {
        const char *prefix = "Invalid regex: ", *detail = cause.text;
        if (strncmp(detail, prefix, strlen(prefix)) == 0)
            detail += strlen(prefix);
        return option_invalid(err, name, text, "%s%s", prefix, detail);
    }
    regex_free(re);
    return 0;
}
