/* See standalone_files.h.  main reads the files and owns them; each request, when it is done, submits the next from the
 * herder's thread. */
#include "connect/standalone_files.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/properties.h"
#include "connect/base/err.h"
#include "connect/base/json.h"

#define LOG_STANDALONE "org.apache.kafka.connect.cli.ConnectStandalone"

enum { FILE_MAX = 16 << 20 };

struct file {
    char *path, *name, *initial_state;
    struct kc_config *config;
};

struct standalone_files {
    struct file *files;
    size_t count, next;
    struct herder *herder;
};

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int no_name(const struct file *f, struct kc_error *err) {
    return err_set(err, ERR_INTERNAL, "Connector configuration at '%s' is missing the mandatory 'name' configuration",
                   f->path);
}

/* The configuration is complete; its name is the connector's. */
static int take_config(struct file *f, struct kc_config *config, struct kc_error *err) {
    const char *name = kc_config_get(config, "name");
    f->config = config;
    if (!name)
        return no_name(f, err);
    f->name = strdup(name);
    return 0;
}

static int take_initial_state(struct file *f, const cJSON *whole, struct kc_error *err) {
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(whole, "initial_state");
    static const char *const known[] = {"RUNNING", "PAUSED", "STOPPED"};
    if (!state || cJSON_IsNull(state))
        return 0;
    for (size_t i = 0; cJSON_IsString(state) && i < COUNT_OF(known); i++) {
        if (strcasecmp(state->valuestring, known[i]) != 0)
            continue;
        f->initial_state = strdup(known[i]);
        return 0;
    }
    return err_set(err, ERR_BAD_CONFIG, "initial_state at '%s' must be one of RUNNING, PAUSED, STOPPED", f->path);
}

/* {"name":…,"config":{…},"initial_state":…}; other members do not matter. */
static int take_create_request(struct file *f, const cJSON *whole, struct kc_error *err) {
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(whole, "config");
    const char *name = json_get_text(whole, "name");
    if (!inner)
        return err_set(err, ERR_BAD_CONFIG,
                       "Connector configuration at '%s' has nested values, so it must have the form {\"name\":…, "
                       "\"config\":{…}}, but there is no 'config'",
                       f->path);
    struct kc_config *config = json_to_config(inner, err);
    if (!config)
        return err_prefix(err, "Connector configuration at '%s'", f->path);
    f->config = config;
    const char *own = kc_config_get(config, "name");
    if (own && (!name || strcmp(own, name) != 0))
        return err_set(err, ERR_INTERNAL,
                       "Connector name configuration in 'config' doesn't match the one specified in 'name' at '%s'",
                       f->path);
    if (!name)
        return no_name(f, err);
    kc_config_set(config, "name", name);
    f->name = strdup(name);
    return take_initial_state(f, whole, err);
}

static int read_file(struct file *f, struct kc_error *err) {
    size_t len;
    struct kc_error json_err = {0};
    AUTO_TEXT text = file_read(f->path, FILE_MAX, &len, err);
    if (!text)
        return err_prefix(err, "%s", f->path);
    AUTO(json) whole = json_parse(text, len, &json_err);
    if (whole && cJSON_IsObject(whole)) {
        struct kc_config *config = json_to_config(whole, &json_err);
        return config ? take_config(f, config, err) : take_create_request(f, whole, err);
    }
    AUTO(props) config = kc_config_new();
    if (properties_parse(text, len, f->path, config, err) < 0)
        return -1;
    if (!kc_config_has(config, "name") && text[strspn(text, " \t\r\n")] == '{')
        kc_log(KC_WARN, LOG_STANDALONE, "Could not parse connector configuration file '%s' as JSON: %s", f->path,
               json_err.text);
    return take_config(f, TAKE(config), err);
}

struct standalone_files *standalone_files_load(char *const *paths, size_t count, struct kc_error *err) {
    AUTO(standalone_files) all = calloc(1, sizeof(*all));
    if (!all || !(all->files = calloc(count + 1, sizeof(*all->files))))
        abort();
    for (size_t i = 0; i < count; i++) {
        struct file *f = &all->files[all->count++];
        f->path = strdup(paths[i]);
        if (read_file(f, err) < 0)
            return NULL;
    }
    return TAKE(all);
}

struct standalone_files *standalone_files_free(struct standalone_files *files) {
    if (!files)
        return NULL;
    for (size_t i = 0; i < files->count; i++) {
        struct file *f = &files->files[i];
        free(f->path);
        free(f->name);
        free(f->initial_state);
        kc_config_free(f->config);
    }
    free(files->files);
    free(files);
    return NULL;
}

/* ---- creating ---------------------------------------------------------------------------------------------------- */

static void create_next(struct standalone_files *files);

/* @thread herder */
static void created(struct herder_request *req, void *arg) {
    struct standalone_files *files = arg;
    const struct file *f = &files->files[files->next++];
    if (req->err.code) {
        struct kc_error err = req->err;
        kc_log(KC_ERROR, LOG_STANDALONE, "Failed to create connector for %s", f->path);
        kc_log(KC_ERROR, LOG_STANDALONE, "Stopping after connector error: %s",
               req->message ? req->message : req->err.text);
        err_prefix(&err, "%s", f->path);
        herder_give_up(files->herder, &err);
    } else {
        kc_log(KC_INFO, LOG_STANDALONE, "Created connector %s", f->name);
        create_next(files);
    }
    herder_request_free(req);
}

static void create_next(struct standalone_files *files) {
    if (files->next == files->count) {
        herder_set_ready(files->herder);
        return;
    }
    struct file *f = &files->files[files->next];
    struct herder_request *req = herder_request_new(HERDER_CREATE, f->name);
    req->config = TAKE(f->config);
    req->initial_state = TAKE(f->initial_state);
    req->done = created;
    req->arg = files;
    herder_submit(files->herder, req);
}

void standalone_files_create(struct standalone_files *files, struct herder *herder) {
    files->herder = herder;
    create_next(files);
}
