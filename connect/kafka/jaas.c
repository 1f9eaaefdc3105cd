/* A tokenizer for JAAS entries and the two grammars above it. Called while clients are configured and while REST
 * starts; keeps nothing. */
#include "connect/kafka/jaas.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"

enum { MAX_TEXT = 64 * 1024 };

enum token { TOKEN_END, TOKEN_WORD, TOKEN_EQUALS, TOKEN_SEMICOLON, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_BAD };

struct reader {
    const char *p;
    struct buf word;  /* of the last TOKEN_WORD */
    const char *file; /* NULL: the value of sasl.jaas.config, in which braces mean nothing */
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
    case '{':
    case '}':
        if (r->file)
            return *r->p++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
        break;
    default:
        break;
    }
    static const char *const ends[2][2] = {{" \t\r\n\f\v;\"'=", " \t\r\n\f\v;\"'"},
                                           {" \t\r\n\f\v;\"'{}=", " \t\r\n\f\v;\"'{}"}};
    size_t len = strcspn(r->p, ends[r->file != NULL][value]);
    buf_add(&r->word, r->p, len);
    r->p += len;
    return TOKEN_WORD;
}

static int bad(const struct reader *r, struct kc_error *err, const char *what) {
    if (r->file)
        return err_set(err, ERR_BAD_CONFIG, "JAAS file %s: %s", r->file, what);
    return err_set(err, ERR_BAD_CONFIG, "Invalid value [hidden] for configuration sasl.jaas.config: %s", what);
}

static int parse_options(struct reader *r, struct jaas *jaas, struct kc_error *err) {
    for (;;) {
        enum token token = next_token(r, false);
        if (token == TOKEN_SEMICOLON)
            return 0;
        if (token == TOKEN_END)
            return bad(r, err, "JAAS config entry not terminated by semi-colon");
        if (token != TOKEN_WORD || r->word.len == 0)
            return bad(r, err, "expected an option name or a semi-colon");
        AUTO_TEXT name = buf_take(&r->word);
        if (!name)
            return bad(r, err, "too long");
        if (next_token(r, false) != TOKEN_EQUALS || next_token(r, true) != TOKEN_WORD) {
            char what[256];
            snprintf(what, sizeof what, "Value not specified for key '%.100s' in JAAS config", name);
            return bad(r, err, what);
        }
        kc_config_set(jaas->options, name, buf_text(&r->word));
    }
}

/* Behind the module's class name, which is the last word. */
static int parse_module(struct reader *r, struct jaas *jaas, struct kc_error *err) {
    static const char *const flags[] = {
        [JAAS_REQUIRED] = "required",
        [JAAS_REQUISITE] = "requisite",
        [JAAS_SUFFICIENT] = "sufficient",
        [JAAS_OPTIONAL] = "optional",
    };
    jaas->options = kc_config_new();
    jaas->module = buf_take(&r->word);
    if (!jaas->module)
        return bad(r, err, "too long");
    bool flag_known = false;
    if (next_token(r, false) == TOKEN_WORD) {
        for (size_t i = 0; i < COUNT_OF(flags) && !flag_known; i++) {
            flag_known = strcasecmp(buf_text(&r->word), flags[i]) == 0;
            jaas->flag = (enum jaas_flag)i;
        }
    }
    if (!flag_known)
        return bad(r, err, "Login module control flag is not available in the JAAS config");
    return parse_options(r, jaas, err);
}

static int parse_value(struct reader *r, struct jaas *jaas, struct kc_error *err) {
    if (next_token(r, false) != TOKEN_WORD || r->word.len == 0)
        return bad(r, err, "Login module not specified in JAAS config");
    if (parse_module(r, jaas, err) < 0)
        return -1;
    if (next_token(r, false) != TOKEN_END)
        return bad(r, err, "JAAS config property contains more than one login module, should be 1 module");
    return 0;
}

static void reader_done(struct reader *r) {
    if (r->word.data)
        explicit_bzero(r->word.data, r->word.cap);
    buf_done(&r->word);
}

int jaas_parse(const char *text, struct jaas *ret_jaas, struct kc_error *err) {
    struct reader r = {.p = text};
    struct jaas jaas = {0};
    if (strlen(text) > MAX_TEXT)
        return bad(&r, err, "too long");
    buf_init(&r.word, MAX_TEXT);
    int rc = parse_value(&r, &jaas, err);
    reader_done(&r);
    if (rc < 0) {
        jaas_done(&jaas);
        return -1;
    }
    *ret_jaas = jaas;
    return 0;
}

/* ---- Files ---- */

/* Behind the name of an entry: { modules } and a semicolon. */
static int parse_entry(struct reader *r, struct jaas_entry *entry, struct kc_error *err) {
    if (next_token(r, false) != TOKEN_OPEN)
        return bad(r, err, "expected { behind the name of an entry");
    for (;;) {
        enum token token = next_token(r, false);
        if (token == TOKEN_CLOSE)
            break;
        if (token != TOKEN_WORD || r->word.len == 0)
            return bad(r, err, "expected the class of a login module or }");
        if (entry->count == JAAS_MAX_MODULES)
            return bad(r, err, "an entry has too many login modules");
        if (parse_module(r, &entry->modules[entry->count++], err) < 0)
            return -1;
    }
    if (next_token(r, false) != TOKEN_SEMICOLON)
        return bad(r, err, "JAAS config entry not terminated by semi-colon");
    return entry->count ? 0 : bad(r, err, "an entry has no login module");
}

static int find_entry(struct reader *r, const char *name, struct jaas_entry *ret_entry, struct kc_error *err) {
    for (;;) {
        struct jaas_entry entry = {0};
        enum token token = next_token(r, false);
        if (token == TOKEN_END)
            return 0;
        if (token != TOKEN_WORD || r->word.len == 0)
            return bad(r, err, "expected the name of an entry");
        bool wanted = strcmp(buf_text(&r->word), name) == 0;
        if (wanted && ret_entry->count)
            return bad(r, err, "an entry occurs twice");
        if (parse_entry(r, &entry, err) < 0) {
            jaas_entry_done(&entry);
            return -1;
        }
        if (wanted)
            *ret_entry = entry;
        else
            jaas_entry_done(&entry);
    }
}

int jaas_file_parse(const char *text, const char *file, const char *name, struct jaas_entry *ret_entry,
                    struct kc_error *err) {
    struct reader r = {.p = text, .file = file};
    struct jaas_entry entry = {0};
    buf_init(&r.word, MAX_TEXT);
    int rc = find_entry(&r, name, &entry, err);
    reader_done(&r);
    if (rc < 0) {
        jaas_entry_done(&entry);
        return -1;
    }
    *ret_entry = entry;
    return 0;
}

void jaas_entry_done(struct jaas_entry *entry) {
    for (size_t i = 0; i < entry->count; i++)
        jaas_done(&entry->modules[i]);
    entry->count = 0;
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
