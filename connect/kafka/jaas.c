/* A tokenizer for JAAS entries and the one-entry grammar above it. Called while clients are configured; keeps nothing.
 */
#include "connect/kafka/jaas.h"

#include <ctype.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { MAX_TEXT = 64 * 1024 };

enum token { TOKEN_END, TOKEN_WORD, TOKEN_EQUALS, TOKEN_SEMICOLON, TOKEN_BAD };

struct reader {
    const char *p;
    struct buf word; /* of the last TOKEN_WORD */
};

static const char *skip_comment(const char *p) {
    if (p[1] == '/')
        return p + strcspn(p, "\r\n");
    const char *end = strstr(p + 2, "*/");
    return end ? end + 2 : p + strlen(p);
}

static void skip_blanks(struct reader *r) {
    for (;;) {
        if (isspace((unsigned char)*r->p))
            r->p++;
        else if (r->p[0] == '/' && (r->p[1] == '/' || r->p[1] == '*'))
            r->p = skip_comment(r->p);
        else
            return;
    }
}

/* Behind a backslash; r->p moves behind the escape. */
static char read_escape(struct reader *r) {
    static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
    char c = *r->p++;
    if (c >= '0' && c <= '7') {
        int value = c - '0', digits = c <= '3' ? 2 : 1;
        for (; digits > 0 && *r->p >= '0' && *r->p <= '7'; digits--)
            value = value * 8 + (*r->p++ - '0');
        return (char)value;
    }
    const char *known = strchr(from, c);
    return known && c ? to[known - from] : c;
}

static enum token read_quoted(struct reader *r) {
    char quote = *r->p++;
    while (*r->p != quote) {
        if (*r->p == 0 || *r->p == '\n')
            return TOKEN_BAD; /* the quote is not closed */
        char c = *r->p++;
        if (c == '\\') {
            if (*r->p == 0)
                return TOKEN_BAD;
            c = read_escape(r);
        }
        buf_add_char(&r->word, c);
    }
    r->p++;
    return TOKEN_WORD;
}

/* `value`: an option's value, in which = is an ordinary character. */
static enum token next_token(struct reader *r, bool value) {
    skip_blanks(r);
    buf_clear(&r->word);
    switch (*r->p) {
    case 0:
        return TOKEN_END;
    case ';':
        r->p++;
        return TOKEN_SEMICOLON;
    case '"':
    case '\'':
        return read_quoted(r);
    case '=':
        if (!value) {
            r->p++;
            return TOKEN_EQUALS;
        }
        break;
    default:
        break;
    }
    size_t len = strcspn(r->p, value ? " \t\r\n\f\v;\"'" : " \t\r\n\f\v;\"'=");
    buf_add(&r->word, r->p, len);
    r->p += len;
    return TOKEN_WORD;
}

static int bad(struct kc_error *err, const char *what) {
    return err_set(err, ERR_BAD_CONFIG, "Invalid value [hidden] for configuration sasl.jaas.config: %s", what);
}

static int parse_options(struct reader *r, struct jaas *jaas, struct kc_error *err) {
    for (;;) {
        enum token token = next_token(r, false);
        if (token == TOKEN_SEMICOLON)
            return 0;
        if (token == TOKEN_END)
            return bad(err, "JAAS config entry not terminated by semi-colon");
        if (token != TOKEN_WORD || r->word.len == 0)
            return bad(err, "expected an option name or a semi-colon");
        AUTO_TEXT name = buf_take(&r->word);
        if (!name)
            return bad(err, "too long");
        if (next_token(r, false) != TOKEN_EQUALS || next_token(r, true) != TOKEN_WORD)
            return err_set(
                err, ERR_BAD_CONFIG,
                "Invalid value [hidden] for configuration sasl.jaas.config: Value not specified for key '%s' in "
                "JAAS config",
                name);
        kc_config_set(jaas->options, name, buf_text(&r->word));
    }
}

static int parse_entry(struct reader *r, struct jaas *jaas, struct kc_error *err) {
    static const char *const flags[] = {"required", "requisite", "sufficient", "optional"};
    if (next_token(r, false) != TOKEN_WORD || r->word.len == 0)
        return bad(err, "Login module not specified in JAAS config");
    jaas->module = buf_take(&r->word);
    if (!jaas->module)
        return bad(err, "too long");
    bool flag_known = false;
    if (next_token(r, false) == TOKEN_WORD) {
        for (size_t i = 0; i < COUNT_OF(flags); i++)
            flag_known |= strcasecmp(buf_text(&r->word), flags[i]) == 0;
    }
    if (!flag_known)
        return bad(err, "Login module control flag is not available in the JAAS config");
    if (parse_options(r, jaas, err) < 0)
        return -1;
    if (next_token(r, false) != TOKEN_END)
        return bad(err, "JAAS config property contains more than one login module, should be 1 module");
    return 0;
}

int jaas_parse(const char *text, struct jaas *ret_jaas, struct kc_error *err) {
    if (strlen(text) > MAX_TEXT)
        return bad(err, "too long");
    struct reader r = {.p = text};
    buf_init(&r.word, MAX_TEXT);
    struct jaas jaas = {.options = kc_config_new()};
    int rc = parse_entry(&r, &jaas, err);
    if (r.word.data)
        explicit_bzero(r.word.data, r.word.cap);
    buf_done(&r.word);
    if (rc < 0) {
        jaas_done(&jaas);
        return -1;
    }
    *ret_jaas = jaas;
    return 0;
}

void jaas_done(struct jaas *jaas) {
    free(jaas->module);
    kc_config_free(jaas->options);
    *jaas = (struct jaas){0};
}

const char *jaas_module_name(const struct jaas *jaas) {
    const char *dot = strrchr(jaas->module, '.');
    return dot ? dot + 1 : jaas->module;
}
