/* Scope cleanup: AUTO(props) p = …; is freed by props_free(p) at the end of the scope; TAKE(p) hands it on.
 * A type takes part by AUTO_FREE(props, struct kc_config, kc_config_free). */
#ifndef CONNECT_BASE_AUTO_H
#define CONNECT_BASE_AUTO_H

#include <stdlib.h>

#define AUTO_FREE(name, type, free_function)              \
    typedef type *auto_##name;                            \
    static inline void auto_free_##name(auto_##name *p) { \
        if (*p)                                           \
            free_function(*p);                            \
    }

#define AUTO(name) __attribute__((cleanup(auto_free_##name))) auto_##name

static inline void auto_free_text(char **p) {
    free(*p);
}
struct kc_config;
struct kc_config *kc_config_free(struct kc_config *config);
AUTO_FREE(props, struct kc_config, kc_config_free)

/* char *, freed at the end of the scope */
#define AUTO_TEXT __attribute__((cleanup(auto_free_text))) char *

/* The pointer, and NULL is left behind: ownership moves to the reader of the expression. */
#define TAKE(p)                    \
    __extension__({                \
        __typeof__(p) take_ = (p); \
        (p) = NULL;                \
        take_;                     \
    })

#define COUNT_OF(array)                 (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
